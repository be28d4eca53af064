"""The bars of a study: arms within shifts and test sets, or these within arms, from zero and with their intervals."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter

from engine.comparison.wording import is_share
from ui import theme
from ui.figures import drawing
from ui.figures.drawing import LEFT
from ui.figures.painted import line_height
from ui.figures.painted_axes import Axis, Plot, paint_levels, plot_in
from ui.studies.curves import unit_words
from ui.studies.view import View, tip

MOST_BAR = 56.0  # pixels, the widest bar


def paint_bars(painter: QPainter, size: QSizeF, view: View) -> list[tuple[QRectF, str]]:
    """Groups along the axis, a bar for each series: arms within columns, or columns within arms."""
    by_arm = view.kind == "arm"
    columns, arms = list(enumerate(view.table.columns)), list(enumerate(view.table.study.arms))
    groups = [arm.title for _, arm in arms] if by_arm else [column.title for _, column in columns]
    series = [column.title for _, column in columns] if by_arm else [arm.title for _, arm in arms]
    several = len(series) > 1
    legend = drawing.legend_height(series, size.width() - LEFT) if several else 0.0
    up = Axis(0.0, view.highest, percent=is_share(view.metric))
    plot = plot_in(size.width(), size.height() - legend, Axis(0.0, 1.0), up, unit_words(view))
    plot = replace(plot, area=plot.area.translated(0, legend))
    paint_levels(painter, plot)
    if several:
        painter.save()
        painter.translate(0, line_height("small") + 8)
        drawing.paint_legend(painter, series, LEFT, size.width() - LEFT)
        painter.restore()
    places = []
    for group, words in enumerate(groups):
        middle, room = group_place(plot, len(groups), group)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text"))
        drawing.paint_centred(painter, middle, plot.area.bottom() + 4, room + 8, words)
        bar = min(MOST_BAR, room / len(series))
        for one in range(len(series)):
            arm, column = (group, one) if by_arm else (one, group)
            left = middle + (one - len(series) / 2) * bar
            colour = one if several else arm
            places += paint_bar(painter, plot, QRectF(left, 0, bar, 0), view, arm, column, colour)
    return places


def group_place(plot: Plot, groups: int, group: int) -> tuple[float, float]:
    """(middle, room for bars) of a group in pixels."""
    width = plot.area.width() / groups
    return plot.area.left() + (group + 0.5) * width, width * 0.84


def paint_bar(
    painter: QPainter, plot: Plot, place: QRectF, view: View, arm: int, column: int, colour: int
) -> list[tuple[QRectF, str]]:
    """One bar from zero with its whisker; the surely best one has a dot above."""
    entry = view.table.entries[arm][column]
    shown = view.shown(entry)
    if shown is None:
        return []
    top = plot.height(shown.value)
    bar = QRectF(place.left() + 1, top, max(1.0, place.width() - 2), plot.area.bottom() - top)
    drawing.paint_swatch(painter, bar, colour)
    drawing.paint_whisker(painter, plot, bar.center().x(), shown, theme.colour("text"))
    if entry.best:
        high = plot.height(shown.high if shown.known else shown.value)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("text"))
        painter.drawEllipse(QPointF(bar.center().x(), max(4.0, high - 7)), 2.5, 2.5)
    whole = QRectF(bar.left(), plot.area.top(), bar.width(), plot.area.height())
    return [(whole, tip(view, arm, view.table.columns[column], entry))]
