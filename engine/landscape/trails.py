"""The way that a run took, seen from a plane: the weights that every run keeps, from its start to its last epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch

from engine.artifacts.weights import read_weights
from engine.errors import ExperimentError
from engine.landscape.corners import Corner, begun
from engine.landscape.frames import ThroughThree
from engine.landscape.grids import Trail
from engine.landscape.mixing import State

FILES = {"best epoch": "best.safetensors", "last epoch": "last.safetensors"}


def trails(corners: Sequence[Corner], frame: ThroughThree) -> tuple[Trail, ...]:
    """Of each run among the corners, as far as its weights are there; none of a run with fewer than two."""
    runs = {corner.folder: corner for corner in corners}
    return tuple(found for corner in runs.values() if (found := trail(corner, frame)) is not None)


def trail(corner: Corner, frame: ThroughThree) -> Trail | None:
    """From where its run began, by its best epoch, to its last one; places that are the same count once."""
    places: list[tuple[str, State]] = []
    for words, state in _states(corner):
        if not places or any(not torch.equal(state[name], places[-1][1][name]) for name in frame.names):
            places.append((words, state))
    if len(places) < 2:
        return None
    seen = np.array([frame.seen(state) for _, state in places])
    return Trail(corner.folder.name, tuple(words for words, _ in places), seen[:, :2], seen[:, 2])


def _states(corner: Corner) -> Iterator[tuple[str, State]]:
    with suppress(ExperimentError):  # what it began with may be gone
        yield "start", begun(corner, corner.title).state
    for words, name in FILES.items():
        file: Path = corner.folder / name
        if file.is_file():
            yield words, read_weights(file)
