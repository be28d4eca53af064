"""Figures of the storage: what recording costs the training, how fast curves and lists load, what kill -9 loses.

    python benchmarks/storage.py [--rounds 5] [--kills 40] [--own-time]

Prints the median of several rounds and the bound that the project has set itself. Times depend on the machine and on
what else it does: run it twice before believing a difference, and on a busy one add --own-time, which counts only
the time that the processor gave to this program.
"""

from __future__ import annotations

import argparse
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from engine.events import Event, Metrics, RunFinished, RunStarted  # noqa: E402
from engine.experiment import Experiment, MethodChoice  # noqa: E402
from storage.record import Recording, record  # noqa: E402
from storage.store import NewRun, RunStore  # noqa: E402
from storage.workspace import Workspace  # noqa: E402

FOUR = ("train/loss", "train/accuracy", "val/loss", "val/accuracy")
SIX = (*FOUR, "moved/block1", "moved/block2")
CHILD = REPOSITORY / "tests" / "storage" / "recording_child.py"
EXPERIMENT = Experiment(method=MethodChoice(hyperparameters={f"hyperparameter {n}": n / 7 for n in range(20)}))


def steps(n: int, names: tuple[str, ...]) -> Iterator[Event]:
    yield RunStarted(n, 100, 32)
    for step in range(1, n + 1):
        yield Metrics(step, {name: step / (n + place) for place, name in enumerate(names)})
    yield RunFinished(n)


def add_run(store: RunStore, n: int, names: tuple[str, ...] = FOUR, seed: int = 0) -> int:
    """A finished run with `n` steps; returns its id."""
    run = store.create(NewRun(EXPERIMENT.with_seed(seed), "finetune", f"run {seed}"))
    for _ in record(store, run.id, steps(n, names)):
        pass
    return run.id


def add_copies(store: RunStore, run_id: int, n: int) -> list[int]:
    """`n` runs with the settings and the summaries of one, without curves; returns the ids of all."""
    connection = store._connection
    columns = [row["name"] for row in connection.execute("PRAGMA table_info(run)") if row["name"] not in ("id", "uid")]
    named = ", ".join(columns)
    ids = [run_id]
    connection.execute("BEGIN")
    for number in range(n):
        copy = f"INSERT INTO run(uid, {named}) SELECT 'copy{number}', {named} FROM run WHERE id = ?"
        ids.append(connection.execute(copy, (run_id,)).lastrowid)
        connection.execute(
            "INSERT INTO summary SELECT ?, metric_id, n, last, last_step, min, min_step, max, max_step"
            " FROM summary WHERE run_id = ?",
            (ids[-1], run_id),
        )
    connection.execute("COMMIT")
    return ids


