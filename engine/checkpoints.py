"""Weights as safetensors files, written to a temporary name and renamed; the best epoch is kept in memory too."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from engine.backbones.backbone import Backbone, snapshot
from engine.bookmark import Bookmark, State, write_tensors
from engine.errors import Diverged
from engine.events import CheckpointSaved, Event

SECONDS_BETWEEN_WRITES = 2.0


def write_weights(state: dict[str, Tensor], path: Path) -> None:
    """Write a state dict so that the file is either the old one or the new one, whole."""
    write_tensors(state, path)


class Checkpoints:
    """Keeps the best weights of a run by (accuracy, then lower loss) and writes them to its folder now and then.

    bookmark: keeps where the run is; without one it cannot be resumed.
    """

    def __init__(self, directory: Path, bookmark: Bookmark | None = None) -> None:
        self.directory, self.bookmark = directory, bookmark or Bookmark()
        self.best: dict[str, Tensor] | None = None
        self.best_step = 0
        self.best_value = -1.0
        self._rank = (-1.0, 0.0)
        self._written_step = -1
        self._written_at = 0.0

    def offer(
        self, model: nn.Module, step: int, accuracy: float, loss: float, shown: float | None = None
    ) -> Iterator[CheckpointSaved]:
        """Keep these weights if they are the best so far; what is judged by no number never is.

        shown: the figure they are known by, if not the accuracy.
        """
        if not (math.isfinite(accuracy) and math.isfinite(loss)) or (accuracy, -loss) <= self._rank:
            return
        self._rank = (accuracy, -loss)
        self.best, self.best_step = snapshot(model), step
        self.best_value = accuracy if shown is None else shown
        if time.monotonic() - self._written_at >= SECONDS_BETWEEN_WRITES:
            yield self._write_best()

    def state(self) -> State:
        return {
            "best": self.best, "step": self.best_step, "value": self.best_value, "rank": self._rank,
        }  # fmt: skip

    def load_state(self, state: State) -> None:
        self.best, self.best_step, self.best_value = state["best"], state["step"], state["value"]
        self._rank = tuple(state["rank"])
        self._written_step = -1  # the file may be of a later step, from which the run went back

    def finish(self, model: nn.Module, step: int) -> Iterator[CheckpointSaved]:
        """Write what is not yet on disk: the best weights and the last ones."""
        yield from self.finish_best()
        write_weights(snapshot(model), self.directory / "last.safetensors")
        yield CheckpointSaved("last", "last.safetensors", step)

    def finish_best(self) -> Iterator[CheckpointSaved]:
        """Write the best weights unless that is done."""
        if self.best is not None and self._written_step != self.best_step:
            yield self._write_best()

    def _write_best(self) -> CheckpointSaved:
        assert self.best is not None
        write_weights(self.best, self.directory / "best.safetensors")
        self._written_step, self._written_at = self.best_step, time.monotonic()
        return CheckpointSaved("best", "best.safetensors", self.best_step, self.best_value)


class Training(Protocol):
    """A training loop: its events, and how far it came."""

    model: Backbone
    step: int

    def events(self) -> Iterator[Event]: ...


def kept(training: Training, checkpoints: Checkpoints) -> Iterator[Event]:
    """The events of a training, then its weights on disk; a diverged one keeps only the best that were good."""
    try:
        yield from training.events()
    except Diverged:
        yield from checkpoints.finish_best()
        raise
    yield from checkpoints.finish(training.model, training.step)
