"""What one saved run says of itself in the run table: texts, figures, and what they sort by. No Qt."""

from __future__ import annotations

import time
from collections.abc import Sequence

from engine import metrics
from engine.comparison.intervals import Interval
from engine.comparison.wording import marked, number, with_interval
from engine.events import LIVE_STATES, RunState
from engine.families import named
from engine.naming import weights_title, without_network
from storage.rows import RunRow


def state_text(run: RunRow) -> str:
    if run.state in (RunState.RUNNING, RunState.PAUSED) and run.total_steps and run.step:
        return f"{run.state.value} {number(100 * run.step / run.total_steps, 0)} %"
    return run.state.value


def labels_text(run: RunRow) -> str:
    labels = run.experiment.dataset.labels_per_class
    if shot := named(run.family).shot:
        settings = run.experiment.method.hyperparameters
        return f"{settings[shot]}-shot" if shot in settings else "–"
    return "all" if labels is None else str(labels)


def labels_order(run: RunRow) -> tuple[str, float]:
    labels = run.experiment.dataset.labels_per_class
    if shot := named(run.family).shot:
        return shot, float(run.experiment.method.hyperparameters.get(shot, 0))
    return "", float("inf") if labels is None else float(labels)


def watched(run: RunRow) -> str:
    """The metric that a run is validated by: accuracy, or for regression the loss."""
    return metrics.watched(run.last, tested(run))


def tested(run: RunRow) -> str:
    """The metric that a run is known by; "" before it was tested."""
    return run.test.metric if run.test is not None else ""


def best_value(run: RunRow) -> float | None:
    return run.best[watched(run)][0] if watched(run) in run.best else None


def last_value(run: RunRow) -> float | None:
    value = run.last.get(watched(run))
    return None if value is None or value != value else value


def test_value(run: RunRow) -> float | None:
    return run.test.value if run.test else None


def test_text(run: RunRow) -> str:
    if run.test is None:
        return ""
    interval = Interval(run.test.value, run.test.low, run.test.high, run.test.n)
    return marked(with_interval(interval, run.test.metric), run.test.notes)


def weights_text(run: RunRow) -> str:
    return "none" if without_network(run.experiment.method) else weights_title(run.experiment.backbone)


def starred(run: RunRow) -> int:
    return 0 if run.starred else 1


def date_text(seconds_since_epoch: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds_since_epoch))


def why_untested(states: Sequence[RunState]) -> str:
    """Why runs in these states have no figure on test images."""
    if any(state in LIVE_STATES for state in states):
        return "has no test result yet"
    ends = {RunState.FAILED: "failed", RunState.INTERRUPTED: "was interrupted", RunState.STOPPED: "was stopped"}
    found = dict.fromkeys(ends[state] for state in states if state in ends)
    return f"{' or '.join(found)} before its test" if found else "has no test result"
