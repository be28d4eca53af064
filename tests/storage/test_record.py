"""What passes through `record` is in the database before anybody sees it, whatever goes wrong."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from engine.events import (
    LAST_EVENTS,
    CheckpointSaved,
    EpochCompleted,
    Event,
    IllegalTransition,
    Metrics,
    Notice,
    RunFailed,
    RunFinished,
    RunStarted,
    RunState,
    RunStopped,
)
from engine.experiment import Experiment
from storage.record import record
from storage.store import RunRow, RunStore
from tests.new_runs import new_run
from tests.storage.conftest import evaluated


def slow_steps(n: int, seconds: float = 0.004) -> Iterator[Event]:
    yield RunStarted(n, n, 32)
    for step in range(1, n + 1):
        time.sleep(seconds)
        yield Metrics(step, {"train/loss": 1 / step, "train/accuracy": step / n})
    yield RunFinished(n)


def test_every_event_passes_unchanged_and_in_order(store: RunStore, run: RunRow, training) -> None:
    passed, said = list(record(store, run.id, training())), list(training())
    assert [type(event) for event in passed] == [type(event) for event in said]
    assert [event.step for event in passed if isinstance(event, Metrics)] == [
        event.step for event in said if isinstance(event, Metrics)
    ]


def test_a_finished_run_has_everything(store: RunStore, finished: RunRow) -> None:
    assert (finished.state, finished.step, finished.total_steps) == (RunState.FINISHED, 30, 30)
    assert (finished.steps_per_epoch, finished.examples_per_step) == (10, 32)
    assert finished.facts == {"classes": 3, "trainable parameters": 113088}
    assert finished.best["train/loss"] == (1 / 30, 30)
    assert finished.best["train/accuracy"] == (29 / 30, 29)
    assert finished.last["val/loss"] == 2 / 30
    assert finished.test is not None
    assert (finished.test.value, finished.test.low, finished.test.high, finished.test.n) == (0.75, 0.3, 0.95, 4)
    assert finished.test.protocol == {"split": "stratified", "interval": "Wilson"}
    assert store.metric_names(finished.id) == ["train/loss", "train/accuracy", "val/loss"]
    (best,) = store.artifacts(finished.id)
    assert (best.kind, best.path, best.step, best.value) == ("best", "best.safetensors", 30, 0.5)


def test_predictions_come_back(store: RunStore, finished: RunRow) -> None:
    (result,) = store.results(finished.id)
    assert (result.ids.tolist(), result.ids.dtype) == ([7, 11, 2**40, 3], np.int64)
    assert (result.truth.tolist(), result.truth.dtype) == ([0, 1, 2, 1], np.int16)
    assert result.predicted.tolist() == [0, 1, 2, 2]
    assert result.scores is None
    assert result.class_names == ("ka", "kha", "ga")


def test_the_hardness_of_episodes_comes_back(store: RunStore, run: RunRow) -> None:
    values, scores = np.array([0.25, 0.5, 1 / 3]), np.array([1.0, 0.5, 0.25])
    figure = replace(evaluated(), ids=None, truth=None, predicted=None, scores=scores, hardness=values)
    done: list[Event] = [RunStarted(1, 1, 1, {}), figure, RunFinished(1)]
    for _ in record(store, run.id, iter(done)):
        pass
    (result,) = store.results(run.id)
    assert result.hardness.tolist() == values.tolist()
    assert result.scores.tolist() == scores.tolist()


def test_epochs_figures_and_ends_are_saved_before_they_are_shown(store: RunStore, run: RunRow, training) -> None:
    for event in record(store, run.id, training()):
        if isinstance(event, RunStarted):
            assert store.run(run.id).state is RunState.RUNNING
        elif isinstance(event, EpochCompleted):
            assert len(store.curve(run.id, "train/loss")) == event.step
            assert store.run(run.id).last["val/loss"] == 2 / event.step
        elif isinstance(event, LAST_EVENTS):
            assert store.run(run.id).state is RunState.FINISHED


def test_points_are_saved_every_quarter_second(store: RunStore, run: RunRow) -> None:
    missing = []
    for event in record(store, run.id, slow_steps(150)):
        if isinstance(event, Metrics) and event.step % 10 == 0:
            missing.append(event.step - len(store.curve(run.id, "train/loss")))
    assert 0 < max(missing) <= 0.3 / 0.004
    assert min(missing) < 10


def test_a_stopped_run_and_a_failed_run_say_so(store: RunStore, experiment: Experiment) -> None:
    stopped, failed = store.create(new_run(experiment)), store.create(new_run(experiment))
    list(record(store, stopped.id, iter([RunStarted(9, 9, 9), RunStopped(4)])))
    list(record(store, failed.id, iter([RunFailed("experiment", "Out of memory.", "Use batch 16.", "lines")])))
    assert (store.run(stopped.id).state, store.run(stopped.id).step) == (RunState.STOPPED, 4)
    failure = store.run(failed.id).failure
    assert store.run(failed.id).state is RunState.FAILED
    assert (failure.kind, failure.message, failure.advice, failure.traceback) == (
        *("experiment", "Out of memory.", "Use batch 16.", "lines"),
    )


def test_notices_are_the_log(store: RunStore, run: RunRow) -> None:
    list(record(store, run.id, iter([Notice("3 files skipped"), Notice("No GPU", "warning"), RunFinished(0)])))
    assert [(m.level, m.text) for m in store.messages(run.id)] == [("info", "3 files skipped"), ("warning", "No GPU")]


def test_closing_midway_closes_the_source_and_saves_the_rest(store: RunStore, run: RunRow) -> None:
    closed = []

    def source() -> Iterator[Event]:
        try:
            yield from slow_steps(100, 0.0)
        finally:
            closed.append(len(store.curve(run.id, "train/loss")))

    events = record(store, run.id, source())
    for event in events:
        if isinstance(event, Metrics) and event.step == 40:
            break
    events.close()
    assert closed, "the source is closed"
    assert closed[0] < 40, "it is closed first, because it may still clean up"
    assert len(store.curve(run.id, "train/loss")) == len(store.curve(run.id, "train/accuracy")) == 40
    assert store.run(run.id).state is RunState.RUNNING


def test_a_mistake_in_the_source_is_a_failed_run_and_passes_on(store: RunStore, run: RunRow) -> None:
    def source() -> Iterator[Event]:
        yield RunStarted(9, 9, 9)
        yield Metrics(1, {"train/loss": 1.0})
        raise ZeroDivisionError("epochs")

    with pytest.raises(ZeroDivisionError):
        list(record(store, run.id, source()))
    row = store.run(run.id)
    assert (row.state, row.failure.kind) == (RunState.FAILED, "bug")
    assert "ZeroDivisionError: epochs" in row.failure.traceback
    assert len(store.curve(run.id, "train/loss")) == 1


def test_a_source_without_an_end_is_a_failed_run(store: RunStore, run: RunRow) -> None:
    passed = list(record(store, run.id, iter([RunStarted(9, 9, 9), Metrics(1, {"train/loss": 1.0})])))
    assert isinstance(passed[-1], RunFailed)
    assert store.run(run.id).state is RunState.FAILED


def test_a_run_that_has_ended_is_not_recorded_again(store: RunStore, finished: RunRow, training) -> None:
    with pytest.raises(IllegalTransition):
        list(record(store, finished.id, training()))
    assert store.run(finished.id) == finished


def test_a_run_left_for_the_next_start_is_not_begun_by_a_thread_that_comes_late(
    store: RunStore, run: RunRow, training
) -> None:
    assert store.put_off(run.id)
    with pytest.raises(IllegalTransition):
        next(record(store, run.id, training()))
    for state in (RunState.RUNNING, RunState.PAUSED):
        with pytest.raises(IllegalTransition):
            store.set_state(run.id, state)
    assert [row.id for row in store.waiting()] == [run.id]
    store.put_in_line(run.id)
    assert list(record(store, run.id, training()))


def test_an_interrupted_run_that_starts_again_starts_from_nothing(store: RunStore, run: RunRow, training) -> None:
    events = record(store, run.id, training(300))
    for _ in range(200):
        next(events)
    events.close()
    for state in (RunState.INTERRUPTED, RunState.QUEUED):
        store.set_state(run.id, state)
    assert store.run(run.id).ended is None
    list(record(store, run.id, training()))
    assert len(store.curve(run.id, "train/loss")) == 30
    assert store.run(run.id).best["train/loss"] == (1 / 30, 30)


@pytest.mark.parametrize(
    "last, why",
    [
        (RunFinished(9, "after 3 of 3 epochs"), "after 3 of 3 epochs"),
        (RunStopped(4, "by hand after 1 of 3 epochs"), "by hand after 1 of 3 epochs"),
        (RunFailed("experiment", "The disk is full.", "Free some."), "The disk is full."),
    ],
)
def test_how_a_run_ended_is_kept_in_words_until_it_goes_on(store: RunStore, run: RunRow, last: Event, why: str) -> None:
    list(record(store, run.id, iter([RunStarted(9, 3, 3), last])))
    assert store.run(run.id).why == why
    if not isinstance(last, RunFinished):
        store.set_state(run.id, RunState.QUEUED)
        assert store.run(run.id).why == ""


class Clock:
    """Time that passes only when somebody sleeps: no other program lengthens it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in ("record", "recording"):
        monkeypatch.setattr(f"storage.{module}.time", made)
    return made


