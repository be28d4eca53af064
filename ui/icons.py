"""The program's icons: one set of line drawings in `resources/icons`, drawn in a colour of the palette."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QLabel

from ui import theme

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "icons"
SIZES = (16, 20, 24, 32)
_RATIOS = (1.0, 2.0)


def names() -> tuple[str, ...]:
    """All icons there are."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.svg")))


@cache
def _drawing(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text("utf-8")


@cache
def _pixmap(name: str, size: int, colour: str, ratio: float) -> QPixmap:
    side = round(size * ratio)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    drawing = _drawing(name).replace("currentColor", colour)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def pixmap(name: str, size: int = 20, role: str = "text", ratio: float = 2.0) -> QPixmap:
    """One icon, `size` logical pixels wide, in the colour of a palette role."""
    return _pixmap(name, size, theme.colour(role).name(), ratio)


def icon(name: str, role: str = "text", sizes: Iterable[int] = SIZES) -> QIcon:
    """An icon in the palette's colours of now, drawn in these logical sizes; see `dress` for one that follows the
    palette."""
    result = QIcon()
    for size in sizes:
        for ratio in _RATIOS:
            result.addPixmap(pixmap(name, size, role, ratio))
            faint = _pixmap(name, size, QColor(theme.colour("faint")).name(), ratio)
            result.addPixmap(faint, QIcon.Mode.Disabled)
    return result


class _Dresser(QObject):
    """Redraws a widget's icon when its palette changes."""

    def __init__(self, widget: QAbstractButton | QLabel, name: str, role: str, size: int) -> None:
        super().__init__(widget)
        self._widget, self._name, self._role, self._size = widget, name, role, size
        widget.installEventFilter(self)
        self.draw()

    def change(self, name: str, role: str) -> None:
        self._name, self._role = name, role
        self.draw()

    def draw(self) -> None:
        if isinstance(self._widget, QLabel):
            self._widget.setPixmap(pixmap(self._name, self._size, self._role))
        else:
            self._widget.setIcon(icon(self._name, self._role, (self._size,)))
            self._widget.setIconSize(QSize(self._size, self._size))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.PaletteChange:
            self.draw()
        return False


def dress(widget: QAbstractButton | QLabel, name: str, role: str = "text", size: int = 16) -> None:
    """Give a button or label this icon and keep it in the palette's colours. May be called again to change it."""
    old = widget.findChild(_Dresser)
    if old is None:
        _Dresser(widget, name, role, size)
    else:
        old.change(name, role)
