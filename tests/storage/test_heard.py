"""A run that is worked elsewhere: each event is saved once, however often and in how many parts it arrives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import pytest

from engine.events import (
    EpochCompleted,
    Event,
    Heard,
    Metrics,
    Notice,
    Preparing,
    RunFinished,
    RunStarted,
    RunState,
    TrialCompleted,
)
from engine.experiment import Experiment
from storage import record as record_module
from storage.record import record
from storage.store import RunRow, RunStore
from tests.new_runs import new_run
from tests.storage.conftest import evaluated

BEGAN = 1_800_000_000.0  # seconds since the epoch


def said(value: float = 1.0, steps: int = 300) -> list[Event]:
    """A run of every kind of event, with more points than one chunk of a curve."""
    events: list[Event] = [Notice("Here we go"), RunStarted(steps, 50, 8, {"classes": 3})]
    for step in range(1, steps + 1):
        events.append(Metrics(step, {"train/loss": value / step}))
        if step % 50 == 0:
            events += [Metrics(step, {"val/loss": value}), EpochCompleted(step // 50, step), Notice(f"step {step}")]
    events += [TrialCompleted(0, {"lr": 0.1}, (0.5, value), "complete", 1.0), TrialCompleted(1, {}, (), "failed", 0.5)]
    return [*events, evaluated(), RunFinished(steps, "after 6 of 6 epochs")]


class Journal:
    """Hands out the events behind a number, and says where each of them stands."""

    def __init__(self, name: str, events: Sequence[Event]) -> None:
        self.name, self.events = name, events
        self.place: Heard | None = None

    def after(self, number: int, until: int | None = None) -> Iterator[Event]:
        for place, event in zip(count(number + 1), self.events[number:until], strict=False):
            self.place = Heard(self.name, place, BEGAN + place)
            yield event

    def heard(self) -> Heard | None:
        return self.place


def take(store: RunStore, run: RunRow, journal: Journal, number: int, events: int) -> None:
    """Save so many events; then the program is gone."""
    said = record(store, run.id, journal.after(number), heard=journal.heard)
    for _ in range(events):
        next(said)
    said.close()


def saved(store: RunStore, run: RunRow) -> object:
    row = store.run(run.id)
    curves = {name: store.curve(run.id, name) for name in store.metric_names(run.id)}
    points = {name: (one.steps.tolist(), one.times.tolist(), one.values.tolist()) for name, one in curves.items()}
    messages = [(one.level, one.text) for one in store.messages(run.id)]
    figures = [(one.metric, one.value, one.n) for one in store.results(run.id)]
    return row.state, row.step, row.seconds, row.best, row.last, points, messages, figures, store.trials(run.id)


def again(store: RunStore, run: RunRow) -> None:
    store.set_state(run.id, RunState.INTERRUPTED)
    store.put_in_line(run.id)


def whole(store: RunStore, journal: Journal) -> object:
    run = store.create(new_run(Experiment()))
    take(store, run, journal, 0, len(journal.events))
    return saved(store, run)


@pytest.mark.parametrize("first", [1, 2, 57, 256, 257, 258, 320, 321])
def test_a_desk_that_comes_back_has_what_one_that_stayed_has(store: RunStore, first: int) -> None:
    journal = Journal("1-a", said())
    run = store.create(new_run(Experiment()))
    take(store, run, journal, 0, first)
    heard = store.heard(run.id)
    assert heard is not None
    assert (heard.journal, heard.number) == ("1-a", first)
    again(store, run)
    take(store, run, journal, heard.number, len(journal.events) - heard.number)
    assert saved(store, run) == whole(store, Journal("1-b", said()))


@pytest.mark.parametrize("first", [1, 57, 320])
def test_a_new_attempt_takes_the_place_of_what_the_last_one_said(store: RunStore, first: int) -> None:
    """Also where the desk never left."""
    run = store.create(new_run(Experiment()))
    take(store, run, Journal("1-a", said(7.0)), 0, first)
    again(store, run)
    second = Journal("2-b", said())
    take(store, run, second, 0, len(second.events))
    assert saved(store, run) == whole(store, Journal("1-c", said()))


def test_a_new_attempt_in_the_middle_of_what_is_heard(store: RunStore) -> None:
    old, new = Journal("1-a", said(7.0)), Journal("2-b", said())
    run, at = store.create(new_run(Experiment())), [old]

    def both() -> Iterator[Event]:
        yield from old.after(0, 300)
        at.append(new)
        yield from new.after(0)

    for _ in record(store, run.id, both(), heard=lambda: at[-1].heard()):
        pass
    assert saved(store, run) == whole(store, Journal("1-c", said()))


def test_a_run_of_this_machine_is_in_no_journal(store: RunStore, finished: RunRow) -> None:
    assert store.heard(finished.id) is None


def test_time_is_that_of_who_works_it(store: RunStore, run: RunRow) -> None:
    """A desk that is slow to listen, or that hears an hour at once, lengthens no second."""
    journal = Journal("1-a", said(steps=20))
    take(store, run, journal, 0, len(journal.events))
    row = store.run(run.id)
    assert row.seconds == len(journal.events) - 2
    assert store.curve(run.id, "train/loss").times.tolist() == [float(step) for step in range(1, 21)]


def test_what_a_run_of_the_same_settings_took_elsewhere(store: RunStore) -> None:
    here = store.create(new_run(Experiment()))
    group = here.group
    for _ in record(store, here.id, iter(said(steps=4))):
        pass
    assert store.took_elsewhere(group) is None
    there = store.create(new_run(Experiment(seed=1)))
    journal = Journal("1-a", said(steps=4))
    take(store, there, journal, 0, len(journal.events))
    assert store.took_elsewhere(group) == (store.run(there.id).seconds, "")
    assert store.took_elsewhere("another") is None


def writes(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each time that something is written of a run."""
    found, append = list[int](), store.append

    def counted(run_id: int, *given: Any) -> bool:
        found.append(run_id)
        return append(run_id, *given)

    monkeypatch.setattr(store, "append", counted)
    return found