def test_a_point_after_a_wait_and_the_next_are_written_at_once(store: RunStore, run: RunRow, clock: Clock) -> None:
    """As after a validation: the step after that may last long, and a kill within it would lose them."""

    def steps() -> Iterator[Event]:
        yield RunStarted(9, 9, 9)
        for step in range(1, 7):
            clock.sleep(0.11 if step == 4 else 0)
            yield Metrics(step, {"train/loss": 1 / step})

    recorded = record(store, run.id, steps())
    next(recorded)
    assert [next(recorded) and len(store.curve(run.id, "train/loss")) for _ in range(6)] == [1, 2, 2, 4, 5, 5]
    recorded.close()


def test_a_checkpoint_written_again_is_one_file(store: RunStore, run: RunRow) -> None:
    saved = [CheckpointSaved("best", "best.safetensors", step, step / 10) for step in (1, 2, 3)]
    list(record(store, run.id, iter([RunStarted(9, 9, 9), *saved, RunFinished(9)])))
    assert [(file.step, file.value) for file in store.artifacts(run.id)] == [(3, 0.3)]


def test_a_run_purged_meanwhile_ends_quietly(store: RunStore, run: RunRow, training) -> None:
    events = record(store, run.id, training(2000))
    next(events)
    store.purge([run.id])
    assert isinstance(list(events)[-1], RunFinished)
    assert store.runs() == []


