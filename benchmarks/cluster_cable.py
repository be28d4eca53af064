"""A cable that is pulled out between a desk and a machine, each in a network namespace of its own.

    python -m benchmarks.cluster_cable --out 5 30 120 --runs 2 --epochs 400     (as root)

The line and the desk are in one namespace, a machine with two places in the other. While runs are at work the cable is
out for so many seconds, or for good, when another machine works at the desk's side. Said: whether the table of the runs
is the undisturbed one to the last bit, and how long they took.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from benchmarks.cluster_kills import Table, table
from engine.machine.children import ROOT
from engine.remote.certificates import made_key
from engine.remote.line import KEY, WHERE

DESK, ADDRESS, PORT = "warmstart-desk", "10.77.13.1", "8786"
AWAY = "warmstart-away"
LAST = 900.0  # seconds until all runs must have ended
AT_WORK = 6.0  # seconds of work before the cable is pulled


def ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=not check)


class Cables:
    """From the desk's namespace to that of each machine, which are made for it. machines: their names."""

    def __init__(self, count: int = 1) -> None:
        self.machines = [f"{AWAY}{number}" for number in range(count)]

    def __enter__(self) -> Self:
        self.__exit__()
        for name in (DESK, *self.machines):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        for number, name in enumerate(self.machines):
            here, there = self._ends(number)
            ip("link", "add", here, "netns", DESK, "type", "veth", "peer", "name", there, "netns", name)
            ip("-n", DESK, "addr", "add", f"10.77.{13 + number}.1/24", "dev", here)
            ip("-n", name, "addr", "add", f"10.77.{13 + number}.2/24", "dev", there)
            self.put(True, number)
            if number:  # the desk has one address for all
                ip("-n", name, "route", "add", f"{ADDRESS}/32", "via", f"10.77.{13 + number}.1")
        return self

    def __exit__(self, *_: object) -> None:
        for name in (DESK, *self.machines):
            ip("netns", "del", name, check=False)

    def put(self, there: bool, number: int = 0) -> None:
        """Put a machine's cable in, or pull it out, at both ends."""
        for name, end in zip((DESK, self.machines[number]), self._ends(number), strict=True):
            ip("-n", name, "link", "set", end, "up" if there else "down")

    def came(self, number: int) -> int:
        """Bytes that came to the machine so far."""
        words = ["ip", "-n", self.machines[number], "-s", "-j", "link", "show", self._ends(number)[1]]
        told = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
        return int(told[0]["stats64"]["rx"]["bytes"])

    @staticmethod
    def _ends(number: int) -> tuple[str, str]:
        return f"ws-desk{number}", f"ws-away{number}"


def begun(namespace: str, *words: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    quiet = {**os.environ, "DASK_LOGGING__DISTRIBUTED": "critical", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        ["ip", "netns", "exec", namespace, sys.executable, *words],
        cwd=ROOT, env=quiet, stdin=stdin, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def machine(namespace: str, folder: Path, address: str, home: str) -> subprocess.Popen[bytes]:
    key, own = str(folder / KEY), str(folder / home)
    return begun(
        namespace, "main.py", "worker", "--connect", address, "--key", key, "--places", "2", "--workspace", own
    )


def worked(folder: Path, cable: Cables, out: float, runs: int, epochs: int, second: bool) -> tuple[Table, float]:
    """(table, seconds from the first order on) with the cable out for so many seconds while runs are at work; second:
    another machine comes at the desk's side when it is pulled."""
    folder.mkdir()
    made_key().write(folder / KEY)
    address = f"tls://{ADDRESS}:{PORT}"
    line = begun(DESK, "-m", "engine.remote.line", str(folder), ADDRESS, PORT)
    wait(lambda: (folder / WHERE).is_file())
    programs = [machine(cable.machines[0], folder, address, "away"), line]
    desk = begun(DESK, "-m", "benchmarks.cluster_kills", "--desk", str(folder), "--address", address,
                 "--runs", str(runs), "--epochs", str(epochs))  # fmt: skip
    try:
        wait(lambda: any((folder / "away").glob("worker/attempts/*/*/events.jsonl")))
        since = time.monotonic()
        if out:
            time.sleep(AT_WORK)
            cable.put(False)
            if second:
                programs.append(machine(DESK, folder, address, "second"))
            else:
                time.sleep(out)
                cable.put(True)
        wait(lambda: desk.poll() is not None)
        return table(folder / "desk"), time.monotonic() - since
    finally:
        cable.put(True)
        for program in (desk, *programs):
            program.terminate()
            program.wait()


def wait(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + LAST
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("It took too long.")
        time.sleep(0.1)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--out", type=float, nargs="+", default=[5.0, 30.0, 120.0], help="seconds; at last for good")
    asked.add_argument("--runs", type=int, default=2)
    asked.add_argument("--epochs", type=int, default=400)
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory() as place, Cables() as cable:
        root, given = Path(place), (chosen.runs, chosen.epochs)
        wanted, seconds = worked(root / "undisturbed", cable, 0.0, *given, False)
        print(f"undisturbed: {len(wanted)} runs in {seconds:.0f} s", flush=True)
        for number, out in enumerate((*chosen.out, float("inf"))):
            found, seconds = worked(root / str(number), cable, out, *given, out == float("inf"))
            words = "for good, another machine came" if out == float("inf") else f"for {out:g} s"
            print(f"out {words}: {seconds:.0f} s, the same table: {found == wanted}", flush=True)


if __name__ == "__main__":
    main()