@pytest.mark.parametrize(("apart", "most"), [(0.001, 3), (1.0, 13)])
def test_what_comes_together_is_written_together(
    store: RunStore, run: RunRow, monkeypatch: pytest.MonkeyPatch, apart: float, most: int
) -> None:
    """And at the end of each message where little is said, so that a list shows it before the next one comes."""
    events = said()[:-1]
    written = writes(store, monkeypatch)
    place: list[Heard] = []

    def arriving() -> Iterator[Event]:
        for number, event in enumerate(events, 1):
            more = number % 30 > 0 and number < len(events)
            place[:] = [Heard("1-a", number, BEGAN + apart * number, more)]
            yield event

    monkeypatch.setattr(record_module, "ELSEWHERE", (1000.0, 0.5))  # the machine that tests this may be slow
    saves = record(store, run.id, arriving(), heard=lambda: place[0])
    for _ in events:
        next(saves)
        if apart == 1.0 and not place[0].more:
            assert store.heard(run.id) == place[0]
    assert len(written) <= most
    saves.close()
    assert store.heard(run.id) == place[0]


def test_what_came_is_written_while_the_rest_of_it_does_not_come(
    store: RunStore, run: RunRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a cluster goes away in the middle of a message: that it does is said of no place of its own."""
    monkeypatch.setattr(record_module, "ELSEWHERE", (0.0, 0.5))
    places = [Heard("1-a", number, BEGAN + number / 1000, more=number > 1) for number in (1, 2, 3)]
    events = [RunStarted(9, 9, 8), Metrics(1, {"train/loss": 1.0}), Metrics(2, {"train/loss": 1.0}), Preparing("Away")]
    place: list[Heard] = []

    def arriving() -> Iterator[Event]:
        for one, event in zip([*places, places[-1]], events, strict=True):
            place[:] = [one]
            yield event

    saves = record(store, run.id, arriving(), heard=lambda: place[0])
    assert [next(saves) for _ in range(3)] == events[:3]
    assert store.run(run.id).step == 0
    assert next(saves) == events[3]
    assert store.run(run.id).step == 2
    saves.close()
