"""What a run at work writes: its start, its files, messages and figures, and how it ended. All inside a transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from functools import singledispatch

from engine import metrics
from engine.events import (
    CheckpointSaved,
    Evaluated,
    Event,
    Heard,
    IllegalTransition,
    Notice,
    RunFailed,
    RunFinished,
    RunStarted,
    RunState,
    RunStopped,
    TrialCompleted,
    next_state,
)
from storage import artifacts, curves, formulations, results
from storage.curves import OpenCurve
from storage.rows import state_named

_OF_THE_RUN = ("chunk", "summary", "result", "artifact", "trial", "message")


def state_of(connection: sqlite3.Connection, run_id: int) -> RunState | None:
    """The saved state, or None when there is no such run (any more)."""
    row = connection.execute("SELECT state FROM run WHERE id = ?", (run_id,)).fetchone()
    return None if row is None else state_named(row["state"])


def change_state(
    connection: sqlite3.Connection, run_id: int, old: RunState, new: RunState, owner: str | None, now: float
) -> None:
    """Write a state that may follow; raises `IllegalTransition`. A run that waits or works belongs to `owner`; one that
    waits and is nobody's is put in line first."""
    state = next_state(old, new)
    update = "UPDATE run SET state = ?1, heartbeat = ?2, "
    if state is RunState.QUEUED:
        update += "owner = ?3, ended = NULL, failure_kind = NULL, failure_message = NULL,"
        update += " failure_advice = NULL, failure_traceback = NULL, ending = ''"
    elif state in (RunState.RUNNING, RunState.PAUSED):
        _check_in_line(connection, run_id)  # an attempt that came to no first step counts for nothing
        update += "owner = ?3, started = iif(seconds IS NULL, ?2, started)"
    else:
        update += "owner = NULL, ended = coalesce(ended, ?2)"
    connection.execute(f"{update} WHERE id = ?4", (state.value, now, owner, run_id))


def _check_in_line(connection: sqlite3.Connection, run_id: int) -> None:
    nobodys = "SELECT 1 FROM run WHERE id = ? AND state = 'queued' AND owner IS NULL"
    if connection.execute(nobodys, (run_id,)).fetchone():
        raise IllegalTransition("A run that waits for nobody cannot begin.", "Put it in line first.")


@singledispatch
def event(said: Event, connection: sqlite3.Connection, run_id: int, now: float) -> None:
    """Write one event. Those that leave nothing behind (epochs, preparation) write nothing."""


@event.register
def _(said: RunStarted, connection: sqlite3.Connection, run_id: int, now: float) -> None:
    """A run that starts from nothing: what an interrupted attempt left in the database goes. One that goes on has been
    cut to where it does so."""
    if said.note is None:
        for table in _OF_THE_RUN:
            connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))
    facts, started = dict(said.facts), now if said.note is None else said.note["started"]
    connection.execute(
        "UPDATE run SET started = ?, step = ?, total_steps = ?, steps_per_epoch = ?,"
        " examples_per_step = ?, facts = ? WHERE id = ?",
        (
            *(started, said.step, int(said.total_steps), int(said.steps_per_epoch), int(said.examples_per_step)),
            *(json.dumps(facts, default=results.plain), run_id),
        ),
    )
    if said.environment:
        artifacts.made_with(connection, run_id, said.environment)
    if said.formulation:
        formulations.write(connection, run_id, said.formulation)


@event.register
def _(said: CheckpointSaved, connection: sqlite3.Connection, run_id: int, now: float) -> None:
    value = None if said.value is None else float(said.value)
    connection.execute(
        "INSERT INTO artifact(run_id, kind, path, step, value, time) VALUES(?,?,?,?,?,?) ON CONFLICT(run_id, path)"
        " DO UPDATE SET kind=excluded.kind, step=excluded.step, value=excluded.value, time=excluded.time",
        (run_id, said.kind, said.path, int(said.step), value, now),
    )


event.register(Evaluated, results.write)
event.register(TrialCompleted, results.write_trial)


@event.register
def _(said: Notice, connection: sqlite3.Connection, run_id: int, now: float) -> None:
    connection.execute(
        "INSERT INTO message(run_id, time, level, text) VALUES(?,?,?,?)", (run_id, now, said.level, said.text)
    )


@event.register
def _(said: RunFinished | RunStopped, connection: sqlite3.Connection, run_id: int, now: float) -> None:
    _end(connection, run_id, RunState.FINISHED if isinstance(said, RunFinished) else RunState.STOPPED, now)
    connection.execute("UPDATE run SET step = ?, ending = ? WHERE id = ?", (int(said.step), said.why, run_id))


@event.register
def _(said: RunFailed, connection: sqlite3.Connection, run_id: int, now: float) -> None:
    _end(connection, run_id, RunState.FAILED, now)
    connection.execute(
        "UPDATE run SET failure_kind = ?, failure_message = ?, failure_advice = ?, failure_traceback = ? WHERE id = ?",
        (said.kind, said.message, said.advice, said.traceback, run_id),
    )


def _end(connection: sqlite3.Connection, run_id: int, new: RunState, now: float) -> None:
    """What the run itself says of its end is true, also when it was taken for paused or interrupted meanwhile."""
    old = state_of(connection, run_id)
    if old in (RunState.PAUSED, RunState.INTERRUPTED):
        old = RunState.RUNNING
    if old is not None:
        change_state(connection, run_id, old, new, "", now)
        connection.execute("UPDATE run SET ended = ? WHERE id = ?", (now, run_id))


def points(
    connection: sqlite3.Connection, run_id: int, open_curves: Mapping[str, OpenCurve], now: float,
    seconds: float | None = None, heard: Heard | None = None,
) -> None:  # fmt: skip
    """Write the chunks and summaries that have news, the last step, and a sign of life. seconds: from the first step to
    now or to the end, without pauses; None before it. heard: up to where the journal of a run that is worked elsewhere
    is saved."""
    news = {name: curve for name, curve in open_curves.items() if curve.dirty}
    known = metric_ids(connection, news) if news else {}
    curves.write(connection, run_id, {known[name]: curve for name, curve in news.items()})
    step = max((curve.steps[-1] for curve in news.values()), default=0)
    place = (None, None) if heard is None else (heard.journal, heard.number)
    connection.execute(
        "UPDATE run SET heartbeat = ?, step = max(step, ?), seconds = coalesce(?, seconds),"
        " journal = coalesce(?, journal), heard = coalesce(?, heard) WHERE id = ?",
        (now, step, seconds, *place, run_id),
    )


def metric_ids(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
    """The ids of all metrics; those of these names are made on first use."""
    known = {str(name): int(key) for key, name in connection.execute("SELECT id, name FROM metric")}
    for name in names:
        if name not in known:
            made = connection.execute("INSERT INTO metric(name, goal) VALUES(?, ?)", (name, metrics.of(name).goal))
            known[name] = int(made.lastrowid or 0)
    return known
