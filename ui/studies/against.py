"""The figure of two tasks: accuracy of the one across, of the other upwards. A line where one was learnt alone, a dot
where both were at once, an arrow from what was learnt first to where it came by what was learnt next."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from engine.comparison.intervals import Interval
from engine.comparison.wording import is_share, with_interval
from engine.metrics import words as words_of
from engine.multitask.titles import BEFORE
from engine.studies.columns import task_figure
from engine.studies.joint import joint_gains
from ui import theme
from ui.figures import drawing
from ui.figures.drawing import LEFT
from ui.figures.painted import line_height
from ui.figures.painted_axes import Axis, Plot, around, paint_axes, plot_in
from ui.studies.view import View, unit

HEAD, REACH = 10.0, 7.0  # pixels of an arrow's head, and from a mark to what points at it


@dataclass(frozen=True)
class ArmPlace:
    """Where an arm stands. across, up: its figures of the two tasks; None of one that it did not learn. before: of what
    it had learnt in an earlier stage, at the end of that: across, and up."""

    arm: int
    across: Interval | None
    up: Interval | None
    before: tuple[Interval | None, Interval | None]

    @property
    def is_alone(self) -> bool:
        return self.across is None or self.up is None


def places_of(view: View) -> list[ArmPlace]:
    """Of every arm that has learnt one of the first two tasks."""
    first, second = view.table.tasks[:2]
    number = {column.name: place for place, column in enumerate(view.table.columns)}

    def shown(arm: int, title: str, before: bool = False) -> Interval | None:
        return view.shown(view.table.entries[arm][number[task_figure(view.metric, title, before)]])

    found = [
        ArmPlace(arm, shown(arm, first), shown(arm, second), (shown(arm, first, True), shown(arm, second, True)))
        for arm in range(len(view.table.study.arms))
    ]
    return [one for one in found if one.across is not None or one.up is not None]


def paint_against(painter: QPainter, size: QSizeF, view: View) -> list[tuple[QRectF, str]]:
    """Draw into 0, 0, size; returns where something is said."""
    found, titles = places_of(view), [arm.title for arm in view.table.study.arms]
    if not found:
        return []
    first, second = view.table.tasks[:2]
    legend = drawing.legend_height(titles, size.width() - LEFT) + line_height("small")
    across = [one for each in found for one in (each.across, each.before[0]) if one is not None]
    up = [one for each in found for one in (each.up, each.before[1]) if one is not None]
    axes = (reach_of(view, across), reach_of(view, up))
    plot = plot_in(size.width(), size.height() - legend, *axes, f"{second}: {unit(view).lower()}")
    painter.save()
    drawing.paint_legend(painter, titles, LEFT, size.width() - LEFT)
    painter.restore()
    plot = Plot(plot.area.translated(0, legend), plot.x, plot.y)
    paint_axes(painter, plot, f"{first}: {words_of(view.metric)}" if not view.error else f"{first}: test error")
    painter.setPen(theme.colour("muted"))
    painter.drawText(QPointF(0, plot.area.top() - 6), f"{second}, upwards")
    marks: list[tuple[QRectF, str]] = []
    for one in sorted(found, key=lambda each: not each.is_alone):  # lines lie under the marks
        marks += paint_alone(painter, plot, view, one) if one.is_alone else paint_both(painter, plot, view, one)
    return marks


def reach_of(view: View, found: list[Interval]) -> Axis:
    """From the least to the most, ends of intervals included."""
    ends = [end for one in found for end in ((one.low, one.high) if one.known else ()) or (one.value,)]
    return around([*ends, *(one.value for one in found)], is_share(view.metric))


def paint_alone(painter: QPainter, plot: Plot, view: View, one: ArmPlace) -> list[tuple[QRectF, str]]:
    """A line through all that the other task might be."""
    area = plot.area
    painter.setPen(QPen(drawing.arm_colour(one.arm), 1.5, Qt.PenStyle.DashLine))
    if one.across is not None:
        x = plot.across(plot.x.share(one.across.value))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        return [(QRectF(x - 4, area.top(), 8, area.height()), said(view, one))]
    assert one.up is not None
    y = plot.height(one.up.value)
    painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
    return [(QRectF(area.left(), y - 4, area.width(), 8), said(view, one))]


def paint_both(painter: QPainter, plot: Plot, view: View, one: ArmPlace) -> list[tuple[QRectF, str]]:
    """A mark with both intervals, and the way to it."""
    assert one.across is not None
    assert one.up is not None
    colour, at = drawing.arm_colour(one.arm), plot.point(one.across.value, one.up.value)
    before = one.before
    if any(before):
        across, up = before
        x = plot.area.left() if across is None else plot.across(plot.x.share(across.value))
        paint_arrow(painter, QPointF(x, plot.area.bottom() if up is None else plot.height(up.value)), at, colour)
    painter.setPen(QPen(colour, 1.5))
    if one.across.known:
        low, high = (plot.across(min(1.0, max(0.0, plot.x.share(end)))) for end in (one.across.low, one.across.high))
        painter.drawLine(QPointF(low, at.y()), QPointF(high, at.y()))
    if one.up.known:
        painter.drawLine(QPointF(at.x(), plot.height(one.up.low)), QPointF(at.x(), plot.height(one.up.high)))
    drawing.paint_mark(painter, at, colour, square=any(before), size=4.0)
    return [(QRectF(at.x() - 8, at.y() - 8, 16, 16), said(view, one))]


def paint_arrow(painter: QPainter, start: QPointF, end: QPointF, colour: QColor) -> None:
    """Up to a little before its end, where a mark is."""
    whole = QLineF(start, end)
    if whole.length() <= HEAD + REACH:
        return
    whole.setLength(whole.length() - REACH)
    line = QLineF(whole)
    line.setLength(whole.length() - HEAD)
    painter.setPen(QPen(colour, 2))
    painter.drawLine(line)
    along = QPointF(whole.dx(), whole.dy()) / whole.length()
    aside = QPointF(-along.y(), along.x()) * (HEAD / 2.5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([whole.p2(), line.p2() + aside, line.p2() - aside]))


def said(view: View, one: ArmPlace) -> str:
    """Its figures of both tasks, what was forgotten, and what both together gave or took, with what they rest on."""
    lines = [view.table.study.arms[one.arm].title]
    for title, now, before in zip(view.table.tasks, (one.across, one.up), one.before, strict=False):
        if now is not None:
            lines.append(f"{title}: {with_interval(now, view.metric)}, {now.n} seeds")
        if before is not None:
            lines.append(f"{title}, {BEFORE}: {with_interval(before, view.metric)}")
    lines += [gain.sentence for gain in joint_gains(view.table) if gain.title == lines[0]]
    return "\n".join(lines)
