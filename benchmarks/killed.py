"""Processes that are killed, and what they leave in their workspaces; for `benchmarks/kills.py`."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from safetensors.numpy import load_file

from engine.events import RESUME_FILE, Evaluated, RunState
from storage.rows import RunRow
from storage.store import RunStore
from storage.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[1]
WAIT = 300.0  # seconds for a process to say its first word


class Process:
    """The program in a process of its own; its JSON lines arrive with their time."""

    def __init__(self, arguments: Sequence[str], workspace: Path, imported: bool) -> None:
        self.lines: list[tuple[float, dict[str, Any]]] = []
        self.began: float | None = None
        read, write = os.pipe()
        self._pid = (_forked if imported else _started)(arguments, workspace, write)
        os.close(write)
        self._reader = threading.Thread(target=self._read, args=(os.fdopen(read, encoding="utf-8"),))
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                now = time.monotonic()
                self.began = self.began or now
                if line.endswith("\n") and line.startswith("{"):
                    self.lines.append((now, json.loads(line)))

    def first_word(self) -> None:
        end = time.monotonic() + WAIT
        while self.began is None and self._reader.is_alive() and time.monotonic() < end:
            time.sleep(0.01)

    @property
    def length(self) -> float:
        """Seconds from the first word to the last."""
        return self.lines[-1][0] - (self.began or self.lines[-1][0])

    def wait(self, seconds: float) -> bool:
        """Whether it ended by itself within this time."""
        self._reader.join(seconds)
        return not self._reader.is_alive()

    def kill(self) -> float:
        """kill -9; returns seconds since its first word."""
        os.kill(self._pid, signal.SIGKILL)
        killed = time.monotonic()
        self.end()
        return killed - (self.began or killed)

    def end(self) -> int:
        self._reader.join()
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def _environment(workspace: Path) -> dict[str, str]:
    return {**os.environ, "WARMSTART_WORKSPACE": str(workspace), "OMP_NUM_THREADS": "1"}


def _started(arguments: Sequence[str], workspace: Path, write: int) -> int:
    command = [sys.executable, str(REPOSITORY / "main.py"), *arguments]
    with open(workspace / "errors.txt", "ab") as errors:
        return subprocess.Popen(command, stdout=write, stderr=errors, env=_environment(workspace)).pid


def _forked(arguments: Sequence[str], workspace: Path, write: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.dup2(write, 1)
        os.dup2(os.open(workspace / "errors.txt", os.O_CREAT | os.O_APPEND | os.O_WRONLY), 2)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8")
        os.environ.update(_environment(workspace))
        import main

        code = main.main(list(arguments))
        sys.stdout.flush()
    finally:
        os._exit(code)


def import_all() -> None:
    """What a run imports, before forks are made of this process."""
    import ui.terminal.commands
    import ui.terminal.run
    import ui.terminal.study  # noqa: F401


# What was saved


def saved(workspace: Path) -> dict[str, dict[str, Any]]:
    """Of every run, by its place in the study or "" for the only one: all that must be the same."""
    with closing(RunStore(Workspace(workspace).open())) as store:
        rows = [row for row in store.runs() if row.state is RunState.FINISHED]
        return {row.cell or "": _of_run(store, row) for row in rows}


def _of_run(store: RunStore, row: RunRow) -> dict[str, Any]:
    folder = store.directory(row)
    curves = {name: store.curve(row.id, name) for name in store.metric_names(row.id)}
    return {
        "curves": {name: (curve.steps.tobytes(), curve.values.tobytes()) for name, curve in curves.items()},
        "results": [_bits(result) for result in store.results(row.id)],
        "trials": [(t.number, dict(t.values), t.scores, t.state) for t in store.trials(row.id)],
        "files": sorted((one.kind, one.path, one.step) for one in store.artifacts(row.id)),
        "step": row.step,
        "best": _weights(folder / "best.safetensors"),
        "last": _weights(folder / "last.safetensors"),
        "tasks": (folder / "tasks.json").read_bytes() if (folder / "tasks.json").exists() else None,
        "left behind": sorted(path.name for path in folder.iterdir() if path.suffix == ".part"),
        "something to resume": (folder / RESUME_FILE).exists(),
    }


def _bits(result: Evaluated) -> tuple[Any, ...]:
    arrays = (result.ids, result.truth, result.predicted, result.scores, result.hardness)
    numbers = np.array([result.value, result.low, result.high]).tobytes()
    return (
        result.name, numbers, result.n, result.unit, dict(result.protocol),
        *(None if one is None else one.tobytes() for one in arrays),
    )  # fmt: skip


def _weights(path: Path) -> dict[str, bytes] | None:
    return {name: value.tobytes() for name, value in load_file(path).items()} if path.exists() else None


def differences(found: dict[str, dict[str, Any]], expected: dict[str, dict[str, Any]]) -> list[str]:
    if found.keys() != expected.keys():
        return [f"runs {sorted(found)} instead of {sorted(expected)}"]
    return [
        f"{cell} {part}".strip()
        for cell, parts in expected.items()
        for part, value in parts.items()
        if found[cell][part] != value
    ]


# One kill


@dataclass
class Kill:
    """age: seconds of the process since its first word. lost: seconds of points that were shown and are not saved."""

    age: float
    resumable: bool
    lost: float
    trials_lost: int
    faults: list[str]


def look(workspace: Path, process: Process, age: float) -> Kill:
    """What is there after a kill."""
    uri = f"file:{workspace / 'warmstart.db'}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        faults = [row[0] for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
        faults += [str(row) for row in database.execute("PRAGMA foreign_key_check")]
    with closing(RunStore(Workspace(workspace).open())) as store:
        rows = {row.uid: row for row in store.runs()}
        at_work = [row for row in rows.values() if row.state is RunState.RUNNING]
        resumable = all((store.directory(row) / RESUME_FILE).is_file() for row in at_work)
        lost = max((_lost(store, row, process) for row in rows.values()), default=0.0)
        shown = {(said["run"], said["number"]) for _, said in process.lines if said.get("event") == "trial_completed"}
        kept = {(row.uid, trial.number) for row in rows.values() for trial in store.trials(row.id)}
    return Kill(age, resumable, lost, len(shown - kept), faults)


def _lost(store: RunStore, row: RunRow, process: Process) -> float:
    """From the last line of points that is saved to the last that was shown."""
    lines = [
        (at, {(name, said["step"]) for name in said["values"]})
        for at, said in process.lines
        if said.get("event") == "metrics" and said.get("run") == row.uid
    ]
    curves = {name: store.curve(row.id, name) for name in store.metric_names(row.id)}
    known = {(name, int(step)) for name, curve in curves.items() for step in curve.steps}
    first = next((place for place, (_, points) in enumerate(lines) if not points <= known), None)
    return 0.0 if first is None else lines[-1][0] - lines[max(0, first - 1)][0]
