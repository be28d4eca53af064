"""Studies: one question each, asked with a grid of runs and answered in one figure."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from engine.errors import ExperimentError
from engine.studies.study import Study
from ui.parts import Page, Parts
from ui.studies.builder import StudyBuilder
from ui.studies.deeds import StudyDeeds
from ui.studies.detail import StudyDetail
from ui.studies.driver import StudyDriver
from ui.studies.expected import ExpectedTime, is_expected
from ui.studies.reading import ListedStudy, StudyNow, read_list, read_study
from ui.studies.study_list import StudyList
from ui.widgets.buttons import button
from ui.widgets.frame import ThinSplitter
from ui.widgets.invitation import Invitation
from ui.widgets.layouts import in_column, one_of

REST_MS = 400  # between two readings while runs end quickly


class StudiesPage(Page):
    """Wiring: the list chooses, the detail shows, the driver keeps studies going; the storage thread is asked."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.driver = StudyDriver(parts, self)
        self.deeds = StudyDeeds(self, parts, self.driver)
        self.deeds.build = self.open_builder
        self.list = StudyList(self.driver.word)
        self.detail = StudyDetail(self.deeds.actions)
        self.expected = ExpectedTime(parts, self)
        self.empty = Invitation(
            "No studies yet",
            "A study asks one question with many runs: from how many labels is it worth training everything, or which "
            "block should learn when the data change? Choose a prepared one, or compare arms of your own.",
            "New study…", lambda: self.open_builder(None, False),
        )  # fmt: skip
        self.unread = Invitation("This study cannot be shown", "")
        self.builder: StudyBuilder | None = None
        self._wanted = -1  # to be chosen as soon as it is listed
        self._asked = self._answered = 0
        self._stale = True
        self._build()
        self._connect()

    def _build(self) -> None:
        left = QWidget()
        new = self.deeds.actions["new"]
        self.new = button(new.text(), "new", new.toolTip(), new.trigger)
        in_column(self.new, (self.list, 1), owner=left, gap=8, edges=(16, 12, 8, 16))
        left.setMinimumWidth(200)
        self.right = one_of(self.detail, self.unread)
        self.right.setMinimumWidth(360)
        self.splitter = ThinSplitter("studies", left, self.right)
        self.stack = one_of(self.splitter, self.empty)
        in_column(self.stack, owner=self)
        self.addActions(list(self.deeds.actions.values()))
        self.reset_layout()

    def reset_layout(self) -> None:
        self.splitter.setSizes([260, 900])
        self.detail.reset_layout()

    def _connect(self) -> None:
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(REST_MS)
        self._soon.timeout.connect(self._read)
        self.parts.library.changed.connect(lambda _: self._note_change())
        self.driver.changed.connect(lambda _: self._note_change())
        self.list.chosen.connect(lambda _: self._read(at_once=True))
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.expected.told.connect(self._tell_expected)
        self.detail.run_wanted.connect(partial(self.parts.navigator.open, "runs"))

    def receive(self, request: Study | int) -> None:
        """Open the draft of a study, or let a saved one go on."""
        if isinstance(request, Study):
            self._open(request, None, changing=False)
        else:
            self.driver.start(request)

    def is_settled(self) -> bool:
        """True when everything asked of the storage thread was answered and nothing is stale."""
        return not self._stale and self._asked == self._answered and not self._soon.isActive()

    # Reading

    def _note_change(self) -> None:
        """Something was written: read again, at most every `REST_MS` and only while somebody looks."""
        self._stale = True
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _read(self, at_once: bool = False) -> None:
        """The list, and the chosen study; the newest question counts."""
        if self._asked != self._answered and not at_once:
            self._soon.start()
            return
        self._stale = False
        self._asked += 1
        number = self._asked
        self.parts.library.read(read_list, lambda found: self._take_list(found, number))

    def _take_list(self, found: list[ListedStudy], number: int) -> None:
        if number != self._asked:
            return
        blocked = self.list.blockSignals(True)
        self.list.show_studies(found)
        if self._wanted in {study.row.id for study in found}:
            self.list.choose(self._wanted)
            self._wanted = -1
        self.list.blockSignals(blocked)
        self.stack.setCurrentWidget(self.splitter if found else self.empty)
        chosen = next((study for study in found if study.row.id == self.list.current()), None)
        if chosen is None or chosen.problem:
            self._show_unread(chosen.problem if chosen else "", number)
            return
        study_id = chosen.row.id
        self.parts.library.read(
            lambda store: read_study(store, study_id), lambda now: self._show(now, number),
            lambda error: self._lose(error, number),
        )  # fmt: skip

    def _show_unread(self, problem: str, number: int) -> None:
        self._answered = number
        self.unread.say("This study cannot be shown", problem)
        self.right.setCurrentWidget(self.unread)
        self.deeds.adjust(None)

    def _lose(self, error: ExperimentError, number: int) -> None:
        """It was deleted meanwhile: the list is read again."""
        self._show_unread(str(error), number)
        self._note_change()

    def _show(self, now: StudyNow, number: int) -> None:
        if number != self._asked:
            return
        self._answered = number
        word = self.driver.word(now.row.id)
        self.deeds.adjust(now)
        self.detail.show_study(now, word, self.driver.machines(now.row.id))
        self.right.setCurrentWidget(self.detail)
        self.expected.ask(now if is_expected(now, word) and self.isVisible() else None)

    def _tell_expected(self, study_id: int, words: str) -> None:
        now, word = self.detail.now, self.driver.word(study_id)
        if now is not None and now.row.id == study_id and is_expected(now, word):
            self.detail.header.show_study(now, word, words)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._read()

    # The builder

    def open_builder(self, now: StudyNow | None, changing: bool) -> None:
        """Make a study from a preset, from scratch or from another; `changing` writes to the shown one."""
        base = None if now is None else now.study
        if base is not None and not changing:
            base = base.model_copy(update={"title": f"{base.title[:110]} (copy)"})
        self._open(base, now.row.id if now is not None and changing else None, changing)

    def _open(self, base: Study | None, study_id: int | None, changing: bool) -> None:
        """The builder, filled with `base`; what is made is written to `study_id`, or anew."""
        builder = StudyBuilder(self.parts, base, changing, self.window())
        builder.accepted_study.connect(lambda study, start: self._save(study, start, study_id))
        self.builder = builder
        builder.finished.connect(lambda _: setattr(self, "builder", None))
        builder.open()

    def _save(self, study: Study, start: bool, study_id: int | None) -> None:
        """Write the study, choose it, and start it if that was asked for."""
        text = study.canonical()

        def write(store: object) -> int:
            from storage.store import RunStore

            assert isinstance(store, RunStore)
            if study_id is None:
                return store.create_study(study.title, text).id
            store.rename_study(study_id, study.title)
            store.change_study(study_id, text)
            return study_id

        self.parts.library.write(write, lambda saved: self._saved(saved, start))

    def _saved(self, study_id: int, start: bool) -> None:
        self._wanted = study_id
        self._note_change()
        if start:
            self.driver.start(study_id)

    def _show_menu(self, at: QPoint) -> None:
        if self.list.itemAt(at) is None:
            return
        groups = (("start", "stop", "compare"), ("change", "copy", "rename", "note", "file"), ("delete",))
        self.deeds.menu_of(groups).popup(self.list.viewport().mapToGlobal(at))
