"""Threads and processes in one workspace."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.events import Event, Metrics, RunFinished, RunStarted, RunState
from engine.experiment import Experiment
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run

REPOSITORY = Path(__file__).resolve().parents[2]


def steps(n: int) -> Iterator[Event]:
    yield RunStarted(n, 50, 32)
    for step in range(1, n + 1):
        yield Metrics(step, {"train/loss": 1 / step, "val/loss": 2 / step})
    yield RunFinished(n)


def test_two_threads_record_while_a_third_reads_and_changes(workspace: Workspace, experiment: Experiment) -> None:
    errors: list[BaseException] = []
    done = threading.Event()

    def train(seed: int) -> None:
        try:
            with RunStore(workspace) as store:
                run = store.create(new_run(experiment.with_seed(seed), f"seed {seed}"))
                for event in record(store, run.id, steps(3000)):
                    if isinstance(event, Metrics) and event.step % 100 == 0:
                        store.beat(run.id)
        except BaseException as error:  # noqa: BLE001  (handed to the test's own thread)
            errors.append(error)

    def read_and_change() -> None:
        try:
            with RunStore(workspace) as store:
                while not done.is_set():
                    for row in store.runs():
                        curve = store.curve(row.id, "val/loss")
                        assert curve.steps.tolist() == list(range(1, len(curve) + 1))
                        assert curve.values.tolist() == [2 / step for step in curve.steps.tolist()]
                        store.star(row.id, not row.starred)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    trainers = [threading.Thread(target=train, args=(seed,)) for seed in range(2)]
    reader = threading.Thread(target=read_and_change)
    for thread in (reader, *trainers):
        thread.start()
    for thread in trainers:
        thread.join()
    done.set()
    reader.join()
    assert errors == []
    with RunStore(workspace) as store:
        assert [run.state for run in store.runs()] == [RunState.FINISHED] * 2
        assert {len(store.curve(run.id, name)) for run in store.runs() for name in ("train/loss", "val/loss")} == {3000}


def test_a_reader_sees_whole_flushes_only(workspace: Workspace, store: RunStore, experiment: Experiment) -> None:
    run = store.create(new_run(experiment))
    with RunStore(workspace) as reader:
        for _ in record(store, run.id, steps(2000)):
            last = reader.run(run.id).last
            assert last == {} or last["val/loss"] == 2 * last["train/loss"]


def test_a_store_belongs_to_its_thread(store: RunStore) -> None:
    caught: list[BaseException] = []

    def use() -> None:
        try:
            store.runs()
        except BaseException as error:  # noqa: BLE001
            caught.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert "thread" in str(caught[0])


@pytest.mark.parametrize("processes", [4])
def test_many_processes_may_make_the_same_workspace_at_once(workspace: Workspace, processes: int) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from storage.store import NewRun, RunStore; from storage.workspace import Workspace\n"
        "from engine.experiment import Experiment\n"
        "input()\n"
        f"with RunStore(Workspace({str(workspace.root)!r})) as store: store.create(NewRun(Experiment(), 'finetune'))"
    )
    command = [sys.executable, "-c", script]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    complaints = []
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        complaints.append(child.communicate()[1])
    assert complaints == [""] * processes
    with RunStore(workspace) as store:
        assert len(store.runs()) == processes


def test_nobody_takes_back_what_another_living_process_did(workspace: Workspace, experiment: Experiment) -> None:
    """Until it has ended: then its changes can be taken back like those of an earlier day."""
    script = (
        "import sys; from storage.store import RunStore; from storage.workspace import Workspace\n"
        "store = RunStore(Workspace(sys.argv[1])); store.delete([2]); store.rename(1, 'theirs')\n"
        "print('done', flush=True); sys.stdin.read()"
    )
    with RunStore(workspace) as store:
        for name in ("first", "second"):
            store.set_state(store.create(new_run(experiment, name)).id, RunState.INTERRUPTED)
        store.star(2, True)
        store.rename(1, "mine")
        seen = store.data_version()
        command = [sys.executable, "-c", script, str(workspace.root)]
        other = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with other:
            assert other.stdout is not None
            assert other.stdout.readline() == "done\n"
            assert store.data_version() != seen
            assert store.undo() == "Rename “first”"
            assert store.run(1).name == "theirs", "what the other named since then stays"
            assert [store.undo(), store.undo()] == ["Star “second”", None]
            assert [run.id for run in store.runs()] == [1]
            assert [run.id for run in store.runs(deleted=True)] == [2]
            assert store.redo() == "Star “second”"
            store.note(1, "this ends what could be made again")
            other.communicate("")
        assert [store.undo() for _ in range(3)][1:] == ["Rename “mine”", "Delete “second”"]
