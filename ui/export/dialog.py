"""A dialog that exports a saved run: where to, with which classes, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QProgressBar, QVBoxLayout, QWidget

from ui.export.job import ExportPlan, free, missing_words
from ui.export.place_line import PlaceLine
from ui.parts import Parts
from ui.widgets.buttons import PrimaryButton, button
from ui.widgets.folders import show_folder
from ui.widgets.layouts import in_column, in_row
from ui.widgets.picking import pick_folder
from ui.widgets.place import fit
from ui.widgets.problem import Problem
from ui.widgets.saving import NOT_IN_NAMES, last_folder
from ui.widgets.text import Elided, Text

if TYPE_CHECKING:
    from engine.export.process import ExportResult
    from storage.store import RunStore

LEAST = 480
ABOUT = (
    "A folder that works without Warmstart: the network as an ONNX graph, its weights, a card with its figures, and a "
    "short program that reads images or texts as this run did. It appears once the graph has given the same answers as "
    "the program on the run's own data."
)
PT2 = "Also torch's own file (.pt2), for the same version of torch"
BY_EXAMPLE = "This method learns classes by example. Without any, its network goes alone and gives features."
ALONE = "{} Its network goes alone and gives features."
INSTALL = "Install {}"
INTO = "They come into Warmstart's own environment, by pip, about 60 MB."
MISSING = "Exporting needs {}, not installed here. {}"


Plan = Callable[[Path], "Callable[[RunStore], ExportPlan]"]  # by where the folder would go


class ExportVoice(QObject):
    """Speaks from the thread at work, also when nobody listens any more."""

    said = Signal(str, object)


class ExportDialog(QDialog):
    """name: of what is exported. plan: what that is. Stays open while the window is used; closing it cancels what is
    under way."""

    def __init__(self, parts: Parts, name: str, plan: Plan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts, self._closed = parts, False
        self._key = f"export {id(self)}"  # another such dialog works on
        self._plan: ExportPlan | None = None
        self._result: ExportResult | None = None
        self.setWindowTitle("Export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.place = PlaceLine("Folder", "Choose…", self._ask_place)
        self.classes = PlaceLine("Classes", "Choose…", self._ask_classes, optional=True)
        self._name = NOT_IN_NAMES.sub("-", name).strip(". ") or "exported"
        self.place.set_path(Path(last_folder()) / self._name)
        self._build(name)
        self._offered = self.place.path
        parts.library.read(plan(self._offered), self._take, self._refuse_plan)
        self.finished.connect(lambda _: self._leave())

    def _build(self, name: str) -> None:
        self.about, self.kind = Text(ABOUT, role="muted"), Text("", role="muted")
        self.pt2 = QCheckBox(PT2)
        self.status, self.problem, self.told = Elided("", role="muted"), Problem(), Text("")
        self.bar = QProgressBar(minimum=0, maximum=0, textVisible=False)
        self.cancel = button("Cancel", "stop", "Nothing is left of it", self._cancel)
        self.install = button("", "", INTO, self._install)
        self.show_it = button("Open folder", "folder", "In the system's file manager", self._open)
        self.close_button = button("Close", clicked=self.reject)
        self.go = PrimaryButton("Export")
        self.go.clicked.connect(self.export)
        self.busy = QWidget()
        in_row((self.status, 1), self.bar, self.cancel, owner=self.busy, gap=8)
        deeds = in_row(self.install, ..., self.show_it, self.close_button, self.go, gap=8)
        column = in_column(
            Elided(name, "heading", bold=True), self.about, self.place, self.classes, self.kind, self.pt2, self.problem,
            self.told, ..., self.busy, deeds, owner=self, gap=12, edges=16,
        )  # fmt: skip
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        for one in (self.busy, self.classes, self.kind, self.install, self.show_it, self.told):
            one.hide()
        self.setMinimumWidth(LEAST)
        self.go.setEnabled(False)
        fit(self, 640, 340)

    # What there is to export

    def _take(self, plan: ExportPlan) -> None:
        if self._closed:
            return
        self._plan = plan
        if self.place.path == self._offered:  # else a person has chosen another meanwhile
            self.place.set_path(plan.place)
        self.classes.setVisible(plan.takes_classes)
        self.kind.setText(BY_EXAMPLE if plan.takes_classes else ALONE.format(plan.alone) if plan.alone else "")
        self.kind.setVisible(bool(self.kind.text()))
        self._show_missing(plan)

    def _show_missing(self, plan: ExportPlan) -> None:
        self.install.setText(INSTALL.format(plan.missing))
        self.install.setVisible(bool(plan.missing) and not plan.why_not_here)
        self.problem.say(MISSING.format(plan.missing, plan.why_not_here or INTO) if plan.missing else "")
        self.go.setEnabled(not plan.missing)

    def _refuse_plan(self, error: Exception) -> None:
        if not self._closed:
            self.problem.say(str(error))

    def _ask_place(self) -> None:
        """A folder in which one of the run's name is made."""
        around = QFileDialog.getExistingDirectory(self, "Where the folder is made", str(self.place.path.parent))
        if around:
            self.place.set_path(free(Path(around) / self._name))

    def _ask_classes(self) -> None:
        found = pick_folder(self, "A folder with a folder of images or texts for each class")
        if found:
            self.classes.set_path(Path(found))

    # At work

    def export(self) -> None:
        """Start; nothing while something is under way."""
        if self._plan is None or not self.busy.isHidden():
            return
        classes = self.classes.path if self.classes.is_set else None
        job = replace(self._plan.job, classes=classes, pt2=self.pt2.isChecked())
        to, voice = self.place.path, self._voice()

        def work(cancelled: Callable[[], bool]) -> ExportResult:
            from engine.export.process import run_export

            return run_export(job, to, voice.said.emit, cancelled)

        self._begin("Starting")
        failed = self._parts.background.saying(self._refuse, "The export failed.")
        self._parts.background.run(work, self._done, failed, self._key, long=True)

    def _install(self) -> None:
        voice = self._voice()

        def work(cancelled: Callable[[], bool]) -> str:
            from engine.export.packages import EXPORTING

            EXPORTING.install(lambda line: voice.said.emit(line, None), cancelled)
            return missing_words()

        self._begin("Installing")
        failed = self._parts.background.saying(self._refuse, "The packages could not be installed.")
        self._parts.background.run(work, self._installed, failed, self._key, long=True)

    def _voice(self) -> ExportVoice:
        voice = ExportVoice()
        voice.said.connect(self._say)
        return voice

    def _begin(self, words: str) -> None:
        self.problem.say("")
        self.told.hide()
        self.show_it.hide()
        self._say(words, None)
        self._set_busy(True)

    def _say(self, words: str, share: float | None) -> None:
        self.status.setText(words)
        self.bar.setRange(0, 0 if share is None else 1000)
        self.bar.setValue(round(1000 * (share or 0)))

    def _set_busy(self, busy: bool) -> None:
        self.busy.setVisible(busy)
        for one in (self.go, self.place, self.classes, self.pt2, self.install):
            one.setEnabled(not busy)

    # How it ended

    def _done(self, found: ExportResult) -> None:
        if self._closed:
            return
        from engine.export.process import words

        self._result = found
        self._set_busy(False)
        self.told.setText(f"Exported to {found.folder}. {words(found)}")
        self.told.show()
        self.show_it.show()

    def _installed(self, missing: str) -> None:
        if not self._closed and self._plan is not None:
            self._set_busy(False)
            self._plan = replace(self._plan, missing=missing)
            self._show_missing(self._plan)

    def _refuse(self, words: str) -> None:
        if not self._closed:
            self._set_busy(False)
            self.problem.say(words)
            self.go.setEnabled(self._plan is not None and not self._plan.missing)

    def _cancel(self) -> None:
        self._parts.background.cancel(self._key)
        self._refuse("")

    def _open(self) -> None:
        if self._result is not None and not show_folder(self._result.folder):
            self.problem.say(f"No file manager answers. The folder is {self._result.folder}")

    def _leave(self) -> None:
        self._closed = True
        self._parts.background.cancel(self._key)
