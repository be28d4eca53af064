"""What compared runs of several tasks gain or lose by it, against runs of the same tasks alone; and the one task that
two of them share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.comparison.arms import Arm, arm
from engine.comparison.joint import Gain, gains
from engine.data.hashes import short_hash
from engine.events import Evaluated
from engine.experiment import Experiment
from engine.metrics import HEAD, TASK, TESTED
from engine.multitask.titles import WHEN

Figures = Sequence[tuple[int, Evaluated]]  # with their seeds
Tested = Sequence[tuple[Experiment, Sequence[Evaluated]]]  # runs with their figures, first that which one is known by


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


def shared_task(one: tuple[Arm, Tested], other: tuple[Arm, Tested]) -> tuple[Arm, Arm] | None:
    """Both by their figures of the one task that they share, where they learnt different ones; None where they share
    several, or none. Each whole, and the runs in it."""
    if one[0].conditions.get(TASK) == other[0].conditions.get(TASK):
        return None
    first, second = (asked(whole.title, runs) for whole, runs in (one, other))
    shared = [key for key in first if key in second]
    return (first[shared[0]], second[shared[0]]) if len(shared) == 1 else None


def asked(title: str, runs: Tested) -> Mapping[str, Arm]:
    """What each task got, by a hash of its test images, its classes and which of them each image is: what a plain run
    was asked is one too."""
    found: dict[str, list[tuple[Experiment, Evaluated]]] = {}
    for experiment, figures in runs:
        for figure in _of_tasks(figures) or figures[:1]:
            if key := _question(figure):
                found.setdefault(key, []).append((experiment, figure))
    return {key: _arm(title, given, len(found) > 1) for key, given in found.items()}


def _of_tasks(figures: Iterable[Evaluated]) -> list[Evaluated]:
    return [one for one in figures if TASK in one.at and not {WHEN, HEAD} & one.at.keys()]


def _question(figure: Evaluated) -> str:
    """ "" where it was not kept what each image is."""
    if figure.ids is None or figure.truth is None or not len(figure.ids):
        return ""
    order = np.argsort(figure.ids, kind="stable")
    ids, truth = (np.asarray(part)[order].astype("<i8").tobytes() for part in (figure.ids, figure.truth))
    return short_hash(ids, truth, figure.conditions.get("data", ""), *figure.class_names)


def _arm(title: str, given: Sequence[tuple[Experiment, Evaluated]], several: bool) -> Arm:
    """All that must agree but the question itself, which does."""
    last = given[-1][1]
    kept = {name: words for name, words in last.conditions.items() if name in ("data", "batch norm")}
    called = f"{title} on “{last.at[TASK]}”" if several and TASK in last.at else title
    return replace(arm(called, given), conditions={"metric": last.metric, **kept})
