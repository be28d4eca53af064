"""What was found in the data: the sentence said back, samples, skipped files, balance, split, or an episode."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice
from ui.background import Background
from ui.widgets.column import caption
from ui.widgets.fold import Fold
from ui.widgets.images import ClassBars, EpisodePicture, ImageStrip
from ui.widgets.problem import Problem
from ui.widgets.text import Text
from ui.widgets.words import count, number

if TYPE_CHECKING:
    from engine.data.preview import DatasetPreview, EpisodePreview

SKIPPED_SHOWN = 500


class DataPreview(QWidget):
    """`read` asks in the background, `judged` says that `found` or `fault` and `episode_fault` are new."""

    judged = Signal()
    _progressed = Signal(float)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._episode: tuple[int, int, int, int] | None = None
        self.found: DatasetPreview | None = None
        self.fault = ""
        self.episode_fault = ""
        self.is_reading = True
        self._build()
        self._progressed.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)

    def _build(self) -> None:
        self.sentence = Text("Reading the images…", bold=True)
        self.layout_words = Text("", "small", "muted")
        self.skipped = Fold("Skipped files")
        self.skipped_list = QPlainTextEdit()
        self.skipped_list.setReadOnly(True)
        self.skipped_list.setAccessibleName("Skipped files and why")
        self.skipped_list.setFixedHeight(120)
        self.skipped.body.addWidget(self.skipped_list)
        self.strip = ImageStrip(40, 2)
        self.balance_caption = caption("Images per class")
        self.bars = ClassBars()
        self.balance_words = Text("", "small", "muted")
        self.episode_caption = caption("One episode")
        self.episode = EpisodePicture()
        self.episode_problem = Problem("warning")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        shown = (self.sentence, self.layout_words, self.strip, self.skipped, self.balance_caption, self.bars)
        for widget in (*shown, self.balance_words, self.episode_caption, self.episode, self.episode_problem):
            column.addWidget(widget)
        self._show_parts(False, False)

    def expect(self) -> None:
        """Another choice was made; what is shown is no longer the answer."""
        self.is_reading = True

    def set_episode(self, way: int, shot: int, query: int, seed: int) -> bool:
        """The shape of the episode shown for meta-learning; True if it is another one."""
        changed = self._episode != (way, shot, query, seed)
        self._episode = (way, shot, query, seed)
        return changed

    def read(self, choice: DatasetChoice, family: str) -> None:
        """Read the data set, and for "meta" sample an episode. Answers come through `judged`."""
        self.is_reading = True
        if family == "meta" and choice.split is None:
            choice = choice.model_copy(update={"split": "random-classes"})
        shape = self._episode if family == "meta" else None

        def look(cancelled: Callable[[], bool]) -> tuple[DatasetPreview, EpisodePreview | InvalidExperiment | None]:
            from engine.data.preview import episode_preview, preview

            found = preview(choice, self._progressed.emit, cancelled)
            if shape is None or found.problem is not None:
                return found, None
            try:
                return found, episode_preview(choice, *shape)
            except InvalidExperiment as error:
                return found, error

        self._background.run(look, lambda both: self._show(*both), self._refuse, key="preview")

    def _show_progress(self, fraction: float) -> None:
        if self.is_reading and fraction < 1:
            self.sentence.setText(f"Reading the images… {fraction:.0%}")

    def _show(self, found: DatasetPreview, episode: Any) -> None:
        self.is_reading, self.found, self.fault = False, found, str(found.problem or "")
        self.sentence.setText(found.sentence)
        words = [found.layout, f"Licence: {found.licence}" if found.licence else ""]
        self.layout_words.setText("\n".join(word for word in words if word))
        self.strip.set_images(found.strip)
        self._show_skipped(found)
        self._show_balance(found)
        self._show_parts(True, episode is not None)
        self._show_episode(episode)
        self.judged.emit()

    def _show_skipped(self, found: DatasetPreview) -> None:
        self.skipped.set_title(f"{count(len(found.skipped), 'file')} skipped")
        lines = [f"{one.path}: {one.reason}" for one in found.skipped[:SKIPPED_SHOWN]]
        rest = len(found.skipped) - len(lines)
        self.skipped_list.setPlainText("\n".join([*lines, *([f"and {number(rest)} more"] if rest else [])]))

    def _show_balance(self, found: DatasetPreview) -> None:
        counts = [amount for _, amount in found.per_class]
        self.bars.set_classes(found.per_class)
        if counts and min(counts) == max(counts):
            self.balance_words.setText(f"{count(counts[0], 'image')} in each of {number(len(counts))} classes")
        elif counts:
            self.balance_words.setText(f"{number(min(counts))} to {number(max(counts))} images per class")

    def _show_episode(self, episode: Any) -> None:
        self.episode_fault = ""
        if isinstance(episode, InvalidExperiment):
            self.episode_fault = str(episode)
            self.episode.set_episode([], [], [])
        elif episode is not None:
            self.episode.set_episode(episode.support, episode.query, episode.names)
        self.episode_problem.say(self.episode_fault)

    def _refuse(self, error: Exception) -> None:
        from engine.errors import ExperimentError

        if not isinstance(error, ExperimentError):
            self._background.crashed.emit(error)
        self.is_reading, self.found, self.episode_fault = False, None, ""
        self.fault = str(error)
        self._show_parts(False, False)
        self.judged.emit()

    def _show_parts(self, known: bool, episode: bool) -> None:
        widget: QWidget
        for widget in (self.layout_words, self.strip):
            widget.setVisible(known)
        self.sentence.setVisible(known or not self.fault)
        self.skipped.setVisible(known and bool(self.found and self.found.skipped))
        for widget in (self.balance_caption, self.bars, self.balance_words):
            widget.setVisible(known and not episode)
        for widget in (self.episode_caption, self.episode):
            widget.setVisible(known and episode)
