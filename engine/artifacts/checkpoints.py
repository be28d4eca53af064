"""Weights as safetensors files, written to a temporary name and renamed; the best epoch is kept in memory too."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from traceback import clear_frames
from typing import Protocol

from torch import Tensor, nn

from engine.artifacts.bookmark import Bookmark, State, write_tensors
from engine.backbones.backbone import Backbone, snapshot
from engine.errors import StorageError
from engine.events import CheckpointSaved, Event, Notice
from engine.machine.files import write_text

SECONDS_BETWEEN_WRITES = 2.0
RECORDS = ("experiment.json", "trained_on.json")  # of a run's folder, written before it learns
STEP = "step"  # in the head of a file of weights: of which step they are
COMPUTED = "computed_by.json"  # beside the weights: what they were computed by, as `Formulation.told`


def along_the_way(epoch: int | str) -> str:
    """Name of the file of the weights after this epoch; "*" for that of any."""
    return f"epoch-{epoch}.safetensors"


class Checkpoints:
    """Keeps the best weights of a run by (accuracy, then lower loss) and writes them to its folder now and then.

    What the disk refuses is kept in memory and tried again; `insist` at the end of a run raises. A folder that is gone
    is made again with what it held. bookmark: keeps where the run is; without one it cannot be resumed. along: weights
    along the way are kept as well.
    """

    def __init__(self, directory: Path, bookmark: Bookmark | None = None, along: bool = False) -> None:
        self.directory, self.bookmark, self.along = directory, bookmark or Bookmark(), along
        self.best: dict[str, Tensor] | None = None
        self.best_step = 0
        self.best_value = -1.0
        self._rank = (-1.0, 0.0)
        self._waiting: dict[str, tuple[dict[str, Tensor], CheckpointSaved]] = {}  # by kind: what is to be written
        self._tried_at = 0.0
        self._refused = False
        self._records = {name: _read(directory / name) for name in RECORDS}

    def offer(
        self, model: nn.Module, step: int, accuracy: float, loss: float, shown: float | None = None
    ) -> Iterator[CheckpointSaved | Notice]:
        """Keep these weights if they are the best so far; what is judged by no number never is.

        shown: the figure they are known by, if not the accuracy.
        """
        if math.isfinite(accuracy) and math.isfinite(loss) and (accuracy, -loss) > self._rank:
            self._rank = (accuracy, -loss)
            self.best, self.best_step = snapshot(model), step
            self.best_value = accuracy if shown is None else shown
            self._await_best()
        if self._waiting and time.monotonic() - self._tried_at >= SECONDS_BETWEEN_WRITES:
            yield from self.write()

    def _await_best(self) -> None:
        if self.best is not None:
            said = CheckpointSaved("best", "best.safetensors", self.best_step, self.best_value)
            self._waiting["best"] = (self.best, said)

    @property
    def all_written(self) -> bool:
        return not self._waiting

    def state(self) -> State:
        return {
            "best": self.best, "step": self.best_step, "value": self.best_value, "rank": self._rank,
        }  # fmt: skip

    def load_state(self, state: State) -> None:
        """The best weights are written again: their file may be of a later step, from which the run went back."""
        self.best, self.best_step, self.best_value = state["best"], state["step"], state["value"]
        self._rank = tuple(state["rank"])
        self._await_best()

    def keep_along(self, model: nn.Module, epoch: int, step: int) -> Iterator[CheckpointSaved | Notice]:
        """Keep these weights too, under the number of their epoch, where that is asked for."""
        if self.along:
            said = CheckpointSaved(f"epoch {epoch}", along_the_way(epoch), step)
            self._waiting[said.kind] = (snapshot(model), said)
            yield from self.write()

    def finish(self, model: nn.Module, step: int) -> Iterator[CheckpointSaved | Notice]:
        """Write what is not, or no longer, on disk: the best weights and the last ones."""
        if not (self.directory / "best.safetensors").exists():
            self._await_best()
        self._waiting["last"] = (snapshot(model), CheckpointSaved("last", "last.safetensors", step))
        yield from self.write()

    def write(self) -> Iterator[CheckpointSaved | Notice]:
        """Write what is to be written; what cannot be waits for the next time, which is said once."""
        refused = self._refused
        try:
            yield from self._written()
        except StorageError as error:
            self._refused = True
            if not refused:
                yield Notice(f"{error.message} It is kept in memory and tried again.", "warning")

    def insist(self) -> Iterator[CheckpointSaved | Notice]:
        """Write it for the last time; raises `StorageError`."""
        try:
            yield from self._written()
        except StorageError as error:
            raise StorageError(
                f"The weights of this run cannot be written to {self.directory}.",
                "Free some disk space, then resume the run or run it again.",
            ) from error

    def _written(self) -> Iterator[CheckpointSaved | Notice]:
        self._tried_at = time.monotonic()
        for kind, (state, said) in list(self._waiting.items()):
            self._keep_records()
            write_tensors(state, self.directory / said.path, {STEP: str(said.step)})
            del self._waiting[kind]
            if self._refused:
                yield Notice(f"The file {said.path} is written now.")
            yield said
        self._refused = False

    def _keep_records(self) -> None:
        choices = self.bookmark.choices
        computed = json.dumps(choices.formulation.told()) if choices.made else None
        for name, text in (self._records | {COMPUTED: computed}).items():
            if text is not None and _read(self.directory / name) != text:
                with suppress(OSError):
                    write_text(self.directory / name, text)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


class Training(Protocol):
    """A training loop: its events, and how far it came."""

    model: Backbone
    step: int

    def events(self) -> Iterator[Event]: ...


def kept(training: Training, checkpoints: Checkpoints) -> Iterator[Event]:
    """The events of a training, then its weights on disk; of one that fails, however that is, only the best.

    What it held at that moment is given back first: it may have failed for want of memory.
    """
    try:
        yield from training.events()
    except Exception as error:
        clear_frames(error.__traceback__)
        yield from checkpoints.write()
        raise
    yield from checkpoints.finish(training.model, training.step)
