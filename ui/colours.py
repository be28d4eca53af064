"""The roles of colours, in a light and a dark palette of our own and as ink on paper.

Widgets that paint themselves ask `colour(role)` each time they paint and repaint in `changeEvent(PaletteChange)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

LIGHT = {
    "page": "#F6F7F9", "card": "#FFFFFF", "border": "#D5D9E0", "text": "#1B1F25", "muted": "#5A6270",
    "faint": "#767E8B", "accent": "#1F5FBF", "good": "#1B7A48", "warning": "#8F5A00", "bad": "#BC2F2A",
    "grid": "#E3E6EB", "field": "#FFFFFF", "hover": "#ECEFF4", "selected": "#E1EAF8", "on accent": "#FFFFFF",
}  # fmt: skip
DARK = {
    "page": "#16181C", "card": "#1E2126", "border": "#383D46", "text": "#E7E9ED", "muted": "#A7AEBA",
    "faint": "#858D9A", "accent": "#78AEFF", "good": "#55C78E", "warning": "#E3AD52", "bad": "#F27D76",
    "grid": "#2A2E35", "field": "#262A31", "hover": "#272B32", "selected": "#24344F", "on accent": "#0E1A2B",
}  # fmt: skip
ROLES = tuple(LIGHT)
_PAPER = LIGHT | {"page": "#FFFFFF"}

_on_paper = False
_known: dict[int, bool] = {}  # the palette that was asked last, by Qt's key of it, and whether it is dark


@contextmanager
def on_paper(paper: bool = True) -> Iterator[None]:
    """Inside, every colour is that of ink on white paper, whatever the window's palette; paper=False: the window's."""
    global _on_paper
    before, _on_paper = _on_paper, paper
    try:
        yield
    finally:
        _on_paper = before


def is_dark() -> bool:
    """True while the application's palette has a dark window colour, except on paper."""
    palette = QApplication.palette()
    if (key := palette.cacheKey()) not in _known:
        _known.clear()
        _known[key] = palette.color(QPalette.ColorRole.Window).lightness() < 128
    return not _on_paper and _known[key]


def colour(role: str) -> QColor:
    """The colour of a role (see `ROLES`) in the palette in use; raises KeyError for an unknown role."""
    return QColor((DARK if is_dark() else _PAPER if _on_paper else LIGHT)[role])


def ink_on(ground: QColor) -> QColor:
    """Black or white, whichever stands out more from the ground (contrast of WCAG 2)."""
    red, green, blue = (_linear(part) for part in (ground.redF(), ground.greenF(), ground.blueF()))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return QColor("#000000" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "#ffffff")


def _linear(part: float) -> float:
    """Of a part of an sRGB colour from 0 to 1, the light."""
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
