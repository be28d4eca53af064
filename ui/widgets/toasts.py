"""Small news at the lower left of the window, away from fields and Start. Hovering stops the timer; decisions belong
in dialogs, not here."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QEnterEvent, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from ui import icons
from ui.widgets.card import paint_card
from ui.widgets.layouts import in_row
from ui.widgets.text import Text

SECONDS = 8.0
MARGIN = 16
WIDEST, NARROWEST = 380, 240  # pixels
ASIDE = 256  # pixels at the right that stay free: Start and what stands beside it
FOOT = 24  # pixels for the status bar
UNDO = "Undo"
MOST = 4  # at once; the oldest goes first


class Toast(QFrame):
    """One piece of news with an optional action. closed: by its button, its action or its time."""

    closed = Signal()

    def __init__(
        self, parent: QWidget, text: str, action_title: str | None, action: Callable[[], None] | None, level: str,
        seconds: float,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setAccessibleName(text)
        self._action = action
        row = in_row(owner=self, gap=8, edges=(12, 8, 8, 8))
        self._add_mark(row, level)
        self.label = Text(text)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row.addWidget(self.label, 1)
        self._add_buttons(row, action_title)
        self._timer = QTimer(self, singleShot=True, interval=round(seconds * 1000))
        self._timer.timeout.connect(self.close)
        self._timer.start()

    def _add_mark(self, row: QHBoxLayout, level: str) -> None:
        if level != "info":
            mark = Text(wrap=False)
            icons.dress(mark, "error" if level == "error" else "warning", "bad" if level == "error" else "warning", 20)
            row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)

    def _add_buttons(self, row: QHBoxLayout, action_title: str | None) -> None:
        if action_title:
            self.button = QPushButton(action_title, self)
            self.button.clicked.connect(self._act)
            row.addWidget(self.button)
        closing = QToolButton(self, autoRaise=True)
        closing.setAccessibleName("Dismiss")
        closing.setToolTip("Dismiss")
        icons.dress(closing, "close", "muted", 14)
        closing.clicked.connect(self.close)
        row.addWidget(closing, 0, Qt.AlignmentFlag.AlignTop)

    def is_waiting(self) -> bool:
        """True while its time runs, that is, while the mouse is not over it."""
        return self._timer.isActive()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        self._timer.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self._timer.stop()
        self.closed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_card(self, edge="faint")

    def _act(self) -> None:
        self.close()
        if self._action is not None:
            self._action()


class Toasts(QObject):
    """Shows toasts over `window`, the newest lowest."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._toasts: list[Toast] = []
        self._undoing: Toast | None = None
        window.installEventFilter(self)

    def show(
        self, text: str, action_title: str | None = None, action: Callable[[], None] | None = None,
        level: str = "info", seconds: float = SECONDS,
    ) -> Toast:  # fmt: skip
        """Say `text`, once; level "info", "warning" or "error". The action closes the toast, then is called."""
        for same in [one for one in self._toasts if one.accessibleName() == text]:
            same.close()
        toast = Toast(self._window, text, action_title, action, level, seconds)
        toast.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        toast.closed.connect(lambda: self._forget(toast))
        self._toasts.append(toast)
        toast.show()
        for old in self._toasts[:-MOST]:
            old.close()
        self._arrange()
        return toast

    def offer_undo(self, text: str, undo: Callable[[], None]) -> Toast:
        """Say what was done, with a button that takes the latest change back; earlier ones lose theirs."""
        if self._undoing in self._toasts:
            self._undoing.button.hide()
        toast = self.show(text, UNDO, undo)
        self._undoing = toast
        return toast

    def withdraw_undo(self) -> None:
        """The latest change is another one now, or was taken back: no toast tells of it any more."""
        if self._undoing in self._toasts:
            self._undoing.close()
        self._undoing = None

    def shown(self) -> list[Toast]:
        """Those on the screen, oldest first."""
        return list(self._toasts)

    def _forget(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            self._arrange()

    def _arrange(self) -> None:
        bottom = self._window.height() - MARGIN - FOOT
        width = min(WIDEST, max(NARROWEST, self._window.width() - MARGIN - ASIDE))
        for toast in reversed(self._toasts):
            height = toast.heightForWidth(width)
            toast.setGeometry(MARGIN // 2, bottom - height, width, height)
            toast.raise_()
            bottom -= height + 8

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._arrange()
        return False
