"""The curves of a study over its label counts: log axis, whiskers, crossings, names at the ends."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, log

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.comparison.intervals import Interval
from engine.studies.crossings import sentence
from engine.studies.table import ERROR, Column, Entry
from ui import theme
from ui.figures import drawing
from ui.figures.drawing import FOOT, LEFT, Frame, LogPlace
from ui.figures.line_ends import paint_ends, widest_name
from ui.figures.painted import line_height
from ui.studies.view import View, curve_places, tip, unit

MOST_NAME, SWATCH = 180.0, 12.0  # pixels of an arm's name and of the stroke before it


def paint_curves(painter: QPainter, size: QSizeF, view: View) -> list[tuple[QRectF, str]]:
    shift, metric, _ = curve_places(view.table)[view.place]
    lines = [curve(view, arm, shift, metric) for arm in range(len(view.table.study.arms))]
    ends = end_width(view, lines)
    box = QRectF(LEFT, line_height("small") + 8, size.width() - LEFT - ends, 0)
    box.setBottom(size.height() - FOOT)
    frame = Frame(box, *bounds([shown for line in lines for _, shown, _ in line], view.highest), view.metric)
    labels = sorted(n for n in view.table.study.labels if n is not None)
    across = LogPlace(labels[0], labels[-1], box.left() + 12, box.right() - 12)
    paint_unit(painter, view)
    drawing.paint_levels(painter, frame)
    what = "Points per task" if view.metric == ERROR else "Labels per class"
    paint_counts(painter, frame, across, labels, what)
    places = []
    for arm, line in enumerate(lines):
        places += paint_curve(painter, frame, across, view, arm, line)
    places += paint_crossings(painter, frame, across, view, lines, (shift, metric))
    names = [
        (frame.y(line[-1][1].value), drawing.arm_pen(arm, 2.5), view.table.study.arms[arm].title)
        for arm, line in enumerate(lines)
        if line
    ]
    paint_ends(painter, names, frame.box.adjusted(0, 0, 4, 0), MOST_NAME, SWATCH)
    return places


Line = list[tuple[Column, Interval, Entry]]


def curve(view: View, arm: int, shift: object, metric: str) -> Line:
    """An arm's points by rising label count; all labels have no place on the axis."""
    found = [
        (column, shown, entry)
        for column, entry in zip(view.table.columns, view.table.entries[arm], strict=True)
        if column.labels is not None and (column.condition, column.metric) == (shift, metric)
        and (shown := view.shown(entry)) is not None
    ]  # fmt: skip
    return sorted(found, key=lambda point: point[0].labels or 0)


def bounds(shown: Sequence[Interval], most: float = 1.0) -> tuple[float, float]:
    """The lowest and highest of all points and intervals with some room, inside 0 and `most`."""
    known = [value for one in shown for value in (one.value, one.low, one.high) if isfinite(value)]
    if not known:
        return 0.0, most
    low, high = max(0.0, min(known)), min(most, max(known))
    room = max(0.06 * (high - low), 0.01 * most)
    return max(0.0, low - room), min(most, high + room)


def paint_unit(painter: QPainter, view: View) -> None:
    """What the upright axis is, at its top."""
    painter.setFont(theme.font("small"))
    painter.setPen(theme.colour("muted"))
    words = f"{unit(view)}, mean and 95 % interval"
    if view.kind == "labels" and len(curve_places(view.table)) > 1:
        words = f"{curve_places(view.table)[view.place][2]}: {words[:1].lower()}{words[1:]}"
    painter.drawText(QPointF(0, QFontMetricsF(painter.font()).ascent()), words)


def paint_counts(painter: QPainter, frame: Frame, across: LogPlace, labels: Sequence[int], what: str) -> None:
    """The label counts under the axis and what they are."""
    painter.setFont(theme.font("small", tabular=True))
    metrics = QFontMetricsF(painter.font())
    painter.setPen(theme.colour("muted"))
    for labels_ in labels:
        drawing.paint_centred(painter, across.x(labels_), frame.box.bottom() + 4, 60, f"{labels_:,}")
    words = f"{what} (logarithmic)"
    middle = frame.box.center().x() - metrics.horizontalAdvance(words) / 2
    painter.drawText(QPointF(middle, frame.box.bottom() + 8 + metrics.lineSpacing() + metrics.ascent()), words)


def paint_crossings(
    painter: QPainter, frame: Frame, across: LogPlace, view: View, lines: Sequence[Line], where: tuple[object, str]
) -> list[tuple[QRectF, str]]:
    """A ring where one arm overtakes another for certain; its tooltip says so. where: (shift, metric) of the curves."""
    places = []
    for crossing in view.crossings:
        if (crossing.condition, crossing.metric) == where and crossing.clear:
            labels = crossing.labels.value
            at = QPointF(across.x(labels), frame.y(height_at(lines[crossing.after], labels)))
            painter.setPen(QPen(theme.colour("text"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, 8, 8)
            places.append((QRectF(at.x() - 9, at.y() - 9, 18, 18), sentence(view.table, crossing)))
    return places


def height_at(line: Line, labels: float) -> float:
    """The arm's mean between its points, linear on the logarithm."""
    counts = [log(column.labels or 1) for column, _, _ in line]
    return float(np.interp(log(labels), counts, [shown.value for _, shown, _ in line]))


def paint_curve(
    painter: QPainter, frame: Frame, across: LogPlace, view: View, arm: int, line: Line
) -> list[tuple[QRectF, str]]:
    """One arm: a line through its means, whiskers, marks. Whiskers of arms stand a little beside each other."""
    aside = (arm - (len(view.table.study.arms) - 1) / 2) * 3.0
    points = [QPointF(across.x(column.labels or 1) + aside, frame.y(shown.value)) for column, shown, _ in line]
    painter.setPen(drawing.arm_pen(arm))
    painter.drawPolyline(points)
    places = []
    for at, (column, shown, entry) in zip(points, line, strict=True):
        drawing.paint_whisker(painter, frame, at.x(), shown, drawing.arm_colour(arm))
        drawing.paint_mark(painter, at, arm)
        places.append((QRectF(at.x() - 7, at.y() - 7, 14, 14), tip(view, arm, column, entry)))
    return places


def end_width(view: View, lines: Sequence[Line]) -> float:
    """Room at the right for the arms' names."""
    return widest_name((arm.title for arm in view.table.study.arms), MOST_NAME) + 24 if any(lines) else 16.0
