"""A strip of images of which one can be picked, with the mouse or the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QWidget

from ui import theme
from ui.widgets.images import ImageStrip, Sample

KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class PickStrip(ImageStrip):
    """opened(index): an image was double clicked, or Enter pressed on it; folder_wanted(index): from its menu."""

    opened = Signal(int)
    folder_wanted = Signal(int)

    def __init__(self, tile: int = 64, rows: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(tile, rows, parent)
        self.current = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.menu = QMenu(self)
        self.menu.addAction("Show large", lambda: self.opened.emit(self.current))
        self.folder = self.menu.addAction("Show in folder", lambda: self.folder_wanted.emit(self.current))

    def set_images(self, images: Sequence[Sample], names: Sequence[str] = ()) -> None:
        super().set_images(images, names)
        self.pick(0)

    def pick(self, index: int) -> None:
        """Mark one of the images that are shown."""
        self.current = max(0, min(index, len(self._places()) - 1))
        if self._names:
            place = f"Example {self.current + 1} of {len(self._names)}: {self._names[self.current]}"
            self.setAccessibleDescription(f"{place}. Enter shows it large, the arrow keys move")
        self.update()

    def _across(self) -> int:
        """Images in a line."""
        places = self._places()
        return max(1, sum(place.top() == places[0].top() for place in places)) if places else 1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        steps = KEYS | {Qt.Key.Key_Up: -self._across(), Qt.Key.Key_Down: self._across()}
        if key in ENTER:
            self.opened.emit(self.current)
        elif key in steps and 0 <= self.current + steps[key] < len(self._places()):
            self.pick(self.current + steps[key])
        elif key not in steps:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pick_at(event.position().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._pick_at(event.position().toPoint()):
            self.opened.emit(self.current)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        places = self._places()
        if by_key and places:
            self.menu.popup(self.mapToGlobal(places[self.current].center()))
        elif self._pick_at(event.pos()):
            self.menu.popup(event.globalPos())

    def _pick_at(self, at: QPoint) -> bool:
        found = next((place for place, box in enumerate(self._places()) if box.contains(at)), None)
        if found is not None:
            self.pick(found)
        return found is not None

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        places = self._places()
        if self.hasFocus() and self.current < len(places):
            painter = QPainter(self)
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.drawRect(QRectF(places[self.current]).adjusted(1, 1, -1, -1))
