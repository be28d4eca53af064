"""The test of a run, part by part: what was met and said before it was cut off is not met and said again."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from engine.artifacts.bookmark import State, load_network, network_state
from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone
from engine.events import Event, Preparing, ResumePoint
from engine.machine.limits import Limits, never
from engine.meta.evaluation import Meeting
from engine.meta.learner import MetaLearner
from engine.meta.task import Tasks

KEY = "exam"  # of its state, in place of that of the training


class Exam:
    """A trained method and the weights it is tested with. step: meta-steps that were trained. weights: which they are.

    begun: whether an earlier part of the run got as far as this.
    """

    def __init__(
        self, method: MetaLearner, model: Backbone, tasks: Tasks, checkpoints: Checkpoints, limits: Limits
    ) -> None:
        self.method, self.model, self.tasks = method, model, tasks
        self._checkpoints, self._limits = checkpoints, limits
        self._bookmark = checkpoints.bookmark
        self.step, self.weights, self._threads = 0, "", 1
        self._settled = False
        self._said = self._part = 0
        self._rows: list[list[list[float]]] = []  # of each part the scores of the tasks that were met
        self.begun = self._bookmark.found is not None and KEY in self._bookmark.found

    def begin(self, step: int, best: dict[str, Tensor] | None, threads: int) -> None:
        """With the weights that were chosen, or those there are. threads: that tasks are shared out over."""
        self._threads, self.step, self.weights = threads, step, "as loaded" if best is None else "best validation"
        if best is not None:
            self.model.load_state_dict(best)

    def events(self, said: Iterator[Event]) -> Iterator[Event]:
        """Settle the method, then pass on what the test says, unless it was said before. said: asks for `scores`."""
        if self.begun:
            assert self._bookmark.found is not None
            self._load(self._bookmark.found[KEY])
        if not self._settled:
            yield from self._point()
            self.method = yield from self.method.settle(self.model, self.tasks)
            self._settled = True
        before, count = self._said, 0
        for event in said:
            count += not isinstance(event, Preparing | ResumePoint)
            self._said = max(before, count)
            if isinstance(event, Preparing | ResumePoint) or count > before:
                yield event

    def scores(
        self, method: MetaLearner, items: Sequence[Any], text: str, steps: int | None = None
    ) -> Generator[Preparing | ResumePoint, None, np.ndarray]:
        """The scores of this or a kindred method as the next part of the test."""
        if self._part == len(self._rows):
            self._rows.append([])
        rows = self._rows[self._part]
        self._part += 1
        asked = Meeting(method, self.model, self.tasks, self._threads).scores(items, text, never, steps, rows)
        while True:
            try:
                said = next(asked)
            except StopIteration as end:
                found: np.ndarray = end.value
                return found
            if rows:  # what is embedded at once comes to nothing that could be kept
                yield from self._point()
            yield said

    def _point(self) -> Iterator[ResumePoint]:
        """Not once the person has asked to stop: what is kept then is the training, which may go on; nor while the
        weights are not on disk."""
        if not self._limits.asked_to_stop and self._checkpoints.all_written:
            yield from self._bookmark.at(self.step, lambda: {KEY: self._state()})

    def _state(self) -> State:
        return {
            "step": self.step, "weights": self.weights, "settled": self._settled, "said": self._said,
            "rows": self._rows, "network": network_state(self.model), "method": dict(self.method.choice),
        }  # fmt: skip

    def _load(self, state: State) -> None:
        self.step, self.weights, self._settled = state["step"], state["weights"], state["settled"]
        self._said, self._rows = state["said"], state["rows"]
        load_network(self.model, state["network"])
        self.method = self.method.with_choice(state["method"])