def test_a_lock_in_the_middle_is_told_once_and_nothing_is_lost(store: RunStore, run: RunRow) -> None:
    other = sqlite3.connect(store.workspace.database, isolation_level=None)
    notices, longest, before = [], 0.0, time.monotonic()
    for event in record(store, run.id, slow_steps(400)):
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
        if isinstance(event, Notice):
            notices.append(event)
        elif isinstance(event, Metrics) and event.step == 30:
            other.execute("BEGIN IMMEDIATE")
        elif isinstance(event, Metrics) and event.step == 230:
            other.execute("ROLLBACK")
    other.close()
    assert [notice.level for notice in notices] == ["warning", "info"]
    assert "Another program is holding the database. Close it" in notices[0].text
    assert store.run(run.id).state is RunState.FINISHED
    assert store.curve(run.id, "train/loss").steps.tolist() == list(range(1, 401))
    assert [message.text for message in store.messages(run.id)] == [notice.text for notice in notices]
    assert longest < 10, "training waits for the lock only briefly"


def test_a_full_disk_does_not_end_the_training(store: RunStore, run: RunRow, caplog: pytest.LogCaptureFixture) -> None:
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    passed = []
    for event in record(store, run.id, slow_steps(300)):
        passed.append(event)
        if isinstance(event, RunStarted):
            store._connection.execute(f"PRAGMA max_page_count={pages}")
    warnings = [event.text for event in passed if isinstance(event, Notice)]
    assert "disk is full. Free some space" in warnings[0]
    assert warnings[1:] == ["The last part of this run could not be saved."]
    assert sum(isinstance(event, Metrics) for event in passed) == 300
    assert isinstance(passed[-1], RunFinished)
    assert "could not be saved" in caplog.text
    assert store.run(run.id).state is RunState.RUNNING, "it is shown as interrupted after the next start"


