"""A figure that paints itself: on the page, as a saved picture, and as numbers. The base of bars and matrices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from ui import theme
from ui.figures.figure_export import FigureActions, menu_button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Pointed, Text

HEADING = 28.0  # pixels above a saved figure for its title


class PaintedFigure(Pointed):
    """Subclasses paint in `paint` and list their numbers in `figure_table`; copy, PNG, SVG and CSV come from here.

    usual, least: its size in pixels where nothing else is said. marks: where something is said when pointed at.
    """

    usual, least = QSize(420, 240), QSize(240, 200)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.marks: list[tuple[QRectF, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu = QMenu(self)
        self._exports = FigureActions(self, self)
        self.menu.addActions(self._exports.actions)

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        """Draw into 0, 0, size without the title."""

    def words_at(self, at: QPointF) -> str:
        return next((words for box, words in self.marks if box.contains(at)), "")

    def sizeHint(self) -> QSize:
        return self.usual

    def minimumSizeHint(self) -> QSize:
        return self.least

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        """Headings and rows of the numbers behind the figure."""
        return [], []

    def figure_title(self) -> str:
        return self.title

    def figure_size(self) -> QSize:
        return self.size().expandedTo(self.minimumSizeHint()) + QSize(0, round(HEADING))

    def paint_figure(self, painter: QPainter, size: QSizeF) -> None:
        """The figure under its title, as it is saved."""
        paint_title(painter, self.title)
        painter.translate(0, HEADING)
        self.paint(painter, QSizeF(size.width(), size.height() - HEADING))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint(painter, QSizeF(self.size()))
        if self.hasFocus():
            painter.setPen(theme.colour("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        self.menu.popup(self.mapToGlobal(QPoint(16, 16)) if by_key else event.globalPos())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.updateGeometry()
            self.update()


class Section(QWidget):
    """A heading with a "⋯" menu above what it is about, on the page's own ground. What is added stands beside the
    heading, which is never cut for it: below it where there is no room."""

    def __init__(self, title: str, content: QWidget, menu: QMenu | None = None, at_top: bool = False) -> None:
        super().__init__()
        self.content = content
        self.heading = Text(title, bold=True, wrap=False)
        self._head = FlowLayout(self.heading)
        self.row = in_row((self._head, 1), gap=8)
        self._button = None if menu is None else menu_button(self, menu, f"Menu of {title}")
        if self._button is not None:
            self.row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignTop)
            self.heading.setMinimumHeight(self._button.sizeHint().height())  # on one line with it
        column = in_column(self.row, (content, 0 if at_top else 1), owner=self, gap=4)
        if at_top:
            column.addStretch(1)

    def add(self, control: QWidget) -> None:
        """Beside the heading."""
        self._head.addWidget(control)

    def set_menu_shown(self, shown: bool) -> None:
        """Without its menu where what is shown has one of its own."""
        if self._button is not None:
            self._button.setVisible(shown)


def paint_title(painter: QPainter, title: str) -> None:
    """A figure's title at its upper left."""
    painter.setFont(theme.font(bold=True))
    painter.setPen(theme.colour("text"))
    painter.drawText(0, 18, title)


def line_height(size: str = "body", bold: bool = False) -> float:
    """Pixels from one line of text to the next."""
    return QFontMetricsF(theme.font(size, bold)).height()


def draw_elided(painter: QPainter, x: float, baseline: float, width: float, text: str, name: bool = False) -> bool:
    """Draw one line of text in the painter's font, shortened to `width`; True when all of it fitted. name: it is cut in
    the middle, because names often differ at their end."""
    metrics = QFontMetricsF(painter.font())
    mode = Qt.TextElideMode.ElideMiddle if name else Qt.TextElideMode.ElideRight
    said = metrics.elidedText(text, mode, max(0.0, width))
    painter.drawText(QPoint(round(x), round(baseline)), said)
    return said == text
