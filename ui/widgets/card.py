"""Cards: a surface with a thin border, and one that can be chosen among others with mouse or keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QLabel, QSizePolicy, QWidget

from ui import theme
from ui.widgets.layouts import in_column, set_shown
from ui.widgets.text import Elided, Text

RADIUS = 6


def paint_card(widget: QWidget, fill: str = "card", edge: str = "border", width: float = 1.0) -> None:
    """Fill the widget as a card with an edge of `width` pixels; call in paintEvent."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(theme.colour(fill))
    painter.setPen(QPen(theme.colour(edge), width))
    inset = width / 2
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(inset, inset, -inset, -inset), RADIUS, RADIUS)


class Card(QFrame):
    """A bordered surface with a column of content (`body`)."""

    def __init__(self, parent: QWidget | None = None, edge: str = "border") -> None:
        super().__init__(parent)
        self._edge = edge
        self.body = in_column(owner=self, gap=8, edges=12)

    def set_edge(self, role: str) -> None:
        self._edge = role
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_card(self, edge=self._edge)


class ChoiceCard(QAbstractButton):
    """One of several: title, a line of facts, a line of help. Put in an exclusive QButtonGroup it acts as a radio."""

    def __init__(self, key: str, title: str, facts: str = "", idea: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = key
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)  # words wrap, a button's do not
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.title, self.facts = Elided(title, bold=True), Text(facts, "small", "muted")
        self.body = in_column(self.title, owner=self, gap=2, edges=(12, 6, 12, 6))
        self.idea = Text(idea, "small", "muted")
        for line in (self.idea, self.facts):
            self.body.addWidget(line)
            set_shown(line, bool(line.text()))
        self._let_clicks_through()
        self.setAccessibleName(title)
        self.setAccessibleDescription(". ".join(part for part in (idea, facts) if part))

    def _let_clicks_through(self) -> None:
        for child in self.findChildren(QWidget):
            if isinstance(child, QLabel) or child.focusPolicy() == Qt.FocusPolicy.NoFocus:
                child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.update()
        super().leaveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        hovered = self.underMouse() and self.isEnabled()
        fill = "selected" if self.isChecked() else ("hover" if hovered else "card")
        paint_card(self, fill, "accent" if self.isChecked() else "border", 1.5 if self.isChecked() else 1.0)
        if self.hasFocus():
            paint_focus(self)


def paint_focus(widget: QWidget) -> None:
    """A ring inside the edge of the widget that has the keyboard, once the keyboard was used to go there."""
    if not widget.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange):
        return
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("accent"), 1.5))
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(3.5, 3.5, -3.5, -3.5), RADIUS - 2, RADIUS - 2)
