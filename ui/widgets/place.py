"""Where the window may be and how large: never larger than its screen, never partly outside."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QWidget

LEAST, USUAL = QSize(800, 560), QSize(1280, 800)
FRAME = 40  # pixels that the desktop needs for the title above a window


def sizes(room: QSize) -> tuple[QSize, QSize]:
    """(least, usual) size of the window on a screen with this much room: no part of it, such as Start, lies outside."""
    inside = room - QSize(0, FRAME)
    return LEAST.boundedTo(inside), USUAL.boundedTo(inside)


def within(wanted: QRect, room: QRect) -> QRect:
    """The window's place on a screen: as wanted where that fits, as on another day's screen, else smaller or moved."""
    size = wanted.size().boundedTo(room.size() - QSize(0, FRAME))
    left = min(max(wanted.left(), room.left()), room.right() + 1 - size.width())
    top = min(max(wanted.top(), room.top() + FRAME), room.bottom() + 1 - size.height())
    return QRect(left, top, size.width(), size.height())


def fit(dialog: QWidget, width: int, height: int) -> None:
    """Give a dialog this size, or what its screen has: its buttons must not lie outside."""
    room = dialog.screen().availableSize() - QSize(0, FRAME)
    dialog.resize(QSize(width, height).boundedTo(room))
