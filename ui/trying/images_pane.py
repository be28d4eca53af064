"""Images tried on saved runs: which runs, which images, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QFileDialog, QWidget

from engine.comparison.wording import count, thousands
from ui.parts import Parts
from ui.trying.answer_table import AnswerTable
from ui.trying.at_work import TrialWork
from ui.trying.run_choice import RunChoice
from ui.trying.triable import Triable, TriableRuns, read_one, read_triable
from ui.widgets.buttons import button
from ui.widgets.drops import Drops
from ui.widgets.frame import ThinSplitter
from ui.widgets.invitation import Invitation
from ui.widgets.layouts import in_column, in_row, one_of
from ui.widgets.problem import Problem
from ui.widgets.saving import last_folder
from ui.widgets.text import Elided

NO_RUNS = "A run that learnt from images, and still has its weights, answers here what it sees in images of your own."
HOW = "Drop images, a folder or a zip here, or add them with the buttons above. Your files are only read."


class ImagesPane(QWidget):
    """Wiring: the list chooses, images come from buttons and drops, the work answers, the table shows."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.parts = parts
        self._asked = self._answered = 0  # questions to the storage thread
        self._wanted: int | None = None  # a run to be ticked once it is listed
        self.runs, self.table = RunChoice(), AnswerTable()
        self.work = TrialWork(parts.background, self)
        self.no_runs = Invitation(
            "No run to try yet", NO_RUNS, "Set up an experiment", lambda: parts.navigator.open("new_experiment")
        )
        self.invitation = Invitation("Choose a run", "Tick one in the list at the left.")
        self.said, self.problem = Elided("", "small", "muted"), Problem()
        self._build()
        self._connect()

    def _build(self) -> None:
        self.add_images = button("Add images…", "new", "Image files or zips", self._ask_for_images)
        self.add_folder = button("Add folder…", "folder", "All images in it and below", self._ask_for_folder)
        self.cancel = button("Cancel", "stop", "What is answered stays", self._turn)
        self.clear = button("Clear", "close", "Take all images away; the files stay where they are", self.work.clear)
        self.deeds = in_row(self.add_images, self.add_folder, ..., self.cancel, self.clear, gap=8)
        left, right = QWidget(), QWidget()
        in_column((self.runs, 1), owner=left, edges=(16, 12, 8, 12))
        self.shown = one_of(self.invitation, self.table)
        below = (self.problem, (self.shown, 1), self.said)
        in_column(self.deeds, *below, owner=right, gap=8, edges=(8, 12, 16, 12))
        left.setMinimumWidth(200)
        right.setMinimumWidth(360)
        self.splitter = ThinSplitter("trying", left, right)
        self.stack = one_of(self.splitter, self.no_runs)
        in_column(self.stack, owner=self)
        self.reset_layout()
        self._adjust()

    def reset_layout(self) -> None:
        self.splitter.setSizes([280, 880])

    def _connect(self) -> None:
        self.parts.library.changed.connect(lambda _: self.refresh())
        self.runs.chosen.connect(self._read_chosen)
        self.work.begun.connect(self._begin)
        self.work.grown.connect(self._grow)
        self.work.changed.connect(self._adjust)
        self.work.refused.connect(self.problem.say)
        self.drops = Drops(self, "Drop images, folders or zips", many=True)
        self.drops.brought.connect(self.add)
        self.drops.refused.connect(self.problem.say)

    def is_settled(self) -> bool:
        """Nothing is read or answered any more."""
        return self._asked == self._answered and not self.work.is_at_work

    # Runs

    def choose(self, run_id: int) -> None:
        """Try this run, or say why it cannot be tried."""
        self._wanted = run_id
        self.refresh(looked_at=True)

    def refresh(self, looked_at: bool = False) -> None:
        """The list of runs as it is now, while somebody looks."""
        if looked_at or self.isVisible():
            self._asked += 1
            self.parts.library.read(read_triable, self._take_runs, self._not_read)

    def _not_read(self, error: Exception) -> None:
        self._answered += 1
        self.problem.say(str(error))

    def _take_runs(self, found: TriableRuns) -> None:
        self._answered += 1
        self.runs.show_runs(found)
        self.stack.setCurrentWidget(self.splitter if found.runs else self.no_runs)
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self._tick(wanted, found)

    def _tick(self, run_id: int, found: TriableRuns) -> None:
        if run_id in {row.id for row in found.runs}:
            self.runs.tick((run_id,))
        else:
            self.parts.toasts.show(f"Run {run_id} cannot be tried: {WHY_NOT}", level="warning", seconds=12)

    def _read_chosen(self, run_ids: tuple[int, ...]) -> None:
        self._asked += 1
        self.problem.say("")
        self.parts.library.read(
            lambda store: tuple(read_one(store, run_id) for run_id in run_ids), self._take_chosen, self._not_read
        )

    def _take_chosen(self, chosen: tuple[Triable, ...]) -> None:
        self._answered += 1
        if tuple(one.row.id for one in chosen) == self.runs.model.ticked:
            self.work.choose(chosen)

    # Images

    def add(self, paths: Sequence[str]) -> None:
        """Answer these files, folders and zips, beside what is there."""
        self.problem.say("")
        self.work.add(paths)

    def _ask_for_images(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Images or zips", last_folder())
        if paths:
            self.add(paths)

    def _ask_for_folder(self) -> None:
        if path := QFileDialog.getExistingDirectory(self, "Folder of images", last_folder()):
            self.add([path])

    def _turn(self) -> None:
        (self.work.cancel if self.work.is_at_work else self.work.go_on)()

    # What is shown

    def _begin(self) -> None:
        self.table.answers.show_book(self.work.book)
        self._adjust()

    def _grow(self) -> None:
        if self.table.answers.book is not self.work.book or not self.table.answers.shown.size:
            self.table.answers.show_book(self.work.book)
        else:
            self.table.answers.grow()

    def _adjust(self) -> None:
        """Words and buttons follow the work."""
        work = self.work
        left = work.total > len(work.book) or work.is_at_work
        self.cancel.setText("Cancel" if work.is_at_work or not work.was_cancelled else "Go on")
        self.cancel.setVisible(work.is_at_work or (work.was_cancelled and left))
        self.clear.setEnabled(bool(work.total))
        self.said.setText(progress(work))
        if not self.runs.model.ticked:
            self.invitation.say("Choose a run", "Tick one in the list at the left.")
        else:
            self.invitation.say("Try it on images of your own", HOW)
        self.shown.setCurrentWidget(self.table if len(work.book) else self.invitation)


WHY_NOT = "it keeps no weights any more, or has no classes of its own. Choose one from the list."


def progress(work: TrialWork) -> str:
    """ "1,240 of 10,000 images, 98 a second"."""
    if not work.total:
        return "Looking for images…" if work.is_at_work else ""
    done = len(work.book)
    unread = f", {thousands(work.book.unread)} not read" if work.book.unread else ""
    if done == work.total and not work.is_at_work:
        return f"{count(done, 'images')}{unread}"
    rate = f", {work.rate():.0f} a second" if work.is_at_work and work.rate() else ""
    return f"{thousands(done)} of {count(work.total, 'images')}{unread}{rate}"
