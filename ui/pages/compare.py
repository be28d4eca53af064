"""Compare: every saved run in one table, and the chosen ones side by side until the answer is clear."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from engine.comparison.grouping import configurations
from engine.comparison.verdict import Verdict
from engine.comparison.wording import count
from engine.errors import ExperimentError
from ui.comparison.halves import Halves
from ui.comparison.pane import ComparisonPane
from ui.comparison.parallel_view import ParallelView
from ui.comparison.reading import Loaded, image_reader, read_chosen, read_rows
from ui.comparison.report import save_report
from ui.comparison.run_actions import RunActions
from ui.comparison.run_bar import RunBar
from ui.comparison.run_table import RunTable
from ui.comparison.sides import Side
from ui.exploring.reading import read_examined
from ui.parts import Page, Parts
from ui.widgets.invitation import Invitation
from ui.widgets.layouts import in_column, one_of
from ui.widgets.saving import FileKind, ask_where

if TYPE_CHECKING:
    from storage.store import RunRow

MOST_RUNS = 120
MOST_SIDES = 24
REPORTS = (FileKind("Web page", "html"), FileKind("PDF document", "pdf"))


class ComparePage(Page):
    """Wiring: the table chooses, the pane shows, the storage thread is asked. One question at a time is under way."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._stale: set[int] | None = set()  # run ids to read again; empty: all; None: nothing
        self._reading = False
        self._wanted: tuple[int, ...] = ()
        self._asked = self._answered = 0  # questions about the chosen runs
        self._to_tick: tuple[int, ...] = ()
        self.table = RunTable(parts.settings)
        self.actions_of_runs = RunActions(self.table, parts)
        self.bar = RunBar(self.table, self.actions_of_runs, parts)
        self.pane = ComparisonPane(parts.settings, parts.background)
        self.lines = ParallelView(parts.background, self.table.runs.listed)
        self.nothing_saved = Invitation(
            "No experiments yet",
            "Every run you start is kept here with its settings, curves and test result. "
            "Run two with different methods, then put them side by side.",
            "Set up an experiment", lambda: parts.navigator.open("new_experiment"),
        )  # fmt: skip
        self._build()
        self._connect()

    def _build(self) -> None:
        upper = QWidget()
        in_column(self.bar, (self.table, 1), owner=upper, gap=8, edges=(16, 16, 16, 0))
        self.halves = Halves(upper, self.pane, self.lines)
        self.full = one_of(self.halves, self.nothing_saved)
        in_column(self.full, owner=self)
        self.addActions([*self.actions_of_runs.actions.values(), *self.bar.page_actions])
        self._invite()

    def reset_layout(self) -> None:
        self.halves.reset_layout()

    def _connect(self) -> None:
        self.parts.library.changed.connect(self._note_change)
        self.table.chosen_changed.connect(self._read_chosen)
        for changed in (self.table.runs.layoutChanged, self.table.runs.modelReset, self.table.runs.dataChanged):
            changed.connect(lambda *_: self.lines.refresh())
        self.table.chosen_changed.connect(lambda: self.lines.figure.set_ticked(self.table.runs.chosen))
        self.lines.tick_wanted.connect(self.table.tick)
        self.lines.clicked.connect(lambda run_id: self.table.tick(self.table.runs.chosen ^ {run_id}))
        self.lines.opened.connect(partial(self.parts.navigator.open, "runs"))
        self.pane.metric_wanted.connect(lambda _: self._read_chosen(again=True))
        self.pane.seeds_wanted.connect(self._run_missing)
        self.pane.report_wanted.connect(self._ask_for_report)
        self.pane.cleared.connect(self.table.clear_choice)
        self.pane.explored.wanted.connect(self._read_explored)
        self.pane.confusion.images.wanted.connect(image_reader(self.parts.background))

    def receive(self, request: Sequence[int]) -> None:
        """Put these runs side by side."""
        self.choose(request)

    def find(self) -> None:  # type: ignore[override]
        self.bar.focus_filter()

    def focus_list(self) -> None:
        """Letters go to the table, not into the filter."""
        self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def choose(self, run_ids: Sequence[int]) -> None:
        """Tick exactly these runs, as soon as they are read."""
        known = {row.id for row in self.table.runs.rows()}
        if set(run_ids) <= known:
            self.table.tick(run_ids)
        else:
            self._to_tick = tuple(run_ids)
            self._note_change(frozenset())

    def is_settled(self) -> bool:
        """True when everything asked of the storage thread has been answered and shown."""
        return self._stale is None and not self._reading and self._answered == self._asked

    # The table

    def _note_change(self, run_ids: frozenset[int]) -> None:
        """Runs were written by somebody; read them again once this page is looked at."""
        if self._stale is None:
            self._stale = set(run_ids)
        elif not run_ids or not self._stale:
            self._stale = set()
        else:
            self._stale |= run_ids
        self._read()

    def _read(self) -> None:
        """Ask for what is stale, unless an answer is under way or nobody looks."""
        if self._stale is None or self._reading or not self.isVisible():
            return
        wanted, self._stale, self._reading = self._stale, None, True
        self.parts.library.read(read_rows(frozenset(wanted)), self._take, self._not_read)

    def _not_read(self, error: ExperimentError) -> None:
        """The table stays as it was; the next change asks again."""
        self._reading = False
        self.parts.library.failed.emit(error)

    def _take(self, answer: tuple[bool, list[RunRow]]) -> None:
        everything, rows = answer
        self._reading = False
        before = {row.id: row for row in self.table.runs.rows()} if everything else {}
        changed = {row.id for row in rows if before.get(row.id) != row}
        if everything:
            self.table.runs.set_rows(rows)
        else:
            self.table.runs.update_rows(rows)
        self.full.setCurrentWidget(self.halves if self.table.runs.rows() else self.nothing_saved)
        self.bar.say_count()
        self.actions_of_runs.adjust()
        if self._to_tick:
            ids, self._to_tick = self._to_tick, ()
            self.table.tick(ids)
        elif not changed.isdisjoint(self._wanted):
            self._read_chosen(again=True)
        self._read()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._read()

    # The comparison

    def _read_chosen(self, again: bool = False) -> None:
        """Ask for the chosen runs when they are others than those shown; the newest question wins."""
        runs = self.table.chosen_runs()
        wanted = tuple(sorted(run.id for run in runs))
        self.bar.say_count()
        if wanted == self._wanted and not again:
            return
        self._wanted = wanted
        self._asked += 1
        if problem := self._problem(runs):
            self._answered = self._asked
            self._invite(*problem)
            return
        number, metric = self._asked, self.pane.curves.chosen_metric()
        self.parts.library.read(
            lambda store: read_chosen(store, wanted, metric), lambda found: self._show(found, number),
            lambda error: self._cannot_show(error, number),
        )  # fmt: skip

    def _cannot_show(self, error: ExperimentError, number: int) -> None:
        if number == self._asked:
            self._answered = number
            self._invite(error.message, error.advice)

    def _problem(self, runs: Sequence[RunRow]) -> tuple[str, str] | None:
        """Why these runs cannot be put side by side, as a heading and what to do."""
        if not runs:
            return "Choose two or more runs", HOW
        if len(runs) == 1:
            return "One more run, please", HOW
        sides = len(configurations(runs))
        if len(runs) > MOST_RUNS or sides > MOST_SIDES:
            return (
                f"{count(len(runs), 'runs')} of {count(sides, 'configurations')} are too many for one page",
                f"Choose up to {MOST_RUNS} runs of up to {MOST_SIDES} configurations.",
            )
        return None

    def _invite(self, heading: str = "Choose two or more runs", words: str = "") -> None:
        self.halves.invite(heading, words or HOW)

    def _show(self, found: Loaded, number: int) -> None:
        if number == self._asked:
            self._answered = number
            self.pane.show_runs(found.runs, found.metrics, found.metric, found.curves, found.kept)
            self.halves.show_pane()

    def _read_explored(self, run_id: int, data: str) -> None:
        self.parts.library.read(partial(read_examined, run_id=run_id, data=data), self.pane.explored.show_run)

    def _run_missing(self, side: Side, base: Side, verdict: Verdict) -> None:
        pairs = [(side.runs[-1].row, verdict.missing_a), (base.runs[-1].row, verdict.missing_b)]
        self.actions_of_runs.run_seeds(pairs)

    # The report

    def _ask_for_report(self) -> None:
        path = ask_where(self, "Save the comparison", "comparison", REPORTS)
        if path is not None:
            self.write_report(path)

    def write_report(self, path: Path) -> None:
        """Save the comparison as one web page or PDF, as the ending says, and tell it, or why not."""
        if self.pane.comparison is None:
            return
        try:
            save_report(self.pane.comparison, [self.pane.bars, self.pane.curves.plot], path)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            words = f"“{path.name}” could not be written: {reason}. Choose another folder."
            self.parts.toasts.show(words, level="error")
        else:
            self.parts.toasts.show(f"Saved “{path.name}”.")


HOW = "Tick them in the table (Space), or select several with Shift or Ctrl. Seeds of one configuration count as one."
