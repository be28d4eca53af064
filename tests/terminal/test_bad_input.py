"""Every mistake is answered with one sentence, what to do, exit code 2, and nothing saved or lost."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.store import RunStore
from storage.workspace import Workspace
from tests.terminal.conftest import Command

Refuses = Callable[..., str]
STUDY: dict[str, Any] = {"title": "A study", "arms": [{"title": "A", "method": {"name": "lp_ft"}}]}


def saved_runs(root: Path) -> int:
    with RunStore(Workspace(root).open()) as store:
        return len(store.runs())


def write(path: Path, body: object) -> Path:
    path.write_text(json.dumps(body))
    return path


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("lst",), "no command called “lst”. Did you mean “list”?"),
        (("run", "--frobnicate"), "Unrecognized arguments: --frobnicate. See"),
        (("run", "--method", "lp_ft", "--sed", "7"), "Unrecognized arguments: --sed. Did you mean --seed?"),
        (("run", "--min", "1"), "Unrecognized arguments: --min."),
        (("run", "--label-per-class=5"), "--label-per-class=5. Did you mean --labels-per-class?"),
        (("demo", "--no-windows"), "Unrecognized arguments: --no-windows. Did you mean --no-window?"),
        (("study", "which-block", "--dev", "cpu"), "Unrecognized arguments: --dev cpu. Did you mean --device?"),
        (("list", "methods", "--js"), "Unrecognized arguments: --js. Did you mean --json?"),
        (("show", "1", "--worksp", "there"), "Unrecognized arguments: --worksp"),
        (("compare", "1", "2", "--out", "a.png"), "Unrecognized arguments: --out"),
        (("compare", "1", "2", "--output", "a.pdf"), "“a.pdf” does not end in .png, and the picture is a PNG."),
        (("demo", "--output", "v1.0"), "“v1.0” does not end in .png"),
        (("run", "--seed", "1", "--seeds", "3"), "--seed is one seed and --seeds how many there are"),
        (("study", "which-block", "--seed", "1", "--seeds", "3"), "--seed is one seed and --seeds how many"),
        (("run", "--seed", "-1"), "The seed is -1. Give a whole number from 0 to"),
        (("run", "--seed", str(2**63)), "The seed is 9223372036854775808. Give"),
        (("run", "--seed", "1.5"), "--seed: invalid int value: '1.5'."),
        (("run", "--seeds", "many"), "--seeds: invalid int value: 'many'."),
        (("list", "metods"), "no list of “metods”. Did you mean “methods”?"),
        (("run", "demmo"), "no preset called “demmo”. Did you mean “demo”?"),
        (("run", "--data", "glyps"), "neither a data set nor a folder or zip that exists. Did you mean “glyphs”?"),
        (("run", "--backbone", "conv5"), "no backbone called “conv5”. Did you mean “conv4”?"),
        (("run", "--weights", "imagenett"), "no weights called “imagenett”."),
        (("run", "--method", "lpft"), "no method called “lpft”. Did you mean “lp_ft”?"),
        (("run", "--set", "epoch=3"), "no setting “epoch”. Did you mean “epochs”?"),
        (("run", "--set", "epochs"), "“--set epochs” has no value."),
        (("run", "--set", "epochs=many"), "“epochs” must be a valid integer"),
        (("run", "--set", "learning_rate=NaN"), "“learning_rate” must be a finite number (given: nan)."),
        (("run", "--set", "learning_rate=-1"), "must be greater than or equal to 0.000001 (given: -1)."),
        (("run", "--seeds", "0"), "at least one seed is needed."),
        (("run", "--minutes", "0"), "“budget.minutes” must be greater than 0"),
        (("run", "--labels-per-class", "0"), "“dataset.labels_per_class” must be greater than or equal to 1"),
        (("run", "demo", "--method", "maml"), "“demo” already says what to run, so --method cannot be used with it."),
        (("run", "missing.json"), "“missing.json” cannot be read: No such file or directory."),
        (("run", "--weights", "run:7"), "no run “7”"),
        (("show", "12"), "12"),
        (("compare", "nothing"), "nothing"),
    ],
)  # fmt: skip
def test_a_mistake_on_the_command_line(
    refuses: Refuses, own_workspace: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refuses(*arguments)
    assert saved_runs(own_workspace) == 0


@pytest.mark.parametrize(
    "body, said",
    [
        ({"method": {"name": "lp_tf"}}, "no method called “lp_tf”. Did you mean “lp_ft”?"),
        ({"method": {"name": "lp_ft", "hyperparameters": {"learning_rate": float("nan")}}}, "“learning_rate” must be"),
        ({"method": {"name": "lp_ft", "hyperparameters": {"rate": 1}}}, "“rate” is not a known setting."),
        ({"datasets": {"name": "glyphs"}}, "“datasets” is not a known setting."),
        ({"experiments": []}, "“experiments”"),
        ({"experiment": {}, "seeds": [-1]}, "“seeds.0” must be greater than or equal to 0"),
        ([1, 2], "is not an experiment."),
        ({"dataset": {"name": "glyfs"}}, "no data set called “glyfs”. Did you mean “glyphs”?"),
        ({"dataset": {"name": "folder"}}, "is not chosen."),
        ({"backbone": {"name": "conv3"}}, "no backbone called “conv3”."),
        ({"backbone": {"head": "old"}}, "“backbone.head” must be"),
        ({"backbone": {"weights": "imagenet"}}, "no weights called “imagenet”."),
        ({"search": {"parameters": ["rate"]}}, "“rate”"),
        ({"device": "gpu"}, "no device called “gpu”."),
        (STUDY | {"dataset": {"name": "glyfs"}}, "no data set called “glyfs”."),
        (STUDY | {"arms": [STUDY["arms"][0] | {"backbone": {"name": "conv3"}}]}, "no backbone called “conv3”."),
    ],
)
def test_a_mistake_in_an_experiment_file(
    refuses: Refuses, tmp_path: Path, own_workspace: Path, body: object, said: str
) -> None:
    path = write(tmp_path / "mine.json", body)
    assert refuses("run", path, "--dry-run") == refuses("run", path)
    assert said in refuses("run", path)
    assert saved_runs(own_workspace) == 0


def test_what_only_this_machine_lacks_is_no_mistake_of_a_file(warmstart: Command, tmp_path: Path) -> None:
    body = {"dataset": {"name": "folder", "path": str(tmp_path / "elsewhere")}}
    path = write(tmp_path / "mine.json", body)
    printed = warmstart("run", path, "--dry-run")
    assert json.loads(printed.out)["experiment"]["dataset"]["path"] == body["dataset"]["path"]
    assert "no folder or file at" in warmstart("run", path).err


def test_a_file_that_is_not_json(refuses: Refuses, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text("{'dataset': ")
    assert "is not JSON" in refuses("run", path)


def test_an_empty_folder(refuses: Refuses, tmp_path: Path, own_workspace: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty" in refuses("run", "--data", tmp_path / "empty")
    assert saved_runs(own_workspace) == 0


def test_more_labels_than_a_class_has(refuses: Refuses, photos: Path, own_workspace: Path) -> None:
    assert "class" in refuses("run", "--data", photos, "--labels-per-class", "500")
    assert saved_runs(own_workspace) == 0


def test_a_database_of_a_newer_version(refuses: Refuses, own_workspace: Path) -> None:
    assert saved_runs(own_workspace) == 0
    database = sqlite3.connect(own_workspace / "warmstart.db")
    with database:
        database.execute(
            "INSERT INTO _sqlite_migrations SELECT NULL, migration_set, '9999', '2099' FROM _sqlite_migrations LIMIT 1"
        )
    before = database.execute("SELECT * FROM _sqlite_migrations").fetchall()
    assert "newer" in refuses("list", "runs")
    assert database.execute("SELECT * FROM _sqlite_migrations").fetchall() == before
    database.close()


def test_a_workspace_that_cannot_be_written(refuses: Refuses, tmp_path: Path) -> None:
    root = tmp_path / "closed"
    root.mkdir()
    root.chmod(0o500)
    if os.access(root, os.W_OK):  # the system's administrator may write anywhere: put a file where the folder would be
        root.rmdir()
        root.write_text("")
    assert "workspace" in refuses("list", "runs", "--workspace", root)
