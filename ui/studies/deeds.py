"""What can be done with the chosen study, each deed once: for buttons, context menu, keys and the page's menu."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QInputDialog, QWidget

from engine.studies.cells import study_as_json
from ui.parts import Parts
from ui.studies.driver import StudyDriver
from ui.studies.reading import StudyNow
from ui.widgets.deed import Deeds
from ui.widgets.saving import FileKind, ask_where
from ui.widgets.text import plain

MOST_RUNS, MOST_SIDES = 120, 24  # that Compare puts side by side

# key -> (text, shortcut, icon, tip)
DEEDS = {
    "new": ("New study…", "N", "new", "Ask a question with a grid of runs"),
    "start": ("Start", "Ctrl+Return", "play", "Run what is missing"),
    "stop": ("Stop", "K", "stop", "End what is at work at once; it is done again when the study goes on"),
    "compare": ("Compare", "V", "compare", "Put the runs of this study side by side on Compare"),
    "change": ("Change…", "E", "edit", "Add arms, label counts, shifts or seeds; finished runs are kept"),
    "copy": ("Copy as a new study…", "C", "clone", "Start a study from these settings"),
    "rename": ("Rename…", "F2", "edit", "Give this study another title"),
    "note": ("Note…", "Ctrl+Shift+N", "edit", "Write a note about this study"),
    "file": ("Save as file…", "Ctrl+S", "export", "A study file, to run again here or on another machine"),
    "delete": ("Delete", "Del", "discard", "Delete the study with its runs; Ctrl+Z brings them back"),
}


class StudyDeeds(Deeds):
    """`actions` by key; `adjust` says which study they are about. build(study or None, study id) opens the builder."""

    def __init__(self, page: QWidget, parts: Parts, driver: StudyDriver) -> None:
        self._parts, self._driver = parts, driver
        self._now: StudyNow | None = None
        self.build: Callable[[StudyNow | None, bool], None] = lambda now, changing: None
        super().__init__(page, DEEDS, {
            "new": lambda: self.build(None, False), "start": self.start, "stop": self.stop, "compare": self.compare,
            "change": lambda: self.build(self._now, True), "copy": lambda: self.build(self._now, False),
            "rename": self.rename, "note": self.note, "file": self.ask_file, "delete": self.delete,
        })  # fmt: skip
        self.adjust(None)

    # What is on

    def adjust(self, now: StudyNow | None) -> None:
        """now: the chosen study, None when none is chosen or it cannot be read."""
        self._now = now
        for key, action in self.actions.items():
            reason = self._why_not(key, now)
            action.setEnabled(not reason)
            action.setToolTip(plain(reason) or self.table[key][3])
        if now is not None:
            self._word_start(now)

    def _why_not(self, key: str, now: StudyNow | None) -> str:
        if key == "new":
            return ""
        if now is None:
            return "Choose a study first."
        word = self._driver.word(now.row.id)
        if key == "start":
            return self._why_not_start(now, word)
        if key == "stop":
            return "" if word in ("working", "ending") else "It is not at work here."
        if key in ("delete", "change") and (word or now.progress.in_line):
            return "It is at work. Stop it first."
        if key == "compare":
            return self._why_not_compare(now)
        return ""

    def _why_not_start(self, now: StudyNow, word: str) -> str:
        if word in ("starting", "ending"):
            return "It is starting." if word == "starting" else "It is ending what is at work."
        if now.is_complete:
            return "Every run of it is finished."
        elsewhere = now.progress.in_line and not word
        return "It is at work in another window or terminal." if elsewhere else ""

    def _why_not_compare(self, now: StudyNow) -> str:
        sides = len(now.study.arms) * len(now.study.labels) * len(now.study.conditions)
        if len(now.run_ids) < 2:
            return "Nothing to compare yet."
        if len(now.run_ids) > MOST_RUNS or sides > MOST_SIDES:
            return f"Compare shows up to {MOST_RUNS} runs of {MOST_SIDES} configurations; this study has more."
        return ""

    def _word_start(self, now: StudyNow) -> None:
        working = self._driver.word(now.row.id) == "working"
        begun = now.progress.finished or now.progress.failed or now.progress.in_line
        text = "Pause" if working else "Continue" if begun else "Start"
        self.word({"start": text})
        if working:
            self.actions["start"].setToolTip("Let what is at work end, then wait")

    # Deeds

    def start(self) -> None:
        """Start, continue, or pause when it is at work."""
        if self._now is None:
            return
        study_id = self._now.row.id
        if self._driver.word(study_id) == "working":
            self._driver.pause(study_id)
        else:
            self._driver.start(study_id)

    def stop(self) -> None:
        if self._now is not None:
            self._driver.stop(self._now.row.id)

    def compare(self) -> None:
        if self._now is not None:
            self._parts.navigator.open("compare", list(self._now.run_ids))

    def rename(self) -> None:
        assert self._now is not None
        row = self._now.row
        title, agreed = QInputDialog.getText(self._owner, "Rename the study", "Title", text=row.title)
        if agreed and title.strip() and title != row.title:
            self._parts.library.write(lambda store: store.rename_study(row.id, title))

    def note(self) -> None:
        assert self._now is not None
        row = self._now.row
        text, agreed = QInputDialog.getMultiLineText(self._owner, "Note", f"Note about “{row.title}”", row.note)
        if agreed and text != row.note:
            self._parts.library.write(lambda store: store.note_study(row.id, text.strip()))

    def ask_file(self) -> None:
        assert self._now is not None
        path = ask_where(self._owner, "Save the study", self._now.row.title, [FileKind("Study file", "json")])
        if path is not None:
            self.write_file(path)

    def write_file(self, path: Path) -> None:
        """Save the study as a file that `study FILE` runs, and say so, or why not."""
        assert self._now is not None
        try:
            text = json.dumps(study_as_json(self._now.study), indent=2, ensure_ascii=False)
            path.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self._parts.toasts.show(f"“{path.name}” could not be written: {reason}. Choose another folder.",
                                    level="error")  # fmt: skip
        else:
            self._parts.toasts.show(f"Saved “{path.name}”.")

    def delete(self) -> None:
        """Hide the study and its runs; the toast and Ctrl+Z bring them back."""
        assert self._now is not None
        row = self._now.row
        self._parts.write_undoable(lambda store: store.delete_study(row.id), f"Deleted “{row.title}”.")
