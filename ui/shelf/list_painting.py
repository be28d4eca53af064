"""Draws the lines of a long list that are seen. A list that follows every key is painted anew with each, and a delegate
that Qt asks cell by cell takes longer over what it is told than over what it draws."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QTableView

from ui import icons, theme
from ui.shelf.list_line import ListLine
from ui.shelf.list_model import NAME, RIGHT, ListModel
from ui.shelf.list_order import STAR
from ui.shelf.short_texts import ShortTexts

PAD, ICON = 6, 14  # pixels
BAR = 3  # pixels of the line that shows how far a download is
Columns = Sequence[tuple[int, int, int]]  # each with its left edge and width


class LinePainter:
    """One painting of a table's lines; `area` in the view's pixels."""

    def __init__(self, table: QTableView, model: ListModel, texts: ShortTexts) -> None:
        self._list, self._high = model, table.verticalHeader().defaultSectionSize()
        self._texts, self._palette = texts, table.viewport().palette()
        self._inset = (self._high - table.fontMetrics().height()) // 2
        self._text = self._palette.color(QPalette.ColorRole.Text)
        self._muted = theme.colour("muted")
        self._warning = icons.pixmap("warning", ICON, "warning")
        self._stars = {on: model.star(on) for on in (False, True)}
        texts.use(table.font())

    def draw(self, painter: QPainter, table: QTableView, area: QRect) -> None:
        first, last = table.rowAt(area.top()), table.rowAt(area.bottom())
        if first < 0:
            return  # below the last line
        columns = _seen(table, area)
        chosen = {index.row() for index in table.selectionModel().selectedRows()}
        for row in range(first, (last if last >= 0 else self._list.rowCount() - 1) + 1):
            line = QRect(0, table.rowViewportPosition(row), table.viewport().width(), self._high)
            self._draw_ground(painter, line, row % 2 == 1, row in chosen)
            self._draw_line(painter, self._list.lines.shown[row], line.top(), columns, row in chosen)

    def _draw_ground(self, painter: QPainter, line: QRect, odd: bool, chosen: bool) -> None:
        if chosen:
            painter.fillRect(line, self._palette.highlight())
        elif odd:
            painter.fillRect(line, self._palette.alternateBase())

    def _draw_line(self, painter: QPainter, entry: ListLine, top: int, columns: Columns, chosen: bool) -> None:
        misfit = entry.key in self._list.lines.misfits
        painter.setPen(self._ink(chosen, misfit))
        for column, left, width in columns:
            box = QRect(left + PAD, top, width - 2 * PAD, self._high)
            if column == STAR:
                self._draw_icon(painter, box, self._stars[entry.key in self._list.lines.favourites])
                continue
            if misfit and column == NAME:
                self._draw_icon(painter, box, self._warning)
                box.setLeft(box.left() + ICON + PAD)
            text, wide = self._texts.of(self._list.text(entry, column), box.width())
            at_right = self._list.side(column) == RIGHT
            painter.drawStaticText(box.left() + (box.width() - wide if at_right else 0), top + self._inset, text)
            if column == self._list.where:
                self._draw_progress(painter, entry, box)

    def _ink(self, chosen: bool, misfit: bool) -> QColor:
        if chosen:
            return self._palette.color(QPalette.ColorRole.HighlightedText)
        return self._muted if misfit else self._text

    def _draw_icon(self, painter: QPainter, box: QRect, drawn: QPixmap) -> None:
        painter.drawPixmap(box.left(), box.top() + (box.height() - ICON) // 2, drawn)

    def _draw_progress(self, painter: QPainter, entry: ListLine, cell: QRect) -> None:
        """How far a download is, as a line below its words."""
        running = self._list.progress(entry)
        if running is None or running[1] is None:
            return
        box = QRectF(cell.left(), cell.bottom() - BAR - 1, cell.width(), BAR)
        painter.fillRect(box, theme.colour("border"))
        box.setWidth(box.width() * running[1])
        painter.fillRect(box, theme.colour("accent"))


def _seen(table: QTableView, area: QRect) -> Columns:
    """The columns that reach into the area."""
    every = ((at, table.columnViewportPosition(at), table.columnWidth(at)) for at in range(table.model().columnCount()))
    return [one for one in every if one[1] <= area.right() and one[1] + one[2] > area.left()]
