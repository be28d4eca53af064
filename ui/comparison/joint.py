"""What compared runs of several tasks gain or lose by it, against runs of the same tasks alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.comparison.joint import Gain, gains
from engine.metrics import HEAD, TESTED
from engine.multitask.titles import TASK, WHEN

if TYPE_CHECKING:
    from ui.comparison.sides import Side


def joint_gains(sides: Sequence[Side]) -> list[Gain]:
    """Of each side that learnt several tasks, where each of these was learnt alone by another: the same test images
    were asked the same."""
    figures = {side.title: by_question(side) for side in sides}
    found: list[Gain] = []
    for questions in dict.fromkeys(tuple(one) for one in figures.values() if len(one) > 1):
        metric = next(side.metric for side in sides if tuple(figures[side.title]) == questions)
        found += gains(figures, questions, metric)
    return found


def by_question(side: Side) -> Mapping[str, Mapping[int, float]]:
    """Figures of each task at the end, by a hash of what was tested and by seed."""
    found: dict[str, dict[int, float]] = {}
    for run in side.counted:
        for one in run.figures:
            if TASK in one.at and not {WHEN, HEAD} & one.at.keys() and TESTED in one.conditions:
                found.setdefault(one.conditions[TESTED], {})[run.row.experiment.seed] = one.value
    return found
