"""The queue: one run per place at a time, pause, stop and keep, discard, abandon; all with real small runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import RunTaken
from engine.events import LAST_EVENTS, Metrics, RunFailed, RunFinished, RunState, RunStopped
from engine.experiment import Experiment
from engine.machine.warm import load_torch
from engine.work.process import Process
from engine.work.queue import RunQueue, new_run
from engine.work.recorder import Left, Now, Said, SavedPast
from engine.work.worker import Here, Worker
from storage.lending import Stores
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.engine.work.small_runs import small, until


@pytest.fixture(scope="module", autouse=True)
def engine() -> None:
    """Import torch once, before anything is timed."""
    load_torch()


@pytest.fixture
def workspace(own_workspace: Path) -> Workspace:
    return Workspace(own_workspace)


def queue_in(workspace: Workspace, worker: type[Worker] = Here) -> RunQueue:
    return RunQueue(Stores(workspace), worker)


@pytest.fixture
def queue(workspace: Workspace) -> Iterator[RunQueue]:
    made = queue_in(workspace)
    yield made
    assert made.close("abandon", 60)


def submit(queue: RunQueue, workspace: Workspace, experiment: Experiment) -> RunRow:
    with RunStore(workspace) as store:
        return queue.submit(new_run(experiment), store)


def collect(queue: RunQueue, events: dict[int, list[Said]]) -> dict[int, list[Said]]:
    for run_id, news in queue.drain().items():
        events.setdefault(run_id, []).extend(news)
    return events


def state(workspace: Workspace, run_id: int) -> RunState:
    with RunStore(workspace) as store:
        return store.run(run_id).state


def test_runs_of_one_device_take_turns(queue: RunQueue, workspace: Workspace) -> None:
    rows = [submit(queue, workspace, small().with_seed(seed)) for seed in range(3)]
    most, events = 0, {}
    while queue.is_busy():
        most = max(most, sum(queue.state(row.id) is RunState.RUNNING for row in rows))
        collect(queue, events)
        time.sleep(0.005)
    collect(queue, events)
    assert most == 1
    assert all(isinstance(events[row.id][-2], RunFinished) for row in rows)
    assert all(state(workspace, row.id) is RunState.FINISHED for row in rows)
    with RunStore(workspace) as store:
        assert len(store.curve(rows[0].id, "train/loss").values) > 0


def test_pause_holds_the_run_and_resume_goes_on(queue: RunQueue, workspace: Workspace) -> None:
    row, events = submit(queue, workspace, small(2000)), {}
    until(lambda: any(isinstance(event, Metrics) for event in collect(queue, events).get(row.id, [])))
    queue.pause(row.id)
    until(lambda: queue.state(row.id) is RunState.PAUSED)
    assert state(workspace, row.id) is RunState.PAUSED
    collect(queue, events)
    before = len(events[row.id])
    time.sleep(0.3)
    assert len(collect(queue, events)[row.id]) == before
    queue.resume(row.id)
    until(lambda: len(collect(queue, events)[row.id]) > before)
    queue.stop(row.id)
    until(lambda: not queue.is_busy())
    assert isinstance(collect(queue, events)[row.id][-2], RunStopped)


def test_stopping_keeps_a_tested_run_even_from_a_pause(queue: RunQueue, workspace: Workspace) -> None:
    row, events = submit(queue, workspace, small(2000)), {}
    until(lambda: any(isinstance(event, Metrics) for event in collect(queue, events).get(row.id, [])))
    queue.pause(row.id)
    until(lambda: queue.state(row.id) is RunState.PAUSED)
    queue.stop(row.id)
    until(lambda: not queue.is_busy())
    with RunStore(workspace) as store:
        saved = store.run(row.id)
        assert saved.state is RunState.STOPPED
        assert saved.test is not None
        assert (store.directory(saved) / "best.safetensors").is_file()


def test_discarding_is_undone_with_undo(queue: RunQueue, workspace: Workspace) -> None:
    row, events = submit(queue, workspace, small(2000)), {}
    until(lambda: any(isinstance(event, Metrics) for event in collect(queue, events).get(row.id, [])))
    queue.discard(row.id)
    until(lambda: not queue.is_busy())
    with RunStore(workspace) as store:
        assert row.id not in [run.id for run in store.runs()]
        store.undo()
        assert row.id in [run.id for run in store.runs()]


def test_a_run_that_waits_can_be_stopped(queue: RunQueue, workspace: Workspace) -> None:
    first, second = submit(queue, workspace, small(2000)), submit(queue, workspace, small())
    until(lambda: queue.state(first.id) is RunState.RUNNING)
    queue.stop(second.id)
    until(lambda: queue.active() == [first.id])
    assert state(workspace, second.id) is RunState.STOPPED


def test_an_abandoned_run_is_interrupted_and_those_that_wait_go_on_waiting(workspace: Workspace) -> None:
    queue = queue_in(workspace)
    rows = [submit(queue, workspace, small(2000)), submit(queue, workspace, small())]
    until(lambda: queue.state(rows[0].id) is RunState.RUNNING)
    assert queue.close("abandon", 60)
    assert [state(workspace, row.id) for row in rows] == [RunState.INTERRUPTED, RunState.QUEUED]
    with RunStore(workspace) as store:
        assert [row.id for row in store.waiting()] == [rows[1].id]


def test_an_impossible_run_fails_with_a_sentence(queue: RunQueue, workspace: Workspace) -> None:
    row = submit(queue, workspace, small(device="cuda:63"))
    events: dict[int, list[Said]] = {}
    until(lambda: not queue.is_busy())
    last = collect(queue, events)[row.id][-2]
    assert isinstance(last, RunFailed)
    assert last.kind == "experiment"
    assert "cuda:63" in last.message


def test_a_run_says_first_what_it_does_and_last_that_it_has_left(queue: RunQueue, workspace: Workspace) -> None:
    """Whatever happened to it; a queue that is not busy has nothing more to say than what it holds already."""
    rows = [submit(queue, workspace, small(2000)), submit(queue, workspace, small()), submit(queue, workspace, small())]
    events: dict[int, list[Said]] = {}
    until(lambda: any(isinstance(said, Metrics) for said in collect(queue, events).get(rows[0].id, [])))
    queue.stop(rows[2].id)
    queue.discard(rows[0].id)
    until(lambda: not queue.is_busy())
    collect(queue, events)
    assert queue.drain() == {}
    for row in rows:
        states = [said.state for said in events[row.id] if isinstance(said, Now)]
        assert events[row.id][0] == Now(RunState.QUEUED)
        assert events[row.id].count(Left()) == 1
        assert isinstance(events[row.id][-1], Left)
        assert states == [RunState.QUEUED, RunState.RUNNING][: 1 if row is rows[2] else 2]
        assert queue.state(row.id) is None
    assert [isinstance(events[row.id][-2], LAST_EVENTS) for row in rows] == [False, True, False]


@pytest.mark.parametrize("worker, next_worker", [(Here, Process), (Process, Here)])
def test_a_run_put_off_goes_on_in_another_queue_as_if_it_never_was(
    workspace: Workspace, worker: type[Worker], next_worker: type[Worker]
) -> None:
    """Also from a pause, and with another worker; what waited behind it goes on after it."""
    queue = queue_in(workspace, worker)
    whole = submit(queue, workspace, small(20))
    until(lambda: not queue.is_busy())
    first, second = submit(queue, workspace, small(20)), submit(queue, workspace, small())
    events: dict[int, list[Said]] = {}
    until(lambda: sum(isinstance(said, Metrics) for said in collect(queue, events).get(first.id, [])) > 3)
    queue.pause(first.id)
    until(lambda: queue.state(first.id) is RunState.PAUSED)
    assert queue.close("later", 60)
    with RunStore(workspace) as store:
        waiting = [row.id for row in store.waiting()]
        assert waiting == [first.id, second.id]
        other = queue_in(workspace, next_worker)
        for run_id in waiting:
            other.go_on(run_id, store)
        with pytest.raises(RunTaken, match="already"):
            other.go_on(first.id, store)
        until(lambda: not other.is_busy())
        assert any(isinstance(said, SavedPast) for said in collect(other, {})[first.id])
        assert [store.run(run_id).state for run_id in waiting] == [RunState.FINISHED] * 2
        for name in store.metric_names(whole.id):
            one, two = (store.curve(run_id, name) for run_id in (whole.id, first.id))
            assert (one.steps.tobytes(), one.values.tobytes()) == (two.steps.tobytes(), two.values.tobytes()), name
            assert (two.times[1:] >= two.times[:-1]).all()
        assert [one.value for one in store.results(whole.id)] == [one.value for one in store.results(first.id)]
    assert other.close("abandon", 60)
