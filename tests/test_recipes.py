"""The recipes of CONTRIBUTING.md, followed to the letter: what stands there is found, drawn, trained, applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

import engine.methods.tuning
from engine import registry
from engine.events import Evaluated, RunFinished
from engine.experiment import parse_experiment
from storage import schema
from storage.connection import prepare
from storage.store import RunStore
from storage.workspace import Workspace
from tests.engine.methods.tuning_contract import follows_the_labels, hold
from tests.new_runs import new_run
from tests.recipes import among, recipe


@pytest.fixture
def new_method(tmp_path: Path) -> Iterator[type]:
    """The sample method as a file among the methods, for the time of one test."""
    with among(engine.methods.tuning, tmp_path / "methods", registry.methods.cache_clear, last_block=recipe("method")):
        yield registry.method("last_block")


def test_a_new_method_is_found_drawn_and_checked(new_method: type) -> None:
    assert new_method in registry.methods()
    assert "head_factor" in [field.name for field in registry.fields(new_method)]
    picture = new_method.picture({}, ("conv1", "conv2", "conv3", "conv4", "head"))
    assert list(picture.values()) == ["frozen", "frozen", "frozen", "trained", "new"]


def test_a_new_method_keeps_the_contract(new_method: type) -> None:
    hold(new_method)
    follows_the_labels(new_method)


def test_a_new_method_trains(new_method: type, tmp_path: Path) -> None:
    from engine.execute import execute

    experiment = parse_experiment({
        "dataset": {"name": "digits", "labels_per_class": 2},
        "method": {"name": "last_block", "hyperparameters": {"epochs": 1}},
    })  # fmt: skip
    events = list(execute(experiment, tmp_path / "run"))
    assert isinstance(events[-1], RunFinished), events[-1]
    assert any(isinstance(event, Evaluated) for event in events)


def test_a_new_column_reaches_a_workspace_that_has_runs(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path).open()
    with RunStore(workspace) as store:
        run = store.create(new_run(parse_experiment({})))
    migrations = Migrations("warmstart")
    migrations._migrations = list(schema.MIGRATIONS._migrations)
    exec(recipe("column"), {"MIGRATIONS": migrations, "Database": Database})
    database = Database(workspace.database, strict=True)
    database.conn.isolation_level = None
    prepare(database.conn, migrations)
    assert database.execute("SELECT id, place FROM run").fetchall()[0][:2] == (run.id, "")
    database.conn.close()
