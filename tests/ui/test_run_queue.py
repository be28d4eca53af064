"""The queue: one run per device at a time, pause, stop and keep, discard, abandon; all with real small runs."""

import time
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from engine.errors import RunTaken
from engine.events import Event, Metrics, Notice, RunFailed, RunFinished, RunStarted, RunState, RunStopped
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.machine.warm import load_torch
from storage.store import RunStore
from storage.workspace import Workspace
from ui.library import Library
from ui.live import Live
from ui.run_queue import RunQueue
from ui.run_thread import Past


def small(epochs: int = 2, device: str = "cpu") -> Experiment:
    """A run of about a second: digits, ten labels each, from scratch."""
    return Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=5),
        backbone=BackboneChoice(name="conv4"),
        method=MethodChoice(name="scratch", hyperparameters={"epochs": epochs, "batch_size": 25}),
        device=device,
    )


@pytest.fixture(scope="module", autouse=True)
def engine() -> None:
    """Import torch once, before anything is timed."""
    load_torch()


@pytest.fixture
def queue(workspace: Workspace) -> Iterator[RunQueue]:
    made = RunQueue(workspace)
    yield made
    assert made.close("abandon", 60)


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def collect(queue: RunQueue, events: dict[int, list[Event]]) -> dict[int, list[Event]]:
    for run_id, news in queue.drain().items():
        events.setdefault(run_id, []).extend(news)
    return events


def state(workspace: Workspace, run_id: int) -> RunState:
    with RunStore(workspace) as store:
        return store.run(run_id).state


def test_runs_of_one_device_take_turns(queue: RunQueue, workspace: Workspace) -> None:
    rows = [queue.submit(small().with_seed(seed)) for seed in range(3)]
    most, events = 0, {}
    while queue.is_busy():
        most = max(most, sum(queue.state(row.id) is RunState.RUNNING for row in rows))
        collect(queue, events)
        time.sleep(0.005)
    collect(queue, events)
    assert most == 1
    assert all(isinstance(events[row.id][-1], RunFinished) for row in rows)
    assert all(state(workspace, row.id) is RunState.FINISHED for row in rows)
    with RunStore(workspace) as store:
        assert len(store.curve(rows[0].id, "train/loss").values) > 0


def test_pause_holds_the_run_and_resume_goes_on(queue: RunQueue, workspace: Workspace) -> None:
    row, events = queue.submit(small(400)), {}
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
    assert isinstance(collect(queue, events)[row.id][-1], RunStopped)


def test_stopping_keeps_a_tested_run_even_from_a_pause(queue: RunQueue, workspace: Workspace) -> None:
    row, events = queue.submit(small(2000)), {}
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
    row, events = queue.submit(small(2000)), {}
    until(lambda: any(isinstance(event, Metrics) for event in collect(queue, events).get(row.id, [])))
    queue.discard(row.id)
    until(lambda: not queue.is_busy())
    with RunStore(workspace) as store:
        assert row.id not in [run.id for run in store.runs()]
        store.undo()
        assert row.id in [run.id for run in store.runs()]


def test_a_run_that_waits_can_be_stopped(queue: RunQueue, workspace: Workspace) -> None:
    first, second = queue.submit(small(2000)), queue.submit(small())
    until(lambda: queue.state(first.id) is RunState.RUNNING)
    queue.stop(second.id)
    until(lambda: queue.active() == [first.id])
    assert state(workspace, second.id) is RunState.STOPPED


def test_an_abandoned_run_is_interrupted_and_those_that_wait_go_on_waiting(workspace: Workspace) -> None:
    queue = RunQueue(workspace)
    rows = [queue.submit(small(2000)), queue.submit(small())]
    until(lambda: queue.state(rows[0].id) is RunState.RUNNING)
    assert queue.close("abandon", 60)
    assert [state(workspace, row.id) for row in rows] == [RunState.INTERRUPTED, RunState.QUEUED]
    with RunStore(workspace) as store:
        assert [row.id for row in store.waiting()] == [rows[1].id]


def test_an_impossible_run_fails_with_a_sentence(queue: RunQueue) -> None:
    row = queue.submit(small(device="cuda:63"))
    events: dict[int, list[Event]] = {}
    until(lambda: not queue.is_busy())
    last = collect(queue, events)[row.id][-1]
    assert isinstance(last, RunFailed)
    assert last.kind == "experiment"
    assert "cuda:63" in last.message


def test_what_was_drained_is_forgotten(queue: RunQueue) -> None:
    row = queue.submit(small())
    until(lambda: not queue.is_busy())
    queue.drain()
    until(lambda: (queue.drain(), queue._threads == {})[1])
    assert queue.state(row.id) is None
    assert queue.drain() == {}


def test_of_runs_that_ended_only_the_last_few_stay_in_memory(
    qtbot: QtBot, queue: RunQueue, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How each ended is still known; its curve and figures are in the database."""
    library = Library(workspace)
    live = Live(queue, library)
    news = [RunStarted(2, 1, 8), Metrics(1, {"train/loss": 1.0}), Notice("one"), RunFinished(2)]
    for run_id in range(1, 9):
        monkeypatch.setattr(queue, "drain", lambda run_id=run_id: {run_id: news})
        live.tick()
    library.close()
    held = {run_id: live.buffer(run_id) for run_id in range(1, 9)}
    assert [run_id for run_id, run in held.items() if run and run.curves and run.messages] == [6, 7, 8]
    assert {run.state for run in held.values() if run} == {RunState.FINISHED}
    assert len(held) == 8


def test_a_run_put_off_goes_on_in_another_queue_as_if_it_never_was(workspace: Workspace) -> None:
    """Also from a pause; what waited behind it goes on after it."""
    queue = RunQueue(workspace)
    whole = queue.submit(small(12))
    until(lambda: not queue.is_busy())
    first, second = queue.submit(small(12)), queue.submit(small())
    events: dict[int, list[Event]] = {}
    until(lambda: sum(isinstance(said, Metrics) for said in collect(queue, events).get(first.id, [])) > 5)
    queue.pause(first.id)
    until(lambda: queue.state(first.id) is RunState.PAUSED)
    assert queue.close("later", 60)
    with RunStore(workspace) as store:
        waiting = [row.id for row in store.waiting()]
        assert waiting == [first.id, second.id]
        other = RunQueue(workspace)
        for run_id in waiting:
            other.go_on(run_id, store)
        with pytest.raises(RunTaken, match="already"):
            other.go_on(first.id, store)
        until(lambda: not other.is_busy())
        assert any(isinstance(said, Past) for said in collect(other, {})[first.id])
        assert [store.run(run_id).state for run_id in waiting] == [RunState.FINISHED] * 2
        for name in store.metric_names(whole.id):
            one, two = (store.curve(run_id, name) for run_id in (whole.id, first.id))
            assert (one.steps.tobytes(), one.values.tobytes()) == (two.steps.tobytes(), two.values.tobytes()), name
            assert (two.times[1:] >= two.times[:-1]).all()
        assert [one.value for one in store.results(whole.id)] == [one.value for one in store.results(first.id)]
    assert other.close("abandon", 60)
