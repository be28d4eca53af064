"""The figures of a head bench: how they are named, saved and found again. Torch-free: the window reads them too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.events import Evaluated

BENCH, FOLDS = "bench/", "bench folds/"  # curves over labels per class: accuracy on test images, in cross-validation
HEAD_KEY, COUNT_KEY, POSITION_KEY, FOLDS_KEY = "head", "labels per class", "mean labels per class", "cross-validation"


@dataclass(frozen=True)
class BenchFigure:
    """One head at one count. accuracy, low, high: on the test images, over the draws, as fractions (NaN: not known).
    folds: accuracy in cross-validation on the labelled images, NaN where there can be none."""

    head: str
    count: str
    position: int
    accuracy: float
    low: float = math.nan
    high: float = math.nan
    folds: float = math.nan


def metric(head: str, count: str) -> str:
    """For example "test/accuracy, Ridge regression, 5 labels"."""
    return f"test/accuracy, {head}, {count}"


def is_bench(result: Evaluated) -> bool:
    """Whether this is one cell of a bench, not the figure of a run."""
    return result.metric.startswith("test/accuracy, ") and POSITION_KEY in result.protocol


def figures(results: Iterable[Evaluated]) -> list[BenchFigure]:
    """The cells among these results, in their order."""
    return [_figure(result) for result in results if is_bench(result)]


def _figure(result: Evaluated) -> BenchFigure:
    said = result.protocol
    return BenchFigure(
        said[HEAD_KEY], said[COUNT_KEY], int(said[POSITION_KEY]), result.value, result.low, result.high,
        fraction(said.get(FOLDS_KEY, "")),
    )  # fmt: skip


def so_far(curves: Mapping[str, object], titles: Mapping[str, str]) -> list[BenchFigure]:
    """The cells that a bench at work has streamed, without intervals. curves: by metric; titles: head name -> title."""
    found = []
    for name, title in titles.items():
        curve, folds = curves.get(BENCH + name), curves.get(FOLDS + name)
        steps, values = np.asarray(getattr(curve, "steps", ())), np.asarray(getattr(curve, "values", ()))
        known = dict(zip(getattr(folds, "steps", ()), getattr(folds, "values", ()), strict=True))
        found += [
            BenchFigure(title, "", int(step), float(value), folds=float(known.get(step, math.nan)))
            for step, value in zip(steps, values, strict=True)
        ]
    return found


def percent(value: float) -> str:
    """ "81.3 %", or "none" where there is no figure."""
    return f"{100 * value:.1f} %" if math.isfinite(value) else "none"


def fraction(text: str) -> float:
    """What `percent` wrote, back as a fraction; NaN for anything else."""
    number = text.partition(" %")[0]
    try:
        return float(number) / 100
    except ValueError:
        return math.nan
