"""What lists at the left of a page share: a card's ground, the mark of what is chosen, and a thin bar of progress."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QListView, QStyle, QWidget

from ui import theme
from ui.widgets.frame import SlimScrollBar


class OnCard(QObject):
    """Keeps a list on a card's ground, with a slim bar at its right."""

    def __init__(self, view: QListView, name: str) -> None:
        super().__init__(view)
        self._view = view
        view.setAccessibleName(name)
        view.setVerticalScrollBar(SlimScrollBar())
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.setMouseTracking(True)
        view.installEventFilter(self)
        self._ground()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.PaletteChange:
            self._ground()
        return False

    def _ground(self) -> None:
        palette = self._view.palette()
        if palette.color(QPalette.ColorRole.Base) != theme.colour("card"):
            palette.setColor(QPalette.ColorRole.Base, theme.colour("card"))
            self._view.setPalette(palette)


def paint_ground(painter: QPainter, box: QRect, state: QStyle.StateFlag) -> None:
    """Of one line: chosen, under the pointer, with the keyboard."""
    chosen = bool(state & QStyle.StateFlag.State_Selected)
    hovered = bool(state & QStyle.StateFlag.State_MouseOver)
    painter.fillRect(box, theme.colour("selected" if chosen else "hover" if hovered else "card"))
    if chosen:
        painter.fillRect(QRect(box.left(), box.top(), 3, box.height()), theme.colour("accent"))
    painter.setPen(theme.colour("grid"))
    painter.drawLine(box.bottomLeft(), box.bottomRight())
    if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
        painter.setPen(theme.colour("accent"))
        painter.drawRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5))  # inside, or a bit stays at the next line


def paint_progress(painter: QPainter, box: QRectF, share: float, role: str) -> None:
    """A thin bar: the part that is done in the colour of its role."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("grid"))
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    if share > 0:
        done = QRectF(box.left(), box.top(), box.width() * min(1.0, share), box.height())
        painter.setBrush(theme.colour(role))
        painter.drawRoundedRect(done, box.height() / 2, box.height() / 2)


class ProgressLine(QWidget):
    """The progress of what is chosen across its header; gone once all of it is done."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share, self._role = 0.0, "accent"
        self.setFixedHeight(6)
        self.setAccessibleName(name)

    def show_share(self, share: float, role: str, words: str, at_work: bool) -> None:
        self._share, self._role = share, role
        self.setVisible(at_work)
        self.setAccessibleDescription(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_progress(QPainter(self), QRectF(self.rect()), self._share, self._role)
