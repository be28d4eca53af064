"""From stored curves and figures to what is drawn: one line per side, with its band when it has several seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.comparison import adaptation
from engine.comparison.bands import band
from storage.rows import Curve, RunRow
from ui import theme
from ui.comparison.sides import ComparedRun, Comparison, Side
from ui.figures.adaptation_curves import AdaptationLine
from ui.figures.curve_axes import StepScale
from ui.figures.curve_line import CurveLine, smooth_lines


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
    """One line per side, with its band over seeds where there are several; each seed counts once, as in the figures.
    Sides without a curve are left out. weight: every seed is smoothed alike, so that the band is that of what is drawn.

    share: the values are shares such as accuracies, so a band ends at 0 and 1.
    """
    each = [[seed_line(side, run, curves[run.row.id], axis) for run in side.counted if run.row.id in curves]
            for side in comparison.sides]  # fmt: skip
    smoothed = iter(smooth_lines([line for lines in each for line in lines], weight))
    drawn: list[CurveLine] = []
    for side, lines in zip(comparison.sides, each, strict=True):
        seeds = [next(smoothed) for _ in lines]
        if len(seeds) == 1:
            drawn.append(replace(seeds[0], label=side.title, style="validation"))
        elif seeds:
            drawn += [*(seeds if members else []), band_line(side, seeds, share)]
    return drawn


def seed_line(side: Side, run: ComparedRun, curve: Curve, axis: str) -> CurveLine:
    """One seed as a thin line."""
    label, x = f"{side.title}, seed {run.row.experiment.seed}", positions(run.row, curve, axis)
    return CurveLine(label, x, curve.values, theme.curve_colour(side.colour), "train", dashed=side.dashed)


def band_line(side: Side, seeds: Sequence[CurveLine], share: bool) -> CurveLine:
    """Mean and 95 % interval over seeds."""
    together = band([(line.x, line.y) for line in seeds])
    low, high = together.low, together.high
    if share:
        low, high = np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
    return CurveLine(
        side.title, together.x, together.mean, theme.curve_colour(side.colour), "band", low, high, side.dashed,
        counts=together.counts, gaps=together.gaps,
    )  # fmt: skip


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
                found.append(AdaptationLine(side.title, curve, side.colour, side.dashed))
    return lines, first.metric