clock = {"now": time.perf_counter}  # the tests count the process's own time, which other programs do not lengthen


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of each round."""
    seconds = []
    for _ in range(rounds):
        start = clock["now"]()
        work()
        seconds.append(clock["now"]() - start)
    return seconds


def load_long(store: RunStore, run_id: int, rounds: int) -> list[float]:
    """Seconds to load all four curves of one run."""
    return timed(lambda: [store.curve(run_id, name) for name in FOUR], rounds)


def load_many(store: RunStore, run_ids: list[int], rounds: int) -> list[float]:
    """Seconds to load one curve of each run."""
    return timed(lambda: [store.curve(run_id, FOUR[0]) for run_id in run_ids], rounds)


def list_runs(store: RunStore, rounds: int) -> list[float]:
    """Seconds to read every run with its settings and its last and best values."""
    return timed(store.runs, rounds)


def first_list(workspace: Workspace, rounds: int) -> list[float]:
    """Seconds of the same in a store that has just been opened, with nothing remembered from before."""
    from storage import reading

    def work() -> None:
        reading._settings.cache_clear()
        with RunStore(workspace) as store:
            store.runs()

    return timed(work, rounds)


def undo_deletion(store: RunStore, run_ids: list[int], rounds: int) -> list[float]:
    """Seconds to bring back all these runs."""
    seconds = []
    for _ in range(rounds):
        store.delete(run_ids)
        seconds += timed(store.undo, 1)
    return seconds


def recording_cost(store: RunStore, n: int = 2000, step_seconds: float = 0.001) -> float:
    """Median seconds per point in the training's thread at 4 points per step, flushes apart.

    What the same loop costs without recording is taken off.
    """
    bare, recorded = (passing_costs(store, n, step_seconds, recording) for recording in (False, True))
    return (statistics.median(recorded) - statistics.median(bare)) / len(FOUR)


def flush_costs(store: RunStore, rounds: int, at_once: int = 250) -> list[float]:
    """Seconds to write what a quarter of a second brings at 4,000 points per second."""
    recording = Recording(store, store.create(NewRun(EXPERIMENT, "finetune")).id, time.time)
    recording.begin()
    seconds = []
    for start in range(0, rounds * at_once, at_once):
        recording._due = float("inf")
        for step in range(start, start + at_once):
            recording.take(Metrics(step, dict.fromkeys(FOUR, step / 7)))
        seconds += timed(lambda: recording.flush(1.0), 1)
    return seconds


def passing_costs(store: RunStore, n: int, step_seconds: float, recording: bool) -> list[float]:
    """Seconds from handing over each event in a busy loop until it has come through."""
    sent = 0.0

    def source() -> Iterator[Event]:
        nonlocal sent
        for event in steps(n, FOUR):
            until = clock["now"]() + step_seconds
            while clock["now"]() < until:
                pass
            sent = clock["now"]()
            yield event

    events = record(store, store.create(NewRun(EXPERIMENT, "finetune")).id, source()) if recording else source()
    return [clock["now"]() - sent for event in events if isinstance(event, Metrics)]


def bytes_per_point(n: int = 100_000) -> float:
    with tempfile.TemporaryDirectory() as folder, RunStore(Workspace(folder)) as store:
        empty = store._connection.execute("PRAGMA page_count").fetchone()[0]
        add_run(store, n)
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0] - empty
        return pages * store._connection.execute("PRAGMA page_size").fetchone()[0] / (n * len(FOUR))


def kill_once(store: RunStore, delay: float) -> tuple[float, bool]:
    """(seconds of points lost, whether the database and the curves are whole) after kill -9."""
    run = store.create(NewRun(EXPERIMENT, "finetune"))
    command = [sys.executable, str(CHILD), str(store.workspace.root), str(run.id)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    lines = [child.stdout.readline()]
    time.sleep(delay)
    child.send_signal(signal.SIGKILL)
    lines += child.stdout.read().splitlines()
    child.wait()
    child.stdout.close()
    shown = float([line.split()[1] for line in lines if len(line.split()) == 2][-1])
    marked = [row.id for row in store.mark_interrupted()] == [run.id]
    row = store.run(run.id)
    curves = [store.curve(run.id, name) for name in FOUR]
    plain = sqlite3.connect(store.workspace.database)
    sound = plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()
    whole = all(curve.steps.tolist() == list(range(1, row.step + 1)) for curve in curves)
    saved = row.started + max(curves[0].times, default=0.0)
    return shown - saved, sound and whole and marked


def milliseconds(rounds: list[float]) -> str:
    return f"{statistics.median(rounds) * 1e3:.1f} ms"


def say(what: str, value: str, bound: str) -> None:
    print(f"{what:<58} {value:>12}   {bound}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--own-time", action="store_true")
    chosen = parser.parse_args()
    if chosen.own_time:
        clock["now"] = time.process_time
    with tempfile.TemporaryDirectory() as folder, RunStore(Workspace(folder)) as store:
        cost = statistics.median(recording_cost(store) for _ in range(chosen.rounds))
        flush = statistics.median(flush_costs(store, 20 * chosen.rounds))
        say("recording, cost in the training's thread per point", f"{cost * 1e6:.2f} µs", "<= 1 µs")
        say("recording, one flush of 1,000 points", f"{flush * 1e3:.2f} ms", "")
        say("recording 4,000 points/s, share of the loop's time", f"{4000 * cost + 4 * flush:.2%}", "<= 1 %")
        long = add_run(store, 100_000)
        say("load 4 curves of 100,000 points", milliseconds(load_long(store, long, chosen.rounds)), "<= 100 ms")
        many = [add_run(store, 10_000, FOUR[:1], seed) for seed in range(20)]
        say("load 20 curves of 10,000 points", milliseconds(load_many(store, many, chosen.rounds)), "<= 50 ms")
    with tempfile.TemporaryDirectory() as folder, RunStore(Workspace(folder)) as store:
        ids = add_copies(store, add_run(store, 1, SIX), 999)
        say("list 1,000 runs, first time", milliseconds(first_list(store.workspace, chosen.rounds)), "<= 50 ms")
        say("list 1,000 runs, again", milliseconds(list_runs(store, chosen.rounds)), "<= 50 ms")
        say("undo of 500 deletions", milliseconds(undo_deletion(store, ids[:500], chosen.rounds)), "<= 50 ms")
    say("bytes per point, regular steps", f"{bytes_per_point():.1f}", "<= 33")
    if chosen.kills and sys.platform != "win32":
        with tempfile.TemporaryDirectory() as folder, RunStore(Workspace(folder)) as store:
            chance = random.Random(0)
            rounds = [kill_once(store, chance.uniform(0.0, 1.0)) for _ in range(chosen.kills)]
        lost = [seconds * 1e3 for seconds, _ in rounds]
        say("kill -9, points lost, median", f"{statistics.median(lost):.0f} ms", "")
        say("kill -9, points lost, most", f"{max(lost):.0f} ms", "<= 500 ms")
        say("kill -9, whole databases", f"{sum(whole for _, whole in rounds)} of {len(rounds)}", "all")


if __name__ == "__main__":
    main()
