"""`--compute`: what may be said, that runs, studies and resumed runs are computed so, and what is refused at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.events import RunState
from engine.machine import devices
from engine.work.queue import new_run
from storage.store import RunStore
from storage.workspace import Workspace
from tests.engine.work.small_runs import small
from tests.terminal.conftest import Command

QUICK = ("run", "--data", "digits", "--classes", 3, "--labels-per-class", 2, "--method", "scratch", "--set", "epochs=1")
AUTOMATIC = (*QUICK, "--precision", "automatic")
META = ("run", "--data", "glyphs", "--method", "maml", "--set", "steps=1", "--set", "meta_batch=4")
ONE_STEP = ("validation_episodes=10", "test_episodes=10", "inner_steps=1", "way=2", "query=1")
META = (*META, *(part for one in ONE_STEP for part in ("--set", one)))
STUDY = {
    "title": "Two", "dataset": {"name": "digits", "classes": 3}, "labels": [2], "seeds": [0],
    "arms": [{"title": title, "method": {"name": "scratch", "hyperparameters": {"epochs": 1, "batch_size": size}}}
             for title, size in (("A", 5), ("B", 10))],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """On any machine."""
    import engine.machine.choices as choices
    import engine.preflight.computed as computed

    for module in (devices, computed, choices):
        monkeypatch.setattr(module, "usable_cores", lambda: 2)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


def records(root: Path) -> list[Mapping[str, Any]]:
    """What every saved run was computed by, the oldest first."""
    with RunStore(Workspace(root).open()) as store:
        rows = sorted(store.runs(), key=lambda run: run.id)
        return [store.environment(run.id)["formulation"] for run in rows]


@pytest.mark.parametrize(("line", "said"), [
    ((*QUICK, "--compute", "thread=1"),
     "No run of this experiment is computed by “thread”. Choose one of: torch threads (1 or 2)."),
    ((*AUTOMATIC, "--compute", "tasks at once=1"),
     "is computed by “tasks at once”. Choose one of: torch threads (1 or 2), precision (float32"),
    ((*QUICK, "--compute", "precision=bfloat16"), "is computed by “precision”. Choose one of: torch threads (1 or 2)."),
    ((*META, "--compute", "precision=float32"),
     "“precision”. Choose one of: torch threads (1 or 2), tasks at once (1, 2 or 4), threads (1 or 2)."),
    ((*QUICK, "--compute", "torch-threads=3"),
     "No run of this experiment is computed with “torch threads” 3. Choose 1 or 2."),
    ((*META, "--compute", "tasks-at-once=3"), "is computed with “tasks at once” 3. Choose 1, 2 or 4."),
    ((*META, "--compute", "threads=many"), "is computed with “threads” many. Choose 1 or 2."),
    ((*AUTOMATIC, "--compute", "precision=float16"), "is computed with “precision” float16. Choose float32"),
    ((*QUICK, "--compute", "threads"), "“threads” is no NAME=VALUE."),
    ((*AUTOMATIC, "--device", "cuda:99", "--compute", "precision=float32"), "This machine has no device “cuda:99”."),
])  # fmt: skip
def test_what_no_run_is_computed_by_is_refused_before_anything_starts(
    refuses: Callable[..., str], own_workspace: Path, line: tuple[object, ...], said: str
) -> None:
    assert said in refuses(*line)
    assert refuses(*line, "--dry-run") == refuses(*line)
    assert not (own_workspace / "warmstart.db").exists() or records(own_workspace) == []


@pytest.mark.parametrize("method", ["lp_ft", "maml"])
def test_the_example_that_a_refusal_gives_is_itself_accepted(
    warmstart: Command, refuses: Callable[..., str], method: str
) -> None:
    example = refuses(*QUICK, "--compute", "threads").rstrip(".").split()[-1]
    assert warmstart("run", "--method", method, "--compute", example, "--dry-run").code == 0


def test_a_run_is_computed_as_asked_and_says_so(warmstart: Command, own_workspace: Path) -> None:
    assert warmstart(*QUICK, "--compute", "torch-threads=2").code == 0
    assert warmstart(*META, "--compute", "tasks-at-once=2", "--compute", "threads=1").code == 0
    fine, meta = records(own_workspace)
    assert (fine["values"], fine["forced"]) == ({"torch threads": 2}, ["torch threads"])
    assert (meta["values"]["tasks at once"], meta["values"]["threads"]) == (2, 1)
    assert "torch threads 2 (forced)" in warmstart("show", 1).out
    assert "tasks at once 2 (forced)" in warmstart("show", 2).out


def test_every_run_that_a_study_begins_is_computed_as_asked(
    warmstart: Command, refuses: Callable[..., str], own_workspace: Path, tmp_path: Path
) -> None:
    path = tmp_path / "study.json"
    path.write_text(json.dumps(STUDY))
    assert "“threads”. Choose one of: torch threads (1 or 2)." in refuses("study", path, "--compute", "threads=1")
    assert warmstart("study", path, "--compute", "torch-threads=2").code == 0
    assert [one["values"] for one in records(own_workspace)] == [{"torch threads": 2}] * 2
    assert "“threads”" in refuses("study", "continue", "Two", "--compute", "threads=1")


def test_a_run_goes_on_as_it_began_and_one_that_waits_begins_as_asked(
    warmstart: Command, refuses: Callable[..., str], own_workspace: Path
) -> None:
    with RunStore(Workspace(own_workspace).open()) as store:
        waits = store.create(new_run(small(1)))
        store.set_state(waits.id, RunState.INTERRUPTED)
    assert warmstart("resume", waits.id, "--compute", "torch-threads=2").code == 0
    assert records(own_workspace)[0]["values"] == {"torch threads": 2}
    with RunStore(Workspace(own_workspace).open()) as store:
        store._connection.execute("UPDATE run SET state = 'interrupted'")
    said = refuses("resume", waits.id, "--compute", "torch-threads=1")
    assert said.endswith("Run 1 began with “torch threads” 2. Leave --compute out, or run it again from the start.")
    assert "“threads”" in refuses("resume", waits.id, "--compute", "threads=1")
    with RunStore(Workspace(own_workspace).open()) as store:
        gone = store.create(new_run(small(1).model_copy(update={"device": "cuda:99", "precision": "automatic"})))
        store.set_state(gone.id, RunState.INTERRUPTED)
    assert "no device “cuda:99”" in refuses("resume", gone.id, "--compute", "precision=float32")
    assert warmstart("resume", waits.id, "--compute", "torch-threads=2").code == 0
