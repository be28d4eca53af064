"""The curves of a study over its label counts: log axis, whiskers, crossings, names at the ends. All labels, which are
another count for every division, stand behind the largest count."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPen

from engine.comparison.intervals import Interval
from engine.metrics import of as metric_of
from engine.studies.columns import StudyColumn
from engine.studies.crossings import sentence
from engine.studies.table import StudyEntry
from ui import theme
from ui.figures.drawing import arm_pen
from ui.figures.line_chart import ChartLine, LineChart, Marks
from ui.figures.painted_axes import Axis, Plot, around
from ui.studies.view import View, curve_places, tip, unit

ALL = 2.0  # times the largest count, where all labels stand
Line = list[tuple[StudyColumn, Interval, StudyEntry]]


def paint_curves(painter: QPainter, size: QSizeF, view: View) -> Marks:
    shift, name, _ = curve_places(view.table)[view.place]
    arms = range(len(view.table.study.arms))
    lines = [curve(view, arm, shift, name) for arm in arms]
    across = across_labels(view)
    edges = [edge for line in lines for _, shown, _ in line for edge in (shown.value, shown.low, shown.high)]
    measured = metric_of(view.metric)
    up = around(edges, measured.is_share, measured.limits[0])
    what = f"{'{}s per {}'.format(*view.table.study.target.labels).capitalize()} (logarithmic)"
    drawn = [line_of(view, arm, line) for arm, line in zip(arms, lines, strict=True)]
    chart = LineChart(drawn, across, up, what, unit_words(view), bands=False)
    return chart.paint(painter, size) + paint_crossings(painter, chart.plot(size), view, lines, (shift, name))


def across_labels(view: View) -> Axis:
    """Of all counts that the study asks for, "all" last."""
    counts = sorted(n for n in view.table.study.labels if n is not None)
    named = [(float(n), f"{n:,}") for n in counts]
    if None in view.table.study.labels:
        named.append((place(view, None), "all"))
    return Axis(named[0][0], named[-1][0], log=True, named=tuple(named))


def place(view: View, labels: int | None) -> float:
    """Where a count stands on the axis."""
    return float(labels or ALL * max(n for n in view.table.study.labels if n is not None))


def curve(view: View, arm: int, shift: object, name: str) -> Line:
    """An arm's points by rising label count."""
    found = [
        (column, shown, entry)
        for column, entry in zip(view.table.columns, view.table.entries[arm], strict=True)
        if (column.condition, column.name) == (shift, name) and (shown := view.shown(entry)) is not None
    ]
    return sorted(found, key=lambda point: place(view, point[0].labels))


def line_of(view: View, arm: int, line: Line) -> ChartLine:
    """Whiskers of arms stand a little beside each other."""
    study = view.table.study
    points = [(place(view, column.labels), shown, tip(view, arm, column, entry)) for column, shown, entry in line]
    aside = (arm - (len(study.arms) - 1) / 2) * 3.0
    return ChartLine(study.arms[arm].title, arm_pen(arm), points, square=bool(arm % 2), aside=aside)


def unit_words(view: View) -> str:
    """What the upright axis is."""
    words = f"{unit(view)}, mean and 95 % interval"
    if view.kind == "labels" and len(curve_places(view.table)) > 1:
        words = f"{curve_places(view.table)[view.place][2]}: {words[:1].lower()}{words[1:]}"
    return words


def paint_crossings(
    painter: QPainter, plot: Plot, view: View, lines: Sequence[Line], where: tuple[object, str]
) -> Marks:
    """A ring where one arm overtakes another for certain; its tooltip says so. where: (shift, metric) of the curves."""
    places = []
    for crossing in view.crossings:
        if (crossing.condition, crossing.name) == where and crossing.clear:
            labels = crossing.labels.value
            at = plot.point(labels, height_at(view, lines[crossing.after], labels))
            painter.setPen(QPen(theme.colour("text"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, 8, 8)
            places.append((QRectF(at.x() - 9, at.y() - 9, 18, 18), sentence(view.table, crossing)))
    return places


def height_at(view: View, line: Line, labels: float) -> float:
    """The arm's mean between its points, linear on the logarithm."""
    counts = [log(place(view, column.labels)) for column, _, _ in line]
    return float(np.interp(log(labels), counts, [shown.value for _, shown, _ in line]))
