"""How a run is shown while it works: a progress bar, plain lines where nobody watches, or JSON lines for programs."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Self

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from engine import metrics
from engine.comparison.intervals import Interval
from engine.comparison.wording import caveats, count, duration, figure, percent, to_go, with_interval
from engine.events import (
    Evaluated,
    Event,
    Metrics,
    Notice,
    Preparing,
    RunFailed,
    RunFinished,
    RunStarted,
    RunStopped,
    TrialCompleted,
)  # fmt: skip
from engine.search.space import shown
from engine.search.trials import COMPLETE, PRUNED, score
from storage.rows import RunRow
from ui.remaining import Remaining
from ui.terminal.output import Showing, complain_failure, console, print_json, result_object, visible

REDRAW = 0.1  # seconds between two redraws of the bar
SAY_EVERY = 10.0  # seconds between two lines where there is no bar


def make_display(as_json: bool) -> Display:
    """JSON lines if asked for, a bar on a terminal, plain lines otherwise."""
    if as_json:
        return JsonLines()
    return Bars() if console().is_terminal else LogLines()


def make_display_beside(as_json: bool) -> Display:
    """For one of several runs that work at the same time."""
    return JsonLines() if as_json else NamedLines()


class LatestValues:
    """The newest loss and accuracies of a run, as words."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def take(self, event: Metrics) -> None:
        self.values.update(event.values)

    def words(self) -> str:
        shown, key = {"train/loss": "loss"}, metrics.measured(self.values)
        if key != "loss":
            shown |= {f"train/{key}": "training", f"val/{key}": "validation"}
        known = [(label, name) for name, label in shown.items() if name in self.values]
        return "  ".join(f"{label} {figure(name, self.values[name])}" for label, name in known)


def result_words(result: Evaluated) -> str:
    """ "test accuracy 78.3 % (75.1 to 81.2), 800 images" """
    told = with_interval(Interval(result.value, result.low, result.high, result.n), result.metric)
    said = [f"{metrics.words(result.metric, result.at)} {told}, {result.n:,} {result.unit}", *caveats(result.notes)]
    said += [str(result.notes[metrics.AT_THRESHOLD])] if metrics.AT_THRESHOLD in result.notes else []
    return "; ".join(said)


def trial_words(trial: TrialCompleted) -> str:
    """ "setting 3: learning rate 0.0031, weight decay 0.2: 81.2 % (77.2 to 85.2) over 5 folds" """
    values = ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in trial.values.items())
    if not trial.scores:
        return f"setting {trial.number + 1}: {values}: diverged"
    early = "" if trial.state == COMPLETE else f", {'given up early' if trial.state == PRUNED else 'diverged'}"
    folds = count(len(trial.scores), "folds")
    return f"setting {trial.number + 1}: {values}: {with_interval(score(trial))} over {folds}{early}"


def training_since(started: RunStarted) -> float:
    """When the training began on the monotonic clock; for a run that goes on, as if it had never paused."""
    return time.monotonic() - (float(started.note["seconds"]) if started.note else 0.0)


class Display(Showing):
    """Told of every run in order: `begin`, each event, and the next `begin`. For people: results, messages, ends."""

    def begin(self, run: RunRow, place: str) -> None:
        self.title = f"Run {run.id}{place}"
        self.latest = LatestValues()
        self.started = self.training = time.monotonic()
        self.minutes, self.total = 0.0, 0
        self.say(f"{self.title}: {run.name}")

    def show(self, event: Event) -> None:
        match event:
            case RunStarted():
                self.minutes, self.total, self.training = event.minutes, event.total_steps, training_since(event)
            case Metrics():
                self.latest.take(event)
            case Evaluated():
                self.say(f"  {result_words(event)}")
            case TrialCompleted():
                self.say(f"  {trial_words(event)}")
            case Notice():
                self.say(f"  {event.text}")
            case RunFailed():
                complain_failure(self.title, event)
            case RunStopped():
                self.say(f"  stopped and kept after {event.step:,} steps, {duration(self.seconds())}")
            case RunFinished():
                self.say(f"  finished in {duration(self.seconds())}")

    def seconds(self) -> float:
        return time.monotonic() - self.started


