"""The way that a run took, seen from a plane: the weights that it keeps anyway, and those kept along the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np
import torch

from engine.artifacts.checkpoints import along_the_way
from engine.artifacts.weights import read_weights, step_of
from engine.errors import ExperimentError
from engine.landscape.corners import Corner, begun
from engine.landscape.frames import ThroughThree
from engine.landscape.grids import Trail
from engine.landscape.mixing import State

LAST = "last.safetensors"
FILES = {"best.safetensors": "best epoch", LAST: "last epoch"}


def trails(corners: Sequence[Corner], frame: ThroughThree) -> tuple[Trail, ...]:
    """Of each run among the corners, as far as its weights are there; none of a run with fewer than two."""
    runs = {corner.folder: corner for corner in corners}
    return tuple(found for corner in runs.values() if (found := trail(corner, frame)) is not None)


def trail(corner: Corner, frame: ThroughThree) -> Trail | None:
    """From where its run began to its last epoch; places that are the same count once, under their last name."""
    names: list[str] = []
    seen: list[tuple[float, float, float]] = []
    before: State | None = None
    for words, state in _states(corner):
        if before is not None and all(torch.equal(state[name], before[name]) for name in frame.names):
            names[-1] = words if names[-1] != "start" else "start"
            continue
        names.append(words)
        seen.append(frame.seen(state))
        before = state
    found = np.array(seen)
    return None if len(names) < 2 else Trail(corner.folder.name, tuple(names), found[:, :2], found[:, 2])


def _states(corner: Corner) -> Iterator[tuple[str, State]]:
    """In the order of their steps, to the last: what comes after is of a time that the run went back from. Files of
    earlier versions, which do not tell their step, as best, then last."""
    with suppress(ExperimentError):  # what it began with may be gone
        yield "start", begun(corner, corner.title).state
    folder = corner.folder
    files = [file for file in (*folder.glob(along_the_way("*")), *map(folder.joinpath, FILES)) if file.is_file()]
    for file in sorted(files, key=step_of):
        yield FILES.get(file.name, file.stem.replace("-", " ")), read_weights(file)
        if file.name == LAST:
            return
