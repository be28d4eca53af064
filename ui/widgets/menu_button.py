"""A button that opens a menu at once, with the menu's arrow beside the words instead of below them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QMenu, QStyle, QStyleOptionToolButton, QStylePainter, QToolButton, QWidget  # fmt: skip

from ui import icons, theme

ARROW = 8  # pixels of the arrow; its middle is so far from the button's right edge


class MenuButton(QToolButton):
    """words: what it says, letter by letter, beside the icon if there is one. name: for a screen reader, if other."""

    def __init__(
        self, words: str, tip: str = "", icon: str = "", menu: QMenu | None = None, name: str = "",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setText(words.replace("&", "&&"))
        self.setToolTip(tip)
        self.setAccessibleName(name or words)
        self.setAccessibleDescription(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        if icon:
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            icons.dress(self, icon)
        self.setMenu(QMenu(self) if menu is None else menu)

    def sizeHint(self) -> QSize:
        words_are_centred = self.icon().isNull()
        return super().sizeHint() + QSize((3 if words_are_centred else 1) * ARROW, 0)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.features &= ~QStyleOptionToolButton.ToolButtonFeature.HasMenu
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("muted"), 1.5))
        x, y, half = self.width() - ARROW, self.height() / 2, ARROW / 2
        painter.drawPolyline(QPolygonF([QPointF(x - half, y - 2), QPointF(x, y + 2), QPointF(x + half, y - 2)]))
