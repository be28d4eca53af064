"""A cluster of this machine: how much longer runs take than they work, and how late and how whole events arrive.

    python -m benchmarks.cluster --places 2 --runs 20 --rate 100 --seconds 20

Three figures: real small runs of a second or so, put in line at once, against the sum of what they worked; events at a
steady rate from all places at once, each with the time from when it was written down to when it is here; and how long
after “stop and keep” a run has ended with its figure and its files.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np

from engine.events import CLUSTER, Event, Metrics, RunFinished, RunStarted
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.remote.attempts import Attempts
from engine.remote.cluster import MachineWords
from engine.remote.journal import Hearing, entry, lines_after
from engine.remote.on_dask import DaskCluster
from engine.remote.order import Order, version
from engine.remote.telling import teller
from engine.remote.work import Control, write_down
from engine.remote.worker import OnCluster
from engine.work.queue import RunQueue, new_run
from engine.work.worker import Job
from storage.lending import Stores
from storage.store import RunStore
from storage.workspace import Workspace
from tests.engine.remote.loopback import Loopback, loopback

DRAWN = 1 / 15  # seconds between two looks of the window
SILENCE = 30.0  # seconds after which nothing more is expected


def small(epochs: int, seed: int = 0) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="digits", classes=3, labels_per_class=5, validation_per_class=5),
        backbone=BackboneChoice(name="conv4", image_size=16),
        method=MethodChoice(name="scratch", hyperparameters={"epochs": epochs, "batch_size": 8}),
        device=CLUSTER, seed=seed,
    )  # fmt: skip


def paced(told: str, rate: float, seconds: float) -> None:
    """A task that says so many events a second and computes nothing."""
    from engine.machine.places import home

    order = Order.heard(told)
    folder = Attempts(home()).begin(order.uid, f"{order.attempt}-0", told)
    write_down(folder, steady(rate, seconds), teller(order), Control())


def steady(rate: float, seconds: float) -> Iterator[Event]:
    begun = time.monotonic()
    count = round(rate * seconds)
    yield RunStarted(count, count, 1)
    for step in range(1, count + 1):
        time.sleep(max(0.0, begun + step / rate - time.monotonic()))
        yield Metrics(step, {"train/loss": 1 / step})
    yield RunFinished(count)


def runs(made: Loopback, desk: DaskCluster, count: int, epochs: int) -> tuple[float, float, float]:
    """(seconds from the first order to the last file, the sum of what the runs worked, seconds of processor time of
    this program)."""
    root = made.folder / "desk"
    elsewhere = Places(desk)
    queue = RunQueue(Stores(Workspace(root)), cluster=elsewhere)
    with RunStore(Workspace(root)) as store:
        begun, used = time.monotonic(), time.process_time()
        rows = [queue.submit(new_run(small(epochs, seed)), store) for seed in range(count)]
        while queue.is_busy():
            queue.drain()
            time.sleep(DRAWN)
        wall, own = time.monotonic() - begun, time.process_time() - used
        ended = [store.run(row.id) for row in rows]
    assert all(row.state == "finished" for row in ended)
    queue.close("later")
    return wall, sum((row.ended or 0.0) - row.started for row in ended if row.started), own


class Places:
    """The cluster as a queue has it."""

    def __init__(self, desk: DaskCluster) -> None:
        self._desk = desk

    def worker(self) -> OnCluster:
        return OnCluster(self._connected)

    def _connected(self) -> DaskCluster:
        self._desk.connect()
        return self._desk

    def places(self) -> int:
        return self._desk.places()

    def close(self, wait: bool = True) -> None:
        """It is used on."""


def events(made: Loopback, desk: DaskCluster, places: int, rate: float, seconds: float) -> tuple[int, int, np.ndarray]:
    """(events that were said, that were heard each once and in order, seconds that each took to be here)."""
    inbox: SimpleQueue[tuple[float, int, MachineWords]] = SimpleQueue()
    orders = [Order(f"paced{number}", 1, version(), {}, topic=desk.topic()) for number in range(places)]
    hearing, late, ended = [Hearing(None) for _ in orders], list[float](), 0

    def deliver(message: MachineWords, number: int) -> None:
        inbox.put((time.time(), number, message))

    for number, order in enumerate(orders):
        desk.listen(order.uid, partial(deliver, number=number))
    with desk._line.asked() as client:
        kept = [client.submit(paced, order.told(), rate, seconds, key=order.key, pure=False) for order in orders]
        while ended < places:
            try:
                arrived, number, message = inbox.get(timeout=SILENCE)
            except Empty:
                break
            late += [arrived - entry(line).place.time for line in message.lines]
            ended += sum(one.is_last for one in hearing[number].take(message.lines))
        client.cancel(kept)
    there = Attempts(made.folder / "machine")
    said = sum(len(lines_after(there.folder(order.uid, "1-0"), 0, 10**9)) for order in orders)
    return said, sum(one.place.number for one in hearing), np.array(late)


def stopping(made: Loopback, desk: DaskCluster) -> float:
    """Seconds from the word to the last event, files included."""
    worker, said = OnCluster(lambda: desk), 0.0
    for event in worker.start(Job(small(2000), made.folder / "desk" / "runs" / "stopped")):
        if isinstance(event, Metrics) and event.step > 20 and not said:
            said = time.monotonic()
            worker.say("stop")
    return time.monotonic() - said


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--places", type=int, default=2)
    asked.add_argument("--runs", type=int, default=20)
    asked.add_argument("--epochs", type=int, default=20)
    asked.add_argument("--rate", type=float, default=100.0, help="events a second of each place")
    asked.add_argument("--seconds", type=float, default=20.0)
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, loopback(Path(folder), chosen.places) as made:
        desk = made.desk()
        made.ready(desk, chosen.places)
        runs(made, desk, chosen.places, 1)  # the engine is loaded
        wall, worked, own = runs(made, desk, chosen.runs, chosen.epochs)
        print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {chosen.places} places")
        print(
            f"{chosen.runs} runs: {wall:.1f} s, worked {worked:.1f} s in all, {wall * chosen.places / worked:.2f} times"
        )
        print(f"  this program computed for {own:.1f} s, {100 * own / wall:.0f} % of a core")
        said, heard, late = events(made, desk, chosen.places, chosen.rate, chosen.seconds)
        p50, p99 = 1000 * np.quantile(late, (0.5, 0.99))
        print(
            f"{said} events, {chosen.rate:g}/s a place: {heard} heard once in order, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
        )
        print(f"stop and keep: {np.median([stopping(made, desk) for _ in range(3)]):.2f} s (median of 3)")


if __name__ == "__main__":
    main()
