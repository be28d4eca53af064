"""Programs of a cluster that are killed at random, over and over: whether a study's table is the undisturbed one.

    python -m benchmarks.cluster_kills --kills 20 --runs 12 --epochs 60

The line, a machine with two places and the desk are programs of their own on this machine. Each kind is killed so many
times (`kill -9`) while runs are at work: a process that works a run, the program that keeps those processes, the line,
and the desk. What dies is begun again at once, by whoever does so in earnest. Compared with the same runs undisturbed:
every figure, every point of every curve and the weights, to the last bit.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.cluster import Places, small
from engine.events import RunState
from engine.machine.children import ROOT
from engine.remote.certificates import KeyFile, made_key
from engine.remote.line import KEY
from engine.remote.on_dask import DaskCluster
from engine.work.queue import RunQueue, new_run
from storage.lending import Stores
from storage.store import RunStore
from storage.workspace import Workspace
from tests.engine.remote.loopback import free_port

KINDS = ("place", "machine", "line", "desk")
BETWEEN = 1.0, 6.0  # seconds between two kills
LAST = 1800.0  # seconds until all runs must have ended

Table = dict[int, tuple[str, ...]]


def desk(folder: Path, address: str, runs: int, epochs: int) -> None:
    """Work all runs of the workspace to their end; those that an earlier desk left are gone on with."""
    cluster = DaskCluster(address, KeyFile.read(folder / KEY), "desk")
    queue = RunQueue(Stores(Workspace(folder / "desk")), cluster=Places(cluster))
    with RunStore(Workspace(folder / "desk")) as store:
        store.mark_interrupted()
        known = {row.experiment.seed: row for row in store.runs()}
        for seed in range(runs):
            if seed not in known:
                queue.submit(new_run(small(epochs, seed)), store)
            elif known[seed].state is not RunState.FINISHED:
                queue.go_on(known[seed].id, store)
        while queue.is_busy():
            queue.drain()
            time.sleep(0.05)
    queue.close("later")
    cluster.close()


class Programs:
    """Those of one cluster; whatever has ended is begun again."""

    def __init__(self, folder: Path, runs: int, epochs: int) -> None:
        made_key().write(folder / KEY)
        port = str(free_port())
        address = f"tls://127.0.0.1:{port}"
        worker = ["main.py", "worker", "--connect", address, "--key", str(folder / KEY), "--places", "2"]
        self.lines = {
            "line": ["-m", "engine.remote.line", str(folder), "127.0.0.1", port],
            "machine": [*worker, "--workspace", str(folder / "machine")],
            "desk": ["-m", "benchmarks.cluster_kills", "--desk", str(folder), "--address", address,
                     "--runs", str(runs), "--epochs", str(epochs)],
        }  # fmt: skip
        self.at_work: dict[str, subprocess.Popen[bytes]] = {}

    def look(self) -> bool:
        """Begin what has ended; whether the desk has come to its end."""
        for kind, line in self.lines.items():
            child = self.at_work.get(kind)
            if child is not None and child.poll() is not None and kind == "desk" and child.returncode == 0:
                return True
            if child is None or child.poll() is not None:
                quiet = {**os.environ, "DASK_LOGGING__DISTRIBUTED": "error", "PYTHONPATH": str(ROOT)}
                self.at_work[kind] = subprocess.Popen(
                    [sys.executable, *line], cwd=ROOT, env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
                )
        return False

    def kill(self, kind: str, draws: random.Random) -> bool:
        """Whether there was one to be killed."""
        if kind != "place":
            self.at_work[kind].kill()
            self.at_work[kind].wait()
            return True
        with suppress(psutil.NoSuchProcess):
            places = psutil.Process(self.at_work["machine"].pid).children()
            if places:
                draws.choice(places).kill()
                return True
        return False

    def end(self) -> None:
        for child in self.at_work.values():
            child.kill()
            child.wait()


def worked(folder: Path, runs: int, epochs: int, kills: list[str], draws: random.Random) -> Table:
    """The table of all runs; kills: kinds yet to be killed, which are taken from it."""
    folder.mkdir()
    programs, deadline, due = Programs(folder, runs, epochs), time.monotonic() + LAST, time.monotonic() + 15
    try:
        while not programs.look():
            if time.monotonic() > deadline:
                raise TimeoutError("The runs did not come to their end.")
            if kills and time.monotonic() > due and programs.kill(kills[-1], draws):
                print(f"  {kills.pop()} killed", flush=True)
                due = time.monotonic() + draws.uniform(*BETWEEN)
            time.sleep(0.1)
    finally:
        programs.end()
    return table(folder / "desk")


def table(root: Path) -> Table:
    """Of each run by its seed: state, figures, curves and weights."""
    with RunStore(Workspace(root)) as store:
        return {row.experiment.seed: told(store, row.id) for row in store.runs()}


def told(store: RunStore, run_id: int) -> tuple[str, ...]:
    row = store.run(run_id)
    figures = [f"{one.name} {one.value!r} {one.low!r} {one.high!r}" for one in store.results(run_id)]
    curves = [(name, store.curve(run_id, name)) for name in sorted(store.metric_names(run_id))]
    drawn = [f"{name} {hashlib.sha256(c.steps.tobytes() + c.values.tobytes()).hexdigest()}" for name, c in curves]
    weights = hashlib.sha256((store.directory(row) / "best.safetensors").read_bytes()).hexdigest()
    return (str(row.state), str(row.step), *figures, *drawn, weights)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kills", type=int, default=20, help="of each kind")
    asked.add_argument("--runs", type=int, default=12)
    asked.add_argument("--epochs", type=int, default=60)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--desk", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--address", default="", help=argparse.SUPPRESS)
    chosen = asked.parse_args()
    if chosen.desk is not None:
        desk(chosen.desk, chosen.address, chosen.runs, chosen.epochs)
        return
    draws = random.Random(chosen.seed)
    kills = [kind for kind in KINDS for _ in range(chosen.kills)]
    draws.shuffle(kills)
    with tempfile.TemporaryDirectory() as place:
        root, begun = Path(place), time.monotonic()
        wanted = worked(root / "undisturbed", chosen.runs, chosen.epochs, [], draws)
        print(f"undisturbed: {len(wanted)} runs in {time.monotonic() - begun:.0f} s")
        rounds = 0
        while kills:
            rounds, begun = rounds + 1, time.monotonic()
            before = len(kills)
            found = worked(root / f"round{rounds}", chosen.runs, chosen.epochs, kills, draws)
            odd = [seed for seed in wanted if found.get(seed) != wanted[seed]]
            seconds = time.monotonic() - begun
            print(f"round {rounds}: {before - len(kills)} kills, {seconds:.0f} s, runs that differ: {odd or 'none'}")
            for seed in odd:
                print(seed, set(wanted[seed]) ^ set(found.get(seed, ())))


if __name__ == "__main__":
    main()
