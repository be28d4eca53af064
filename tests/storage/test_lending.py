"""The threads of runs have one store together."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.errors import DatabaseHeld, StorageError
from engine.events import Event, Metrics, RunFinished, RunStarted, RunState
from engine.experiment import Experiment
from storage import store as stores
from storage.lending import Stores
from storage.record import RecordingStore
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run

RUNS, STEPS = 8, 400


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """The connections that were opened."""
    made: list[sqlite3.Connection] = []
    connect = stores.connect

    def noted(*given: object) -> sqlite3.Connection:
        made.append(connect(*given))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(stores, "connect", noted)
    return made


def is_closed(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return True
    return False


def steps(seed: int) -> Iterator[Event]:
    yield RunStarted(STEPS, 50, 32)
    for step in range(1, STEPS + 1):
        yield Metrics(step, {"train/loss": seed + 1 / step})
    yield RunFinished(STEPS)


def test_runs_that_are_saved_at_once_through_one_connection_keep_each_point(
    workspace: Workspace, experiment: Experiment, opened: list[sqlite3.Connection]
) -> None:
    open_, begun = Stores(workspace), threading.Barrier(RUNS)

    def saved(seed: int) -> int:
        with open_() as store:
            run = store.create(new_run(experiment.with_seed(seed)))
            begun.wait(60)
            assert sum(1 for _ in store.record(run.id, steps(seed))) == STEPS + 2
            return run.id

    with ThreadPoolExecutor(RUNS) as pool:
        ids = list(pool.map(saved, range(RUNS)))
    assert len(opened) == 1
    assert is_closed(opened[0])
    with RunStore(workspace) as store:
        for seed, run_id in enumerate(ids):
            assert store.run(run_id).state is RunState.FINISHED
            assert store.curve(run_id, "train/loss").values.tolist() == [
                seed + 1 / step for step in range(1, STEPS + 1)
            ]


def test_it_is_closed_with_the_last_who_has_it_and_opened_again(
    workspace: Workspace, opened: list[sqlite3.Connection]
) -> None:
    open_ = Stores(workspace)
    with open_() as first:
        with open_() as second:
            assert second is first
        assert not is_closed(opened[0])
    assert is_closed(opened[0])
    with open_() as third:
        assert third.runs() == []
    assert [is_closed(one) for one in opened] == [True, True]


def test_who_comes_after_the_database_was_replaced_has_the_new_one(
    workspace: Workspace, experiment: Experiment, opened: list[sqlite3.Connection]
) -> None:
    open_ = Stores(workspace)
    with open_() as before:
        before.create(new_run(experiment))
        workspace.database.rename(workspace.root / "elsewhere.db")
        for suffix in ("-wal", "-shm"):
            workspace.database.with_name(workspace.database.name + suffix).unlink(missing_ok=True)
        with open_() as after:
            assert after.runs() == []
            with pytest.raises(StorageError, match="removed or replaced"):
                before.runs()
        assert [is_closed(one) for one in opened] == [False, True]
    assert [is_closed(one) for one in opened] == [True, True]


def test_one_that_cannot_be_opened_is_told_and_tried_anew(workspace: Workspace) -> None:
    open_ = Stores(workspace)
    workspace.root.parent.mkdir(parents=True, exist_ok=True)
    workspace.root.write_text("a file")
    with pytest.raises(StorageError, match="is a file"), open_():
        pass
    workspace.root.unlink()
    with open_() as store:
        assert store.runs() == []


def test_nobody_waits_longer_for_a_turn_than_for_another_program(workspace: Workspace, experiment: Experiment) -> None:
    """And what cannot be written now is tried again, as where another program is writing."""
    with RecordingStore(workspace, alone=False) as store:
        run = store.create(new_run(experiment))
        held, may_end = threading.Event(), threading.Event()

        def hold() -> None:
            with store._connection.turn():
                held.set()
                may_end.wait(60)

        holder = threading.Thread(target=hold)
        holder.start()
        assert held.wait(60)
        with pytest.raises(DatabaseHeld):
            store.append(run.id, [], {}, patience=0.01)
        may_end.set()
        holder.join()
        assert store.append(run.id, [], {}, patience=0.01)
        assert patience(store) == 10
        assert [one.id for one in store.runs()] == [run.id]
        assert patience(store) == 5000, "who reads is in no hurry"


def patience(store: RecordingStore) -> int:
    """Milliseconds for another program."""
    return int(store._connection.execute("PRAGMA busy_timeout").fetchone()[0])
