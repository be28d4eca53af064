"""Shown where what a cluster needs is not installed: what that is, what it adds, the line, and a button."""

from __future__ import annotations

from PySide6.QtCore import Signal

from ui.background import Background
from ui.widgets.card import Card
from ui.widgets.install_line import InstallLine
from ui.widgets.problem import Problem
from ui.widgets.text import Text

ADDS = (
    "It adds about 65 MB to Warmstart's own environment and changes nothing else; nothing of it is loaded unless asked."
)


class InstallingCard(Card):
    """done: it was installed."""

    done = Signal()

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.setAccessibleName("Install what a cluster needs")
        self._background = background
        self.words, self.problem = Text(""), Problem()
        self.line: InstallLine | None = None
        for part in (self.words, Text(ADDS, "small", "muted"), self.problem):
            self.body.addWidget(part)
        self.hide()

    def show_lacking(self, lacking: str) -> None:
        """lacking: what is not installed and how it is; "" where nothing is lacking."""
        self.words.setText(lacking)
        self.setVisible(bool(lacking))
        if lacking and self.line is None:
            self._offer()

    def _offer(self) -> None:
        """What was asked whether it is installed is imported by now."""
        from engine.remote.on_dask import EXTRA

        if why := EXTRA.why_not_here():
            self.problem.say(why)
            return
        self.line = InstallLine(EXTRA, "it", "By pip, into Warmstart's own environment", self._background)
        self.line.installed.connect(self.done)
        self.line.refused.connect(self.problem.say)
        self.body.addWidget(self.line)
