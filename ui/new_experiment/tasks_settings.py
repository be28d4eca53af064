"""Which tasks a network learns together: what is asked of the images, and of which other images besides."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.data.dataset import BUNDLED, HERE, DatasetInfo
from engine.data.sources import dataset
from engine.experiment import HALVES, DatasetChoice, LabelSet, TaskChoice
from engine.multitask.titles import group_word, limited
from ui import theme
from ui.widgets.field_grid import FieldGrid
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column
from ui.widgets.reset_mark import fill, on_change
from ui.widgets.text import Text

QUESTIONS: dict[LabelSet, str] = {
    "classes": "Which class", "first half": "First half of classes", "second half": "Second half of classes",
    "which half": "Which half",
}  # fmt: skip
ORDINALS = ("First task", "Second task", "Third task")
Option = tuple[object, str]


class TasksSettings(QWidget):
    """changed: by a person. Tasks beyond the third, which the terminal and files may name, stay as they were filled. A
    task with images of its own has as many labels as the experiment, unless it was filled with others."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = tuple(Choice() for _ in ORDINALS)
        self._rest: tuple[TaskChoice, ...] = ()
        self._filled: tuple[TaskChoice, ...] = HALVES
        self._settled: tuple[TaskChoice, ...] = ()  # of images of their own, with labels that they said themselves
        self._source, self._sets = DatasetChoice(), tuple[DatasetInfo, ...]()
        grid = FieldGrid(dense=True)
        helps = ("What is asked of the data.", "Asked of the same data, or of others.", "One more, or none.")
        for title, field, help in zip(ORDINALS, self.fields, helps, strict=True):
            grid.add(title, field, help)
        in_column(Text("Tasks", bold=True), grid, owner=self, gap=theme.GRID, edges=(0, 8, 0, 0))
        self._offer()
        self.fill(())
        on_change(self.changed.emit, *self.fields)
        self.hide()

    def tab_order(self) -> tuple[QWidget, ...]:
        return self.fields

    def choice(self, few: int | None = None) -> tuple[TaskChoice, ...]:
        """Empty for the two halves, which are what several tasks are unless told otherwise, and where none are told.
        few: labels per class of the experiment's own images."""
        if self.isHidden():
            return ()
        chosen = (field.key() for field in self.fields)
        found = (*(one for one in chosen if isinstance(one, TaskChoice)), *self._rest)
        return () if found == HALVES else tuple(one if one in self._settled else limited(one, few) for one in found)

    def fill(self, tasks: Sequence[TaskChoice], few: int | None = None) -> None:
        self._settled = tuple(one for one in tasks if one.dataset and one.dataset.labels_per_class != few)
        self._filled = tuple(one if one in self._settled else limited(one, None) for one in tasks) or HALVES
        self._rest = self._filled[len(self.fields) :]
        self._offer()
        padded = [*self._filled, *([None] * len(self.fields))]
        fill(dict(zip(self.fields, padded, strict=False)))

    def set_data(self, choice: DatasetChoice, sets: Sequence[DatasetInfo]) -> None:
        """The images that are chosen, and the data sets there are."""
        if (choice.name, choice.path, tuple(sets)) == (self._source.name, self._source.path, self._sets):
            return
        self._source, self._sets = choice, tuple(sets)
        self._offer()

    def _offer(self) -> None:
        own, others = questions(self._source), other_images(self._source, self._sets)
        for place, field in enumerate(self.fields):
            options: list[Option] = [*own, *(others if place else [])]
            given = self._filled[place] if place < len(self._filled) else None
            if given is not None and given.dataset is not None and given not in [key for key, _ in options]:
                options.append((given, told(given)))
            field.set_options([(None, "None"), *options] if place > 1 else options)


def questions(choice: DatasetChoice) -> list[Option]:
    """What can be asked of these images."""
    found: list[Option] = [(TaskChoice(labels=key), words) for key, words in QUESTIONS.items()]
    if word := group_word(choice):
        found.insert(1, (TaskChoice(labels="groups"), f"Which {word}"))
    return found


def other_images(choice: DatasetChoice, sets: Sequence[DatasetInfo]) -> list[Option]:
    """The classes of the other data sets that are here."""
    there = [one for one in sets if one.where in (BUNDLED, HERE) and one.name != choice.name]
    usable = [one for one in there if dataset(one.name).drawn is None and not dataset(one.name).for_tasks]
    return [(task, told(task)) for one in usable for task in [TaskChoice(dataset=DatasetChoice(name=one.name))]]


def told(task: TaskChoice) -> str:
    """ "Digits", "birds: first half"."""
    assert task.dataset is not None
    title = task.dataset.folder_name or dataset(task.dataset.name).info.title
    return title if task.labels == "classes" else f"{title}: {task.labels}"
