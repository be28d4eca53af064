"""Studies in the database: their runs and figures, finding one, and changes a person can take back."""

from __future__ import annotations

import pytest

from engine.errors import StorageError
from engine.events import RunFailed, RunStarted, RunState
from engine.experiment import Experiment
from storage.record import record
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.storage.conftest import training_events


def finish(store: RunStore, run: RunRow) -> None:
    for _ in record(store, run.id, training_events()):
        pass


def test_a_study_knows_its_runs_with_their_figures(store: RunStore, experiment: Experiment) -> None:
    study = store.create_study(" Which block? ", "{}")
    assert (study.title, study.spec, study.finished) == ("Which block?", "{}", frozenset())
    first, second = (store.create(new_run(experiment, f"run {n}", study_id=study.id, cell=f"cell {n}")) for n in (1, 2))
    store.create(new_run(experiment, "of no study"))
    finish(store, first)
    for _ in record(store, second.id, iter([RunStarted(1, 1, 1), RunFailed("experiment", "No.", "Do this.")])):
        pass
    done, failed = store.study_runs(study.id)
    assert (done.name, done.cell, done.state, done.tests) == (
        "run 1", "cell 1", RunState.FINISHED, {"test/accuracy": 0.75},
    )  # fmt: skip
    assert done.seconds >= 0
    assert (failed.state, failed.tests, failed.failure.message) == (RunState.FAILED, {}, "No.")
    assert failed.best != failed.best
    assert store.study(study.id).finished == {"cell 1"}
    row = store.run(first.id)
    assert (row.study_id, row.study, row.cell) == (study.id, "Which block?", "cell 1")
    assert store.run("of no study").study_id is None


def test_validation_accuracy_is_its_best_and_its_last(store: RunStore, experiment: Experiment) -> None:
    from engine.events import Metrics, RunFinished

    study = store.create_study("a", "{}")
    run = store.create(new_run(experiment, study_id=study.id, cell="c"))
    events = [RunStarted(3, 1, 1), *(Metrics(n, {"val/accuracy": v}) for n, v in ((1, 0.5), (2, 0.8), (3, 0.6)))]
    for _ in record(store, run.id, iter([*events, RunFinished(3)])):
        pass
    (found,) = store.study_runs(study.id)
    assert (found.best, found.last) == (0.8, 0.6)


def test_a_study_is_found_by_number_uid_and_title(store: RunStore) -> None:
    study = store.create_study("Which block?", "{}")
    for key in (study.id, str(study.id), study.uid, study.uid[:4], "Which block?"):
        assert store.study(key).id == study.id
    for key in ("another", " "):
        with pytest.raises(StorageError, match=f"There is no study “{key.strip()}”"):
            store.study(key)


def test_changes_of_a_study_are_taken_back(store: RunStore, experiment: Experiment) -> None:
    study = store.create_study("first", "{}")
    run = store.create(new_run(experiment, study_id=study.id, cell="c"))
    finish(store, run)
    store.rename_study(study.id, "second")
    store.note_study(study.id, "well")
    store.change_study(study.id, '{"a": 1}')
    store.delete_study(study.id)
    assert store.studies() == []
    assert store.runs() == []
    labels = ["Delete “second” with 1 runs", "Change “second”", "Change the note of “second”", "Rename “first”"]
    assert [store.undo() for _ in labels] == labels
    assert [(row.title, row.note, row.spec) for row in store.studies()] == [("first", "", "{}")]
    assert [row.id for row in store.runs()] == [run.id]
    assert [store.redo() for _ in labels] == labels[::-1]
    assert store.studies() == store.runs() == []


def test_a_purged_run_leaves_the_undo_of_its_study(store: RunStore, experiment: Experiment) -> None:
    study = store.create_study("first", "{}")
    run = store.create(new_run(experiment, study_id=study.id, cell="c"))
    finish(store, run)
    store.delete_study(study.id)
    store.purge([run.id])
    assert store.undo() == "Delete “first” with 1 runs"
    assert [row.title for row in store.studies()] == ["first"]


def test_a_study_at_work_is_not_deleted(store: RunStore, experiment: Experiment) -> None:
    study = store.create_study("first", "{}")
    store.create(new_run(experiment, study_id=study.id, cell="c"))
    with pytest.raises(StorageError, match="“first” is still at work"):
        store.delete_study(study.id)
    with pytest.raises(StorageError, match="A study needs a title"):
        store.rename_study(study.id, " ")


def test_the_same_study_begun_twice_at_once_is_one(store: RunStore, workspace: Workspace) -> None:
    """Until it is older than a minute and nobody works on it; another spec or title is another study, not another
    device."""
    store.create_study("Q", "damaged")
    first, shared = store.begin_study("Q", '{"device": "cpu"}')
    assert not shared
    with RunStore(workspace) as other:
        assert other.begin_study(" Q ", "{}") == (first, True)
        assert other.begin_study("Q", '{"device": "cuda:1"}') == (first, True)
        assert other.begin_study("Q", '{"precision": "bfloat16"}')[1] is False
        assert other.begin_study("Q", "[]")[1] is False
        assert other.begin_study("R", "{}")[1] is False
        store._connection.execute("UPDATE study SET created = created - 61")
        later, shared = other.begin_study("Q", "{}")
        assert not shared
        assert later.id != first.id
        store.delete_study(later.id)
        assert other.begin_study("Q", "{}")[0].id not in (first.id, later.id)
