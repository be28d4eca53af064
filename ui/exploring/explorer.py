"""A run's test images: which classes are mistaken, class by class, and the images of any class and outcome."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from engine.comparison.after_training import RunAdvice
from engine.comparison.examined import ALL, ALWAYS, APART, AS_LISTED, LOSS, MISSED, Examined
from engine.comparison.per_class import FoldedClasses, per_class
from engine.comparison.wording import count, percent
from engine.data.shifts import changes_pixels, short
from ui.background import Background
from ui.exploring.answered_grid import AnsweredGrid, TileMark
from ui.exploring.class_table import TITLE, ClassTable
from ui.exploring.confusion_matrix import WIDEST, ConfusionMatrix
from ui.exploring.lesson_list import LessonList
from ui.exploring.outcome_bar import OutcomeBar
from ui.exploring.reading import ExaminedRun, ShownSet, set_of
from ui.exploring.viewing import show_test_image
from ui.figures.painted import Section
from ui.widgets.buttons import button
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, in_row
from ui.widgets.reflow import Beside, FlowLayout
from ui.widgets.text import Text

MISTAKEN = "Which classes are mistaken"
HINT = "Click a cell, a class or one of the buttons to see its test examples."
FOLDED = 20  # classes that a matrix shows one by one
ERRORS = (
    "A network's own mistake stands here as well as a wrong label: look at each. Those come first of which the seeds "
    "say the same and this run is surest."
)
NOT_KEPT = "How sure the network was of each example is not kept of this run; run it again to sort by it."
NOT_OF_TASKS = "How sure the network was of each example is not kept of a run that learnt several tasks."


class Explorer(QWidget):
    """Hidden while no predictions are known. shown: the images that were asked for are laid out, or cannot be.
    wanted(run, data): what this run said of another set that it was tested on, as `read_examined` takes it."""

    shown = Signal()
    wanted = Signal(int, str)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._run: ExaminedRun | None = None
        self._shown: ShownSet | None = None
        self._parts: tuple[np.ndarray, ...] = ()
        self._loading = f"explored set {id(self)}"  # another explorer's goes on
        self.places = np.zeros(0, np.int64)  # of the images in the grid
        self.matrix, self.table, self.bar = ConfusionMatrix("Test predictions"), ClassTable(), OutcomeBar()
        self.fold, self.grid, self.lessons = Choice(), AnsweredGrid(background), LessonList()
        self.on = Choice()
        self.words, self.note = Text(HINT, bold=True), Text("", "small", "muted")
        self.worst = button("Worst answers", tip="Wrong ones, the largest loss first", clicked=self._show_worst)
        self.errors = button("Likely label errors", clicked=self.show_label_errors)
        self._lay_out()
        self._connect()
        self.hide()

    def _lay_out(self) -> None:
        matrix = Section(MISTAKEN, self.matrix, self.matrix.menu)
        matrix.add(self.fold)
        if (layout := matrix.layout()) is not None:
            layout.setAlignment(self.matrix, Qt.AlignmentFlag.AlignTop)  # else it is no higher than its hint
        matrix.setMaximumWidth(WIDEST)
        table = Section(TITLE, self.table, self.table.menu, at_top=True)
        self.fold.setAccessibleName("Classes of the matrix")
        self.fold.setMinimumContentsLength(18)
        buttons = in_row(self.worst, self.errors, ..., gap=8)
        label = Text("Examples of", "small", "muted", wrap=False)
        label.setBuddy(self.on)
        self.on.setAccessibleName("Test set whose examples are shown")
        self.on.setMinimumContentsLength(28)
        self._sets = sets = QWidget()
        FlowLayout(label, self.on, owner=sets)
        in_column(
            sets, self.lessons, Beside(matrix, table, least=420, spacing=24), self.bar, buttons, self.words, self.note,
            self.grid, owner=self, gap=8,
        )  # fmt: skip

    def _connect(self) -> None:
        self.matrix.cell_chosen.connect(self._take_cell)
        self.table.chosen.connect(lambda place: self.bar.choose(place, ALL))
        self.bar.changed.connect(self._show_wanted)
        self.lessons.chosen.connect(self._take_lesson)
        self.fold.currentIndexChanged.connect(lambda _: self._show_matrix())
        self.grid.opened.connect(lambda _: self._open())
        self.on.currentIndexChanged.connect(lambda _: self._ask_set())

    def show_run(self, run: ExaminedRun | None) -> None:
        """Another run, or the same read again: what is looked at then stays."""
        before, self._run = self._run, run
        self.setVisible(run is not None)
        if run is None:
            return
        self._show_sets(run)
        if before is not None and shows_the_same(before, run):
            return
        self._background.cancel(self._loading)
        of, self._shown = run.examined, None
        self.grid.clear()
        size = len(of.names)
        self.fold.set_options([(True, f"The {FOLDED} most mistaken"), (False, f"All {count(size, 'classes')}")])
        self.fold.setCurrentIndex(0)
        self.fold.setVisible(size > FOLDED)
        self.lessons.show_lessons(run.lessons)
        self.table.show_figures(per_class(of.counts, of.names))
        self.bar.show_examined(of)
        self.errors.setEnabled(of.seeds > 1)
        self.errors.setToolTip("What every seed gets wrong" if of.seeds > 1 else
                               "Run more seeds first: with one, mistakes cannot be told from wrong labels")  # fmt: skip
        self.worst.setEnabled(of.answers is not None)
        self._show_matrix()
        self._say(HINT, self._not_kept)

    def _show_sets(self, run: ExaminedRun) -> None:
        with QSignalBlocker(self.on):
            self.on.set_options([(one.data, one.title) for one in run.tests])
            self.on.set_key(run.data)
        self.on.setToolTip("" if run.on is None else run.on.path)
        self._sets.setVisible(bool(run.further))

    def _ask_set(self) -> None:
        key = self.on.key()
        if self._run is not None and isinstance(key, str) and key != self._run.data:
            self.wanted.emit(self._run.run_id, key)

    def _say(self, words: str, note: str = "") -> None:
        """Words instead of images."""
        self.grid.lay_none()
        self.grid.hide()
        self.places = np.zeros(0, np.int64)
        self.words.setText(words)
        self.words.show()
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def _show_matrix(self) -> None:
        if self._run is None:
            return
        of = self._run.examined
        shown = FoldedClasses.of(of.counts, of.names, FOLDED if self.fold.key() else len(of.names))
        self._parts, values = shown.parts, shown.counts(of.counts)
        title = count(len(of.ids), "test examples")
        self.matrix.show_values(title, shown.names, values, False, self._run.run_id, shown.most(values))

    def _take_cell(self, row: int, column: int) -> None:
        true, given = (tuple(map(int, self._parts[place])) for place in (row, column))
        self.bar.choose_cell(true, given)

    def _take_lesson(self, lesson: RunAdvice) -> None:
        """The images that an advice is about."""
        if self._run is None:
            return
        self._bring_images()
        every = tuple(range(len(self._run.examined.names)))
        if lesson.given is not None:
            self.bar.choose_cell(lesson.true or every, lesson.given)
        elif lesson.true is not None and len(lesson.true) > 1:
            self.bar.choose_cell(lesson.true, every)
        else:
            self.bar.choose(lesson.true[0] if lesson.true else None, lesson.outcome, LOSS)

    def _show_worst(self) -> None:
        self.bar.choose(None, MISSED, LOSS)

    def show_label_errors(self) -> None:
        """Those that every seed gets wrong, in the order in which they are likely to be labelled wrongly."""
        self.bar.choose(None, ALWAYS, AS_LISTED)
        if self._run is not None:
            self._lay(self._run.examined.label_errors(), ERRORS)

    def _show_wanted(self) -> None:
        """The images of the class and the outcome, or of the cell, that are chosen."""
        if self._run is None:
            return
        of, cell, place = self._run.examined, self.bar.cell, self.bar.chosen_class
        outcome = str(self.bar.outcome.key())
        true = cell.true if cell else None if place is None else (place,)
        found = of.places(outcome, true, cell.given if cell else None)
        self._lay(of.ordered(found, str(self.bar.order.key())), self._not_kept)

    @property
    def _not_kept(self) -> str:
        """Why images cannot be sorted by how sure the network was; "" where they can."""
        if self._run is None or self._run.examined.answers is not None:
            return ""
        on = self._run.on
        return NOT_OF_TASKS if on is not None and on.of_task else NOT_KEPT

    def _title(self, number: int) -> str:
        """ "Glass, missed: 23 examples" """
        assert self._run is not None
        names, cell = self._run.examined.names, self.bar.cell
        if cell is not None:
            true, given = (named(one, names) for one in (cell.true, cell.given))
            what = f"True {true}, taken for {given}"
        else:
            what = f"{self.bar.classes.currentText()}, {self.bar.outcome.currentText().lower()}"
        if changes_pixels(self._run.shift):
            what += f", under {short(self._run.shift)}"
        return f"{what}: {count(number, 'examples')}"

    def _lay(self, places: np.ndarray, note: str) -> None:
        """Lay these images out, once their set is read."""
        title = self._title(len(places))
        self._say(title, note)
        self.places = places
        if not len(places):
            self.shown.emit()
        elif self._shown is not None:
            self._show_images(title)
        elif self._run is not None:
            failed = self._background.saying(self._cannot, "The examples cannot be shown because of a mistake.")
            self._background.run(set_of(self._run), self._take_set, failed, self._loading)

    def _cannot(self, words: str) -> None:
        self.note.setText(words)
        self.note.show()
        self.shown.emit()

    def _take_set(self, shown: ShownSet) -> None:
        self._shown = shown
        if len(self.places):  # else something was chosen meanwhile of which there is none
            self._show_images(self.words.text())

    def _show_images(self, title: str) -> None:
        if self._run is None or self._shown is None:
            return
        of = self._run.examined
        marks = [self._mark(of, int(place)) for place in self.places]
        self.grid.show_answered(self._shown, of.ids[self.places], marks, title.rpartition(": ")[0])  # it counts itself
        self.grid.show()
        self.words.hide()  # they stand above the images
        self.shown.emit()

    def _bring_images(self) -> None:
        """Scroll to where images stand that are asked for from further up."""
        if (above := self._area()) is not None:
            above.ensureWidgetVisible(self.bar, 0, above.viewport().height() // 2)

    def bring(self) -> None:
        """Scroll to its top."""
        if (above := self._area()) is not None and (page := above.widget()) is not None:
            above.verticalScrollBar().setValue(self.mapTo(page, self.rect().topLeft()).y())

    def _area(self) -> QScrollArea | None:
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        return above

    def _mark(self, of: Examined, place: int) -> TileMark:
        figure = "" if of.answers is None else percent(float(of.answers.probabilities[place, 0]), 0)
        if of.seeds > 1 and self.bar.order.key() == APART:
            figure = f"{int(of.agreeing[place])}/{of.seeds}"
        return TileMark(of.names[of.predicted[place]], figure, bool(of.truth[place] == of.predicted[place]))

    def _open(self) -> None:
        if self._run is not None and self._shown is not None:
            self.dialog = show_test_image(
                self._run, self._shown.data, self.places, self.grid.current, self.words.text(), self._background,
                self.window(),
            )  # fmt: skip
            self.dialog.finished.connect(lambda _: self.grid.choose(self.dialog.index))


def named(places: Sequence[int], names: Sequence[str]) -> str:
    """ "glass", "12 classes", "any"."""
    if len(places) == len(names) > 1:
        return "any"
    return names[places[0]] if len(places) == 1 else count(len(places), "classes")


def shows_the_same(first: ExaminedRun, second: ExaminedRun) -> bool:
    """Whether one was read of the disk again."""
    if (first.run_id, first.data) != (second.run_id, second.data):
        return False
    one, other = first.examined, second.examined
    return np.array_equal(one.said, other.said) and (one.answers is None) == (other.answers is None)
