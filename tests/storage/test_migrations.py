"""The tables from the oldest file on, and files that this program must not touch."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from engine.errors import StorageError
from engine.events import RunState
from engine.experiment import Experiment
from engine.registry import complete
from engine.studies.cells import cells, next_cell
from engine.studies.study import parse_study
from storage import connection as opening
from storage import schema
from storage.connection import connect, prepare
from storage.store import NewRun, RunRow, RunStore
from storage.workspace import Workspace

OLDEST = Path(__file__).with_name("oldest.sql")  # a workspace's database as the first version wrote it


@pytest.fixture
def later() -> Migrations:
    """This program's migrations and those of an imagined next version."""
    migrations = Migrations("warmstart")
    for known in schema.MIGRATIONS._migrations:
        migrations(name=known.name)(known.fn)

    @migrations()
    def m9001_colour(db: Database) -> None:
        db["run"].add_column("colour", str)

    @migrations()
    def m9002_longer_note(db: Database) -> None:
        db["run"].transform(rename={"note": "remarks"})

    return migrations


@pytest.fixture
def raw(workspace: Workspace) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(workspace.open().database, isolation_level=None)
    yield connection
    connection.close()


def test_the_oldest_database_opens_with_everything_in_it(workspace: Workspace, raw: sqlite3.Connection) -> None:
    raw.executescript(OLDEST.read_text())
    with RunStore(workspace) as store:
        (run,) = store.runs()
        assert (run.name, run.state, run.note, run.starred) == ("the oldest run", RunState.FINISHED, "keep me", True)
        assert run.experiment.seed == 4
        assert run.test is not None
        assert run.test.value == 0.75
        assert store.curve(run.id, "train/loss").values.tolist() == [1 / step for step in range(1, 31)]
        assert len(store.results(run.id)[0].ids) == 4
        assert store.undo() == "Star “the oldest run”"
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_database_of_version_0_4_gets_tags_archive_notes_and_views(
    workspace: Workspace, finished: RunRow, store: RunStore, raw: sqlite3.Connection
) -> None:
    store.close()
    raw.execute("DROP TABLE saved_view")
    for column in ("tags", "archived", "cell_notes", "ending", "formulation", "journal", "heard"):
        raw.execute(f"ALTER TABLE run DROP COLUMN {column}")
    raw.execute("ALTER TABLE result RENAME COLUMN conditions TO protocol")
    raw.execute("UPDATE result SET protocol = json_patch(protocol, notes)")
    for column in ("at", "notes"):
        raw.execute(f"ALTER TABLE result DROP COLUMN {column}")
    raw.execute("DELETE FROM _sqlite_migrations WHERE name > 'm0006'")
    with RunStore(workspace) as again:
        assert again.runs() == [finished]
        again.tag([finished.id], ["kept"])
        again.save_view("runs", "Kept", {"words": "tag:kept"})
        assert (again.run(finished.id).tags, again.run(finished.id).archived) == (("kept",), False)
        assert [view.name for view in again.views("runs")] == ["Kept"]
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_family_column_takes_any_and_a_bench_gets_its_own(workspace: Workspace, raw: sqlite3.Connection) -> None:
    raw.executescript(OLDEST.read_text())
    raw.execute("UPDATE run SET experiment = json_set(experiment, '$.method.name', 'head_bench')")
    ids = [row[0] for row in raw.execute("SELECT id FROM run")]
    raw.execute("UPDATE sqlite_sequence SET seq = 70 WHERE name = 'run'")  # runs up to 70 were purged
    with RunStore(workspace) as store:
        assert [(run.id, run.family) for run in store.runs()] == [(ids[0], "bench")]
        new = store.create(NewRun(Experiment(), "a fourth one"))
        assert (new.id, store.run(new.id).family) == (71, "a fourth one")
    tables = dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    assert "CHECK(family" not in tables["run"]
    assert "CHECK(state IN" in tables["run"]
    assert "AUTOINCREMENT" in tables["run"]
    assert not any("run_new" in sql for sql in tables.values())
    indexes = {name for _, name, *_ in raw.execute("PRAGMA index_list(run)")}
    assert {"run_list", "run_group", "run_state", "run_env", "run_study"} <= indexes
    parents = {row[2] for row in raw.execute("PRAGMA foreign_key_list(metric)")}
    parents |= {
        row[2] for table in ("summary", "chunk", "trial") for row in raw.execute(f"PRAGMA foreign_key_list({table})")
    }
    assert parents == {"run", "metric"}
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_no_run_is_named_twice_although_all_were_purged_before(workspace: Workspace, raw: sqlite3.Connection) -> None:
    raw.executescript(OLDEST.read_text())
    raw.execute("PRAGMA foreign_keys=ON")
    raw.execute("DELETE FROM run")
    with RunStore(workspace) as store:
        assert store.create(NewRun(Experiment(), "finetune")).id == 2


