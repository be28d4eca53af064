"""What New experiment was set to: undone and done again step by step, and restored on another day."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine import registry
from engine.data.dataset import inside
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice, Experiment, parse_experiment

TOGETHER = 300  # milliseconds: what changes within them is one step
MOST = 200  # steps that can be undone
PARTS = {
    "backbone": "the backbone", "tasks": "the tasks", "budget": "the time limit", "search": "the search",
    "seed": "the first seed", "device": "the device", "precision": "the precision",
    "checkpoints": "the weights kept",
}  # fmt: skip

DATA = {
    "labels_per_class": "labels per class", "classes": "the number of classes", "split": "the split",
    "split_seed": "the split seed", "part": "the part used", "validation_per_class": "the validation part",
    "leave_out": "what the test leaves out", "listed": "the list of examples",
    "shift": "the shift", "tested_on": "the shifts to test on",
}  # fmt: skip


@dataclass(frozen=True)
class FormState:
    """Everything that is set up: the experiment of the first seed, and how many seeds."""

    experiment: Experiment
    seeds: int

    def as_json(self) -> str:
        return json.dumps({"experiment": self.experiment.model_dump(mode="json"), "seeds": self.seeds})

    @classmethod
    def from_json(cls, text: str) -> FormState:
        """Raises `ValueError` or `InvalidExperiment` for what is no such state."""
        body = json.loads(text)
        if not isinstance(body, dict) or not isinstance(seeds := body.get("seeds"), int):
            raise ValueError("no state of the form")
        return cls(parse_experiment(body.get("experiment")), seeds)


class FormHistory(QObject):
    """`note` that something may have changed. read: what is set up now, None while it is not to be told; show: sets the
    form; keep: takes each new state, to be restored from."""

    def __init__(
        self,
        read: Callable[[], FormState | None],
        show: Callable[[FormState], None],
        keep: Callable[[FormState], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._read, self._show, self._keep = read, show, keep
        self._state: FormState | None = None
        self.stack = QUndoStack(self, undoLimit=MOST)
        self._soon = QTimer(self, singleShot=True, interval=TOGETHER)
        self._soon.timeout.connect(self.take)

    def note(self) -> None:
        self._soon.start()

    def take(self) -> None:
        """Make a step of what has changed since the last one."""
        self._soon.stop()
        now = self._read()
        if now is None or now == self._state:
            return
        before, self._state = self._state, now
        if before is not None:
            self.stack.push(Step(self, before, now))
        self._keep(now)

    def undo(self) -> str | None:
        """What was taken back, None where there is nothing."""
        self.take()
        words = self.stack.undoText() if self.stack.canUndo() else None
        self.stack.undo()
        return words

    def redo(self) -> str | None:
        self.take()
        words = self.stack.redoText() if self.stack.canRedo() else None
        self.stack.redo()
        return words

    def is_used(self) -> bool:
        """Whether there is anything to undo or to do again."""
        self.take()
        return self.stack.canUndo() or self.stack.canRedo()

    def return_to(self, state: FormState) -> None:
        self._show(state)
        self._soon.stop()
        self._state = self._read() or state  # what the form cannot show is no step of its own
        self._keep(self._state)


class Step(QUndoCommand):
    """From one state to the next; when it is pushed the form is there already."""

    def __init__(self, history: FormHistory, before: FormState, after: FormState) -> None:
        super().__init__(what_changed(before, after))
        self._history, self._before, self._after = history, before, after
        self._is_new = True

    def undo(self) -> None:
        self._history.return_to(self._before)

    def redo(self) -> None:
        if not self._is_new:
            self._history.return_to(self._after)
        self._is_new = False


def what_changed(before: FormState, after: FormState) -> str:
    """ "learning rate", "the data and the method": what a step is called."""
    one, other = before.experiment, after.experiment
    said = _data(one.dataset, other.dataset)
    said += [words for part, words in PARTS.items() if getattr(one, part) != getattr(other, part)]
    said += ["the number of seeds"] if before.seeds != after.seeds else []
    if one.method.name != other.method.name:
        said.append("the method")
    elif one.method != other.method:
        said += _hyperparameters(one.method.name, one.method.hyperparameters, other.method.hyperparameters)
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}" if said else "a change"


def _data(one: DatasetChoice, other: DatasetChoice) -> list[str]:
    if one == other:
        return []
    if type(one) is not type(other):
        return ["the data"]
    changed = [field for field in type(one).model_fields if getattr(one, field) != getattr(other, field)]
    fields = registry.own_fields(type(one))
    own = {field.name: f"“{field.label}”" if field.kind == "bool" else f"the {inside(field.label)}" for field in fields}
    return [(DATA | own).get(changed[0], "the data") if len(changed) == 1 else "the data"]


def _hyperparameters(name: str, one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    changed = [key for key in other if one.get(key) != other[key]]
    if len(changed) > 2:
        return ["the values of the method"]
    with suppress(InvalidExperiment):
        labels = {field.name: field.label for field in registry.fields(registry.method(name))}
        return [f"“{labels[key]}”" if key in labels else "the layers" for key in changed]
    return changed
