"""Downloads shown in a terminal: a bar, plain lines where nobody watches, or JSON lines for programs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Self

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from engine.backbones import catalog
from engine.backbones.download import wanted as wanted_weights
from engine.comparison.wording import percent, size
from engine.downloads.bring import bring
from engine.downloads.wanted import Wanted
from engine.errors import Cancelled
from engine.experiment import Experiment
from engine.registry import method
from ui.downloads.words import before
from ui.terminal.interrupts import Interrupts
from ui.terminal.output import Showing, print_json, visible

REDRAW, SAY_EVERY = 0.1, 5.0  # seconds between two redraws of a bar, and between two lines where there is none
STOPPING = "\nStopping: what has come is kept.\n"


class Arrival(Showing):
    """Lines: what comes before it does, how far it is now and then, where it lies. Used in a `with` statement."""

    every = SAY_EVERY

    def __init__(self, wanted: Wanted) -> None:
        super().__init__()
        self.wanted, self.said = wanted, time.monotonic()

    def begin(self) -> None:
        self.say(f"{self.wanted.title}: {before(self.wanted)}")

    def progress(self, done: int, total: int, host: str) -> None:
        """From the one who fetches; told now and then."""
        if time.monotonic() - self.said >= self.every:
            self.said = time.monotonic()
            self.tell(done, total, host)

    def tell(self, done: int, total: int, host: str) -> None:
        self.say(f"  {size(done)} of {size(total)}, {percent(done / total, 0)}" if total else f"  {size(done)}")

    def end(self) -> None:
        self.say(f"{self.wanted.title}: it lies in {self.wanted.folder}")


class ArrivalBar(Arrival):
    """One bar with speed and time left, redrawn as bytes arrive: no thread of its own."""

    every = REDRAW

    def __enter__(self) -> Self:
        columns = (TextColumn("{task.description}", markup=False), BarColumn(None), DownloadColumn(),
                   TransferSpeedColumn(), TimeRemainingColumn())  # fmt: skip
        self.bar = Progress(*columns, console=self.console, auto_refresh=False, transient=True)
        self.bar.start()
        self.task = self.bar.add_task(visible(self.wanted.title), total=None)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def tell(self, done: int, total: int, host: str) -> None:
        self.bar.update(self.task, completed=done, total=total or None, refresh=True)


class ArrivalLines(Arrival):
    """Every word as {"event": …, "key": …}."""

    every = 1.0

    def begin(self) -> None:
        one = self.wanted
        body = {"title": one.title, "bytes": one.bytes, "hosts": one.hosts, "licence": one.licence}
        print_json({"event": "fetching", "key": one.key, **body, "folder": str(one.folder)})

    def tell(self, done: int, total: int, host: str) -> None:
        print_json({"event": "progress", "key": self.wanted.key, "done": done, "total": total, "host": host})

    def end(self) -> None:
        print_json({"event": "fetched", "key": self.wanted.key, "folder": str(self.wanted.folder)})


def fetch_shown(wanted: Wanted, as_json: bool) -> None:
    """Fetch it and tell how far it is; raises `DownloadError`, and `KeyboardInterrupt` after Ctrl+C: what has come is
    kept, and the next time goes on from there."""
    made = ArrivalLines(wanted) if as_json else Arrival(wanted)
    if made.console.is_terminal and not as_json:
        made = ArrivalBar(wanted)
    with Interrupts(STOPPING) as signals, made as shown:
        shown.begin()
        try:
            bring(wanted, shown.progress, signals.stopping)
        except Cancelled:
            raise KeyboardInterrupt from None
        shown.end()


def fetch_missing_weights(experiments: Iterable[Experiment], as_json: bool) -> None:
    """Download each file that the experiments start from and this machine does not have; raises `DownloadError`."""
    missing = (e.backbone for e in experiments if misses_weights(e))
    for name, weights in dict.fromkeys((choice.name, choice.weights) for choice in missing):
        if (found := wanted_weights(name, weights)) is not None:
            fetch_shown(found, as_json)


def misses_weights(experiment: Experiment) -> bool:
    if not method(experiment.method.name).uses_pretrained:
        return False
    known = {weights.name: weights for weights in catalog.weights(experiment.backbone.name)}
    wanted = known.get(experiment.backbone.weights)
    return wanted is not None and wanted.state == "download"