@pytest.mark.parametrize("version", ["0_3", "0_5"])
def test_runs_of_earlier_versions_are_of_the_same_configuration_and_cell_on_any_device(
    workspace: Workspace, raw: sqlite3.Connection, version: str
) -> None:
    raw.executescript(Path(__file__).with_name(f"half_done_{version}.sql").read_text())
    with RunStore(workspace) as store:
        here, there = (store.run(name) for name in ("on cpu", "on cuda:0"))
        assert here.experiment.device != there.experiment.device
        new = store.create(NewRun(complete(here.experiment.model_copy(update={"device": "mps"})), here.family))
        assert here.group == there.group == new.group
        assert store.twin(new) == there
        (study,) = store.studies()
        wanted = cells(parse_study(json.loads(study.spec)).model_copy(update={"device": "cpu"}))
        assert {cell.key for cell in wanted[:3]} == set(study.finished)  # of 2 sources and 2 arms with 2 seeds each
        assert next_cell(wanted, study.finished, ()) == wanted[3]


def test_a_run_that_cannot_be_read_keeps_its_hash(workspace: Workspace, raw: sqlite3.Connection) -> None:
    raw.executescript(OLDEST.read_text())
    raw.execute("UPDATE run SET experiment = '{', group_hash = 'as it was'")
    RunStore(workspace).close()
    assert raw.execute("SELECT group_hash FROM run").fetchone() == ("as it was",)


def test_a_second_opening_changes_nothing(workspace: Workspace, finished: RunRow, raw: sqlite3.Connection) -> None:
    before = raw.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    with RunStore(workspace) as again:
        assert again.runs() == [finished]
    assert raw.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall() == before


def test_every_table_is_strict_and_the_settings_are_on(workspace: Workspace) -> None:
    RunStore(workspace).close()
    connection = connect(workspace.database)
    tables = connection.execute("PRAGMA table_list").fetchall()
    ours = [table for table in tables if not table["name"].startswith(("sqlite_", "_sqlite"))]
    assert len(ours) == 13
    assert all(table["strict"] for table in ours)
    wanted = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 5000}
    assert {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted
    connection.close()


def test_a_newer_database_is_refused_and_not_touched(
    workspace: Workspace, finished: RunRow, store: RunStore, raw: sqlite3.Connection, later: Migrations
) -> None:
    store.close()
    prepare(raw, later)
    raw.execute("PRAGMA journal_mode=DELETE")
    raw.close()
    before = workspace.database.read_bytes()
    with pytest.raises(StorageError, match="newer version") as caught:
        RunStore(workspace)
    assert "Update Warmstart" in caught.value.advice
    assert workspace.database.read_bytes() == before
    assert sorted(path.name for path in workspace.root.glob("warmstart.db*")) == ["warmstart.db"]


def test_a_database_of_another_program_is_refused(workspace: Workspace, raw: sqlite3.Connection) -> None:
    raw.execute("CREATE TABLE recipes(name TEXT)")
    with pytest.raises(StorageError, match="another program"):
        RunStore(workspace)
    assert [row[0] for row in raw.execute("SELECT name FROM sqlite_master")] == ["recipes"]


def test_later_migrations_keep_the_curves_and_the_ids(
    finished: RunRow, store: RunStore, raw: sqlite3.Connection, later: Migrations
) -> None:
    store.close()
    prepare(raw, later)
    assert raw.execute("SELECT remarks FROM run").fetchone()["remarks"] == ""
    assert raw.execute("SELECT sum(n) FROM chunk").fetchone()[0] == 63
    assert raw.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_a_failing_migration_leaves_the_database_as_it_was(
    finished: RunRow, workspace: Workspace, store: RunStore, raw: sqlite3.Connection, later: Migrations
) -> None:
    @later()
    def m9003_breaks(db: Database) -> None:
        db.conn.execute("DELETE FROM metric")

    store.close()
    with pytest.raises(StorageError, match="cannot be brought up to date"):
        prepare(raw, later)
    with RunStore(workspace) as again:
        assert again.runs() == [finished]
        assert len(again.curve(finished.id, "train/loss")) == 30


def test_a_database_that_is_up_to_date_is_opened_by_one_question(
    workspace: Workspace, finished: RunRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run at work opens it: all that migrations know of a database is not read for that."""
    monkeypatch.setattr(opening, "Database", lambda *_, **__: pytest.fail("it is read whole"))
    with RunStore(workspace) as again:
        assert again.runs() == [finished]
