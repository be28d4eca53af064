"""kill -9 at any moment: the database opens, half a second of points at most is gone, the run is interrupted."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.errors import StorageError
from engine.events import RunState
from engine.experiment import Experiment
from storage import presence
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.engine.work.small_runs import until
from tests.new_runs import new_run

CHILD = Path(__file__).with_name("recording_child.py")
NAMES = ("train/loss", "train/accuracy", "val/loss", "val/accuracy")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kill -9 is a matter of POSIX systems")


class Child:
    """A recording process and what it said it had shown."""

    def __init__(self, workspace: Workspace, run: RunRow) -> None:
        self.run = run
        command = [sys.executable, str(CHILD), str(workspace.root), str(run.id)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.lines = [self.process.stdout.readline()]

    def kill(self) -> tuple[int, float]:
        """End it at once; returns the last step that it showed and when."""
        self.process.send_signal(signal.SIGKILL)
        self.lines += self.process.stdout.read().splitlines()
        self.process.wait()
        self.process.stdout.close()
        whole = [line for line in self.lines if len(line.split()) == 2]
        step, when = whole[-1].split()
        return int(step), float(when)


def test_kill_at_any_moment(workspace: Workspace, store: RunStore, experiment: Experiment) -> None:
    chance = random.Random(11)
    for _ in range(2):
        children = [Child(workspace, store.create(new_run(experiment))) for _ in range(2)]
        for child in children:
            time.sleep(chance.uniform(0.1, 0.8))
            last_step, last_time = child.kill()
            check(workspace, child.run, last_step, last_time)


def check(workspace: Workspace, run: RunRow, last_step: int, last_time: float) -> None:
    plain = sqlite3.connect(workspace.database)
    assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert plain.execute("PRAGMA foreign_key_check").fetchall() == []
    plain.close()
    with RunStore(workspace) as store:
        assert [row.id for row in store.mark_interrupted()] == [run.id]
        row = store.run(run.id)
        assert row.state is RunState.INTERRUPTED
        curves = [store.curve(run.id, name) for name in NAMES]
        assert {curve.steps.tolist() == list(range(1, row.step + 1)) for curve in curves} == {True}
        counts = store._connection.execute("SELECT DISTINCT n FROM summary WHERE run_id = ?", (run.id,)).fetchall()
        assert [count["n"] for count in counts] == [row.step]
        assert last_time - (row.started + max(curves[0].times, default=0.0)) <= 0.5
        assert last_step > 1
        assert abs(row.ended - last_time) <= 0.5


def test_a_run_of_a_living_process_is_left_alone(workspace: Workspace, store: RunStore, experiment: Experiment) -> None:
    dead, alive = (Child(workspace, store.create(new_run(experiment))) for _ in range(2))
    mine = store.create(new_run(experiment))
    dead.kill()
    try:
        assert [row.id for row in store.mark_interrupted()] == [dead.run.id]
        assert store.run(alive.run.id).state is RunState.RUNNING
        assert store.run(mine.id).state is RunState.QUEUED
        steps = store.run(alive.run.id).step
        until(lambda: store.run(alive.run.id).step > steps)
    finally:
        alive.kill()
    assert [row.id for row in store.mark_interrupted()] == [alive.run.id]
    assert store.mark_interrupted() == []


def test_a_run_of_a_living_process_is_not_purged(workspace: Workspace, store: RunStore, experiment: Experiment) -> None:
    child = Child(workspace, store.create(new_run(experiment, "over there")))
    try:
        with pytest.raises(StorageError, match="“over there” is at work in another window or terminal"):
            store.purge([child.run.id])
    finally:
        child.kill()
    store.purge([child.run.id])
    assert store.runs() == []


def test_marks_of_dead_processes_are_swept_away(workspace: Workspace, store: RunStore, experiment: Experiment) -> None:
    child = Child(workspace, store.create(new_run(experiment)))
    child.kill()
    assert len(list(workspace.presence.iterdir())) == 2
    for path in workspace.presence.iterdir():
        os.utime(path, (0, 0))
    store.mark_interrupted()
    assert [path.name for path in workspace.presence.iterdir()] == [presence.token(workspace.presence)]


def test_a_process_that_ends_properly_takes_its_mark_along(workspace: Workspace, store: RunStore) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(CHILD.parents[2])!r})\n"
        "from pathlib import Path; from storage import presence\n"
        f"print(presence.token(Path({str(workspace.presence)!r})))"
    )
    name = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert name
    assert not (workspace.presence / name).exists()
    assert not presence.is_alive(workspace.presence, name)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_a_mark_of_its_own(workspace: Workspace, store: RunStore) -> None:
    mine = presence.token(workspace.presence)
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        said = f"{presence.token(workspace.presence)} {presence.is_alive(workspace.presence, mine)}"
        os.write(writing, said.encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs, saw_me = os.read(reading, 200).decode().split()
    os.close(reading)
    os.close(writing)
    assert theirs != mine
    assert saw_me == "True"
    assert not presence.is_alive(workspace.presence, theirs)
    assert presence.is_alive(workspace.presence, mine)
