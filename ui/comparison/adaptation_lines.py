"""What a comparison of meta-learners adds: curves over inner steps and shots, and the interval over episodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.comparison import adaptation
from engine.comparison.adaptation import SHOTS, STEPS
from engine.comparison.wording import lower_is_better, with_interval
from ui.comparison.adaptation_curves import AdaptationLine

if TYPE_CHECKING:
    from engine.events import Evaluated
    from ui.comparison.sides import ComparedRun, Comparison, Side


def over_episodes_words(tested: Sequence[tuple[ComparedRun, Evaluated]]) -> list[str]:
    """["over episodes 95.2 ± 0.4 %"], the interval over test episodes of the mean over seeds; none for one seed, whose
    figure has that interval already, and where the test was on images."""
    results = [result for _, result in tested if result.unit == "episodes"]
    found = adaptation.over_episodes(results) if len(results) > 1 else None
    return [] if found is None else [f"over episodes {with_interval(found, results[0].metric)}"]


def adaptation_lines(comparison: Comparison) -> tuple[dict[str, list[AdaptationLine]], bool]:
    """By "inner steps" and "shots", a line for each side that was tested at several; and whether they are errors.
    Accuracies and errors have no axis in common: sides with another kind of figure than the base are left out."""
    tested = [side for side in comparison.sides if side.tested]
    first = comparison.base if comparison.base.tested else next(iter(tested), comparison.base)
    lines: dict[str, list[AdaptationLine]] = {STEPS: [], SHOTS: []}
    for side in tested:
        if side.metric != first.metric:
            continue
        runs = {run.row.experiment.seed: run.figures for run, _ in side.tested}
        for over, found in lines.items():
            if (curve := adaptation.mean_curve(runs, over)) is not None:
                found.append(line_of(side, curve))
    return lines, lower_is_better(first.metric)


def line_of(side: Side, curve: adaptation.AdaptationCurve) -> AdaptationLine:
    return AdaptationLine(side.title, curve, side.colour, side.dashed)
