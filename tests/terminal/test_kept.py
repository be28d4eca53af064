"""`kept` and `run --what-it-keeps`: the same figures, measured afterwards and while a run learns."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.events import RunState
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.terminal.conftest import Command

SMALL = ("--data", "digits", "--labels-per-class", 5, "--validation-per-class", 4)
SOURCE = (*SMALL, "--classes", 4, "--part", "source", "--method", "scratch", "--set", "epochs=2")
TARGET = (*SMALL, "--classes", 3, "--part", "target", "--split-seed", 1, "--weights", "run:1", "--set", "epochs=2")


@pytest.fixture
def at(tmp_path: Path, warmstart: Command) -> tuple[object, ...]:
    place = ("--workspace", tmp_path / "workspace")
    assert warmstart("run", *SOURCE, *place).code == 0
    return place


def test_measured_afterwards_is_what_was_measured_meanwhile(
    tmp_path: Path, warmstart: Command, at: tuple[object, ...]
) -> None:
    run = warmstart("run", *TARGET, "--method", "full_ft", "--what-it-keeps", "--json", *at)
    assert run.code == 0
    meanwhile = {one["metric"]: one for one in run.objects() if str(one.get("metric", "")).startswith("forgotten/")}
    afterwards = {one["metric"]: one for one in warmstart("kept", 2, "--json", *at).objects()}
    assert set(meanwhile) == {"forgotten/old head", "forgotten/fresh probe"}
    for name, one in meanwhile.items():
        assert [one[key] for key in ("value", "low", "high", "n")] == [
            afterwards[name][key] for key in ("value", "low", "high", "n")
        ]
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        names = [one.metric for one in store.results(2)]
    assert names[0] == "test/accuracy"
    assert len(names) == len(set(names))


def test_a_table_says_what_it_rests_on(warmstart: Command, at: tuple[object, ...]) -> None:
    assert warmstart("run", *TARGET, "--method", "linear_probe", *at).code == 0
    said = warmstart("kept", 2, *at).out
    assert "0.0 (" in said
    assert "test images of “" in said
    assert "Batch norm: running statistics" in said


def test_a_run_without_a_source_is_told(warmstart: Command, at: tuple[object, ...]) -> None:
    refused = warmstart("kept", 1, *at)
    assert refused.code == 2
    assert "did not start from the weights of a saved run" in refused.err


def test_a_run_that_was_cut_off_before_its_test_has_no_test_of_its_own(
    tmp_path: Path, warmstart: Command, at: tuple[object, ...]
) -> None:
    assert warmstart("run", *TARGET, "--method", "full_ft", *at).code == 0
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        whole = store.run(2)
        cut = store.create(new_run(whole.experiment, "cut off"))
        store.set_state(cut.id, RunState.INTERRUPTED)
        shutil.copytree(store.directory(whole), store.directory(cut), dirs_exist_ok=True)
    (line,) = (line for line in warmstart("kept", cut.id, *at).out.splitlines() if "cut off" in line)
    assert "–" in line
