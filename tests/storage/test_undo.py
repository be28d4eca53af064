"""What a person can take back, also after a restart."""

from __future__ import annotations

import statistics
import time

import pytest

from engine.errors import StorageError
from engine.events import RunState
from engine.experiment import BackboneChoice, Experiment
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run


def test_each_change_is_taken_back_and_made_again(store: RunStore, finished: RunRow) -> None:
    store.rename(finished.id, "better name")
    store.note(finished.id, "worked")
    store.star(finished.id, True)
    store.tag([finished.id], ["for the paper", "Kept"])
    store.tag([finished.id], ["kept"], remove=["FOR-THE-PAPER"])
    store.note_cell(finished.id, "test", "odd")
    store.archive([finished.id])
    store.delete([finished.id])
    changed = store.run(finished.id)
    assert (changed.name, changed.note, changed.starred) == ("better name", "worked", True)
    assert (changed.tags, changed.archived, changed.cell_notes["test"].text) == (("Kept",), True, "odd")
    assert store.runs() == []
    assert store.runs(deleted=True) == [changed]
    labels = [
        "Delete “better name”", "Archive “better name”", "Change a note on “better name”",
        "Tag “better name” “kept”", "Tag “better name” “for-the-paper, Kept”", "Star “better name”",
        "Change the note of “better name”", "Rename “first try”",
    ]  # fmt: skip
    assert [store.undo() for _ in range(9)] == [*labels, None]
    assert store.runs() == [finished]
    assert [store.redo() for _ in range(9)] == [*labels[::-1], None]
    assert store.run(finished.id) == changed


def test_what_was_done_last_goes_first_and_comes_back_first(
    store: RunStore, finished: RunRow, experiment: Experiment
) -> None:
    other = store.create(new_run(experiment))
    assert (store.undo(), store.redo()) == (None, None)
    store.star(finished.id, True)
    store.star(other.id, True)
    assert [store.undo(), store.redo(), store.undo()] == [f"Star “{other.name}”"] * 3
    assert (store.undo(), store.redo()) == ("Star “first try”", "Star “first try”")


def test_a_new_change_ends_what_could_be_made_again(store: RunStore, finished: RunRow) -> None:
    store.rename(finished.id, "a")
    store.undo()
    store.rename(finished.id, "b")
    assert store.redo() is None
    assert store.run(finished.id).name == "b"


def test_a_change_that_changes_nothing_is_not_remembered(store: RunStore, finished: RunRow) -> None:
    store.rename(finished.id, " first try ")
    store.star(finished.id, False)
    assert store.undo() is None


def test_undo_outlives_the_store(store: RunStore, finished: RunRow, workspace: Workspace) -> None:
    store.delete([finished.id])
    store.close()
    with RunStore(workspace) as again:
        assert again.undo() == "Delete “first try”"
        assert again.runs() == [finished]


def test_deleting_keeps_curves_and_files(store: RunStore, finished: RunRow) -> None:
    store.delete([finished.id])
    assert len(store.curve(finished.id, "train/loss")) == 30
    assert store.directory(finished).is_dir()


def test_a_run_needs_a_name(store: RunStore, finished: RunRow) -> None:
    with pytest.raises(StorageError, match="needs a name"):
        store.rename(finished.id, "  ")
    assert store.run(finished.id).name == "first try"


def test_a_working_run_is_not_deleted(store: RunStore, finished: RunRow, experiment: Experiment) -> None:
    waiting = store.create(new_run(experiment, "waiting"))
    with pytest.raises(StorageError, match="“waiting” is still queued") as caught:
        store.delete([finished.id, waiting.id])
    assert caught.value.advice == "Stop it first."
    assert len(store.runs()) == 2


@pytest.mark.parametrize(("typed", "kept"), [
    ([" #a b ", "A-B", "c,d;e"], ("a-b", "c-d-e")),
    (["", " , ", "\x1b[31m\u202e"], ("[31m",)),
    (["=1+1", "<b>ü</b>", "日本"], ("=1+1", "<b>ü</b>", "日本")),
])  # fmt: skip
def test_a_tag_is_one_word_that_can_be_typed(
    store: RunStore, finished: RunRow, typed: list[str], kept: tuple[str, ...]
) -> None:
    store.tag([finished.id], typed)
    assert store.run(finished.id).tags == kept


