"""Files that come to a run after its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import StorageError
from engine.events import RunState
from engine.experiment import Experiment
from storage import artifacts
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "network.onnx"
    made.write_bytes(bytes(range(256)) * 5000)
    return made


def test_a_file_is_copied_whole_listed_and_purged(
    store: RunStore, finished: RunRow, file: Path, workspace: Workspace
) -> None:
    added = store.add_artifact(finished.id, file, "export")
    assert (added.kind, added.path, added.step, added.value) == ("export", "network.onnx", finished.step, None)
    assert [one.path for one in store.artifacts(finished.id)] == ["best.safetensors", "network.onnx"]
    kept = store.directory(finished) / added.path
    assert kept.read_bytes() == file.read_bytes()
    file.unlink()
    assert store.purge([finished.id]) == 256 * 5000
    assert not kept.parent.exists()
    assert store._connection.execute("SELECT count(*) FROM artifact").fetchone()[0] == 0


@pytest.mark.parametrize("name", ["best.safetensors", "Best.safetensors", "experiment.json"])
def test_no_file_of_the_run_is_written_over(store: RunStore, finished: RunRow, tmp_path: Path, name: str) -> None:
    own = store.directory(finished) / "experiment.json"
    own.write_text("own")
    (tmp_path / name).write_text("other")
    with pytest.raises(StorageError, match=f"The run has a file {name} already"):
        store.add_artifact(finished.id, tmp_path / name, "export")
    assert own.read_text() == "own"
    assert len(store.artifacts(finished.id)) == 1


def test_what_cannot_be_added_leaves_nothing(
    store: RunStore, finished: RunRow, experiment: Experiment, file: Path, tmp_path: Path
) -> None:
    waiting = store.create(new_run(experiment))
    for run_id, source, sentence in (
        (99, file, "There is no run 99"),
        (waiting.id, file, f"is still {RunState.QUEUED}"),
        (finished.id, tmp_path / "gone.onnx", "gone.onnx cannot be added"),
        (finished.id, tmp_path, "cannot be added"),
    ):
        with pytest.raises(StorageError, match=sentence):
            store.add_artifact(run_id, source, "export")
    assert list(store.directory(waiting).iterdir()) == list(store.directory(finished).iterdir()) == []
    assert len(store.artifacts(finished.id)) == 1


def test_a_copy_that_breaks_off_is_taken_away(
    store: RunStore, finished: RunRow, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, goal: Path) -> None:
        goal.write_bytes(source.read_bytes()[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifacts.shutil, "copyfile", full)
    with pytest.raises(StorageError, match="no space left on device"):
        store.add_artifact(finished.id, file, "export")
    assert list(store.directory(finished).iterdir()) == []
    assert len(store.artifacts(finished.id)) == 1