def test_room_on_the_disk_again_brings_everything_in(store: RunStore, run: RunRow) -> None:
    store._connection.execute("VACUUM")  # no room is left inside the file either
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    notices = []
    for event in record(store, run.id, slow_steps(300)):
        if isinstance(event, Notice):
            notices.append(event.level)
        elif isinstance(event, RunStarted):
            store._connection.execute(f"PRAGMA max_page_count={pages}")
        elif isinstance(event, Metrics) and event.step == 200:
            store._connection.execute("PRAGMA max_page_count=1000000")
    assert notices == ["warning", "info"]
    assert len(store.curve(run.id, "train/loss")) == 300
    assert store.run(run.id).state is RunState.FINISHED


def test_a_log_that_may_not_grow_makes_room_for_itself(store: RunStore, run: RunRow) -> None:
    """As on a disk that is nearly full: what was written twice, in the log and in the database, is not any more."""
    resource = pytest.importorskip("resource")
    database, kept = store._connection.path, resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (database.stat().st_size + 200_000, kept[1]))
        for number in range(60):
            words = f"{number:08}" * 1000
            assert store.append(run.id, [lambda at, words=words: at.execute("UPDATE run SET name = ?", (words,))], {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    assert store.run(run.id).name == f"{59:08}" * 1000


def test_time_is_training_time_without_pauses(store: RunStore, run: RunRow, clock: Clock) -> None:
    """Six steps of 20 ms with a pause of 0.3 s in the middle and one before the first step."""

    def events() -> Iterator[Event]:
        yield Notice("Reading")
        yield RunStarted(6, 6, 32)
        for step in range(1, 7):
            clock.sleep(0.02)
            yield Metrics(step, {"train/loss": 1 / step})
        yield RunFinished(6)

    for event in record(store, run.id, events()):
        if isinstance(event, Notice) or (isinstance(event, Metrics) and event.step == 3):
            clock.sleep(0.3)
    saved = store.run(run.id)
    times = store.curve(run.id, "train/loss").times
    assert times == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.10, 0.12])
    assert saved.took == pytest.approx(0.12)
    assert (saved.started, saved.ended) == pytest.approx((1000.3, 1000.72))  # when it ended is when it ended


def test_the_machine_s_clock_may_be_set_meanwhile(
    store: RunStore, run: RunRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, steps = time.time, slow_steps(4)
    recording = record(store, run.id, steps)
    next(recording)
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    list(recording)
    times = store.curve(run.id, "train/loss").times
    assert (np.diff(times) > 0).all()
    assert 0 < times[-1] < 5


def test_runs_of_earlier_versions_took_from_start_to_end(store: RunStore, run: RunRow) -> None:
    row = replace(run, started=10.0, ended=25.0)
    assert row.took == 15.0
    assert replace(row, seconds=12.0).took == 12.0
    assert replace(row, ended=None).took is None
