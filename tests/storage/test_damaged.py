"""Damage: one bad row costs one row, strange tables are told in words, and nothing outside the workspace is touched."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from engine.errors import StorageError
from engine.events import RunState
from engine.experiment import Experiment
from engine.studies.study import Study, StudyArm
from storage.record import record
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run

ROW = {
    "facts": ["no JSON", "[]", "7", "", '"x"', "{" * 5000],
    "experiment": ["no JSON", "{}x", '{"seed": -1}', "[]", '{"method": {"name": 3}}', "\x00", "[" * 100_000],
    "state": ["dreaming", "", "RUNNING"],
    "created": [1e300, -1e300, -5.0],
    "uid": ["../../outside", "a\x00b", "/", "", "..", "A" * 300],
    "name": [b"\xff\xfe".decode("latin-1"), "", "\x00", "x" * 1_000_000],
}
TABLES = [
    "DROP TABLE run", "DROP TABLE metric", "DROP TABLE summary", "DROP TABLE undo", "DROP TABLE study",
    "ALTER TABLE run DROP COLUMN facts", "ALTER TABLE run RENAME COLUMN name TO title",
    "ALTER TABLE run ADD COLUMN place TEXT NOT NULL DEFAULT ''",
    "DELETE FROM _sqlite_migrations WHERE name LIKE 'm0003%'",
    "ALTER TABLE run RENAME TO run_table; CREATE VIEW run AS SELECT * FROM run_table",
    "CREATE TRIGGER never BEFORE INSERT ON run BEGIN SELECT RAISE(ABORT, 'no'); END",
    "DROP TABLE result; CREATE TABLE result(run_id INTEGER)", "DELETE FROM metric",
    "DROP TABLE chunk; CREATE TABLE chunk(run_id, metric_id, seq, n, step0, stride, steps, ts, vals)",
]  # fmt: skip
INSIDE = [
    "UPDATE result SET conditions = 'x'",
    "UPDATE result SET at = '['", "UPDATE result SET class_names = '{'", "UPDATE result SET ids = x'0102'",
    "UPDATE chunk SET vals = x'01'", "UPDATE chunk SET n = 7", "UPDATE chunk SET ts = x''",
    "UPDATE chunk SET stride = NULL, steps = x'010203'", "UPDATE env SET packages = 'x'",
    "UPDATE study SET spec = '', created = 1e300", "UPDATE message SET time = 1e300",
    "UPDATE undo SET forward = 'x', inverse = '[]'", "UPDATE undo SET inverse = '{\"column\": \"experiment\"}'",
]  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two runs, a study and something to take back; each test damages a copy."""
    from tests.storage.conftest import training_events

    root = tmp_path_factory.mktemp("whole") / "workspace"
    with RunStore(Workspace(root)) as store:
        study = store.create_study("Question", Study(title="Question", arms=(StudyArm(title="A"),)).canonical())
        for name in ("bad", "good"):
            run = store.create(new_run(Experiment(), name, study_id=study.id, cell=name))
            for _ in record(store, run.id, training_events()):
                pass
        store.rename(1, "bad one")
    return root


@pytest.fixture
def damaged(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "workspace")
    return tmp_path / "workspace"


def change(root: Path, script: str, values: tuple = ()) -> None:
    with closing(sqlite3.connect(root / "warmstart.db")) as database, database:
        database.execute("PRAGMA ignore_check_constraints=ON")
        if values:
            database.execute(script, values)
        else:
            database.executescript(script)


def questions(store: RunStore) -> Iterator[Callable[[], object]]:
    """Everything a window or a terminal may ask of it, and what it may change."""
    yield from (store.runs, store.studies, store.mark_interrupted)
    for run_id in (1, 2):
        for ask in (store.run, store.results, store.trials, store.messages, store.artifacts, store.environment):
            yield lambda ask=ask, run_id=run_id: ask(run_id)
        yield lambda run_id=run_id: [store.curve(run_id, name) for name in store.metric_names(run_id)]
    yield lambda: store.study_runs(1)
    yield from (store.undo, store.redo, lambda: store.create(new_run(Experiment())), lambda: store.delete([1]))
    yield lambda: store.purge([1])


def answers_or_tells(root: Path) -> int:
    """Ask everything; returns how many questions were answered. Anything but `StorageError` passes on."""
    answered = 0
    with suppress(StorageError), RunStore(Workspace(root)) as store:
        for ask in questions(store):
            with suppress(StorageError):
                ask()
                answered += 1
    return answered


@pytest.mark.parametrize("column, value", [(column, value) for column, values in ROW.items() for value in values])
def test_a_bad_row_is_listed_and_the_others_are_read(damaged: Path, column: str, value: object) -> None:
    outside = damaged.parent / "outside"
    outside.mkdir()
    change(damaged, f"UPDATE run SET {column} = ? WHERE id = 1", (value,))
    with RunStore(Workspace(damaged)) as store:
        rows: dict[int, RunRow] = {row.id: row for row in store.runs()}
        assert rows[2].name == "good"
        assert rows[2].test is not None
        if "unreadable" in rows[1].name:
            assert rows[1].state is RunState.FAILED
            assert rows[1].failure is not None
            assert "damaged" in rows[1].failure.message
            assert len(rows[1].failure.message) < 250
        else:
            assert column in ("created", "name")
            assert 0 <= rows[1].created < 1e12
        store.delete([1])
        store.purge([1])
        assert [row.id for row in store.runs()] == [2]
        assert store.directory(store.run(2)).is_dir()
        assert outside.is_dir()


def test_letters_that_are_no_text_cost_only_themselves(damaged: Path) -> None:
    change(damaged, "UPDATE run SET name = CAST(x'62ff64' AS TEXT), note = CAST(x'c3' AS TEXT) WHERE id = ?", (1,))
    with RunStore(Workspace(damaged)) as store:
        assert store.run(1).name == "b�d"


@pytest.mark.parametrize("script", TABLES + INSIDE)
def test_tables_that_are_not_ours_are_told(damaged: Path, script: str) -> None:
    change(damaged, script)
    answers_or_tells(damaged)


def test_any_byte_may_be_wrong(damaged: Path, tmp_path: Path) -> None:
    content = (damaged / "warmstart.db").read_bytes()
    chance, answered = random.Random(7), 0
    for _ in range(60):
        copy = bytearray(content)
        for _ in range(chance.choice((1, 3, 30))):
            copy[chance.randrange(100, len(copy))] ^= 1 << chance.randrange(8)
        for name in ("warmstart.db-wal", "warmstart.db-shm"):
            (damaged / name).unlink(missing_ok=True)
        (damaged / "warmstart.db").write_bytes(bytes(copy))
        answered += answers_or_tells(damaged)
    assert answered > 600, "most questions do not meet the damage"
    assert {path.name for path in tmp_path.iterdir()} == {"workspace"}


def test_a_database_that_is_taken_away_is_told(damaged: Path) -> None:
    with RunStore(Workspace(damaged)) as store:
        run = store.run(2)
        (damaged / "warmstart.db").rename(damaged / "elsewhere.db")
        for ask in (store.runs, lambda: store.rename(run.id, "new"), lambda: store.create(new_run(Experiment()))):
            with pytest.raises(StorageError, match="was removed or replaced"):
                ask()
        (damaged / "elsewhere.db").rename(damaged / "warmstart.db")
        assert store.run(2).name == "good"
