"""The navigation rail at the left: one button per page, icon over text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QToolButton, QWidget

from ui import icons, theme
from ui.widgets.card import paint_focus
from ui.widgets.layouts import in_column

WIDTH, ICON, GAP = 96, 22, 4
ROOMY, LEAST = 22, 6  # pixels above and below together, where there is room and where there is little


class RailButton(QToolButton):
    """A page: marked with a bar in the accent colour while it is shown, and with a dot while it has news."""

    def __init__(self, title: str, icon: str, shortcut: str) -> None:
        super().__init__()
        self.setText(title)
        self.setCheckable(True)
        self.setFont(theme.font("small"))
        self.setFixedWidth(WIDTH)
        self.setMinimumHeight(self._content() + LEAST)
        self.setToolTip(f"{title} ({shortcut})")
        self.setAccessibleName(title)
        self._icon, self._count = icon, 0

    def set_count(self, count: int) -> None:
        """How many runs are active; shown as a small number, none for 0."""
        self._count = count
        self.setAccessibleDescription(f"{count} active" if count else "")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, self._content() + ROOMY)

    def _content(self) -> int:
        """Height of the icon and of as many lines as the title needs."""
        lines = -(-self.fontMetrics().horizontalAdvance(self.text()) // (WIDTH - 8))
        return ICON + GAP + lines * self.fontMetrics().lineSpacing()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isChecked() or self.underMouse():
            painter.fillRect(self.rect(), theme.colour("selected" if self.isChecked() else "hover"))
        if self.isChecked():
            painter.fillRect(0, 0, 3, self.height(), theme.colour("accent"))
        role = "accent" if self.isChecked() else "muted"
        top = (self.height() - self._content()) // 2
        painter.drawPixmap((self.width() - ICON) // 2, top, icons.pixmap(self._icon, ICON, role))
        painter.setPen(theme.colour("text" if self.isChecked() else "muted"))
        painter.setFont(self.font())
        where = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(self.rect().adjusted(4, top + ICON + GAP, -4, 0), where, self.text())
        if self._count:
            self._paint_count(painter)
        if self.hasFocus():
            paint_focus(self)

    def _paint_count(self, painter: QPainter) -> None:
        dot = self.rect().adjusted(self.width() // 2 + 8, 6, 0, 0)
        dot.setSize(QSize(18, 16))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawRoundedRect(dot, 8, 8)
        painter.setPen(theme.colour("on accent"))
        painter.drawText(dot, Qt.AlignmentFlag.AlignCenter, str(min(99, self._count)))


class NavRail(QWidget):
    """Emits `chosen(name)` when a person picks a page."""

    chosen = Signal(str)

    def __init__(self, pages: Mapping[str, tuple[str, str, str]], parent: QWidget | None = None) -> None:
        """pages: name -> (title, icon, shortcut), from top to bottom."""
        super().__init__(parent)
        self.setAccessibleName("Pages")
        self.setFixedWidth(WIDTH + 1)
        self._group = QButtonGroup(self)
        self.buttons = {name: RailButton(*page) for name, page in pages.items()}
        for name, button in self.buttons.items():
            self._group.addButton(button)
            button.clicked.connect(partial(self.chosen.emit, name))
        in_column(*self.buttons.values(), ..., owner=self, gap=0, edges=(0, theme.GRID, 1, 0))

    def show_chosen(self, name: str) -> None:
        self.buttons[name].setChecked(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("card"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), theme.colour("border"))