def test_too_long_or_too_many_tags_and_notes_change_nothing(store: RunStore, finished: RunRow) -> None:
    for wrong in (["x" * 31], [str(number) for number in range(21)]):
        with pytest.raises(StorageError, match="too"):
            store.tag([finished.id], wrong)
    with pytest.raises(StorageError, match="too long"):
        store.note_cell(finished.id, "test", "x" * 4001)
    assert store.runs() == [finished]


def test_damaged_marks_do_not_hide_the_run(store: RunStore, finished: RunRow) -> None:
    for damage in ("[", '{"a": 1}', "[1, null]", '{"test": 3}', '{"test": {"text": 1}}'):
        store._connection.execute("UPDATE run SET tags = ?, cell_notes = ?", (damage, damage))
        assert store.run(finished.id) == finished
    store.tag([finished.id], ["a"])
    store.note_cell(finished.id, "test", "b")
    assert store.run(finished.id).tags == ("a",)


def test_views_are_kept_replaced_renamed_and_forgotten(store: RunStore) -> None:
    store.save_view("compare", " Best  ones ", {"words": "a"})
    store.save_view("compare", "Best ones", {"words": "b"})
    store.save_view("compare", "other", {})
    store.save_view("runs", "Best ones", {})
    with pytest.raises(StorageError, match="already"):
        store.rename_view("compare", "other", "Best ones")
    store.rename_view("compare", "other", "another")
    assert [(view.name, view.spec) for view in store.views("compare")] == [
        ("another", {}), ("Best ones", {"words": "b"}),
    ]  # fmt: skip
    store.delete_view("compare", "another")
    with pytest.raises(StorageError, match="needs a name"):
        store.save_view("compare", " ", {})
    store._connection.execute("INSERT INTO saved_view(page, name, spec) VALUES('compare', 'damaged', '[')")
    assert [view.name for view in store.views("compare")] == ["Best ones"]


def test_unknown_runs_change_nothing(store: RunStore, finished: RunRow) -> None:
    with pytest.raises(StorageError, match="There is no run 99"):
        store.delete([finished.id, 99])
    assert store.runs() == [finished]


def test_purging_frees_rows_folder_and_undo(store: RunStore, finished: RunRow, workspace: Workspace) -> None:
    (store.directory(finished) / "best.safetensors").write_bytes(b"0" * 1000)
    store.rename(finished.id, "a")
    assert store.purge([finished.id, 99]) == 1000
    assert store.runs() == store.runs(deleted=True) == []
    assert list(workspace.runs.iterdir()) == []
    assert store.undo() is None
    counts = [
        store._connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("chunk", "summary", "result")
    ]
    assert counts == [0, 0, 0]


def test_a_mixture_goes_with_the_last_run_that_starts_from_it(
    store: RunStore, experiment: Experiment, workspace: Workspace
) -> None:
    folder = workspace.runs / "mix-0123456789ab"
    folder.mkdir()
    (folder / "best.safetensors").write_bytes(b"0" * 500)
    of = experiment.model_copy(update={"backbone": BackboneChoice(weights=f"run:{folder.name}", head="kept")})
    first, second = (store.create(new_run(of)).id for _ in range(2))
    for run_id in (first, second):
        store.set_state(run_id, RunState.STOPPED)
    store.purge([first])
    assert folder.is_dir()
    store.delete([second])
    assert folder.is_dir()  # deleting can be taken back
    assert store.purge([second]) >= 500
    assert not folder.exists()


def test_purging_one_of_two_keeps_the_undo_of_the_other(store: RunStore, experiment: Experiment) -> None:
    runs = [store.create(new_run(experiment)) for _ in range(2)]
    for run in runs:
        store.set_state(run.id, RunState.STOPPED)
    store.delete([run.id for run in runs])
    store.purge([runs[0].id])
    assert store.undo() == "Delete 2 runs"
    assert [run.id for run in store.runs()] == [runs[1].id]


def test_undoing_500_deletions_is_quick(store: RunStore, experiment: Experiment) -> None:
    ids = [store.create(new_run(experiment)).id for _ in range(500)]
    store._connection.execute("UPDATE run SET state = 'finished'")
    seconds = []
    for _ in range(5):
        store.delete(ids)
        assert store.runs() == []
        start = time.process_time()
        assert store.undo() == "Delete 500 runs"
        seconds.append(time.process_time() - start)
    assert len(store.runs()) == 500
    assert statistics.median(seconds) <= 0.050
