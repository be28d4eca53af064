"""Shown where what a cluster needs is not installed: what that is, what it adds, the line, and a button."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine.errors import ExperimentError
from ui.background import Background
from ui.widgets.buttons import button
from ui.widgets.card import Card
from ui.widgets.layouts import in_row
from ui.widgets.problem import Problem
from ui.widgets.text import Elided, Text

ADDS = (
    "It adds about 65 MB to Warmstart's own environment and changes nothing else; nothing of it is loaded unless asked."
)
KEY = "install for a cluster"


class InstallVoice(QObject):
    """Speaks from the thread at work."""

    said = Signal(str)


class InstallingCard(Card):
    """done: it was installed."""

    done = Signal()

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.setAccessibleName("Install what a cluster needs")
        self._background = background
        self.words, self.status, self.problem = Text(""), Elided("", "small", "muted"), Problem()
        self.go = button("Install", "download", "By pip, into Warmstart's own environment", self._install)
        for part in (self.words, Text(ADDS, "small", "muted"), self.problem):
            self.body.addWidget(part)
        self.body.addLayout(in_row((self.status, 1), self.go, gap=8))
        self.hide()

    def show_lacking(self, lacking: str) -> None:
        """lacking: what is not installed and how it is; "" where nothing is lacking."""
        self.words.setText(lacking)
        self.setVisible(bool(lacking))

    def _install(self) -> None:
        self.go.setEnabled(False)
        self.problem.say("")
        self.status.setText("Installing…")
        voice = InstallVoice()
        voice.said.connect(self.status.setText)

        def work(cancelled: Callable[[], bool]) -> None:
            from engine.remote.on_dask import EXTRA

            EXTRA.install(voice.said.emit, cancelled)

        self._background.run(work, lambda _: self._end(), self._fail, KEY, long=True)

    def _end(self) -> None:
        self.go.setEnabled(True)
        self.status.setText("")
        self.done.emit()

    def _fail(self, error: Exception) -> None:
        self.go.setEnabled(True)
        self.status.setText("")
        if isinstance(error, ExperimentError):
            self.problem.say(str(error))
        else:
            self._background.crashed.emit(error)
