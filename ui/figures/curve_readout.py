"""What follows the pointer over a plot: a line across it, and a card that says the value of every curve there."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from ui import theme
from ui.widgets.layouts import in_column

MOST_ROWS = 14


class Rule(QWidget):
    """A vertical line over the plot. A widget, because an item of the scene left its traces where it had been in a plot
    that followed another one's pointer."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def stand(self, x: int, top: int, height: int) -> None:
        """In the parent's pixels."""
        self.setGeometry(x, top, 1, height)
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.colour("faint"))


class Readout(QFrame):
    """Lies over the plot, never takes the mouse, and stays inside its parent."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._ground = parent
        self._text = QLabel(self, textFormat=Qt.TextFormat.RichText)
        in_column(self._text, owner=self, edges=(8, 6, 8, 6))
        self.hide()

    def show_values(self, head: str, rows: Sequence[tuple[str, QColor, str]], at: QPoint) -> None:
        """head: the cursor's place in words. rows: (label, colour, value). at: cursor in the parent's pixels."""
        lines = "".join(
            f"<tr><td style='color:{colour.name()}'>●&nbsp;</td><td>{escape(label)}&nbsp;&nbsp;</td>"
            f"<td align='right'><b>{escape(value)}</b></td></tr>"
            for label, colour, value in rows[:MOST_ROWS]
        )
        more = f"<br>and {len(rows) - MOST_ROWS} more" if len(rows) > MOST_ROWS else ""
        muted = theme.colour("muted").name()
        self._text.setText(f"<span style='color:{muted}'>{escape(head)}</span><table>{lines}</table>{more}")
        self.adjustSize()
        self.move(self._place(at))
        self.raise_()
        self.show()

    def _place(self, at: QPoint) -> QPoint:
        room = self._ground.size()
        x = at.x() + 14 if at.x() + 14 + self.width() <= room.width() else at.x() - 14 - self.width()
        y = min(max(0, at.y() - self.height() // 2), max(0, room.height() - self.height()))
        return QPoint(max(0, x), y)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour("border"))
        painter.setBrush(theme.colour("card"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
