"""What to do at another machine so that it works for this cluster: three steps, each with its line to copy."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QLineEdit, QWidget

from ui.command.joining import INSTALL, WHERE, WINDOWS, alone, worker_line
from ui.widgets.buttons import button, icon_button
from ui.widgets.card import Card
from ui.widgets.dialogs import copy_text
from ui.widgets.folders import show_folder
from ui.widgets.layouts import in_row
from ui.widgets.problem import Problem
from ui.widgets.text import Text

SECRET = "Who has that file can run programs on these machines: hand it on as you would a password."


class LineToCopy(QWidget):
    """One line of a terminal, with a button that copies it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.field = QLineEdit(readOnly=True)
        self.field.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.field.setAccessibleName(name)
        self.copy = icon_button("copy", f"Copy: {name}", lambda: copy_text(self.field.text()))
        in_row((self.field, 1), self.copy, owner=self, gap=4)

    def say(self, line: str) -> None:
        if line != self.field.text():
            self.field.setText(line)
            self.field.setCursorPosition(0)


class AddingCard(Card):
    """Shown while somebody adds a machine."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Add a machine")
        self._folder = Path()
        self.install, self.key, self.line = (
            LineToCopy(name) for name in ("what to install there", "where the key is", "what to run there")
        )
        self.install.say(INSTALL)
        self.alone = Problem("warning")
        self.show_key = button("Show folder", "folder", "The key lies in it", lambda: show_folder(self._folder))
        for part in (
            Text("Add a machine", bold=True),
            self.alone,
            Text(f"1. On the other machine (Linux, macOS or Windows, Python 3.11 or later), in {WHERE}:"),
            self.install,
            Text(WINDOWS, "small", "muted"),
            Text("2. Copy this file into that folder."),
            in_row((self.key, 1), self.show_key, gap=8),
            Text(SECRET, "small", "muted"),
            Text("3. In that folder:"),
            self.line,
            Text(
                "It appears above within seconds, works as many runs at a time as it has GPUs, or pairs of cores, and "
                "comes back by itself after the network does. End it there with Ctrl+C. This machine works for the "
                "cluster too once the same line runs here.",
                "small", "muted",
            ),
        ):  # fmt: skip
            self.body.addWidget(part) if isinstance(part, QWidget) else self.body.addLayout(part)

    def show_cluster(self, address: str, key: Path) -> None:
        self._folder = key.parent
        self.key.say(str(key))
        self.line.say(worker_line(address, key.name))
        self.alone.say(alone(address))
