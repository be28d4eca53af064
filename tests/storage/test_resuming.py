"""A run that was cut off and goes on: what is saved of it is what an uninterrupted run saves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from engine.errors import StorageError
from engine.events import (
    EpochCompleted,
    Event,
    Metrics,
    Notice,
    ResumePoint,
    RunFailed,
    RunFinished,
    RunStarted,
    RunState,
    RunStopped,
    TrialCompleted,
)
from storage.record import record
from storage.store import RunRow, RunStore
from tests.new_runs import new_run
from tests.storage.conftest import evaluated

STEPS, EPOCH = 700, 90  # longer than two chunks
DAY = 86_400.0


class Source:
    """A training whose whole state is its step; what was written last is what it goes on from."""

    def __init__(self) -> None:
        self.kept: tuple[int, Mapping[str, Any]] | None = None
        self.refuses = self.over = False

    def events(self, stop_at: int = STEPS + 1) -> Iterator[Event]:
        first, note = (0, None) if self.kept is None else self.kept
        yield RunStarted(STEPS, EPOCH, 8, {}, step=first, note=note)
        if note is None:
            yield Notice("At the start.")
            yield TrialCompleted(0, {"rate": 0.1}, (0.5,), "complete", 1.0)
        for step in range(first + 1, STEPS + 1):
            yield from self._step(step)
            yield ResumePoint(step, lambda note, step=step: self._keep(step, note))
            if step == stop_at:
                yield Metrics(step, {"val/loss": 9.0})  # what a stop adds, and a run that goes on does not have
                yield evaluated()
                yield RunStopped(step)
                return
        yield evaluated()
        yield RunFinished(STEPS)
        self.over = True

    def _step(self, step: int) -> Iterator[Event]:
        values = {"train/loss": 1 / step, "train/accuracy": float("nan") if step % 3 else step / STEPS}
        yield Metrics(step, values)
        if step % EPOCH == 0:
            yield Metrics(step, {"val/loss": 2 / step})
            yield EpochCompleted(step // EPOCH, step)
            yield Notice(f"After {step} steps.")

    def _keep(self, step: int, note: Mapping[str, Any]) -> None:
        if self.refuses:
            raise StorageError("The disk is full.", "Free some space.")
        self.kept = step, note


def saved(store: RunStore, run_id: int) -> list[Any]:
    """All that does not depend on the clock."""
    curves = [store.curve(run_id, name) for name in store.metric_names(run_id)]
    row = store.run(run_id)
    return [
        store.metric_names(run_id), [(curve.steps.tobytes(), curve.values.tobytes()) for curve in curves], row.best,
        row.state, row.step, [message.text for message in store.messages(run_id)], store.trials(run_id),
        [result.metric for result in store.results(run_id)],
    ]  # fmt: skip


def interrupted(store: RunStore, run: RunRow, source: Source, events: int) -> None:
    """The run works until so many more events were said, and is cut off there."""
    with closing(record(store, run.id, source.events())) as recorded:
        for _ in range(events):
            next(recorded, None)
    if store.run(run.id).state is RunState.RUNNING:
        store.set_state(run.id, RunState.INTERRUPTED)


def in_line_again(store: RunStore, run: RunRow) -> None:
    store.set_state(run.id, RunState.QUEUED)


@pytest.mark.parametrize("cuts", [[3], [517], [2 * 256 + 3, 700], [181, 40, 600], [1400, 5, 5]])
def test_a_run_cut_off_anywhere_is_saved_as_if_it_never_was(store: RunStore, run: RunRow, cuts: list[int]) -> None:
    whole = store.create(new_run(run.experiment, "whole"))
    list(record(store, whole.id, Source().events()))
    source = Source()
    for events in cuts:
        interrupted(store, run, source, events)
        in_line_again(store, run)
    kept, before = source.kept, store.run(run.id).started
    list(record(store, run.id, source.events()))
    assert saved(store, run.id) == saved(store, whole.id)
    times = store.curve(run.id, "train/loss").times
    assert (times[1:] >= times[:-1]).all(), "training time goes on, it does not begin again"
    assert times[-1] < 60
    assert kept is None or store.run(run.id).started == before


def test_a_stopped_run_goes_on_without_what_its_stop_added(store: RunStore, run: RunRow) -> None:
    whole = store.create(new_run(run.experiment, "whole"))
    list(record(store, whole.id, Source().events()))
    source = Source()
    list(record(store, run.id, source.events(stop_at=400)))
    assert store.run(run.id).state is RunState.STOPPED
    assert [result.metric for result in store.results(run.id)] == ["test/accuracy"]
    in_line_again(store, run)
    list(record(store, run.id, source.events()))
    assert saved(store, run.id) == saved(store, whole.id)


def test_nothing_is_kept_that_the_database_does_not_have(
    store: RunStore, run: RunRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While saving fails no place is kept: the curve could not be cut to it."""
    source, real, fails = Source(), store.append, [False]

    def append(*given: Any) -> bool:
        if fails[0]:
            raise StorageError("The disk is full.", "Free some space.")
        return real(*given)

    monkeypatch.setattr(store, "append", append)
    recorded = record(store, run.id, source.events())
    for _ in range(40):
        next(recorded)
    kept = source.kept
    assert kept is not None
    fails[0] = True
    for _ in range(40):
        next(recorded)
    assert source.kept == kept
    fails[0] = False
    list(recorded)
    assert source.kept is not None
    assert source.kept[0] == STEPS
    assert source.over


