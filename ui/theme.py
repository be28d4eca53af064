"""Colours, sizes and fonts: Fusion style with a light and a dark palette of our own and one accent colour."""

from __future__ import annotations

import zlib

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

from ui.colours import DARK, LIGHT
from ui.colours import ROLES as ROLES
from ui.colours import colour as colour
from ui.colours import ink_on as ink_on
from ui.colours import is_dark as is_dark
from ui.colours import on_paper as on_paper
from ui.look import FusionLook

GRID = 8  # every distance is a multiple of this many pixels

# The first six read well as lines on both palettes; blue is lightened on dark ground.
_CURVES_LIGHT = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
_CURVES_DARK = ["#4BA3E3", "#E8743B", "#2FBF95", "#D993B9", "#E69F00", "#8CCBEF"]

# Four sizes, as factors of the system's font, and two weights.
FONT = {"small": 0.92, "body": 1.0, "heading": 1.15, "title": 1.45}
LEAST_PIXELS = 12  # no text is smaller, whatever the system's font
SCHEMES = ("system", "light", "dark")
_scheme = "system"


def curve_colour(index: int) -> QColor:
    """The index-th Okabe-Ito colour that reads well on the palette in use."""
    colours = _CURVES_DARK if is_dark() else _CURVES_LIGHT
    return QColor(colours[index % len(colours)])


def as_shown(drawn: QColor) -> QColor:
    """A curve's colour, taken in any palette, in the one in use; other colours stay."""
    name = drawn.name().upper()
    places = (colours.index(name) for colours in (_CURVES_LIGHT, _CURVES_DARK) if name in colours)
    return next((curve_colour(place) for place in places), QColor(drawn))


def run_colour(key: str | int) -> QColor:
    """A run's own colour, the same everywhere. Give its id: neighbours in the list then differ (a uid is hashed)."""
    return curve_colour(key if isinstance(key, int) else zlib.crc32(key.encode()))


def font(size: str = "body", bold: bool = False, tabular: bool = False) -> QFont:
    """The system's font in one of four sizes and two weights; tabular gives figures of equal width."""
    result = QFont(QApplication.font())
    pixels = QFontInfo(result).pixelSize()
    factor = max(FONT[size], LEAST_PIXELS / pixels) if pixels else FONT[size]
    result.setPointSizeF(result.pointSizeF() * factor)
    result.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    if tabular:
        result.setFeature(QFont.Tag("tnum"), 1)
    return result


def scheme() -> str:
    """The scheme last asked for: "system", "light" or "dark"."""
    return _scheme


def apply(app: QApplication, name: str = "system") -> None:
    """Use Fusion with the light or dark palette; "system" follows the desktop, also when it changes later."""
    global _scheme
    first = not isinstance(app.style(), FusionLook)
    _scheme = name if name in SCHEMES else "system"
    if first:
        app.setStyle(FusionLook())
        app.styleHints().colorSchemeChanged.connect(lambda _: _follow_system(app))
    wanted = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(_scheme, Qt.ColorScheme.Unknown)
    app.styleHints().setColorScheme(wanted)
    dark = _scheme == "dark" or (_scheme == "system" and app.styleHints().colorScheme() == Qt.ColorScheme.Dark)
    app.setPalette(palette(dark))


def _follow_system(app: QApplication) -> None:
    if _scheme == "system":
        app.setPalette(palette(app.styleHints().colorScheme() == Qt.ColorScheme.Dark))


def palette(dark: bool) -> QPalette:
    """The whole Qt palette of one scheme."""
    hues = {name: QColor(value) for name, value in (DARK if dark else LIGHT).items()}
    result = QPalette(hues["card"], hues["page"])
    role = QPalette.ColorRole
    for target, source in {
        role.Window: "page", role.WindowText: "text", role.Base: "field", role.AlternateBase: "page",
        role.Text: "text", role.Button: "card", role.ButtonText: "text", role.BrightText: "bad",
        role.ToolTipBase: "card", role.ToolTipText: "text", role.PlaceholderText: "faint", role.Link: "accent",
        role.LinkVisited: "accent", role.Highlight: "accent", role.HighlightedText: "on accent", role.Mid: "border",
        role.Midlight: "grid", role.Light: "card", role.Dark: "border", role.Shadow: "border", role.Accent: "accent",
    }.items():  # fmt: skip
        result.setColor(target, hues[source])
    for target in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, target, hues["faint"])
    result.setColor(QPalette.ColorGroup.Disabled, role.Highlight, hues["border"])
    return result