class Bars(Display):
    """One progress bar with loss, accuracy and time left, redrawn as events arrive: no thread of its own."""

    def __enter__(self) -> Self:
        columns = (
            TextColumn("{task.description}", markup=False), BarColumn(None), TextColumn("{task.fields[done]}"),
            TextColumn("{task.fields[values]}"),
        )  # fmt: skip
        self.progress = Progress(*columns, console=self.console, auto_refresh=False, transient=True)
        self.progress.start()
        self.task: TaskID | None = None
        self.drawn = 0.0
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def begin(self, run: RunRow, place: str) -> None:
        super().begin(run, place)
        if self.task is not None:
            self.progress.remove_task(self.task)
        self.remaining = Remaining(0)
        self.task = self.progress.add_task("Preparing", total=None, values="", done="")
        self.progress.refresh()

    def show(self, event: Event) -> None:
        super().show(event)
        assert self.task is not None
        match event:
            case RunStarted():
                self.remaining = Remaining(event.total_steps, event.phases)
                self.progress.update(self.task, total=1.0)
            case TrialCompleted():
                self.training = time.monotonic()  # the run's own steps come after the search
            case Preparing():
                fraction = "" if event.fraction is None else f" · {percent(event.fraction)}"
                self.progress.update(self.task, description=visible(f"{event.text}{fraction}"))
            case Metrics():
                self.measure(event.step)
        self.redraw(at_once=not isinstance(event, Metrics))

    def measure(self, step: int) -> None:
        """Progress and time left after a step: by time, because steps of different phases cost differently."""
        assert self.task is not None
        spent = time.monotonic() - self.training
        self.remaining.reach(step, spent)
        share, left = self.remaining.fraction(spent) or 0.0, self.remaining.seconds_left(spent)
        if self.minutes:
            share, left = min(1.0, spent / (60 * self.minutes)), max(0.0, 60 * self.minutes - spent)
        steps = f"step {step:,}" + (f" of {self.total:,}" if self.total else "")
        words = steps if left is None else f"{steps}, {to_go(left)} left"
        self.progress.update(self.task, description="Training", completed=share, values=self.latest.words(), done=words)

    def redraw(self, at_once: bool) -> None:
        now = time.monotonic()
        if at_once or now - self.drawn >= REDRAW:
            self.drawn = now
            self.progress.refresh()


class LogLines(Display):
    """The name, a line every ten seconds, and the result: readable in a log."""

    def begin(self, run: RunRow, place: str) -> None:
        super().begin(run, place)
        self.said = self.started

    def show(self, event: Event) -> None:
        super().show(event)
        now = time.monotonic()
        if isinstance(event, Metrics) and now - self.said >= SAY_EVERY:
            self.said = now
            of = f" of {self.total:,}" if self.total else f", {duration(now - self.training)} of {self.minutes:g} min"
            self.say(f"  step {event.step:,}{of}  {self.latest.words()}")


class NamedLines(LogLines):
    """Each line says of which run it is."""

    def say(self, text: str) -> None:
        super().say(text if text.startswith(self.title) else f"{self.title}: {text.strip()}")


class JsonLines(Display):
    """Every event as {"event": …, "run": uid, …}; arrays of the evaluation stay in the database."""

    def begin(self, run: RunRow, place: str) -> None:
        self.uid = run.uid
        body = run.experiment.told()
        event = "created" if run.started is None else "resumed"
        print_json({"event": event, "run": run.uid, "id": run.id, "name": run.name, "experiment": body})

    def show(self, event: Event) -> None:
        print_json({"event": event_name(event), "run": self.uid, **event_fields(event)})

    def say(self, text: str) -> None:
        print_json({"event": "message", "text": text})


def event_name(event: Event) -> str:
    """RunStarted -> "run_started"."""
    name = type(event).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def event_fields(event: Event) -> dict[str, Any]:
    """The event's fields without the arrays behind a figure and what is kept at a resume point."""
    left_out = {"ids", "truth", "predicted", "scores", "class_names", "hardness", "note", "write"}
    names = [field.name for field in dataclasses.fields(event) if field.name not in left_out]
    said = {name: getattr(event, name) for name in names}
    return result_object(event) if isinstance(event, Evaluated) else said
