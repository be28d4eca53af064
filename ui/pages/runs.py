"""Runs: the queue, what is running and what has ended; the chosen one with its live curves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent

from engine.events import Evaluated, Event, Notice
from ui.comparison.reading import read_rows
from ui.listing.other_sets import OnSet
from ui.live import LiveRun
from ui.parts import Page, Parts
from ui.runs.afterwards import Afterwards
from ui.runs.content import Content, read_content
from ui.runs.deeds import RunDeeds
from ui.runs.detail import RunDetail
from ui.runs.empty import EmptyRuns
from ui.runs.explored_run import ExploredRun
from ui.runs.kept_watch import KeptWatch
from ui.runs.pace import LivePace
from ui.runs.run_column import RunColumn
from ui.runs.run_list import RunListModel, RunOrder
from ui.runs.run_now import RunNow
from ui.runs.sureness_watch import SurenessWatch
from ui.runs.task_watch import TaskWatch
from ui.widgets.frame import ThinSplitter
from ui.widgets.layouts import in_column, one_of

if TYPE_CHECKING:
    from storage.store import RunRow

SECOND_MS = 1000


class RunsPage(Page):
    """Wiring: the list chooses, the detail shows; live news come from memory, the rest from the storage thread."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.model = RunListModel(parts.live.buffer, self)
        self.order = RunOrder(self.model, self)
        self.deeds = RunDeeds(self, parts)
        self.detail = RunDetail(self.deeds, parts.settings, parts.background)
        self.tasks = TaskWatch(parts, self.detail)
        self.explored = ExploredRun(parts, self.detail.explorer)
        self.sureness = SurenessWatch(parts, self.detail.sureness)
        self.afterwards = Afterwards(self.explored, self.sureness, KeptWatch(parts, self.detail.kept))
        self.empty = EmptyRuns(parts)
        self._chosen = -1
        self._wanted = -1  # to be chosen as soon as it is listed
        self._content: Content | None = None
        self._asked = self._answered = 0  # questions about the chosen run's content
        self._has_read = False
        self._build()
        self._pace = LivePace(self._begin_drawing, self)
        self._pulse = QTimer(self, interval=SECOND_MS)
        self._pulse.timeout.connect(self._beat)
        self._connect()
        parts.library.read(read_rows(()), self._take)

    def _build(self) -> None:
        self.column = RunColumn(self.order, self.parts)
        self.filter, self.list = self.column.filter, self.column.list
        self.detail.setMinimumWidth(360)
        self.splitter = ThinSplitter("runs", self.column, self.detail)
        self.stack = one_of(self.splitter, self.empty)
        in_column(self.stack, owner=self)
        self.addActions([*self.deeds.actions.values(), self.column.restart.action])
        self.detail.hide()
        self.reset_layout()

    def reset_layout(self) -> None:
        self.splitter.setSizes([300, 880])

    def _connect(self) -> None:
        self.parts.library.changed.connect(self._read_rows)
        self.parts.live.events.connect(self._hear)
        self.parts.live.state.connect(lambda run_id, _: self._show_state(run_id))
        self.column.filtered.connect(self._keep_chosen)
        self.list.selectionModel().currentChanged.connect(self._follow_list)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._adjust_deeds())
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.detail.header.renamed.connect(lambda name: self.deeds.rename(self._chosen, name))
        self.detail.trouble.change_wanted.connect(self.deeds.clone)
        self.detail.collapse.stop_wanted.connect(self.deeds.actions["stop"].trigger)
        self.detail.collapse.change_wanted.connect(self.deeds.clone)
        self.detail.trouble.again_wanted.connect(self.deeds.again)
        self.detail.trouble.resume_wanted.connect(self.deeds.go_on)
        self.detail.search.use_wanted.connect(partial(self.parts.navigator.open, "new_experiment"))
        self.deeds.renamed = self.detail.header.edit_name
        self.deeds.listed = self.model.rows

    def is_settled(self) -> bool:
        """True when the list is read, and so is what is saved of the chosen run."""
        return self._has_read and self._answered == self._asked and self.afterwards.is_settled

    # The list

    def receive(self, request: int | OnSet) -> None:
        """Show this run, and what it said of the images of a further set."""
        self.choose(request if isinstance(request, int) else request.run_id)
        if isinstance(request, OnSet):
            self.explored.look_at(request.run_id, request.data)

    def find(self) -> None:  # type: ignore[override]
        self.column.find()

    def focus_list(self) -> None:
        """Letters go to the list, not into the filter."""
        self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def choose(self, run_id: int) -> None:
        """Show this run, now or as soon as it is listed."""
        self._wanted = run_id
        if not self._choose_wanted():
            self._read_rows(frozenset([run_id]))

    def _read_rows(self, run_ids: frozenset[int]) -> None:
        self.parts.library.read(read_rows(run_ids), self._take)

    def _take(self, answer: tuple[bool, list[RunRow]]) -> None:
        everything, rows = answer
        self._has_read = True
        before = self.now() if everything else None
        (self.model.set_rows if everything else self.model.update_rows)(rows)
        self.stack.setCurrentWidget(self.splitter if self.model.rowCount() else self.empty)
        self.column.take_rows(self.model.rows())
        if not self._choose_wanted() and self.now() is None:
            self._choose_first()
        if (chosen := next((row for row in rows if row.id == self._chosen), None)) is not None:
            self._show_now()
            if not chosen.is_live and not (before is not None and before.row == chosen):
                self._read_content()

    def _choose_wanted(self) -> bool:
        """Choose the run that was asked for, if it is listed; lifts a filter that hides it."""
        place = self.model.place(self._wanted)
        if not place.isValid():
            return False
        if not self.order.mapFromSource(place).isValid():
            self.column.reveal(self.model.rows()[place.row()])
        self._wanted = -1
        self._set_current(self.order.mapFromSource(place))
        return True

    def _choose_first(self) -> None:
        if self.order.rowCount():
            self._set_current(self.order.index(0, 0))
        else:
            self._chosen, self._content = -1, None
            self.detail.hide()
            self._adjust_deeds()

    def _set_current(self, index: QModelIndex) -> None:
        self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.list.scrollTo(index)

    def _keep_chosen(self) -> None:
        if self.order.rowCount() and not self.list.currentIndex().isValid():
            self._choose_first()

    def _show_menu(self, at: QPoint) -> None:
        now = self.now()
        if now is None or not self.list.indexAt(at).isValid():
            return
        self.deeds.menu(now.is_live).popup(self.list.viewport().mapToGlobal(at))

    def now(self) -> RunNow | None:
        """The chosen run at this moment; None when none is chosen."""
        return self.model.now(self._chosen)

    def _follow_list(self, current: QModelIndex, before: QModelIndex = QModelIndex()) -> None:  # noqa: B008
        if not current.isValid():
            return
        row = self.model.rows()[self.order.mapToSource(current).row()]
        if row.id == self._chosen:
            return
        self._chosen, self._content = row.id, None
        self.order.keep(row.id)
        now = self.now()
        assert now is not None
        self.detail.show()
        self.detail.start_run(now)
        self.afterwards.forget()
        self._show_now()
        self._redraw()
        self._read_content()
        self.tasks.read(self.now())

    def _adjust_deeds(self) -> None:
        selected = [self.model.rows()[self.order.mapToSource(index).row()].id for index in self.list.selectedIndexes()]
        ids = [self._chosen, *(run_id for run_id in selected if run_id != self._chosen)]
        self.deeds.adjust([now for run_id in ids if (now := self.model.now(run_id)) is not None])

    def _show_now(self) -> None:
        if (now := self.now()) is not None:
            self.detail.show_now(now)
            self._adjust_deeds()

    def _read_content(self) -> None:
        """Ask for what is saved of the chosen run; only the newest question is answered."""
        self._asked += 1
        run_id, number = self._chosen, self._asked
        self.parts.library.read(
            lambda store: read_content(store, run_id), lambda content: self._take_content(content, number),
            failed=lambda _: self._lose_content(number),
        )  # fmt: skip

    def _lose_content(self, number: int) -> None:
        """The run is no longer there: read the list again."""
        self._answered = number
        self._read_rows(frozenset())

    def _take_content(self, content: Content, number: int) -> None:
        now, self._answered = self.now(), number
        if number != self._asked or now is None or content.row.id != self._chosen:
            return
        self._content = content
        self.deeds.take_place(content.row.id, content.resumable)
        self.detail.trouble.show_now(now, content.resumable)
        live = self.parts.live.buffer(self._chosen)
        if live is not None and now.is_live:
            self.detail.show_live(live, now, content)
            self.afterwards.grow(now.row, live.curves, live.results)
        else:
            self._pace.stop()  # what is half drawn of it is from when it was live
            self.detail.show_content(content, now)
            self.afterwards.read(content)

    def _hear(self, run_id: int, events: list[Event]) -> None:
        if self.isVisible() and run_id == self._chosen:
            self.tasks.hear(self.now(), events)
            self._pace.wake(urgent=any(isinstance(event, (Evaluated, Notice)) for event in events))

    def _redraw(self) -> None:
        """Draw the live curves at once: another run was chosen, or the page appears."""
        self._pace.stop()
        for _ in self._begin_drawing() or ():
            pass

    def _begin_drawing(self) -> Iterator[None] | None:
        now, live = self.now(), self.parts.live.buffer(self._chosen)
        if now is None or live is None or not now.is_live:
            return None
        return self._live_parts(live, now)

    def _live_parts(self, live: LiveRun, now: RunNow) -> Iterator[None]:
        """What changes while a run works, in parts: its line and header, then one plot after the other."""
        self.model.touch(now.row.id)
        self._show_now()
        yield
        yield from self.detail.drawing_live(live, now, self._content)
        self.afterwards.grow(now.row, live.curves, live.results)

    def _show_state(self, run_id: int) -> None:
        self.model.touch(run_id)
        if run_id == self._chosen:
            self._show_now()

    def _beat(self) -> None:
        """Once a second: times go on between two events, and runs of other windows are read again."""
        live = [row for row in self.model.rows() if row.is_live]
        for row in live:
            self.model.touch(row.id)
        strangers = frozenset(row.id for row in live if self.parts.live.buffer(row.id) is None)
        if strangers:
            self._read_rows(strangers)
        if self._chosen in strangers:
            self._read_content()
            self.tasks.read(self.now())
        elif self._chosen in {row.id for row in live}:
            self._show_now()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._pulse.start()
        self._read_rows(frozenset())
        self.tasks.read(self.now())
        self._redraw()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._pulse.stop()
        self._pace.stop()
