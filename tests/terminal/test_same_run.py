"""One experiment in the terminal, in the window's queue and in the engine itself: the same weights, bit for bit."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.events import RunFinished
from engine.execute import execute
from engine.work.queue import RunQueue, new_run
from storage.lending import Stores
from storage.store import RunRow, RunStore
from storage.workspace import Workspace

Command = Callable[..., Any]
SMALL = {
    "lp_ft": ("--data", "digits", "--classes", "3", "--labels-per-class", "2",
              "--set", "probe_epochs=2", "--set", "epochs=1"),
    "maml": ("--data", "glyphs", *(part for value in ("steps=2", "meta_batch=2", "validate_every=2", "way=2", "query=1",
             "validation_episodes=10", "test_episodes=10") for part in ("--set", value))),
}  # fmt: skip


def saved(workspace: Workspace) -> list[RunRow]:
    with RunStore(workspace) as store:
        return store.runs()


def queued(workspace: Workspace, run: RunRow) -> Path:
    """The folder of the same experiment after it went through the queue."""
    queue = RunQueue(Stores(workspace))
    with RunStore(workspace) as store:
        row = queue.submit(new_run(run.experiment), store)
    deadline = time.monotonic() + 200
    while queue.is_busy():
        assert time.monotonic() < deadline, "waited too long"
        queue.drain()
        time.sleep(0.01)
    assert queue.close("abandon", 60)
    return workspace.runs / row.uid


def weights(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in ("best.safetensors", "last.safetensors")]


@pytest.mark.parametrize("method", list(SMALL))
def test_three_ways_learn_the_same(method: str, warmstart: Command, own_workspace: Path, tmp_path: Path) -> None:
    answer = warmstart("run", "--method", method, *SMALL[method])
    assert answer.code == 0, answer.err
    workspace = Workspace(own_workspace)
    (run,) = saved(workspace)
    assert isinstance(list(execute(run.experiment, tmp_path / "run"))[-1], RunFinished)
    by_terminal = weights(workspace.runs / run.uid)
    assert by_terminal == weights(tmp_path / "run")
    assert by_terminal == weights(queued(workspace, run))
    figures = [row.test.value for row in saved(workspace) if row.test]
    assert len(figures) == 2
    assert figures[0] == figures[1]


def test_a_process_learns_the_same_and_says_the_same(warmstart: Command, own_workspace: Path) -> None:
    """A word about the equal run before it, and what comes by the clock, aside."""
    by_time = {"preparing", "resume_point", "message", "created", "run_started"}
    said, folders = [], []
    for worker in ("thread", "process"):
        answer = warmstart("run", "--method", "lp_ft", *SMALL["lp_ft"], "--json", "--worker", worker)
        assert answer.code == 0, answer.err
        said.append([{**one, "run": ""} for one in answer.objects() if one["event"] not in by_time])
    assert said[0] == said[1]
    for run in saved(Workspace(own_workspace)):
        folders.append(weights(own_workspace / "runs" / run.uid))
    assert folders[0] == folders[1]
