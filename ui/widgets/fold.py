"""A section that opens and closes under a heading one can click or reach with Tab."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStyle, QStyleOptionToolButton, QToolButton, QWidget

from ui import icons, theme
from ui.widgets.layouts import in_column


class FoldButton(QToolButton):
    """The heading: its arrow says whether it is open, so it does not look pressed then."""

    def initStyleOption(self, option: QStyleOptionToolButton) -> None:
        super().initStyleOption(option)
        option.state &= ~QStyle.StateFlag.State_On


class Fold(QWidget):
    """`body` is the layout of what is hidden while closed."""

    def __init__(self, title: str, opened: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = FoldButton(self)
        self.button.setCheckable(True)
        self.button.setAutoRaise(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setFont(theme.font("small"))
        self.content = QWidget(self)
        self.body = in_column(owner=self.content, gap=8, edges=(0, 4, 0, 0))
        in_column((self.button, 0, Qt.AlignmentFlag.AlignLeft), self.content, owner=self, gap=0)
        self.button.toggled.connect(self._show)
        self.set_title(title)
        self.button.setChecked(opened)
        self._show(opened)

    def set_title(self, title: str) -> None:
        self.button.setText(title)
        self.button.setAccessibleName(title)

    def _show(self, opened: bool) -> None:
        icons.dress(self.button, "down" if opened else "right", "muted", 12)
        self.content.setVisible(opened)
