"""Runs that were cut off, stopped or left waiting go on from the terminal as if they had never ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.artifacts import bookmark
from engine.events import RunFinished, RunStarted, RunState, RunStopped
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.terminal.conftest import REPOSITORY, Command
from ui.terminal.interrupts import ASKED, STOPPING, Interrupts

SMALL = ("--data", "digits", "--method", "scratch", "--labels-per-class", 5, "--json", "--set")
OFTEN = "import engine.artifacts.bookmark as b; b.LEAST_PAUSE = b.COST = 0.0; b.BYTES_PER_SECOND = float('inf')"


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def experiment(epochs: int = 1) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=5),
        backbone=BackboneChoice(name="conv4"),
        method=MethodChoice(name="scratch", hyperparameters={"epochs": epochs}),
    )


def saved(place: Workspace, run_id: int) -> list[Any]:
    """All that does not depend on the clock."""
    with RunStore(place) as store:
        row = store.run(run_id)
        curves = [store.curve(run_id, name) for name in store.metric_names(run_id)]
        results = [(one.metric, one.value, one.predicted.tolist()) for one in store.results(run_id)]
        weights = (store.directory(row) / "last.safetensors").read_bytes()
        points = [(curve.steps.tobytes(), curve.values.tobytes()) for curve in curves]
        assert all((curve.times[1:] >= curve.times[:-1]).all() for curve in curves)
        return [row.state, row.step, store.metric_names(run_id), points, results, weights]


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a matter of POSIX systems")
def test_a_killed_run_goes_on_as_if_it_never_was(warmstart: Command, place: Workspace) -> None:
    given = [str(word) for word in ("run", *SMALL, "epochs=6", "--workspace", place.root)]
    start = f"{OFTEN}\nimport sys, main; sys.exit(main.main({given!r}))"
    with subprocess.Popen([sys.executable, "-c", start], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        points = (line for line in killed.stdout if '"resume_point"' in line)
        assert json.loads([next(points) for _ in range(4)][-1])["step"] > 0
        killed.send_signal(signal.SIGKILL)
    answer = warmstart("resume", 1, "--json", "--workspace", place.root)
    assert answer.code == 0, answer
    said = answer.objects()
    assert said[0]["event"] == "resumed"
    assert next(one for one in said if one["event"] == "run_started")["step"] > 0
    assert warmstart("run", *SMALL, "epochs=6", "--workspace", place.root).code == 0
    assert saved(place, 1) == saved(place, 2)


@pytest.mark.skipif(os.name == "nt", reason="Windows ends the process")
@pytest.mark.parametrize("name", [name for name in ASKED if hasattr(signal, name)])
def test_a_signal_stops_a_run_which_can_go_on(
    warmstart: Command, place: Workspace, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookmark, "LEAST_PAUSE", 0.0)
    sent = threading.Event()

    def send() -> None:
        if not sent.is_set():
            sent.set()
            os.kill(os.getpid(), getattr(signal, name))

    when_training(monkeypatch, send)
    answer = warmstart("run", *SMALL, "epochs=2000", "--workspace", place.root)
    assert (answer.code, answer.err) == (130, STOPPING)
    last = answer.objects()[-1]
    assert last["text"].strip().endswith(" resume 1")
    with RunStore(place) as store:
        row = store.run(1)
        assert (row.state, row.test is not None) == (RunState.STOPPED, True)
        assert store.is_resumable(row)
        taken = store.put_in_line(1)
        assert (taken.state, taken.started) == (RunState.QUEUED, row.started)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminals")
def test_what_is_said_to_a_terminal_that_closed_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed terminal no longer says that it is one, so it is asked before."""
    import pty

    master, slave = pty.openpty()
    monkeypatch.setattr("ui.terminal.interrupts.terminals", lambda: [slave] if os.isatty(slave) else [])
    with Interrupts() as interrupts:
        os.close(master)
        with pytest.raises(OSError, match="Input/output"):
            os.write(slave, b"lost")
        os.kill(os.getpid(), signal.SIGHUP)
        assert os.write(slave, b"more") == 4
        assert interrupts.stopping()
    os.close(slave)


def when_training(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], None]) -> None:
    """Do something with each step that is shown."""
    from ui.terminal.display import JsonLines

    show = JsonLines.show

    def showing(self: JsonLines, event: Any) -> None:
        show(self, event)
        if type(event).__name__ == "Metrics":
            deed()

    monkeypatch.setattr(JsonLines, "show", showing)


def test_all_that_waits_or_was_cut_off_goes_on_once(warmstart: Command, place: Workspace) -> None:
    with RunStore(place) as store:
        waits, cut, again = (store.create(new_run(experiment().with_seed(seed), f"run {seed}")) for seed in range(3))
        study = store.create_study("a study", "{}").id
        cell = store.create(new_run(experiment(), "a cell", study_id=study, cell="first"))
        for row in (cut, again):
            store.set_state(row.id, RunState.INTERRUPTED)
        for row in (waits, cell):
            assert store.put_off(row.id)
        since = store.create(new_run(again.experiment, "run again since"))
        store.put_off(since.id)
        assert store.run(cell.id).state is RunState.INTERRUPTED, "its study goes on with it"
    listed = {
        row["id"]: row["waits"] for row in warmstart("list", "runs", "--json", "--workspace", place.root).objects()
    }
    assert [key for key, waiting in sorted(listed.items()) if waiting] == [waits.id, since.id]
    assert " waiting " in warmstart("list", "runs", "--workspace", place.root).out
    answer = warmstart("resume", "--all", "--json", "--workspace", place.root)
    assert answer.code == 0, answer
    worked = [said["id"] for said in answer.objects() if said["event"] in ("created", "resumed")]
    assert worked == [waits.id, cut.id, since.id]
    idle = warmstart("resume", "--all", "--workspace", place.root)
    assert (idle.code, idle.out) == (0, "Nothing waits or was cut off.\n")


def test_what_cannot_go_on_is_told(warmstart: Command, refuses: Callable[..., str], place: Workspace) -> None:
    at = ("--workspace", place.root)
    with RunStore(place) as store:
        done, stopped, here = (store.create(new_run(experiment(), name)) for name in ("done", "stopped", "at work"))
        early = store.create(new_run(experiment(), "stopped before it began"))
        list(record(store, early.id, iter([RunStopped(0)])))
        assert store.is_resumable(store.run(early.id))
        assert store.put_in_line(early.id).state is RunState.QUEUED
        for row, end in ((done, RunFinished(9)), (stopped, RunStopped(1))):
            list(record(store, row.id, iter([RunStarted(9, 3, 4, {"classes": 2}), end])))
    assert "“done” is finished" in refuses("resume", done.id, *at)
    assert "“stopped” has left nothing to go on from. Run it again" in refuses("resume", "stopped", *at)
    assert "“at work” is queued already" in refuses("resume", here.id, *at)
    assert "needs runs, or --all" in refuses("resume", *at)
    assert "needs runs, or --all" in refuses("resume", 1, "--all", *at)