def test_a_run_whose_end_cannot_be_saved_keeps_its_place(
    store: RunStore, run: RunRow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked for nothing after its last event: there it would give up what it goes on from."""
    source, real = Source(), store.append

    def append(*given: Any) -> bool:
        raise StorageError("The disk is full.", "Free some space.")

    interrupted(store, run, source, 500)
    in_line_again(store, run)
    recorded = record(store, run.id, source.events())
    next(recorded)
    monkeypatch.setattr(store, "append", append)
    assert isinstance(list(recorded)[-1], RunFinished)
    assert not source.over
    assert "could not be saved" in caplog.text
    monkeypatch.setattr(store, "append", real)
    store.set_state(run.id, RunState.INTERRUPTED)
    in_line_again(store, run)
    list(record(store, run.id, source.events()))
    assert store.run(run.id).state is RunState.FINISHED
    assert source.over


def test_a_place_that_cannot_be_written_is_told_once_and_tried_again(store: RunStore, run: RunRow) -> None:
    source = Source()
    source.refuses = True
    recorded = record(store, run.id, source.events())
    said = [next(recorded) for _ in range(60)]
    told = [event.text for event in said if isinstance(event, Notice) and "cannot be kept" in event.text]
    assert told == [
        "Where this run is cannot be kept. The disk is full. Free some space. Training goes on, and it is tried again."
    ]
    source.refuses = False
    list(recorded)
    assert store.run(run.id).state is RunState.FINISHED
    assert source.kept is not None


def test_a_database_that_is_older_than_the_place_is_refused_in_words(store: RunStore, run: RunRow) -> None:
    source = Source()
    interrupted(store, run, source, 500)
    with closing(sqlite3.connect(store.workspace.database)) as connection, connection:
        connection.execute("DELETE FROM chunk")
    in_line_again(store, run)
    with pytest.raises(StorageError, match="ends before the place"):
        list(record(store, run.id, source.events()))
    failure = store.run(run.id).failure
    assert failure is not None
    assert (failure.kind, failure.advice) == ("experiment", "Run it again from the start.")


def test_a_failure_is_forgotten_when_the_run_goes_on(store: RunStore, run: RunRow) -> None:
    list(record(store, run.id, iter([RunStarted(9, 9, 9), RunFailed("experiment", "Full.", "Free some.")])))
    assert store.run(run.id).failure is not None
    in_line_again(store, run)
    assert store.run(run.id).failure is None


def test_only_work_counts_as_time_taken_at_any_moment(store: RunStore, run: RunRow) -> None:
    """An event a second, and a day between two attempts."""
    source, now = Source(), [1000.0]

    def worked(events: int) -> float | None:
        with closing(record(store, run.id, source.events(), lambda: now[0])) as recorded:
            for _ in range(events):
                next(recorded, None)
                now[0] += 1
            return store.run(run.id).took

    assert worked(30) == pytest.approx(29, abs=2)
    for state in (RunState.INTERRUPTED, RunState.QUEUED):
        store.set_state(run.id, state)
        assert store.run(run.id).took == pytest.approx(30, abs=2)
    now[0] += DAY
    assert worked(1) == pytest.approx(30, abs=4)
    assert worked(20) == pytest.approx(50, abs=5)
    now[0] += DAY
    list(record(store, run.id, source.events(), lambda: now[0]))
    assert store.run(run.id).state is RunState.FINISHED
    assert store.run(run.id).took == pytest.approx(50, abs=5)


def test_an_attempt_without_a_first_step_counts_for_nothing(store: RunStore, run: RunRow) -> None:
    for now in (1000.0, 1000.0 + DAY):
        list(record(store, run.id, iter([RunFailed("experiment", "Full.", "Free some.")]), lambda now=now: now))
        assert store.run(run.id).took == 0
        in_line_again(store, run)
