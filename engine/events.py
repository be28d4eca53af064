"""What a run says while it works, and the states those events lead to.

`execute()` yields these in order: `RunStarted`, any number of the middle ones, then exactly one of `RunFinished`,
`RunStopped` and `RunFailed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from engine import metrics
from engine.errors import ExperimentError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Formulation:
    """What a run is computed by where there are several ways, which round otherwise or take longer.

    values: e.g. {"tasks at once": 4, "threads": 2}. machine: where they were chosen, as `engine.machine.choices` calls
    it; "" where nothing was. forced: the names of what a person asked for, which holds on any machine.
    """

    values: Mapping[str, int | str]
    machine: str = ""
    forced: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """For JSON; `heard` is the way back."""
        return {"values": dict(self.values), "machine": self.machine, "forced": list(self.forced)}

    @staticmethod
    def heard(told: Mapping[str, Any]) -> Formulation:
        """Raises `LookupError`, `TypeError` or `ValueError` for what `told` did not tell."""
        values = dict(told["values"])
        if not all(isinstance(value, str) or (type(value) is int and value > 0) for value in values.values()):
            raise ValueError(values)
        return Formulation(values, str(told["machine"]), tuple(map(str, told["forced"])))


@dataclass(frozen=True, slots=True)
class Heard:
    """Where an event stands that came from elsewhere. journal: what it was written down in first, another for each
    attempt; number: its place there, from 1; time: when it was said, seconds since the epoch by the clock of who works
    the run, which stands while the run is paused. more: others that came with it are handed on at once."""

    journal: str
    number: int
    time: float = 0.0
    more: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class RunStarted:
    """Preparation is over and the first step is next.

    total_steps: optimiser steps planned. steps_per_epoch and examples_per_step translate the step axis into epochs and
    images seen (for meta-learning an epoch is the interval between two validations; examples are images).
    phases: (steps, seconds that they will take as timed before) of each phase, where they differ: a step of a head on
    cached features is not one of the whole network; empty where all steps are alike.
    facts: what the window shows beside the run, e.g. {"classes": 40, "training images": 80}.
    step, note: where a resumed run goes on from, and what was noted at that `ResumePoint`; else 0 and None.
    minutes: how long a run trains that has no planned steps, whose time counts; 0 for all others.
    environment: what the machine that works it runs with, as `engine.machine.environment` tells it; may be empty.
    formulation: what the run is computed by, as `Formulation.told`; may be empty.
    """

    total_steps: int
    steps_per_epoch: int
    examples_per_step: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    phases: tuple[tuple[int, float], ...] = ()
    step: int = 0
    note: Mapping[str, Any] | None = None
    minutes: float = 0.0
    environment: Mapping[str, Any] = field(default_factory=dict)
    formulation: Mapping[str, Any] = field(default_factory=dict)

    def resumed(self, step: int, note: Mapping[str, Any]) -> RunStarted:
        return replace(self, step=step, note=note)


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """A place that the run can go on from later, if it is kept: `write(note)` puts it into the run's folder together
    with a note, which comes back with the `RunStarted` of the run that goes on. Whoever saves the run calls it when all
    that was said before is saved, before asking for the next event; raises `StorageError`."""

    step: int
    write: Callable[[Mapping[str, Any]], None]

    def kept(self) -> ResumePoint:
        """The same place without what it holds on to, when it was written or given up."""
        return ResumePoint.nothing(self.step)

    @staticmethod
    def nothing(step: int) -> ResumePoint:
        """A place where nothing is to be written."""
        return ResumePoint(step, _nothing)


def _nothing(note: Mapping[str, Any]) -> None:
    """Written already."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Values measured after `step` optimiser steps. Names: "train/loss", "train/accuracy", "val/loss", "val/accuracy",
    "val/accuracy before adaptation", "moved/<block>", "rate/<block>". Accuracies are fractions in [0, 1]."""

    step: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class EpochCompleted:
    epoch: int
    step: int


@dataclass(frozen=True, slots=True)
class CheckpointSaved:
    """A file in the run's directory. kind: "best" or "last" for weights as safetensors, "tasks" for a picture of a few
    tasks as JSON (engine/meta/tasks/gallery.py), "pictures" for what is made of images without labels
    (engine/pretraining/album.py); path: relative to the run's directory."""

    kind: str
    path: str
    step: int
    value: float | None = None


