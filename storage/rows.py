"""What the store hands out: plain frozen data."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.events import LIVE_STATES, Evaluated, RunState
from engine.experiment import Experiment
from engine.given import decode

UNREADABLE = "unreadable"  # stands for the method and the data of a run whose row is damaged
LAST_MOMENT = 253402300799.0  # 9999-12-31, the last second that a calendar has
_STATES = {state.value: state for state in RunState}


def state_named(text: object) -> RunState:
    """A saved state; a run with one that no program writes is not at work."""
    return _STATES.get(str(text), RunState.INTERRUPTED)


def moment(seconds: object) -> float | None:
    """A saved time, or 1970 for one that no calendar has; None stays."""
    if seconds is None:
        return None
    return seconds if isinstance(seconds, int | float) and 0 <= seconds <= LAST_MOMENT else 0.0


def number(value: float | None) -> float:
    """A saved figure: SQLite keeps NaN as NULL."""
    return math.nan if value is None else float(value)


@dataclass(frozen=True, slots=True)
class Failure:
    """kind: "experiment" (mendable) or "bug"."""

    kind: str
    message: str
    advice: str
    traceback: str


@dataclass(frozen=True, slots=True)
class Message:
    """time: seconds since the epoch. level: "info" or "warning"."""

    time: float
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class CellNote:
    """A note on one cell of a run's line, or on one of its figures. time: seconds since the epoch."""

    text: str
    time: float


@dataclass(frozen=True, slots=True)
class SavedView:
    """A named way of looking at the list of a page. spec: what the page needs to show it again."""

    name: str
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of a run. path: relative to the run's folder. value: what it was chosen by, if anything."""

    kind: str
    path: str
    step: int
    value: float | None
    time: float


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """steps: int64 [n]. times: float64 [n], seconds since the first step. values: float64 [n], NaN kept."""

    steps: np.ndarray
    times: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class RunRow:
    """A saved run as the list shows it. Times are seconds since the epoch; seconds: how long it took, see `took`.

    best: metric -> (value, step); the smallest for losses, the largest for everything else. last: metric -> value.
    test: the figure it is known by, without its predictions. step is the last one saved; total_steps is 0 until the
    run has said how long it is. study: title of the study it belongs to, if any; cell: the key of its place there.
    cell_notes: by the key of the column or figure.
    waits: in line, but its program has ended: it goes on when somebody takes it. ending: how it came to its end.
    """

    id: int
    uid: str
    name: str
    state: RunState
    family: str
    experiment: Experiment
    group: str
    created: float
    started: float | None = None
    ended: float | None = None
    step: int = 0
    total_steps: int = 0
    steps_per_epoch: int = 1
    examples_per_step: int = 1
    facts: Mapping[str, Any] = field(default_factory=dict)
    starred: bool = False
    note: str = ""
    plan: str = ""
    best: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    last: Mapping[str, float] = field(default_factory=dict)
    test: Evaluated | None = None
    failure: Failure | None = None
    deleted_at: float | None = None
    study_id: int | None = None
    cell: str = ""
    study: str = ""
    seconds: float | None = None
    tags: tuple[str, ...] = ()
    archived: bool = False
    cell_notes: Mapping[str, CellNote] = field(default_factory=dict)
    waits: bool = False
    ending: str = ""

    @property
    def why(self) -> str:
        """How it came to its end, in words; "" while it has not, and for finished runs of earlier versions."""
        if self.failure is not None:
            return self.failure.message
        return "the program ended while it worked" if self.state is RunState.INTERRUPTED else self.ending

    @property
    def is_readable(self) -> bool:
        """False where its row is damaged, so that its settings are not known."""
        return self.experiment.method.name != UNREADABLE

    @property
    def is_live(self) -> bool:
        """Whether some program has it in line or works it."""
        return self.state in LIVE_STATES and not self.waits

    @property
    def took(self) -> float | None:
        """Seconds from the first step to now or to the end, without pauses and what lay between two attempts, which
        runs of earlier versions count; None before."""
        if self.seconds is not None or self.started is None or self.ended is None:
            return self.seconds
        return self.ended - self.started


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A saved study. spec: its JSON. created: seconds since the epoch. finished: cells that have a finished run."""

    id: int
    uid: str
    title: str
    spec: str
    created: float
    note: str = ""
    deleted_at: float | None = None
    finished: frozenset[str] = frozenset()

    @property
    def question(self) -> str:
        return question(self.spec)


def question(spec: str) -> str:
    """What makes it the same study on any machine: the spec without the device that works it."""
    try:
        body = decode(spec)
    except ValueError:
        return spec
    return json.dumps({key: body[key] for key in sorted(body) if key != "device"} if isinstance(body, dict) else body)


@dataclass(frozen=True, slots=True)
class CellRun:
    """A run of a study with what the study asks of it. seconds: from its first step to its end, NaN before.

    tests: name of a figure -> figure, first the one that the run is known by. best and last: of the curve `watched`;
    NaN without it.
    """

    id: int
    uid: str
    name: str
    cell: str
    state: RunState
    seconds: float
    best: float
    last: float
    tests: Mapping[str, float]
    failure: Failure | None
    watched: str = ""
