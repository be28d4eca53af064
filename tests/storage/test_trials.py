"""Trials of a search: saved before shown, whole after a crash, gone when the run starts anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.events import Event, Preparing, RunFinished, RunStarted, TrialCompleted
from engine.experiment import Experiment
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run

FIRST = TrialCompleted(0, {"learning_rate": 1e-3, "batch_norm": "batch statistics"}, (0.5, 0.75), "complete", 1.25)
SECOND = TrialCompleted(1, {"learning_rate": np.float64(0.1)}, (np.float64(0.25),), "pruned", 0.5)


def searching() -> Iterator[Event]:
    yield RunStarted(10, 5, 16)
    yield Preparing("Setting 1 of 2", 0.0)
    yield FIRST
    yield SECOND
    yield RunFinished(10)


def test_trials_come_back_as_they_were_said(store: RunStore, experiment: Experiment) -> None:
    run = store.create(new_run(experiment))
    for said in record(store, run.id, searching()):
        if isinstance(said, TrialCompleted):  # saved before shown
            assert store.trials(run.id)[-1].number == said.number
    assert store.trials(run.id) == [FIRST, TrialCompleted(1, {"learning_rate": 0.1}, (0.25,), "pruned", 0.5)]
    assert store.trials(run.id + 1) == []


def test_a_run_that_starts_anew_forgets_its_trials(store: RunStore, experiment: Experiment) -> None:
    run = store.create(new_run(experiment))
    for _ in record(store, run.id, iter([RunStarted(10, 5, 16), FIRST, RunStarted(10, 5, 16), SECOND, RunFinished(1)])):
        pass
    assert [trial.number for trial in store.trials(run.id)] == [1]


def test_purging_a_run_takes_its_trials(store: RunStore, experiment: Experiment) -> None:
    run = store.create(new_run(experiment))
    for _ in record(store, run.id, searching()):
        pass
    store.purge([run.id])
    assert store._connection.execute("SELECT count(*) FROM trial").fetchone()[0] == 0


CHILD = """
import os, sys, time
sys.path.insert(0, {root!r})
from engine.events import RunStarted, TrialCompleted
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace

def events():
    yield RunStarted(10, 5, 16)
    for number in range(10**6):
        yield TrialCompleted(number, {{"learning_rate": 1 / (number + 1)}}, (0.5, 0.25), "complete", 0.1)

with RunStore(Workspace({workspace!r})) as store:
    for said in record(store, {run}, events()):
        if isinstance(said, TrialCompleted):
            os.write(1, f"{{said.number}}\\n".encode())
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a matter of POSIX systems")
def test_every_trial_that_was_shown_survives_kill_9(
    workspace: Workspace, store: RunStore, experiment: Experiment
) -> None:
    run = store.create(new_run(experiment))
    root = str(Path(__file__).resolve().parents[2])
    script = CHILD.format(root=root, workspace=str(workspace.root), run=run.id)
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(20)]
    child.send_signal(signal.SIGKILL)
    lines += child.stdout.read().splitlines()
    child.wait()
    child.stdout.close()
    shown = int([line for line in lines if line.strip()][-1])
    saved = store.trials(run.id)
    assert [trial.number for trial in saved] == list(range(len(saved)))
    assert shown + 1 <= len(saved) <= shown + 2
    assert saved[3] == TrialCompleted(3, {"learning_rate": 0.25}, (0.5, 0.25), "complete", 0.1)
