"""Runs that are cut off and go on: what both parts say together must be what an uninterrupted run says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file

from engine.artifacts import bookmark
from engine.events import (
    CheckpointSaved,
    Evaluated,
    Event,
    Metrics,
    ResumePoint,
    RunStarted,
    RunStopped,
    TrialCompleted,
)
from engine.execute import execute
from engine.experiment import Experiment


def keep_every_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every place that a run can come back to is kept, however soon after the last."""
    monkeypatch.setattr(bookmark, "LEAST_PAUSE", 0.0)
    monkeypatch.setattr(bookmark, "COST", 0.0)
    monkeypatch.setattr(bookmark, "BYTES_PER_SECOND", float("inf"))


def whole(experiment: Experiment, directory: Path) -> list[Event]:
    return list(execute(experiment, directory))


def points(events: list[Event]) -> int:
    """How many places a run could have gone on from."""
    return sum(isinstance(event, ResumePoint) for event in events)


def cut_off(experiment: Experiment, directory: Path, at: int, later: int = 0) -> list[Event]:
    """What a run says before its resume point number `at` (from 1), which alone is kept; it is killed `later` events
    after that. With at=0 none is kept."""
    said: list[Event] = []
    with closing(execute(experiment, directory)) as events:  # type: ignore[type-var]
        for event in up_to(events, at, said):
            event.write({"said": len(said)})
            for _ in range(later):
                next(events, None)
            return said
    return said


def up_to(events: Iterator[Event], at: int, said: list[Event]) -> Iterator[ResumePoint]:
    met = 0
    for event in events:
        met += isinstance(event, ResumePoint)
        if isinstance(event, ResumePoint) and met == at:
            yield event
        said.append(event)


def in_pieces(experiment: Experiment, directory: Path, every: int, later: int = 0) -> list[Event]:
    """What a run says that is killed at every so many resume points, which alone are kept, `later` events after each,
    until it ends. The first point of a piece is where it begins."""
    said: list[Event] = []
    while True:
        piece: list[Event] = []
        with closing(execute(experiment, directory, resume=True)) as events:  # type: ignore[type-var]
            point = next(up_to(events, every, piece), None)
            said += piece
            if point is None:
                return said
            point.write({})
            for _ in range(later):
                if isinstance(next(events), Evaluated):
                    break  # what follows may be its end


def goes_on(experiment: Experiment, directory: Path) -> list[Event]:
    """What the resumed run says."""
    return list(execute(experiment, directory, resume=True))


def figures(events: list[Event]) -> list[Any]:
    """Points, trials and results in their order, to the last bit; not what depends on the clock."""
    found: list[Any] = []
    for event in events:
        if isinstance(event, Metrics):
            found += [(event.step, name, np.float64(value).tobytes()) for name, value in event.values.items()]
        elif isinstance(event, TrialCompleted):
            found.append((event.number, dict(event.values), event.scores, event.state))
        elif isinstance(event, Evaluated):
            arrays = [None if one is None else one.tobytes() for one in (event.truth, event.predicted, event.scores)]
            found.append((event.name, event.value, event.low, event.high, dict(event.protocol), arrays))
    return found


def best_steps(events: list[Event]) -> list[tuple[str, int]]:
    last = {event.kind: event.step for event in events if isinstance(event, CheckpointSaved)}
    return sorted(last.items())


def assert_the_same(experiment: Experiment, folder: Path, at: int, expected: list[Event], later: int = 0) -> None:
    """Cut off at this resume point and resumed, the run says what was expected of it; its weights are those of the run
    in `folder`/whole."""
    first = cut_off(experiment, folder / "cut", at, later)
    second = goes_on(experiment, folder / "cut")
    started = next(event for event in second if isinstance(event, RunStarted))
    assert started.note == ({"said": len(first)} if at else None)
    assert_equal((first if at else []) + second, folder / "cut", expected, folder / "whole")


def assert_equal(events: list[Event], directory: Path, expected: list[Event], whole: Path) -> None:
    """Points, figures, weights and pictures are those of the run that said what is expected into the folder `whole`."""
    assert figures(events) == figures(expected)
    assert best_steps(events) == best_steps(expected)
    assert_same_weights(directory, whole)
    for name in ("tasks.json", "pictures.npz"):
        if (whole / name).exists():
            assert (whole / name).read_bytes() == (directory / name).read_bytes(), name
    assert not (directory / bookmark.FILE).exists(), "an ended run has nothing to go on to"


def assert_same_weights(directory: Path, whole: Path) -> None:
    for name in ("best.safetensors", "last.safetensors"):
        if (whole / name).exists():
            one, other = load_file(whole / name), load_file(directory / name)
            assert one.keys() == other.keys()
            assert all(bool((one[key].view(-1) == other[key].view(-1)).all()) for key in one), name


def stopped(experiment: Experiment, directory: Path, after: int, kind: type[Event] = Metrics) -> list[Event]:
    """What a run that keeps every point says before its last one, when a person stops it after so many of this kind."""
    said: list[Event] = []
    kept = 0
    for event in execute(experiment, directory, lambda: sum(isinstance(one, kind) for one in said) >= after):
        if isinstance(event, ResumePoint):
            event.write({"said": len(said)})
            kept = len(said)
        said.append(event)
    assert isinstance(said[-1], RunStopped)
    return said[:kept]
