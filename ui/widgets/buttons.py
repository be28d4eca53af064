"""Buttons: one primary action per screen, and the plain ones beside it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QPaintEvent, QPalette
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter, QToolButton, QWidget

from ui import icons, theme
from ui.widgets.text import plain

LEAST_BUTTON = 160  # pixels that are left of a button whose words are cut


class PrimaryButton(QPushButton):
    """The screen's one main action, in the accent colour; off it looks like every other button."""

    def __init__(self, text: str, icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFont(theme.font(bold=True))
        self._icon = icon
        self.setMinimumHeight(36)
        self.setIconSize(QSize(16, 16))
        self._colour()

    def set_icon(self, icon: str) -> None:
        """Show another icon, in the button's colours."""
        if icon != self._icon:
            self._icon = icon
            self.setIcon(icons.icon(icon, "on accent"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.EnabledChange):
            self._colour()

    def _colour(self) -> None:
        palette = self.palette()
        ground = theme.colour("accent" if self.isEnabled() else "card")
        if palette.color(QPalette.ColorRole.Button) == ground:
            return
        palette.setColor(QPalette.ColorRole.Button, ground)
        for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
            palette.setColor(group, QPalette.ColorRole.ButtonText, theme.colour("on accent"))
        self.setPalette(palette)
        if self._icon:
            self.setIcon(icons.icon(self._icon, "on accent"))


class ElidedButton(QPushButton):
    """A button whose words hold a name of any length: what does not fit is cut, and whole in the tooltip. tip: more to
    say there."""

    def __init__(self, tip: str = "", clicked: Callable[[], object] | None = None) -> None:
        super().__init__()
        self._tip = tip
        self.setAccessibleDescription(tip)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        if clicked:
            self.clicked.connect(lambda: clicked())

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(plain(f"{text}\n{self._tip}" if self._tip else text))

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().boundedTo(QSize(LEAST_BUTTON, 1000))

    def paintEvent(self, event: QPaintEvent) -> None:
        whole = self.fontMetrics().horizontalAdvance(self.text()) + 1  # less than a pixel more than this is no cut
        room = self.width() - self.sizeHint().width() + whole
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


def button(text: str, icon: str = "", tip: str = "", clicked: Callable[[], object] | None = None) -> QPushButton:
    """A plain push button."""
    result = QPushButton(text)
    result.setToolTip(tip)
    result.setAccessibleDescription(tip)
    if icon:
        icons.dress(result, icon)
    if clicked:
        result.clicked.connect(lambda: clicked())
    return result


class _FirstClicks(QObject):
    """Lets no second press of a double click through."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        return event.type() == QEvent.Type.MouseButtonDblClick


def of_first_clicks(result: QPushButton) -> QPushButton:
    """The button, deaf to the second press of a double click: that was meant for what stood there a moment ago."""
    result.installEventFilter(_FirstClicks(result))
    return result


def icon_button(icon: str, name: str, clicked: Callable[[], object] | None = None) -> QToolButton:
    """A button that shows only an icon; `name` is its tooltip and what a screen reader says."""
    result = QToolButton(autoRaise=True)
    result.setToolTip(name)
    result.setAccessibleName(name)
    icons.dress(result, icon)
    if clicked:
        result.clicked.connect(lambda: clicked())
    return result
