"""What went wrong with a run, what to do about it, and the details to copy."""

from __future__ import annotations

import json

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.events import RunState
from ui import icons
from ui.runs.run_now import RunNow
from ui.widgets.buttons import button
from ui.widgets.card import Card
from ui.widgets.dialogs import copy_text
from ui.widgets.layouts import in_column, in_row
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Text


class TroubleCard(Card):
    """Shown for failed and interrupted runs. change_wanted: open the settings; resume_wanted: go on from where it was;
    again_wanted: run it once more."""

    change_wanted = Signal()
    resume_wanted = Signal()
    again_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, edge="bad")
        self.setAccessibleName("What went wrong")
        self.message = Text("", bold=True)
        self.advice = Text("", role="muted")
        for line in (self.message, self.advice):
            line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._mark = Text(wrap=False)
        self.copy = button("Copy details", "copy", "Copy the message, the settings and the traceback", self._copy)
        self.change = button("Change settings", "clone", "Open these settings in New experiment",
                             self.change_wanted.emit)  # fmt: skip
        self.again = button("Run again", "play", "Put the same experiment in line once more", self.again_wanted.emit)
        self.resume = button("Resume", "play", "Go on from where it was", self.resume_wanted.emit)
        self._details, self._shown, self._resumable = "", -1, False
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        deeds = FlowLayout(self.resume, self.again, self.change, self.copy)
        words = in_column(self.message, self.advice, 4, deeds, gap=4)
        row = in_row((self._mark, 0, Qt.AlignmentFlag.AlignTop), (words, 1), gap=12)
        self.body.addLayout(row)

    def show_now(self, now: RunNow, resumable: bool | None = None) -> None:
        """resumable: whether there is a place to go on from; None while that is not known, or as it was."""
        if resumable is not None or now.row.id != self._shown:
            self._shown, self._resumable = now.row.id, bool(resumable)
        self.setVisible(now.state in (RunState.FAILED, RunState.INTERRUPTED))
        if now.state is RunState.FAILED:
            self._show_failure(now)
        elif now.state is RunState.INTERRUPTED:
            self._show_interruption(now)

    def _show_failure(self, now: RunNow) -> None:
        failure = now.row.failure
        self.set_edge("bad")
        icons.dress(self._mark, "error", "bad", 24)
        self.message.setText(failure.message if failure else "The run failed without a message.")
        self.advice.setText(failure.advice if failure else "Run it again; if it fails again, copy the details.")
        self.advice.setVisible(bool(self.advice.text()))
        self._offer(interrupted=False)
        self._details = details(now)

    def _show_interruption(self, now: RunNow) -> None:
        self.set_edge("warning")
        icons.dress(self._mark, "warning", "warning", 24)
        at = f" at {now.epoch_text()}" if now.epoch_text() and now.step else " before its first step"
        self.message.setText(f"Interrupted{at}: the program ended while this run was active.")
        kept = "Its curve up to there is kept. " if now.step else ""
        way = "Resume goes on from there" if self._resumable else "Run it again to train it"
        self.advice.setText(f"{kept}{way}, to the end.")
        self.advice.show()
        self._offer(interrupted=True)

    def _offer(self, interrupted: bool) -> None:
        """The deeds that help: after a failure other settings, after an interruption the same ones."""
        self.resume.setVisible(self._resumable)
        self.again.setVisible(interrupted)
        self.change.setVisible(not interrupted)
        self.copy.setVisible(not interrupted)

    def _copy(self) -> None:
        copy_text(self._details)


def details(now: RunNow) -> str:
    """What somebody needs to understand the failure: words, settings, traceback."""
    failure = now.row.failure
    settings = json.dumps(now.row.experiment.told(), indent=2)
    words = f"{failure.message}\n{failure.advice}\n" if failure else ""
    trace = f"\n{failure.traceback}" if failure and failure.traceback else ""
    return f"{now.row.name} ({now.row.uid})\n{words}\n{settings}\n{trace}"
