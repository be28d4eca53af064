"""What can be done with runs: each deed once, for the buttons, the context menu, the keys and the page's menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QInputDialog, QMenu, QMessageBox, QWidget

from engine.comparison.wording import count
from engine.events import RunState
from ui import icons
from ui.comparison import cell_notes
from ui.listing import handing_on, marking
from ui.parts import Parts
from ui.runs.run_now import RunNow
from ui.widgets.deed import deed_action
from ui.widgets.text import plain

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore

STOP, STOP_SEARCH = "Stop and keep", "Stop and keep the search"
STOP_SEARCH_TIP = "End the search and keep its trials; no network has learnt from all images yet, so none is tested"
# key -> (text, shortcut, icon, tip)
DEEDS = {
    "pause": ("Pause", "P", "pause", "Wait after the present step; Resume goes on from there"),
    "stop": (STOP, "K", "stop", "End the training now, test the best weights so far and keep them"),
    "discard": ("Discard…", "", "discard", "End the run and delete it without a test; asks first"),
    "compare": ("Compare", "V", "compare", "Put this run beside others"),
    "clone": ("Clone into New experiment", "C", "clone", "Fill New experiment with these settings"),
    "again": ("Run again", "R", "play", "Put the same experiment in line once more, with the same seed"),
    "resume": ("Resume", "G", "play", "Go on with this run from where it was, as if it had never ended"),
    "star": ("Star", "S", "star", "Mark it with a star, or take the star away"),
    "rename": ("Rename", "F2", "edit", "Give this run another name"),
    "note": ("Note…", "N", "edit", "Write a note about this run"),
    "figure": cell_notes.FIGURE,
    "tag": marking.TAG,
    "archive": marking.ARCHIVE,
    "command": handing_on.COMMAND,
    "folder": handing_on.FOLDER,
    "delete": ("Delete", "Del", "discard", "Delete it; Ctrl+Z brings it back"),
}
ELSEWHERE = "This run belongs to another window or terminal: control it there."
LIVE_DEEDS, ENDED_DEEDS = ("pause", "stop", "discard"), ("compare", "clone", "resume", "again", "delete")


class RunDeeds(QObject):
    """`actions` by key. `adjust` says which runs they are about; a deed that is off says why in its tooltip."""

    def __init__(self, page: QWidget, parts: Parts) -> None:
        super().__init__(page)
        self._page, self._parts = page, parts
        self._runs: list[RunNow] = []
        self._asked: dict[int, str] = {}  # run id -> "pause", "stop": asked, not yet followed
        self._places: dict[int, bool] = {}
        self.renamed: Callable[[], None] = lambda: None
        self.everything: Callable[[], list[RunRow]] = list  # all runs, whose tags are offered
        does: dict[str, Callable[[], object]] = {
            "pause": self.pause, "stop": self.stop, "discard": self.discard, "compare": self.compare,
            "clone": self.clone, "again": self.again, "resume": self.go_on, "star": self.star,
            "rename": lambda: self.renamed(), "note": self.ask_note, "delete": self.delete, "tag": self.ask_tags,
            "archive": self.archive,
            "command": lambda: handing_on.copy_commands(parts, self._rows()),
            "figure": lambda: cell_notes.ask_note(
                page, parts, self._shown(), cell_notes.FIGURES, next(iter(cell_notes.FIGURES))
            ),
            "folder": lambda: handing_on.open_folder(parts, self._shown()),
        }  # fmt: skip
        self.actions = {key: deed_action(self._page, DEEDS[key], deed) for key, deed in does.items()}
        self.actions["clone"].setIconText("Clone")  # on its button, beside five others
        self.adjust([])

    def recolour(self) -> None:
        for key, action in self.actions.items():
            action.setIcon(icons.icon(DEEDS[key][2]))

    def menu(self, live: bool) -> QMenu:
        """The context menu of a run, gone once it is closed."""
        menu = QMenu(self._page)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        first = LIVE_DEEDS if live else ("compare", "resume", "again")
        rest = [key for key in ("clone", "star", "rename", "note", "figure", "tag") if key not in first]
        for keys in (first, rest, ("command", "folder"), ("archive", "delete")):
            menu.addActions([self.actions[key] for key in keys])
            menu.addSeparator()
        return menu

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
            action.setToolTip(plain(reason) or (STOP_SEARCH_TIP if searching else DEEDS[key][3]))
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
        if key == "compare" and now.is_live:
            return "It can be compared when it has ended."
        if key in ("rename", "note", "figure", "clone", "folder") and len(self._runs) > 1:
            return "Choose a single run."
        return ""

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
        starred = all(run.row.starred for run in self._runs)
        words = {
            "pause": pausing, "stop": "Stopping…" if asked == "stop" else STOP_SEARCH if now.is_searching else STOP,
            "discard": "Remove from queue" if now.state is RunState.QUEUED else "Discard…",
            "star": ("Unstar" if starred else "Star") + several, "delete": f"Delete{several}",
            "again": f"Run{several} again", "resume": f"Resume{several}", "compare": f"Compare{several}",
            "archive": ("Archive" if marking.archives(self._rows()) else "Bring back") + several,
        }  # fmt: skip
        for key, text in words.items():
            self.actions[key].setText(text)
            self.actions[key].setIconText(text)
        self.actions["pause"].setIcon(icons.icon("play" if paused else "pause"))

    # Deeds

    def _shown(self) -> RunRow:
        return self._runs[0].row

    def _rows(self) -> list[RunRow]:
        return [run.row for run in self._runs]

    def _ids(self) -> list[int]:
        return [run.row.id for run in self._runs]

    def pause(self) -> None:
        """Pause the run, or let it go on."""
        run_id = self._shown().id
        paused = self._runs[0].state is RunState.PAUSED
        (self._parts.queue.resume if paused else self._parts.queue.pause)(run_id)
        self._asked[run_id] = "resume" if paused else "pause"
        self.adjust(self._runs)

    def stop(self) -> None:
        """End the training, test the best weights and keep them."""
        self._parts.queue.stop(self._shown().id)
        self._asked[self._shown().id] = "stop"
        self.adjust(self._runs)

    def discard(self) -> None:
        """End and delete, after a question unless nothing was trained yet."""
        now = self._runs[0]
        if now.state is RunState.QUEUED or self._confirm(now):
            self._parts.queue.discard(now.row.id)

    def _confirm(self, now: RunNow) -> bool:
        box = QMessageBox(self._page)
        box.setIcon(QMessageBox.Icon.Question)
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
        self._parts.navigator.compare.emit(self._ids())

    def clone(self) -> None:
        self._parts.navigator.clone.emit(self._shown().experiment)

    def again(self) -> None:
        """The same experiments once more, under their own names; the first is shown."""
        go = self._parts.navigator.show_run
        for number, row in enumerate(self._rows()):
            then = None if number else (lambda made: go.emit(made[0].id))
            self._parts.submit([row.experiment], row.name, row.plan, then)

    def go_on(self) -> None:
        """Let the selected runs go on, those that can."""
        ids = [run.row.id for run in self._runs if run.may_go_on]
        self._parts.go_on(ids)

    def star(self) -> None:
        wanted = not all(run.row.starred for run in self._runs)
        ids = self._ids()

        def change(store: RunStore) -> None:
            for run_id in ids:
                store.star(run_id, wanted)

        self._parts.library.write(change, runs=ids)

    def rename(self, name: str) -> None:
        """Give the shown run this name."""
        run_id = self._shown().id
        self._parts.library.write(lambda store: store.rename(run_id, name), runs=[run_id])

    def ask_note(self) -> None:
        """Edit the note in a small dialog."""
        row = self._shown()
        text, agreed = QInputDialog.getMultiLineText(self._page, "Note", f"Note about “{row.name}”", row.note)
        if agreed and text != row.note:
            self._parts.library.write(lambda store: store.note(row.id, text.strip()), runs=[row.id])

    def ask_tags(self) -> None:
        """Type the tags of the selected runs."""
        marking.ask_tags(self._page, self._parts, self._rows(), self.everything())

    def archive(self) -> None:
        """Take the selected runs out of the list, or bring them back."""
        marking.archive(self._parts, self._rows())

    def delete(self) -> None:
        """Hide the selected runs; the toast and Ctrl+Z bring them back."""
        ids = self._ids()
        said = f"Deleted {count(len(ids), 'runs')}." if len(ids) > 1 else f"Deleted “{self._shown().name}”."

        def say(_: None) -> None:
            self._parts.toasts.offer_undo(said, self._undo)

        self._parts.library.write(lambda store: store.delete(ids), say, ids)

    def _undo(self) -> None:
        self._parts.library.write(lambda store: store.undo())
