"""The lines of a comparison's adaptation curves: one per side that was tested at several places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.comparison import adaptation
from engine.comparison.adaptation_curve import AdaptationCurve
from ui.figures.adaptation_curves import AdaptationLine

if TYPE_CHECKING:
    from ui.comparison.sides import Comparison, Side


def adaptation_lines(comparison: Comparison) -> tuple[dict[str, list[AdaptationLine]], str]:
    """By each of `adaptation.OVER`, a line for each side that was tested at several; and the metric of them.
    Accuracies and errors have no axis in common: sides with another kind of figure than the base are left out."""
    tested = [side for side in comparison.sides if side.tested]
    first = comparison.base if comparison.base.tested else next(iter(tested), comparison.base)
    lines: dict[str, list[AdaptationLine]] = {over: [] for over in adaptation.OVER}
    for side in tested:
        if side.metric != first.metric:
            continue
        runs = {run.row.experiment.seed: run.figures for run, _ in side.tested}
        for over, found in lines.items():
            if (curve := adaptation.mean_curve(runs, over)) is not None:
                found.append(line_of(side, curve))
    return lines, first.metric


def line_of(side: Side, curve: AdaptationCurve) -> AdaptationLine:
    return AdaptationLine(side.title, curve, side.colour, side.dashed)
