"""What can be done with runs: each deed once, for the buttons, the context menu, the keys and the page's menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMenu, QMessageBox, QWidget

from engine.comparison.wording import count
from engine.data.sources import is_drawn
from engine.events import RunState
from engine.families import named
from engine.studies.worth import worth_of
from storage.rows import RunRow
from ui import icons, theme
from ui.comparison import cell_notes
from ui.listing import handing_on
from ui.listing.run_deeds import DeedsOnRuns
from ui.parts import Parts
from ui.runs.run_now import RunNow
from ui.widgets.deed import Entry
from ui.widgets.text import plain

STOP, STOP_SEARCH = "Stop and keep", "Stop and keep the search"
STOP_SEARCH_TIP = "End the search and keep its trials; no network has learnt from all of them yet, so none is tested"
OWN: dict[str, Entry] = {
    "pause": ("Pause", "P", "pause", "Wait after the present step; Resume goes on from there"),
    "stop": (STOP, "K", "stop", "End the training now, test the best weights so far and keep them"),
    "discard": ("Discard…", "", "discard", "End the run and delete it without a test; asks first"),
    "compare": ("Compare", "V", "compare", "Put this run beside others"),
    "resume": ("Resume", "G", "play", "Go on with this run from where it was, as if it had never ended"),
    "figure": cell_notes.FIGURE,
    "worth": (
        "Accuracy over labels…",
        "",
        "studies",
        "A study of what few labels make of its weights, beside random and other weights and no network",
    ),
    "map": ("Map of its data…", "", "data", "What its network sees in its data, before and after training"),
}
ORDER = (
    "pause stop discard compare clone again resume star rename note delete tag archive "
    "begin worth command figure map landscape try test mix export folder"
)
ENDED_BEFORE = "“{}” ended before it was discarded, so that it is kept. Delete removes it."
ELSEWHERE = "This run belongs to another window or terminal: control it there."
DONE = {"compare": "compared", "test": "tested", "try": "tried", "mix": "mixed", "export": "exported"}
LIVE_DEEDS, ENDED_DEEDS = (
    ("pause", "stop", "discard"),
    ("compare", "clone", "begin", "worth", "resume", "again", "delete"),
)


class RunDeeds(DeedsOnRuns):
    """`actions` by key. `adjust` says which runs they are about; a deed that is off says why in its tooltip."""

    def __init__(self, page: QWidget, parts: Parts) -> None:
        self._runs: list[RunNow] = []
        self._asked: dict[int, str] = {}  # run id -> "pause", "stop": asked, not yet followed
        self._places: dict[int, bool] = {}
        self._pause_icon = ("", "")
        self.renamed: Callable[[], None] = lambda: None
        self.listed: Callable[[], list[RunRow]] = list  # all runs, whose tags are offered
        super().__init__(page, parts, OWN, ORDER, {
            "pause": self.pause, "stop": self.stop, "discard": self.discard, "compare": self.compare,
            "again": self.again, "resume": self.go_on, "rename": lambda: self.renamed(), "note": self.ask_note,
            "worth": lambda: parts.navigator.open("studies", worth_of(self.rows()[0].experiment, self.rows()[0].uid)),
            "map": lambda: parts.navigator.open("data", self._runs[0].row),
            "figure": lambda: cell_notes.ask_note(
                page, parts, self._runs[0].row, cell_notes.FIGURES, next(iter(cell_notes.FIGURES))
            ),
        })  # fmt: skip
        self.actions["clone"].setIconText("Clone")  # on its button, beside five others
        self.adjust([])

    def rows(self) -> list[RunRow]:
        return [run.row for run in self._runs]

    def everything(self) -> list[RunRow]:
        return self.listed()

    def menu(self, live: bool) -> QMenu:
        """The context menu of a run."""
        first = LIVE_DEEDS if live else ("compare", "resume", "again")
        rest = [key for key in ("clone", "star", "rename", "note", "figure", "tag") if key not in first]
        return self.menu_of(
            (
                first,
                rest,
                ("begin", "worth", "map", "landscape", "try", "test", "mix", "export", "command", "folder"),
                ("archive", "delete"),
            )
        )

    # What is on

    def adjust(self, runs: Sequence[RunNow]) -> None:
        """runs: the selected ones, the shown one first."""
        self._runs = list(runs)
        shown = self._runs[0] if self._runs else None
        if shown is not None and self._has_followed(shown):
            del self._asked[shown.row.id]
        for key, action in self.actions.items():
            reason = self._why_not(key, shown)
            action.setEnabled(not reason)
            searching = key == "stop" and shown is not None and shown.is_searching
            action.setToolTip(plain(reason) or (STOP_SEARCH_TIP if searching else self.table[key][3]))
        if shown is not None:
            self._word(shown)

    def _has_followed(self, now: RunNow) -> bool:
        asked = self._asked.get(now.row.id)
        done = {"pause": RunState.PAUSED, "resume": RunState.RUNNING}.get(asked or "")
        return asked is not None and (now.state is done or not now.is_live)

    def _why_not(self, key: str, now: RunNow | None) -> str:
        """Why the deed is off, or nothing."""
        if now is None:
            return "Choose a run first."
        if key in LIVE_DEEDS:
            return self._why_not_live(key, now)
        if key == "resume":
            return self._why_not_resume(now)
        if key in ("delete", "archive") and any(run.is_live for run in self._runs):
            return "It is still active. Stop or discard it first."
        if key in ("clone", "again", "command") and not all(run.row.is_readable for run in self._runs):
            return "Its settings cannot be read."
        if key in DONE and now.is_live:
            return f"It can be {DONE[key]} when it has ended."
        if (
            key in ("rename", "note", "figure", "map", "clone", "folder", "export", "begin", "worth")
            and len(self._runs) > 1
        ):
            return "Choose a single run."
        if key == "landscape":
            return handing_on.why_no_landscape(self.rows())
        if key in ("begin", "worth"):
            return handing_on.why_not_begin(now.row) or (self._why_no_worth(now) if key == "worth" else "")
        return self._why_no_map(now) if key == "map" else ""

    def _why_no_worth(self, now: RunNow) -> str:
        if not named(now.row.family).pictured:
            return "It is of weights that were learnt without labels: make a study of other runs on Compare."
        return "" if now.row.experiment.dataset.labelled else "Its data have no labels to test by."

    def _why_no_map(self, now: RunNow) -> str:
        if now.is_live:
            return "It can be drawn when the run has ended."
        seen = now.row.is_readable and not is_drawn(now.row.experiment.dataset)
        return "" if seen else "It has no network whose features could be placed."

    def _why_not_resume(self, now: RunNow) -> str:
        if any(run.may_go_on for run in self._runs[1:]):
            return ""  # those that cannot are told
        if not now.may_go_on:
            return "It is still active." if now.is_live else "It is finished: there is nothing to go on to."
        needs_place = now.state in (RunState.STOPPED, RunState.FAILED)
        if needs_place and not self._places.get(now.row.id, True):
            return "It has left nothing to go on from. Run it again."
        return ""

    def take_place(self, run_id: int, resumable: bool) -> None:
        """Whether the shown run has left a place to go on from, which the disk knows."""
        self._places = {run_id: resumable}
        self.adjust(self._runs)

    def _why_not_live(self, key: str, now: RunNow) -> str:
        if not now.is_live:
            return f"The run is over ({now.word.lower()})."
        if not now.here:
            return ELSEWHERE
        if self._asked.get(now.row.id) == "stop" and key != "discard":
            return "It is stopping: the best weights are being tested."
        if key != "discard" and now.state is RunState.QUEUED:
            return "It has not started yet."
        if key == "pause" and now.row.id in self._asked:
            return "It follows after the present step."
        return ""

    def _word(self, now: RunNow) -> None:
        asked = self._asked.get(now.row.id)
        paused = now.state is RunState.PAUSED
        pausing = {"pause": "Pausing…", "resume": "Resuming…"}.get(asked or "", "Resume" if paused else "Pause")
        several = f" {count(len(self._runs), 'runs')}" if len(self._runs) > 1 else ""
        self.word({
            **self.count_words(self.rows()), "resume": f"Resume{several}", "compare": f"Compare{several}",
            "pause": pausing, "stop": "Stopping…" if asked == "stop" else STOP_SEARCH if now.is_searching else STOP,
            "discard": "Remove from queue" if now.state is RunState.QUEUED else "Discard…",
        })  # fmt: skip
        self._show_pause("play" if paused else "pause")

    def _show_pause(self, icon: str) -> None:
        """The entry's icon, drawn when it is another one: this is asked many times a second."""
        drawn = icon, theme.colour("text").name()
        if drawn != self._pause_icon:
            self._pause_icon = drawn
            self.actions["pause"].setIcon(icons.icon(icon))

    # Deeds

    def pause(self) -> None:
        """Pause the run, or let it go on."""
        run_id = self._runs[0].row.id
        paused = self._runs[0].state is RunState.PAUSED
        (self._parts.queue.resume if paused else self._parts.queue.pause)(run_id)
        self._asked[run_id] = "resume" if paused else "pause"
        self.adjust(self._runs)

    def stop(self) -> None:
        """End the training, test the best weights and keep them."""
        self._parts.queue.stop(self._runs[0].row.id)
        self._asked[self._runs[0].row.id] = "stop"
        self.adjust(self._runs)

    def discard(self) -> None:
        """End and delete, after a question unless nothing was trained yet."""
        now = self._runs[0]
        if now.state is not RunState.QUEUED and not self._confirm(now):
            return
        if self._parts.queue.state(now.row.id) is None:
            self._parts.toasts.show(ENDED_BEFORE.format(now.row.name), level="warning")
        self._parts.queue.discard(now.row.id)

    def _confirm(self, now: RunNow) -> bool:
        box = QMessageBox(self._owner, icon=QMessageBox.Icon.Question)
        box.setWindowTitle("Discard the run")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"Discard “{now.row.name}”?")
        box.setInformativeText("The training ends without a test, and the run leaves the list. "
                               "Stop and keep ends it too, but tests and keeps the best weights.")  # fmt: skip
        keep = box.addButton("Keep training", QMessageBox.ButtonRole.RejectRole)
        discard = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.exec()
        return box.clickedButton() is discard

    def compare(self) -> None:
        self._parts.navigator.open("compare", [row.id for row in self.rows()])

    def again(self) -> None:
        """The same experiments once more, under their own names; the first is shown."""
        go = self._parts.navigator
        for number, row in enumerate(self.rows()):
            then = None if number else (lambda made: go.open("runs", made[0].id))
            self._parts.submit([row.experiment], row.name, row.plan, then)

    def go_on(self) -> None:
        """Let the selected runs go on, those that can."""
        ids = [run.row.id for run in self._runs if run.may_go_on]
        self._parts.go_on(ids)

    def ask_note(self) -> None:
        """Edit the note in a small dialog."""
        row = self._runs[0].row
        text, agreed = QInputDialog.getMultiLineText(self._owner, "Note", f"Note about “{row.name}”", row.note)
        if agreed and text != row.note:
            self.note(row.id, text.strip())
