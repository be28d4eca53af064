"""What a bench's figures are called, and how they are put in lines and columns. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from engine.bench.figures import BenchFigure
from engine.comparison.intervals import Interval
from engine.comparison.wording import bare_interval, number, percent, with_interval


def by_head(figures: Sequence[BenchFigure]) -> dict[str, list[BenchFigure]]:
    """Head -> its figures by rising label count, the heads in the order of the bench."""
    lines: dict[str, list[BenchFigure]] = {}
    for figure in figures:
        lines.setdefault(figure.head, []).append(figure)
    return {head: sorted(line, key=lambda figure: figure.position) for head, line in lines.items()}


def short_count(figure: BenchFigure) -> str:
    """Under the axis: "5", or "all, 90" where all images were used."""
    return f"all, {figure.position}" if figure.of_all else str(figure.position)


def accuracy_words(figure: BenchFigure) -> str:
    """ "81.2 (79.8 to 82.6)", in percent."""
    return bare_interval(Interval(figure.accuracy, figure.low, figure.high, 0))


def folds_words(figure: BenchFigure) -> str:
    """ "80.1", in percent, or a dash where nothing can be left out."""
    return number(100 * figure.folds)


def tip(figure: BenchFigure) -> str:
    """Everything a point says: "Ridge regression, 5 labels: 81.2 % (79.8 to 82.6); cross-validation 80.1 %"."""
    test = with_interval(Interval(figure.accuracy, figure.low, figure.high, 0))
    folds = f"; cross-validation {percent(figure.folds)}" if isfinite(figure.folds) else ""
    return f"{figure.head}, {figure.count}: {test}{folds}"


def columns(figures: Sequence[BenchFigure]) -> list[tuple[int, str]]:
    """(position, heading) of each label count, rising."""
    return sorted({figure.position: figure.count for figure in figures}.items())


def best_at(figures: Sequence[BenchFigure], position: int) -> float:
    """The best test accuracy at this count."""
    return max(figure.accuracy for figure in figures if figure.position == position)
