"""The figures of a head bench: how they are named, saved and found again. Torch-free: the window reads them too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.events import Evaluated
from engine.metrics import HEAD, LABELS, place

BENCH, FOLDS = "bench/", "bench folds/"  # curves over labels per class: accuracy on test images, in cross-validation
POSITION, FOLDS_KEY = "mean labels per class", "cross-validation"  # numbers among a cell's notes
ALL = "all labels"  # where a cell was measured that uses them all


@dataclass(frozen=True)
class BenchFigure:
    """One head at one count. count: "5 labels", "all labels". accuracy, low, high: on the test images, over the draws,
    as fractions (NaN: not known). folds: accuracy in cross-validation on the labelled images, NaN where there can be
    none."""

    head: str
    count: str
    position: int
    accuracy: float
    low: float = math.nan
    high: float = math.nan
    folds: float = math.nan

    @property
    def of_all(self) -> bool:
        return self.count == ALL


def is_bench(result: Evaluated) -> bool:
    """Whether this is one cell of a bench, not the figure of a run; those of several tasks may say of which head."""
    return HEAD in result.at and POSITION in result.notes


def figures(results: Iterable[Evaluated]) -> list[BenchFigure]:
    """The cells among these results, in their order."""
    return [_figure(result) for result in results if is_bench(result)]


def _figure(result: Evaluated) -> BenchFigure:
    at, notes, folds = result.at, result.notes, result.notes.get(FOLDS_KEY)
    return BenchFigure(
        str(at[HEAD]), place(LABELS, at[LABELS]), int(notes[POSITION]), result.value, result.low, result.high,
        folds if isinstance(folds, float) else math.nan,
    )  # fmt: skip


def so_far(curves: Mapping[str, object], titles: Mapping[str, str]) -> list[BenchFigure]:
    """The cells that a bench at work has streamed, without intervals. curves: by metric; titles: head name -> title."""
    found = []
    for name, title in titles.items():
        curve, folds = curves.get(BENCH + name), curves.get(FOLDS + name)
        steps, values = np.asarray(getattr(curve, "steps", ())), np.asarray(getattr(curve, "values", ()))
        known = dict(zip(getattr(folds, "steps", ()), getattr(folds, "values", ()), strict=True))
        found += [
            BenchFigure(title, place(LABELS, step), step, float(value), folds=float(known.get(step, math.nan)))
            for step, value in zip(map(int, steps), values, strict=True)
        ]
    return found
