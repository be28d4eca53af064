"""What was found in the data: the sentence said back, samples, skipped files, balance, split, or an episode."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count, thousands
from engine.data.sources import target_of
from engine.data.target import MOVES
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice
from ui.background import Background
from ui.new_experiment.tasks_preview import COUNT, Sampled, TasksPreview
from ui.widgets.column import caption
from ui.widgets.fold import Fold
from ui.widgets.images import ClassBars, ImageStrip
from ui.widgets.layouts import in_column
from ui.widgets.problem import Problem
from ui.widgets.quiet import QuietText
from ui.widgets.text import Text
from ui.widgets.text_rows import TextRows, sample_rows

if TYPE_CHECKING:
    from engine.data.episode_splits import EpisodeShape
    from engine.data.preview import DatasetPreview

SKIPPED_SHOWN = 500
READING, TASKS = "preview", "preview tasks"  # what is done in the background


class DataPreview(QWidget):
    """`read` asks in the background, `judged` says that `found` or `fault` and `episode_fault` are new."""

    judged = Signal()
    _progressed = Signal(float)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._episode: tuple[EpisodeShape, int] | None = None
        self._choice = DatasetChoice()
        self.found: DatasetPreview | None = None
        self.fault = ""
        self.episode_fault = ""
        self.is_reading = True
        self._build()
        self._failed = background.saying(self._refuse, "The data could not be read.")
        self._progressed.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)

    def _build(self) -> None:
        self.sentence = Text("Reading the data…", bold=True)
        self.layout_words = Text("", "small", "muted")
        self.warnings = Problem("warning")
        self.skipped = Fold("Skipped files")
        self.skipped_list = QuietText()
        self.skipped_list.setReadOnly(True)
        self.skipped_list.setAccessibleName("Skipped files and why")
        self.skipped_list.setFixedHeight(120)
        self.skipped.body.addWidget(self.skipped_list)
        self.strip, self.texts = ImageStrip(40, 2), TextRows("Samples")
        self.balance_caption = caption("Images per class")
        self.bars = ClassBars()
        self.balance_words = Text("", "small", "muted")
        self.tasks = TasksPreview()
        self.tasks.wanted.connect(self._sample_again)
        shown = (self.sentence, self.layout_words, self.strip, self.texts, self.skipped, self.balance_caption)
        in_column(*shown, self.bars, self.balance_words, self.tasks, owner=self, gap=8, edges=(0, 8, 0, 0))
        self._show_parts(False, False)

    @property
    def has_judged(self) -> bool:
        """Whether there was any answer yet."""
        return self.found is not None or bool(self.fault)

    def expect(self) -> None:
        """Another choice was made; what is shown is no longer the answer, nor is what is read just now."""
        for key in (READING, TASKS):
            self._background.cancel(key)
        self.is_reading = True

    def set_episode(self, shape: EpisodeShape, seed: int) -> bool:
        """The shape of the tasks shown for meta-learning; True if it is another one."""
        changed = self._episode != (shape, seed)
        self._episode = shape, seed
        return changed

    def read(self, choice: DatasetChoice, in_tasks: bool) -> None:
        """Read the data set, and sample tasks where it is met in tasks. Answers come through `judged`."""
        self.is_reading = True
        self._choice = choice
        sample = self._sampling() if in_tasks else None

        def look(cancelled: Callable[[], bool]) -> tuple[DatasetPreview, Sampled | None]:
            from engine.data.preview import preview

            found = preview(choice, self._progressed.emit, cancelled, in_tasks)
            return found, None if sample is None or found.problem is not None else sample(cancelled)

        self._background.run(look, lambda both: self._show(*both), self._failed, key=READING)

    def _sampling(self) -> Callable[[Callable[[], bool]], Sampled] | None:
        """Work for the background: tasks of the chosen part, or why there are none."""
        if self._episode is None or target_of(self._choice) == MOVES:
            return None
        (shape, seed), choice, part, draw = self._episode, self._choice, self.tasks.part, self.tasks.draw

        def sample(cancelled: Callable[[], bool]) -> Sampled:
            from engine.data.preview import curves_preview, tasks_preview
            from engine.data.sources import is_regression

            if is_regression(choice):
                return curves_preview(choice, shape.shot, seed + 1000 * draw, COUNT)
            try:
                return tasks_preview(choice, shape, part, seed + 1000 * draw, COUNT)  # type: ignore[arg-type]
            except InvalidExperiment as error:
                return error

        return sample

    def _sample_again(self) -> None:
        """Other tasks of the same data."""
        if (sample := self._sampling()) is not None and not self.is_reading:
            self._background.run(sample, self._show_episode, self._failed, key=TASKS)

    def _show_progress(self, fraction: float) -> None:
        if self.is_reading and fraction < 1:
            self.sentence.setText(f"Reading the data… {fraction:.0%}")

    def _show(self, found: DatasetPreview, episode: Sampled | None) -> None:
        self.is_reading, self.found, self.fault = False, found, str(found.problem or "")
        self.sentence.setText(found.sentence)
        words = [found.layout, f"Licence: {found.licence}" if found.licence else ""]
        self.layout_words.setText("\n".join(word for word in words if word))
        self.warnings.say(*found.warnings)
        self._show_samples(found)
        self._show_skipped(found)
        self._show_balance(found)
        self._show_parts(True, episode is not None)
        self._show_episode(episode)
        self.judged.emit()

    def _show_samples(self, found: DatasetPreview) -> None:
        texts = [sample for sample in found.strip if isinstance(sample, str)]
        self.texts.show_rows(sample_rows(texts, found.strip_classes))
        self.strip.set_images([] if texts else found.strip)

    def _show_skipped(self, found: DatasetPreview) -> None:
        of_texts = found.what == "texts"
        self.skipped.set_title(f"{count(len(found.skipped), 'texts' if of_texts else 'files')} skipped")
        lines = [f"{one.path}: {one.reason}" for one in found.skipped[:SKIPPED_SHOWN]]
        rest = len(found.skipped) - len(lines)
        self.skipped_list.setPlainText("\n".join([*lines, *([f"and {thousands(rest)} more"] if rest else [])]))

    def _show_balance(self, found: DatasetPreview) -> None:
        counts = [amount for _, amount in found.per_class]
        self.bars.set_classes(found.per_class)
        self.balance_caption.setText(f"{found.what.capitalize()} per class")
        if counts and min(counts) == max(counts):
            self.balance_words.setText(f"{count(counts[0], found.what)} in each of {thousands(len(counts))} classes")
        elif counts:
            self.balance_words.setText(f"{thousands(min(counts))} to {thousands(max(counts))} {found.what} per class")

    def _show_episode(self, tasks: Sampled | None) -> None:
        self.episode_fault = ""
        if tasks is not None:
            self.tasks.show_tasks(tasks)
            self.episode_fault = self.tasks.fault

    def _refuse(self, words: str) -> None:
        self.is_reading, self.found, self.fault, self.episode_fault = False, None, words, ""
        self._show_parts(False, False)
        self.judged.emit()

    def _show_parts(self, known: bool, episode: bool) -> None:
        widget: QWidget
        of_texts = self.found is not None and self.found.what == "texts"
        self.layout_words.setVisible(known)
        self.strip.setVisible(known and not of_texts)
        self.texts.setVisible(known and of_texts)
        self.warnings.setVisible(known and bool(self.found and self.found.warnings))
        self.sentence.setVisible(known or not self.fault)
        self.skipped.setVisible(known and bool(self.found and self.found.skipped))
        for widget in (self.balance_caption, self.bars, self.balance_words):
            widget.setVisible(known and not episode and bool(self.found and self.found.per_class))
        self.tasks.setVisible(known and episode)
