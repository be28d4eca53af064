"""What the Runs page reads of one run in one question, and how its curves become lines of the two plots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from engine import metrics
from engine.data.sources import is_drawn
from engine.errors import StorageError
from engine.events import Evaluated, TrialCompleted
from engine.experiment import Experiment
from engine.metrics import BEFORE, COLLAPSED, IGNORANT
from engine.work.recorder import SavedCurve
from ui import theme
from ui.figures.curve_axes import StepScale
from ui.figures.curve_line import CurveLine, Style, long_line
from ui.growing_curve import GrowingCurve
from ui.runs.run_now import best_of

if TYPE_CHECKING:
    from storage.store import Message, RunRow, RunStore

T = TypeVar("T")
NEIGHBOURS = "neighbours"


@dataclass(frozen=True, eq=False)
class Content:
    """A run as it was saved."""

    row: RunRow
    curves: Mapping[str, SavedCurve] = field(default_factory=dict)
    results: Sequence[Evaluated] = ()
    messages: Sequence[Message] = ()
    trials: Sequence[TrialCompleted] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    resumable: bool = False  # it has left a place to go on from


SEVERAL = ("task accuracy", "task loss", "task weight", "conflict")  # of a run that learns several tasks
LOSSES = ("train", "val", "collapsed", "ignorant")
READ = (*LOSSES, "moved", "rate", *SEVERAL, "bench", "bench folds", "source")  # what the page draws


def read_content(store: RunStore, run_id: int) -> Content:
    """Everything the page shows of a run; runs in the storage thread. What is damaged is left out, as a message
    says.

    Raises `StorageError` when there is no such run.
    """
    from storage.store import Message

    row = store.run(run_id)
    unread: list[Message] = []

    def part(read: Callable[[], T], nothing: Any) -> T:
        try:
            return read()
        except StorageError as error:
            unread.append(Message(row.ended or row.created, "warning", str(error)))
            return nothing

    names = [name for name in part(lambda: store.metric_names(run_id), []) if name.partition("/")[0] in READ]
    read = {name: part(partial(store.curve, run_id, name), None) for name in names}
    curves = {name: GrowingCurve.of(curve) for name, curve in read.items() if curve is not None}
    for curve in curves.values():
        curve.outline  # noqa: B018 - made here, not in the window's thread
    trials = part(lambda: store.trials(run_id), []) if row.experiment.search else ()
    results, messages = part(lambda: store.results(run_id), []), part(lambda: store.messages(run_id), [])
    environment = part(lambda: store.environment(run_id), {})
    resumable = store.is_resumable(row)
    return Content(row, curves, results, [*unread, *messages], trials, environment, resumable)


def _of_both(measured: str) -> dict[str, tuple[str, Style, bool]]:
    """metric -> (label, style, dashed), before and after adaptation, and what it is where nothing is learnt."""
    parts: tuple[tuple[str, str, Style], ...] = (("train", "training", "train"), ("val", "validation", "validation"))
    after = {f"{part}/{measured}": (label, style, False) for part, label, style in parts}
    before = {f"{part}/{measured} {BEFORE}": (f"{label}, before", style, True) for part, label, style in parts}
    if measured == NEIGHBOURS:  # while another question is put, which may be answered by a share as well
        after["train/accuracy"] = ("its question", "train", False)
    unlearnt: dict[str, tuple[str, Style, bool]] = {
        f"{COLLAPSED}{measured}": ("collapsed", "train", True),
        f"{IGNORANT}{measured}": ("knows nothing", "train", True),
    }
    return after | before | unlearnt


def expects_accuracy(experiment: Experiment) -> bool:
    """Whether there will be a share of right answers, before there is anything: not where tasks are drawn, nor
    where no labels are looked at."""
    data, judged = experiment.dataset, experiment.method.hyperparameters.get("judged")
    return not is_drawn(data) and data.labelled and judged != "no labels"


def has_lines(curves: Iterable[str]) -> bool:
    """Whether there is anything to draw of these."""
    drawn = _of_both("loss") | _of_both(metrics.measured(curves))
    return any(name in drawn for name in curves)


def lines_of(
    measured: str, curves: Mapping[str, SavedCurve], axis: str, scale: StepScale, run_id: int
) -> list[CurveLine]:
    """The lines of one plot. measured: key of its metric."""
    kept, lines = best_of(curves, 1), []
    across = partial(scale.positions, axis)
    for metric, (label, style, dashed) in _of_both(measured).items():
        if (saved := curves.get(metric)) is None:
            continue
        curve, best, words = GrowingCurve.of(saved), None, ""
        if kept is not None and label == "validation" and (best := place_of(kept.step, curve)) is not None:
            words = f"best {scale.place(kept.step)}"
        line = CurveLine(label, np.empty(0), np.empty(0), theme.run_colour(run_id), style, dashed=dashed,
                         best_text=words)  # fmt: skip
        lines.append(long_line(line, curve, across, best))
    return lines


def place_of(step: int, curve: SavedCurve) -> int | None:
    """Where a curve has this step; None where it has not, or no number there."""
    place = int(np.searchsorted(curve.steps, step))
    there = place < len(curve) and curve.steps[place] == step and np.isfinite(curve.values[place])
    return place if there else None
