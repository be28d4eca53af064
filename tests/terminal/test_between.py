"""`between`: lines and planes of saved runs from the terminal."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.events import RunState
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.terminal.conftest import Command
from tests.terminal.test_predict import LINEAR, drawn

At = tuple[object, ...]
FEW = ("--points", 5, "--images", 10)


@pytest.fixture
def at(tmp_path: Path, warmstart: Command) -> At:
    """A workspace with two runs of one setting on drawn bars."""
    place = ("--workspace", tmp_path / "workspace")
    assert warmstart("run", "--data", drawn(tmp_path / "photos", False), *LINEAR, "--seeds", 2, *place).code == 0
    return place


def test_a_line_between_two_runs(warmstart: Command, at: At, tmp_path: Path) -> None:
    answer = warmstart("between", 1, 2, *FEW, "--csv", tmp_path / "line.csv", *at)
    assert answer.code == 0
    assert "From run 1 (0) to run 2 (1)" in answer.out
    assert "points of error" in answer.out
    assert "10 of " in answer.out
    (heads, *rows) = csv.reader((tmp_path / "line.csv").read_text().splitlines())
    assert heads == ["alpha", "train loss", "train accuracy", "test loss", "test accuracy"]
    assert [float(row[0]) for row in rows] == [-0.5, 0, 0.5, 1, 1.5]
    (said,) = warmstart("between", 1, 2, *FEW, "--json", *at).objects()
    assert [point["train loss"] for point in said["points"]] == pytest.approx([float(row[1]) for row in rows])
    assert said["verdict"]
    assert set(said["barriers"]) == {"train loss", "train error", "test loss", "test error"}


def test_one_run_from_its_start_and_around_it(warmstart: Command, at: At) -> None:
    (said,) = warmstart("between", 1, *FEW, "--json", *at).objects()
    assert (said["from"], said["to"]) == ("the start of run 1", "run 1")
    (plane,) = warmstart("between", 1, "--around", *FEW, "--json", *at).objects()
    assert plane["random"]
    assert len(plane["points"]) == 25
    middle = next(point for point in plane["points"] if point["x"] == point["y"] == 0)
    assert middle["test loss"] == plane["marked"][0]["test loss"]


def test_the_same_seed_again_tells_nothing_of_the_noise(warmstart: Command, at: At, tmp_path: Path) -> None:
    again = warmstart("run", "--data", tmp_path / "photos", *LINEAR, "--seed", 0, *at)
    assert again.code == 0, again.err
    (said,) = warmstart("between", 1, 2, *FEW, "--json", *at).objects()
    assert "usual threshold" in said["noise rests on"]


def test_a_run_at_work_is_not_looked_at(refuses: Callable[..., str], at: At, tmp_path: Path) -> None:
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        store.set_state(store.create(new_run(store.run(1).experiment, "at work")).id, RunState.RUNNING)
        for words in (("between", 1, 3), ("mix", 1, 3), ("kept", 3)):
            assert "Run 3 has not ended" in refuses(*words, *at)


def test_what_is_refused(refuses: Callable[..., str], at: At) -> None:
    assert "At most one run" in refuses("between", 1, 2, "--around", *at)
    assert "examples are asked for" in refuses("between", 1, 2, "--images", 1, *at)
    assert "points are asked for" in refuses("between", 1, 2, "--points", 2, *at)
    assert "no run" in refuses("between", 1, 9, *at).lower()