@dataclass(frozen=True)
class Evaluated:
    """One final figure with what it takes to believe it. The first of a run is the one it is known by.

    metric: e.g. "test/accuracy". value, low, high: the figure and its 95 % interval. n: images or episodes behind it.
    unit: "images", "texts" or "episodes". at: where it was measured if not at the run's own place: {"shots": 5},
    {"shift": "noise 5"}, {"head": "Ridge regression", "labels": 2}. conditions: must agree between figures
    that are compared, e.g. {"split": …, "batch norm": …}. notes: for reading, e.g. {"weights": …}; whole numbers are
    places of the run's own test, such as {"inner steps": 3}, others are of the metric, such as {"median": 0.82}.
    ids, truth, predicted: per image (int64, int16, int16); scores: per episode (float64). Either may be empty.
    hardness: of each episode, whatever the method, 0..1 (float64); see `engine.meta.results`.
    """

    metric: str
    value: float
    low: float
    high: float
    n: int
    unit: str
    at: Mapping[str, str | int] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str | float] = field(default_factory=dict)
    ids: np.ndarray | None = None
    truth: np.ndarray | None = None
    predicted: np.ndarray | None = None
    scores: np.ndarray | None = None
    class_names: tuple[str, ...] = ()
    hardness: np.ndarray | None = None

    @property
    def name(self) -> str:
        """The metric and where it was measured: "test/accuracy, 5-shot"."""
        return metrics.named(self.metric, self.at)

    @property
    def protocol(self) -> dict[str, str]:
        """Conditions and notes as they are read: fractions as the figure itself, the shots with the episodes."""
        both, told = {**self.conditions, **self.notes}, metrics.of(self.metric).told
        said = {key: told(value) if isinstance(value, float) else str(value) for key, value in both.items()}
        return {key: words for key, words in said.items() if key not in (metrics.SHOTS, metrics.TESTED)}

    def given(self, conditions: Mapping[str, str] = {}, notes: Mapping[str, str | float] = {}) -> Evaluated:
        """The same with what holds for several figures; what it says itself stays."""
        both = {**conditions, **self.conditions}, {**notes, **self.notes}
        return replace(self, conditions=both[0], notes=both[1])


@dataclass(frozen=True, slots=True)
class TrialCompleted:
    """One setting of a search. number: from 0. values: the hyperparameters tried. scores: accuracy of each fold that
    was finished, as fractions. state: "complete", "pruned" (given up early) or "failed" (it diverged)."""

    number: int
    values: Mapping[str, Any]
    scores: tuple[float, ...]
    state: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for the run's log. level: "info" or "warning"."""

    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True)
class Preparing:
    """Work before or between steps that takes a while. fraction: 0..1, or None when the length is not known."""

    text: str
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class RunFinished:
    """why: how its training came to its end, such as "after 20 of 20 epochs"."""

    step: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class RunStopped:
    """The person (or the time budget's owner) asked to stop and keep what there is. why: as of `RunFinished`."""

    step: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class RunFailed:
    """kind: "experiment" (mendable; no traceback shown) or "bug". traceback: kept for 'Copy details'. cause: "disk" or
    "memory" for want of either, which another machine may have."""

    kind: str
    message: str
    advice: str
    traceback: str = ""
    cause: str = ""


Event = (
    RunStarted | ResumePoint | Metrics | EpochCompleted | CheckpointSaved | Evaluated | TrialCompleted | Notice
    | Preparing | RunFinished | RunStopped | RunFailed
)  # fmt: skip
RESUME_FILE = "resume.safetensors"  # in the run's folder
EVERY_GPU = "cuda:all"  # the device of a run that all GPUs of this machine compute together
CLUSTER = "cluster"  # the device of what any machine of the workspace's cluster may work
MACHINE = "machine"  # the fact that names who worked such a run
IN_LINE = "In line on the cluster"  # what such a run prepares while no machine has taken it
MACHINE_LOST = "The machine that worked this run was lost. It goes on on another one"  # what it prepares, and is told
LAST_EVENTS = (RunFinished, RunStopped, RunFailed)


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


S = RunState
# Which state may follow which. A run that is put off goes back into its line; `interrupted` is given at start-up to a
# run whose process is gone.
TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    S.QUEUED: frozenset({S.RUNNING, S.STOPPED, S.FAILED, S.INTERRUPTED}),
    S.RUNNING: frozenset({S.QUEUED, S.PAUSED, S.FINISHED, S.STOPPED, S.FAILED, S.INTERRUPTED}),
    S.PAUSED: frozenset({S.QUEUED, S.RUNNING, S.STOPPED, S.FAILED, S.INTERRUPTED}),
    S.FINISHED: frozenset(),
    S.STOPPED: frozenset({S.QUEUED}),
    S.FAILED: frozenset({S.QUEUED}),
    S.INTERRUPTED: frozenset({S.QUEUED}),
}
RESUMABLE = frozenset({S.STOPPED, S.FAILED, S.INTERRUPTED})  # states from which a run may be put in line again
LIVE_STATES = frozenset({S.QUEUED, S.RUNNING, S.PAUSED})


class IllegalTransition(ExperimentError):
    """A run was asked to go from one state to another that does not follow it."""


def next_state(old: RunState, new: RunState) -> RunState:
    """`new` if it may follow `old` (or is the same); raises `IllegalTransition` otherwise."""
    if new is not old and new not in TRANSITIONS[old]:
        raise IllegalTransition(f"A run that is {old} cannot become {new}.")
    return new
