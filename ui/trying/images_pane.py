"""Images and texts tried on saved runs: which runs, which images, and what was answered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.comparison.wording import count
from ui.listing import handing_on
from ui.parts import Parts
from ui.trying.answer_detail import AnswerDetail
from ui.trying.answer_filters import AnswerFilters
from ui.trying.answer_order import AnswerPart, counts
from ui.trying.answer_table import AnswerTable
from ui.trying.answers_saved import saving
from ui.trying.at_work import TrialWork
from ui.trying.camera.dialog import CameraDialog
from ui.trying.deeds import TryingDeeds
from ui.trying.draw_dialog import DrawDialog
from ui.trying.handing_in import HandingIn
from ui.trying.images_words import CHOOSE, HOW, HOW_TEXTS, MEASURED, NO_RUNS, WAITING
from ui.trying.labelling import Labelling
from ui.trying.lot import Handed
from ui.trying.progress_line import WorkLine
from ui.trying.run_choice import OPEN_FOLDER, OPEN_TIP, RunChoice
from ui.trying.run_reading import RunReading
from ui.trying.triable import TriableRun, TriableTask
from ui.trying.typing_texts import TypingTexts
from ui.widgets.buttons import button
from ui.widgets.frame import ThinSplitter
from ui.widgets.invitation import Invitation
from ui.widgets.layouts import in_column, one_of
from ui.widgets.problem import Problem
from ui.widgets.saving import SAVED, FileKind, ask_where, last_folder
from ui.widgets.toasts import UNDO

TABLE = (FileKind("Table", "csv"),)
COUNT_EVERY_MS = 500  # between two counts of the classes while answers arrive


class ImagesPane(QWidget):
    """Wiring: the list chooses, images are handed in, the work answers, the table and the detail show."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.parts = parts
        self.runs, self.table, self.detail = RunChoice(), AnswerTable(), AnswerDetail()
        self._here: int | None = None  # looked at when the same images began to be answered anew
        self.work, self.problem = TrialWork(parts.background, self), Problem()
        self.filters, self.line = AnswerFilters(), WorkLine(self.work)
        self.reading = RunReading(self.runs, parts, self)
        self.handing, self.typing = HandingIn(self, parts.background), TypingTexts()
        self.pad = DrawDialog(parts.background, self)
        self.camera = CameraDialog(parts.background, self, self.work.live)
        self.labels = Labelling(self.work, parts, self)
        self.deeds = TryingDeeds(self, {
            "images": self.handing.ask_for_images, "folder": self.handing.ask_for_folder, "paste": self.handing.paste,
            "draw": lambda: self.pad.open_for(self.work.chosen), "camera": self.camera.open_camera,
            "table": self._ask_for_table, "clear": self._clear, "least": self.labels.pick,
            "write": self._ask_for_set, "again": self.labels.train_again,
            "export": self._export,
        })  # fmt: skip
        self.no_runs = Invitation(
            "No run to try yet", NO_RUNS, "Set up an experiment", lambda: parts.navigator.open("new_experiment")
        )
        self.no_runs.offer(button(OPEN_FOLDER, "folder", OPEN_TIP, self.handing.ask_for_exported))
        self.invitation = Invitation(*CHOOSE)
        self._count_soon = QTimer(self, singleShot=True, interval=COUNT_EVERY_MS)
        self._build()
        self._connect()

    def _build(self) -> None:
        left, middle, answers = QWidget(), QWidget(), QWidget()
        in_column((self.runs, 1), owner=left, edges=(16, 12, 8, 12))
        self.measured = Invitation(*MEASURED)
        self.listed = one_of(self.table, self.measured)
        in_column(self.filters, (self.listed, 1), self.line, owner=answers, gap=8)
        self.shown = one_of(self.invitation, answers)
        self.answers = answers
        in_column(self.deeds.bar, self.typing, self.problem, (self.shown, 1), owner=middle, gap=8, edges=(8, 12, 8, 12))
        left.setMinimumWidth(180)
        middle.setMinimumWidth(340)
        self.detail.setMinimumWidth(230)
        self.splitter = ThinSplitter("trying", left, middle, self.detail)
        self.splitter.setStretchFactor(1, 3)
        self.stack = one_of(self.splitter, self.no_runs)
        in_column(self.stack, owner=self)
        self.reset_layout()
        self._adjust()

    def reset_layout(self) -> None:
        self.splitter.setSizes([260, 640, 300])

    def _connect(self) -> None:
        self.reading.listed.connect(lambda some: self.stack.setCurrentWidget(self.splitter if some else self.no_runs))
        self.reading.chosen.connect(self.work.choose)
        self.reading.refused.connect(self._refuse)
        for given in (self.handing.given, self.typing.given, self.pad.given):
            given.connect(self.add)
        self.camera.taken.connect(lambda body, _: self.add(body))
        self.handing.exported.connect(self.reading.open_folder)
        self.runs.folder_wanted.connect(self.handing.ask_for_exported)
        self.handing.refused.connect(self.problem.say)
        self.work.begun.connect(self._begin)
        self.work.renewed.connect(self._renew)
        self.work.grown.connect(self._grow)
        self.work.changed.connect(self._adjust)
        self.work.refused.connect(self.problem.say)
        self.filters.changed.connect(self._arrange)
        self.table.looked_at.connect(self._look)
        self.detail.reasons.wanted.connect(self._find_reasons)
        self._count_soon.timeout.connect(self._count)
        self._connect_labels()

    def _connect_labels(self) -> None:
        labels, table, field = self.labels, self.table, self.detail.label
        table.numbered.connect(self._say_number)
        table.typed.connect(field.begin)
        table.taken_away.connect(lambda: self._say(""))
        field.said.connect(self._say)
        labels.changed.connect(self._show_label)
        labels.picked.connect(self._show_picked)
        labels.busy.connect(self.line.say)
        labels.refused.connect(self.problem.say)

    def _refuse(self, words: str) -> None:
        """Where it is seen: the page may be empty yet."""
        self.problem.say(words)
        if words and self.stack.currentWidget() is self.no_runs:
            self.parts.toasts.show(words, level="warning", seconds=12)

    def _clear(self) -> None:
        """Labels that took an hour are gone with the images, so that they can be brought back."""
        labels, words = len(self.work.book.labels), f"{count(self.work.total, self.work.reads)} taken away"
        with_them = f", {count(labels, 'labels')} of yours with them" if labels else ""
        self.parts.toasts.show(f"{words}{with_them}.", UNDO, self.work.clear(), seconds=20)

    def _export(self) -> None:
        (run,) = self.work.chosen
        if isinstance(run, TriableTask):
            handing_on.export(self, self.parts, run.task.row, run.task.place)
        elif isinstance(run, TriableRun):
            handing_on.export(self, self.parts, run.row)

    def is_settled(self) -> bool:
        """Nothing is read or answered any more."""
        return self.reading.is_settled() and not self.work.is_at_work and not self._count_soon.isActive()

    def add(self, handed: Handed) -> None:
        """Answer these files, folders and zips, or images in memory, beside what is there."""
        self.problem.say("")
        self.work.add(handed)

    def leave(self) -> None:
        """The window closes."""
        self._count_soon.stop()
        self.pad.close()
        self.camera.close()
        self.work.close()

    # What is shown

    def _begin(self) -> None:
        self._here = self.table.current() if self.work.is_at_work else None
        self.filters.clear()
        self.filters.show_counts({AnswerPart.ALL: 0}, self.work.reads)
        self.table.answers.show_book(self.work.book)
        self.detail.show_image(self.work.book, None)
        self._adjust()

    def _renew(self) -> None:
        self._begin()
        self.table.choose_first(self._here)

    def _grow(self) -> None:
        answers = self.table.answers
        if answers.book is not self.work.book or not answers.columns:
            answers.show_book(self.work.book)
            self.detail.label.show_classes(self.labels.classes())
            self.table.choose_first(self._here)
        answers.grow(at_once=not self.work.is_at_work)
        if not self._count_soon.isActive():
            self._count_soon.start()

    def _count(self) -> None:
        if self.work.book.runs:
            self.filters.show_counts(counts(self.work.book), self.work.reads)
            self.table.answers.grow(at_once=not self.work.is_at_work)

    def _arrange(self) -> None:
        answers = self.table.answers
        answers.arrange(replace(answers.wanted, words=self.filters.words.text(), part=self.filters.part()))
        if self.table.current() is None:
            self.table.choose_first()

    def _look(self, image: int | None) -> None:
        book = self.work.book
        if image == self.detail.image and image is not None:
            return
        self.detail.show_image(book, image)
        if image is not None and not book.reasons[image]:
            self.detail.reasons.expect()
            self.work.look_closely(
                image, lambda look: self.detail.show_look(image, look),
                lambda error: self.detail.show_problem(image, error),
            )  # fmt: skip

    def _find_reasons(self) -> None:
        view, image = self.detail.reasons, self.detail.image
        if image is not None and not self.work.book.reasons[image]:
            self.work.find_reasons(
                image, lambda found: self.detail.show_reasons(image, found), view.show_problem
            )  # fmt: skip

    def _adjust(self) -> None:
        """Words and buttons follow the work."""
        some, labelled = bool(len(self.work.book)), bool(self.work.book.labelled)
        answered, one_run = some and not self.work.is_at_work, self._is_one_run()
        texts = self.work.reads == "texts"
        self.deeds.adjust(bool(self.work.total or self.work.is_at_work), answered, labelled, one_run, texts)
        self.typing.setVisible(texts)
        how = HOW_TEXTS if texts else HOW
        self.invitation.say(*(how if self.runs.model.ticked else WAITING if self.work.has_waiting else CHOOSE))
        busy = self.work.is_at_work or bool(self.work.total and self.runs.model.ticked)
        self.shown.setCurrentWidget(self.answers if busy or some else self.invitation)
        self.detail.setVisible(some)
        self.listed.setCurrentWidget(self.measured if self.work.preparing and not some else self.table)

    def _is_one_run(self) -> bool:
        return len(self.work.chosen) == 1 and isinstance(self.work.chosen[0], TriableRun | TriableTask)

    # Labels

    def _say_number(self, number: int) -> None:
        classes = self.labels.classes()
        if number <= len(classes):
            self._say(classes[number - 1])

    def _say(self, label: str) -> None:
        """Of the image that is looked at, and on to the next."""
        image = self.table.current()
        if image is not None and not self.work.book.reasons[image]:
            self.labels.say(image, label)
            if label:
                self.table.go_on()
            self.table.setFocus()

    def _show_label(self, image: int) -> None:
        answers, here = self.table.answers, self.table.current()
        answers.refresh_columns()
        answers.touch(image)
        if here is not None and self.table.current() is None:
            self.table.choose(here)
        self.detail.label.show_classes(self.labels.classes())
        if image == self.detail.image:
            self.detail.show_image(self.work.book, image)
        self._adjust()
        self.line.adjust()
        self._count_soon.start()

    def _show_picked(self) -> None:
        """The first of them, with the keyboard on it."""
        self.filters.show_counts(counts(self.work.book), self.work.reads)
        self.filters.words.clear()
        self.table.answers.arrange(replace(self.table.answers.wanted, by=None))
        self.filters.parts.set_key(AnswerPart.PICKED)
        self._arrange()
        self.table.setCurrentIndex(self.table.answers.index(0, 0))
        self.table.setFocus()

    def _ask_for_set(self) -> None:
        start = str(Path(last_folder()) / f"corrected {self.work.reads}")
        path, _ = QFileDialog.getSaveFileName(self, f"A new folder for the {self.work.reads}", start)
        if path:
            SAVED.keep(Path(path).parent)
            self.labels.write(Path(path))

    def _ask_for_table(self) -> None:
        if path := ask_where(self, "Save the answers", "answers", TABLE):
            self.save_table(path)

    def save_table(self, path: Path) -> None:
        """All answers, in the order in which the images were handed in."""
        said = self.parts.background.saying(self.problem.say, "The answers could not be saved.")

        def done(_: None) -> None:
            self.parts.toasts.show(f"Saved “{path.name}”.")

        self.parts.background.run(saving(self.work.book, path), done, said)
