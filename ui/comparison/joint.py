"""What compared runs of several tasks gain or lose by it, against runs of the same tasks alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.comparison.joint import Gain, gains
from engine.events import Evaluated
from engine.metrics import HEAD, TESTED
from engine.multitask.titles import TASK, WHEN

Figures = Sequence[tuple[int, Evaluated]]  # with their seeds


def joint_gains(figures: Mapping[str, Figures]) -> list[Gain]:
    """Of each side, by title, that learnt several tasks, where each of these was learnt alone by another: the same
    test images were asked the same."""
    asked = {title: by_question(of_side) for title, of_side in figures.items()}
    found: list[Gain] = []
    for questions in dict.fromkeys(tuple(one) for one in asked.values() if len(one) > 1):
        title = next(title for title, one in asked.items() if tuple(one) == questions)
        found += gains(asked, questions, figures[title][0][1].metric)
    return found


def by_question(figures: Iterable[tuple[int, Evaluated]]) -> Mapping[str, Mapping[int, float]]:
    """Figures of each task at the end, by a hash of what was tested and by seed."""
    found: dict[str, dict[int, float]] = {}
    for seed, one in figures:
        if TASK in one.at and not {WHEN, HEAD} & one.at.keys() and TESTED in one.conditions:
            found.setdefault(one.conditions[TESTED], {})[seed] = one.value
    return found
