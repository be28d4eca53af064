"""From stored curves to what the plot draws: one line per side, with its band when it has several seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from engine.comparison.bands import band, smooth
from ui import theme
from ui.comparison.sides import Comparison, Side
from ui.widgets.curve_axes import StepScale
from ui.widgets.curve_line import CurveLine

if TYPE_CHECKING:
    from storage.store import Curve, RunRow


def positions(run: RunRow, curve: Curve, axis: str) -> np.ndarray:
    """float64 [n]: where the points of a run lie on an axis."""
    scale = StepScale(run.steps_per_epoch, run.examples_per_step)
    return scale.positions(axis, curve.steps, curve.times)


def curve_lines(
    comparison: Comparison,
    curves: Mapping[int, Curve],
    axis: str,
    weight: float = 0.0,
    members: bool = False,
    share: bool = True,
) -> list[CurveLine]:
    """Sides without a curve are left out. weight smooths bands here; the plot itself smooths single lines.

    share: the values are shares such as accuracies, so a band ends at 0 and 1.
    """
    lines: list[CurveLine] = []
    for side in comparison.sides:
        found = [
            (positions(run.row, curves[run.row.id], axis), curves[run.row.id].values)
            for run in side.runs
            if run.row.id in curves
        ]
        if members and len(found) > 1:
            lines += member_lines(side, curves, axis)
        if len(found) > 1:
            lines.append(band_line(side, found, weight, share))
        elif found:
            colour = theme.curve_colour(side.colour)
            lines.append(CurveLine(side.title, *found[0], colour, "validation", dashed=side.dashed))
    return lines


def band_line(side: Side, found: list[tuple[np.ndarray, np.ndarray]], weight: float, share: bool) -> CurveLine:
    """Mean and 95 % interval over seeds; each seed is smoothed before, so that the band is that of what is drawn."""
    together = band([(x, smooth(y, weight)) for x, y in found])
    colour = theme.curve_colour(side.colour)
    low, high = together.low, together.high
    if share:
        low, high = np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
    return CurveLine(side.title, together.x, together.mean, colour, "band", low, high, side.dashed)


def member_lines(side: Side, curves: Mapping[int, Curve], axis: str) -> list[CurveLine]:
    """Every seed as a thin line."""
    colour = theme.curve_colour(side.colour)
    return [
        CurveLine(f"{side.title}, seed {run.row.experiment.seed}", positions(run.row, curves[run.row.id], axis),
                  curves[run.row.id].values, colour, "train", dashed=side.dashed)
        for run in side.runs
        if run.row.id in curves
    ]  # fmt: skip
