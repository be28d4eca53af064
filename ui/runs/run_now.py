"""A run as it is at this moment: its saved row, overlaid with what the running thread has said since. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine import metrics
from engine.comparison.wording import compact, duration, figure, marked, percent, short_host, to_go
from engine.events import CLUSTER, IN_LINE, LIVE_STATES, MACHINE, MACHINE_LOST, RESUMABLE, RunState
from engine.families import named
from engine.work.recorder import SavedCurve
from ui.growing_curve import GrowingCurve

if TYPE_CHECKING:
    from storage.store import RunRow
    from ui.live import LiveRun

# state -> (word, icon, colour role)
LOOKS: dict[RunState, tuple[str, str, str]] = {
    RunState.QUEUED: ("Queued", "queue", "muted"),
    RunState.RUNNING: ("Running", "play", "accent"),
    RunState.PAUSED: ("Paused", "pause", "warning"),
    RunState.FINISHED: ("Finished", "check", "good"),
    RunState.STOPPED: ("Stopped", "stop", "muted"),
    RunState.FAILED: ("Failed", "error", "bad"),
    RunState.INTERRUPTED: ("Interrupted", "warning", "warning"),
}
LOST = "its machine was lost"
WITHOUT_GAIN = "val/epochs without gain"


@dataclass(frozen=True)
class Best:
    """The best value of the metric that a run is watched by. step: where it lies on the step axis."""

    metric: str
    value: float
    step: int
    epoch: float

    @property
    def name(self) -> str:
        """ "validation accuracy"."""
        return metrics.words(self.metric)

    def figure(self) -> str:
        return percent(self.value) if metrics.of(self.metric).is_share else compact(self.value, 4)


@dataclass(frozen=True)
class RunNow:
    """elapsed and left in seconds; left None while it cannot be estimated; progress 0..1 or None."""

    row: RunRow
    state: RunState
    step: int
    total_steps: int
    steps_per_epoch: int
    elapsed: float | None
    left: float | None
    activity: str
    progress: float | None
    best: Best | None
    here: bool  # this window's own queue works it
    waiting: str = ""  # how far its patience is used up
    unit: str = ""  # what it counts instead of epochs, such as "meta-steps"
    machine: str = ""  # of the cluster, that works it or did
    lost: bool = False  # it was lost, and the run has not begun again since

    @property
    def title(self) -> str:
        """The name without the seed, which stands in the second line, where no length pushes it out."""
        return self.row.name.removesuffix(f", seed {self.row.experiment.seed}") or self.row.name

    @property
    def device(self) -> str:
        device = self.row.experiment.device
        if device == CLUSTER:
            return f"on {short_host(self.machine)}" if self.machine else "on the cluster"
        return "CPU" if device == "cpu" else device

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES and not self.row.waits

    @property
    def may_go_on(self) -> bool:
        """Whether it ended before its end or only waits."""
        return self.row.waits or (self.state in RESUMABLE and not self.row.is_live)

    @property
    def word(self) -> str:
        return "Waiting" if self.row.waits else LOOKS[self.state][0]

    @property
    def epochs_begun(self) -> int:
        """Epochs of the run's own training that have begun; 0 before its first step."""
        whole, part = divmod(self.step, self.steps_per_epoch)
        working = self.is_live and (not self.total_steps or self.step < self.total_steps)
        return whole + (part > 0 or working) if self.step else 0

    def epoch_text(self) -> str:
        """ "epoch 3 of 30", counted from the epoch that is at work; "" before the first step and during a search."""
        if self.activity and not self.step:
            return ""
        if self.row.experiment.search and not self.step:  # it has no epoch of its own yet
            return "" if self.is_live else "during its search"
        if not self.step and not self.is_live:  # it ended before its first step
            return ""
        if self.unit:
            of = f" of {self.total_steps:,}" if self.total_steps else ""
            return f"{self.step:,}{of} {self.unit}"
        if not self.total_steps:  # its time counts, not its epochs
            return f"epoch {-(-self.step // self.steps_per_epoch)}" if self.step else ""
        epochs = max(1, -(-self.total_steps // self.steps_per_epoch))
        begun = self.step // self.steps_per_epoch + (self.is_live and self.step < self.total_steps)
        return f"epoch {min(max(begun, 0), epochs)} of {epochs}"

    def time_text(self) -> str:
        """What is left of a live run, what an ended one took."""
        if self.is_live:
            return f"{to_go(self.left)} left" if self.left else ""
        return duration(self.elapsed) if self.elapsed else ""

    def sentence(self) -> str:
        """State, seed and progress in one line: "Running · seed 2 · epoch 3 of 30 · 12 s left"; a finished one had all
        epochs."""
        doing = self.activity or ("" if self.state in (RunState.QUEUED, RunState.FINISHED) else self.epoch_text())
        seed = f"seed {self.row.experiment.seed}"
        where = LOST if self.lost else self.device if self.machine and self.is_live else ""
        return " · ".join(part for part in (self.word, seed, where, doing, self.time_text(), self.row.study) if part)

    def value(self) -> tuple[str, str]:
        """What the list shows of it, and of which images: ("test", "81.2 %") once it was tested, before that the best
        of validation, ("val", "80.0 %"); two empty words without either."""
        if self.row.test is not None and not self.is_live:
            return "test", marked(figure(self.row.test.metric, self.row.test.value), self.row.test.notes)
        return ("val", self.best.figure()) if self.best is not None else ("", "")

    def spoken(self) -> str:
        """Everything the list shows, for a screen reader."""
        images, value = self.value()
        tested = metrics.words(self.row.test.metric) if self.row.test is not None else ""
        named = {"test": tested, "val": f"best {self.best.name}" if self.best else ""}.get(images, "")
        parts = (self.row.name, self.sentence().replace(" · ", ", "), f"{named} {value}".strip())
        return ", ".join(part for part in parts if part)

    @property
    def is_searching(self) -> bool:
        """Whether it still looks for its settings, so that no network has learnt from all images yet."""
        return self.is_live and not self.step and self.row.experiment.search is not None


def run_now(row: RunRow, live: LiveRun | None) -> RunNow:
    """Overlay `row` with the memory of a run that this window works; a run that has ended is as it was saved."""
    if live is None or not row.is_live:
        return _saved(row)
    steps = live.steps_per_epoch or row.steps_per_epoch
    return RunNow(
        row, live.state, live.step, live.total_steps or row.total_steps, max(1, steps), live.elapsed(),
        None if live.activity and not live.trials else live.seconds_left(), activity(live),
        live.fraction if live.activity else live.progress(), best_of(live.curves, max(1, steps)), True,
        waiting_text(row, live_value(live, WITHOUT_GAIN)), named(row.family).step, live.facts.get(MACHINE, ""),
        live.lost,
    )  # fmt: skip


def _saved(row: RunRow) -> RunNow:
    live = row.is_live
    progress = min(1.0, row.step / row.total_steps) if row.total_steps else None
    waiting = waiting_text(row, row.last.get(WITHOUT_GAIN)) if live else ""
    return RunNow(
        row, row.state, row.step, row.total_steps, max(1, row.steps_per_epoch), row.took, None, "", progress,
        saved_best(row), False, waiting, named(row.family).step, row.facts.get(MACHINE, ""),
    )  # fmt: skip


def waiting_text(row: RunRow, epochs: float | None) -> str:
    """ "3 of 10 epochs without a better validation"; nothing where patience is off or the last epoch was better."""
    patience = row.experiment.method.hyperparameters.get("patience") or 0
    return f"{epochs:.0f} of {patience} epochs without a better validation" if patience and epochs else ""


def live_value(live: LiveRun, metric: str) -> float | None:
    """The newest value of a metric."""
    curve = live.curves.get(metric)
    return float(curve.values[-1]) if curve is not None and len(curve) else None


def activity(live: LiveRun) -> str:
    """What it does besides training: "Reading images", "Reading images · 40 %", "Preparing" before the first word."""
    if live.state is RunState.PAUSED or (live.state is RunState.QUEUED and live.activity in (IN_LINE, MACHINE_LOST)):
        return ""
    if live.activity and live.fraction is not None:
        return f"{live.activity} · {percent(live.fraction, 0)}"
    return live.activity or ("Preparing" if live.state is RunState.RUNNING and live.started is None else "")


def saved_best(row: RunRow) -> Best | None:
    metric = metrics.watched(row.best, row.test.metric if row.test is not None else "")
    if metric not in row.best:
        return None
    value, step = row.best[metric]
    return Best(metric, value, step, step / max(1, row.steps_per_epoch))


def best_of(curves: Mapping[str, SavedCurve], steps_per_epoch: int) -> Best | None:
    """Of the curve that the run is watched by, if it has a number; the first of equal values. A look before the first
    step is of weights that have learnt nothing yet, and which no run keeps."""
    validated = {name: GrowingCurve.of(curve) for name, curve in curves.items() if name.startswith(metrics.VALIDATION)}
    known = {name: curve for name, curve in validated.items() if curve.outline.finite}
    if (metric := metrics.watched(known)) not in known:
        return None
    curve = known[metric]
    places = curve.outline.points(curve.values)
    places = places[curve.steps[places] > 0]
    if not len(places):
        return None
    place = places[best_index(metric, curve.values[places])]
    step = int(curve.steps[place])
    return Best(metric, float(curve.values[place]), step, step / steps_per_epoch)


def best_index(metric: str, values: np.ndarray) -> int:
    """Index of the first best value: the largest, where less is better the smallest; NaN never is."""
    return int(np.nanargmin(values) if metrics.of(metric).lower_is_better else np.nanargmax(values))
