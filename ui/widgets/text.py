"""Labels in the palette's roles: `Text` wraps or stays on one line, `Elided` shortens what does not fit."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QPoint, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

from ui import theme


def plain(text: str) -> str:
    """For a tooltip or a question: Qt takes a name with tags in it for a page, and loads the images it names."""
    return Qt.convertFromPlainText(text) if Qt.mightBeRichText(text) else text


def show_tip(at: QPoint, text: str, widget: QWidget, *more: Any) -> None:
    """A tooltip at a place of the screen, letter by letter; hides it where there is nothing to say."""
    QToolTip.showText(at, plain(text), widget, *more)


class Text(QLabel):
    """Plain text in one of the four sizes and in the colour of a role; follows the palette."""

    def __init__(
        self, text: str = "", size: str = "body", role: str = "text", bold: bool = False, wrap: bool = True,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(text, parent)
        self._role = role
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setForegroundRole(QPalette.ColorRole.WindowText)  # not the parent's, which a button has its own of
        self.setFont(theme.font(size, bold, tabular=True))
        self.setWordWrap(wrap)
        if wrap:
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
            self.setMinimumWidth(1)
        self._paint_role()

    def set_role(self, role: str) -> None:
        self._role = role
        self._paint_role()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_role()

    def _paint_role(self) -> None:
        palette = self.palette()
        wanted = theme.colour(self._role)
        if palette.color(QPalette.ColorRole.WindowText) != wanted:
            palette.setColor(QPalette.ColorRole.WindowText, wanted)
            self.setPalette(palette)


class Elided(Text):
    """One line; what does not fit ends in an ellipsis and is whole in the tooltip."""

    def __init__(
        self, text: str = "", size: str = "body", role: str = "text", bold: bool = False,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(text, size, role, bold, wrap=False, parent=parent)
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("…") * 3, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        self.setToolTip(plain(self.text()) if shown != self.text() else "")
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)
