"""The run's messages, oldest first; the end stays in view while it grows."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QWidget

from engine.events import Notice
from storage.rows import Message
from ui import theme
from ui.widgets.quiet import QuietText


class MessageLog(QuietText):
    """Read-only, selectable."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(theme.font("small", tabular=True))
        self.setAccessibleName("Messages of the run")
        self.setMinimumHeight(80)
        self._lines: list[str] = []

    @property
    def is_empty(self) -> bool:
        return not self._lines

    def show_messages(self, saved: Sequence[Message], later: Sequence[Notice] = ()) -> None:
        """saved: with their time; later: said since, not read from the disk yet."""
        lines = [f"{clock_time(m.time)}  {marked(m.level, m.text)}" for m in saved]
        lines += [f"{' ' * 8}  {marked(notice.level, notice.text)}" for notice in later]
        if lines == self._lines:
            return
        if self._lines and lines[: len(self._lines)] == self._lines:
            self.appendPlainText("\n".join(lines[len(self._lines) :]))
        else:
            self.setPlainText("\n".join(lines))
        self._lines = lines


def marked(level: str, text: str) -> str:
    return text if level == "info" else f"{level.capitalize()}: {text}"


def clock_time(seconds: float) -> str:
    """The local time of day of an epoch time, "14:03:59"."""
    return time.strftime("%H:%M:%S", time.localtime(seconds))
