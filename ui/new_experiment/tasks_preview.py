"""Several sampled tasks of the chosen data: which classes they come from, and a button that draws others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count
from engine.errors import InvalidExperiment
from ui.figures.curve_task_picture import CurveTaskPicture
from ui.widgets.buttons import button
from ui.widgets.column import caption
from ui.widgets.fields import Choice
from ui.widgets.images import EpisodePicture, Sample
from ui.widgets.layouts import in_column, in_row
from ui.widgets.problem import Problem
from ui.widgets.text import Text
from ui.widgets.text_rows import TextRows, episode_rows

if TYPE_CHECKING:
    from engine.data.preview import EpisodePreview

COUNT = 3
CURVE = 150  # pixels of a curve's height
PARTS = (("training", "Training"), ("validation", "Validation"), ("test", "Test"))

Sampled: TypeAlias = "Sequence[EpisodePreview] | Sequence[dict[str, Any]] | InvalidExperiment"


class TasksPreview(QWidget):
    """wanted: other tasks are asked for, of `part` and with the number `draw` of the sample."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draw = 0
        self.fault = ""
        self.part_choice = Choice(list(PARTS))
        self.part_choice.setAccessibleName("Classes the sampled tasks come from")
        self.part_choice.setToolTip("Tasks of the test come from classes that training never sees")
        self.again = button("Sample again", "reset", "Draw other tasks", self._draw_again)
        self.titles = [Text("", "small", "muted", wrap=False) for _ in range(COUNT)]
        self.pictures = [EpisodePicture() for _ in range(COUNT)]
        self.texts = [TextRows("A sampled episode") for _ in range(COUNT)]
        self.curves = [CurveTaskPicture(legend=False) for _ in range(COUNT)]
        self.problem = Problem("warning")
        self._lay_out()
        self.part_choice.activated.connect(lambda _: self.wanted.emit())

    def _lay_out(self) -> None:
        row = in_row((self.part_choice, 1), self.again, gap=8)
        column = in_column(caption("Sampled tasks"), row, owner=self, gap=8)
        for title, picture, texts, curve in zip(self.titles, self.pictures, self.texts, self.curves, strict=True):
            curve.setFixedHeight(CURVE)
            curve.hide()
            texts.hide()
            for widget in (title, picture, texts, curve):
                column.addWidget(widget)
        column.addWidget(self.problem)

    @property
    def part(self) -> str:
        return str(self.part_choice.key())

    def tab_order(self) -> tuple[QWidget, ...]:
        return self.part_choice, self.again

    def _draw_again(self) -> None:
        self.draw += 1
        self.wanted.emit()

    def show_tasks(self, found: Sampled) -> None:
        """The tasks of images or the curves, or why there are none."""
        self.fault = str(found) if isinstance(found, InvalidExperiment) else ""
        tasks: list[EpisodePreview | dict[str, Any]] = [] if isinstance(found, InvalidExperiment) else [*found]
        self.part_choice.setVisible(not any(isinstance(task, dict) for task in tasks))  # curves have no classes
        for place in range(COUNT):
            self._show(place, tasks[place] if place < len(tasks) else None)
        self.problem.say(self.fault)

    def _show(self, place: int, task: EpisodePreview | dict[str, Any] | None) -> None:
        title, picture, curve, texts = (
            self.titles[place], self.pictures[place], self.curves[place], self.texts[place],
        )  # fmt: skip
        of_texts = task is not None and not isinstance(task, dict) and isinstance(task.support[0][0], str)
        title.setVisible(task is not None)
        curve.setVisible(isinstance(task, dict))
        picture.setVisible(task is not None and not isinstance(task, dict) and not of_texts)
        texts.setVisible(of_texts)
        if isinstance(task, dict):
            title.setText(f"Task {place + 1}: {count(len(task['support_x']), 'points')} given")
            curve.show_task(task)
        elif task is not None:
            title.setText(f"Task {place + 1}: {len(task.support)}-way {len(task.support[0])}-shot")
            if of_texts:
                texts.show_rows(episode_rows(words_of(task.support), words_of(task.query), task.names))
            else:
                picture.set_episode(task.support, task.query, task.names)


def words_of(rows: Sequence[Sequence[Sample]]) -> list[list[str]]:
    return [[sample for sample in row if isinstance(sample, str)] for row in rows]
