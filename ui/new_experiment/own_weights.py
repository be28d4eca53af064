"""Saved runs whose networks can be started from, asked for in the storage thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.comparison.wording import figure, marked
from engine.events import RunState
from engine.naming import data_title

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore


@dataclass(frozen=True)
class OwnWeights:
    """A saved run whose network can be started from."""

    key: str
    title: str
    facts: str


def own_weights(store: RunStore, backbone: str) -> list[OwnWeights]:
    """Every run of this backbone that has ended and whose weights are there, newest first."""
    return [_own(run) for run in store.runs() if _can_be_started_from(store, run, backbone)]


def _can_be_started_from(store: RunStore, run: RunRow, backbone: str) -> bool:
    ended = run.state in (RunState.FINISHED, RunState.STOPPED)
    if not ended or run.experiment.backbone.name != backbone:
        return False
    return any((store.directory(run) / file).is_file() for file in ("best.safetensors", "last.safetensors"))


def _own(run: RunRow) -> OwnWeights:
    size = run.experiment.backbone.image_size
    at = f" at {size} px" if size else ""
    test = run.test
    result = f", {marked(figure(test.metric, test.value), test.notes)} in its test" if test is not None else ""
    return OwnWeights(f"run:{run.uid}", run.name, f"Trained on {data_title(run.experiment)}{at}{result}")
