"""Files dropped anywhere on the window, or on a page that has its own use for them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ui import theme


class DropVeil(QWidget):
    """Shown over the window while something is dragged over it."""

    def __init__(self, window: QWidget, words: str) -> None:
        super().__init__(window)
        self._words = words
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = theme.colour("page")
        ground.setAlphaF(0.88)
        painter.fillRect(self.rect(), ground)
        painter.setPen(QPen(theme.colour("accent"), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(16, 16, -16, -16), 8, 8)
        painter.setFont(theme.font("title", bold=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._words)


class Drops(QObject):
    """Watches the window, or a part of it. dropped(path): one folder or file. brought(paths): what was dropped, where
    many are taken. refused(sentence): anything else. words: what is said while something is dragged over it."""

    dropped = Signal(str)
    brought = Signal(object)
    refused = Signal(str)

    def __init__(
        self, window: QWidget, words: str = "Drop a folder with one folder per class, its zip, or a table of texts",
        many: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._window, self._many = window, many
        self._veil = DropVeil(window, words)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
            return self._enter(event)
        if kind == QEvent.Type.DragMove and isinstance(event, QDragMoveEvent) and event.mimeData().hasUrls():
            return copying(event)
        if kind == QEvent.Type.DragLeave:
            self._veil.hide()
        if kind == QEvent.Type.Drop and isinstance(event, QDropEvent):
            return self._drop(event)
        return False

    def _enter(self, event: QDragEnterEvent) -> bool:
        if not event.mimeData().hasUrls():
            return False
        self._veil.setGeometry(self._window.rect())
        self._veil.raise_()
        self._veil.show()
        return copying(event)

    def _drop(self, event: QDropEvent) -> bool:
        self._veil.hide()
        if not event.mimeData().hasUrls():
            return False
        self.take([url.toLocalFile() for url in event.mimeData().urls()])
        return copying(event)

    def take(self, paths: list[str]) -> None:
        """Hand over one local folder or file. What it is, is looked at later, off the window's thread: a folder may be
        called photos.png. paths: "" for what is not on this machine."""
        if self._many:
            self._take_many(paths)
            return
        if len(paths) == 1 and paths[0]:
            self.dropped.emit(paths[0])
            return
        away = "What was dropped is not on this machine." if len(paths) == 1 else "Several things were dropped."
        self.refused.emit(
            f"{away} Drop one folder, one zip or one table of texts; files that belong together as their folder."
        )

    def _take_many(self, paths: list[str]) -> None:
        here = [path for path in paths if path]
        if here:
            self.brought.emit(here)
        if len(here) < len(paths):
            self.refused.emit("Some of what was dropped is not on this machine. Save it here first, and drop that.")


def copying(event: QDropEvent) -> bool:
    """Take what is dragged as a copy, whatever was proposed: after a move a file manager removes the original."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
    return True
