"""Rows of runs: the same few queries for any number of them, never a chunk; and finding one by what a person types."""

from __future__ import annotations

import json
import math
import sqlite3
from collections import defaultdict
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, Literal

from pydantic import ValidationError

from engine.errors import ExperimentError, StorageError, shown
from engine.events import LIVE_STATES, RunState
from engine.experiment import DatasetChoice, Experiment, MethodChoice, explain
from storage import marks, results
from storage.results import FIGURE
from storage.rows import UNREADABLE, Failure, RunRow, moment
from storage.workspace import UID

# The columns of a run: those that its row has by the same name, those of its failure, of the figure it is known by (the
# first one), of its marks, and what else says something about it.
_ITSELF = (
    "id", "uid", "name", "state", "family", "experiment", "group_hash", "created", "started", "ended", "seconds",
    "step", "total_steps", "steps_per_epoch", "examples_per_step", "facts", "starred", "note", "plan", "deleted_at",
    "study_id", "cell", "ending",
)  # fmt: skip
_FAILURE = ("failure_kind", "failure_message", "failure_advice", "failure_traceback")
_MARKS = ("tags", "archived", "cell_notes")
_OTHER = ("(SELECT title FROM study WHERE study.id = run.study_id)", "run.owner IS NULL")
_ENDS = [*accumulate(map(len, (_ITSELF, _FAILURE, _MARKS, FIGURE, _OTHER)))]
_BESIDES = [slice(*ends) for ends in pairwise(_ENDS)]
_RUNS = f"""
SELECT {", ".join(f"run.{name}" for name in (*_ITSELF, *_FAILURE, *_MARKS))},
  {", ".join(f"result.{name}" for name in FIGURE)}, {", ".join(_OTHER)}
FROM run LEFT JOIN result ON result.id = (SELECT min(id) FROM result WHERE run_id = run.id)
WHERE {{where}} ORDER BY run.created DESC, run.id DESC"""

_SUMMARIES = """
SELECT run_id, metric_id, last, min, min_step, max, max_step FROM summary
WHERE run_id IN (SELECT value FROM json_each(?))"""

Best = dict[str, tuple[float, int]]
Last = dict[str, float]
Cells = tuple[Any, ...]
Known = dict[int, tuple[Cells, RunRow]]  # run id -> (its row in the database, what was made of it)


def rows(
    connection: sqlite3.Connection, where: str, values: tuple[Any, ...] = (), known: Known | None = None
) -> list[RunRow]:
    """The runs for which `where` holds, newest first.

    known: remembers runs that have ended from one call to the next; they are used again while their row is the same.
    """
    known = {} if known is None else known
    found = _plain(connection).execute(_RUNS.format(where=where), values).fetchall()
    fresh = [row for row in found if row[0] not in known or known[row[0]][0] != row]
    curves = summaries(connection, [row[0] for row in fresh])
    for row in fresh:
        known[row[0]] = (row, _readable(row, *curves[row[0]]))
    listed = [known[row[0]][1] for row in found]
    for run in listed:
        if run.state in LIVE_STATES:
            del known[run.id]  # its curves go on without a change in its row
    return listed


def _plain(connection: sqlite3.Connection) -> sqlite3.Cursor:
    """Rows as tuples: finding 30 columns of 1,000 runs by name would cost more than SQLite does."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor


def summaries(connection: sqlite3.Connection, run_ids: list[int]) -> dict[int, tuple[Best, Last]]:
    """Best and last values of each metric of each run."""
    plain = _plain(connection)
    metrics = {key: (name, goal == "min") for key, name, goal in plain.execute("SELECT id, name, goal FROM metric")}
    found: dict[int, tuple[Best, Last]] = defaultdict(lambda: ({}, {}))
    for run_id, metric_id, end, low, low_step, high, high_step in plain.execute(_SUMMARIES, (json.dumps(run_ids),)):
        if metric_id not in metrics:
            continue  # a damaged table of names
        name, smallest = metrics[metric_id]
        best, last = found[run_id]
        last[name] = math.nan if end is None else end
        if low is not None:
            best[name] = (low, low_step) if smallest else (high, high_step)
    return found


def one(connection: sqlite3.Connection, run_id: int | None) -> RunRow:
    """The run with this id; raises `StorageError` when there is none."""
    found = rows(connection, "run.id = ?", (run_id,))
    if not found:
        raise StorageError(f"There is no run {run_id}.", "It may have been discarded.")
    return found[0]


def _readable(row: Cells, best: Best, last: Last) -> RunRow:
    """The run in a row of `_RUNS`; of one that is damaged what can be said of it, so that the others are shown."""
    try:
        return _row(row, best, last)
    except (ValueError, TypeError, LookupError, ArithmeticError, ExperimentError) as error:
        reason = explain(error)[0] if isinstance(error, ValidationError) else f"{type(error).__name__}: {error}"
        return _unreadable(row, shown(reason))


def _unreadable(row: Cells, reason: str) -> RunRow:
    nothing = Experiment(method=MethodChoice(name=UNREADABLE), dataset=DatasetChoice(name=UNREADABLE))
    failure = Failure(
        "experiment",
        f"This run cannot be read: its row in the database is damaged ({reason}).",
        "Delete it, or bring back a copy of the workspace; the other runs are not touched.",
        "",
    )
    return RunRow(
        id=row[0], uid=row[1] if UID.fullmatch(str(row[1])) else UNREADABLE,
        name=f"{row[2]} ({UNREADABLE})", state=RunState.FAILED, family="",
        experiment=nothing, group=str(row[6]), created=moment(row[7]) or 0.0, failure=failure,
        deleted_at=moment(row[19]),
    )  # fmt: skip


def _row(row: Cells, best: Best, last: Last) -> RunRow:
    told = dict(zip(_ITSELF, row, strict=False))
    failure, found_by, figure, (study, nobodys) = (row[part] for part in _BESIDES)
    if not UID.fullmatch(told["uid"]):
        raise ValueError(f"its short code is “{told['uid']}”")
    told["group"] = told.pop("group_hash")
    told["state"] = RunState(told["state"])
    told["experiment"] = _experiment(told["experiment"])
    told["created"] = moment(told["created"]) or 0.0
    told["started"], told["ended"] = moment(told["started"]), moment(told["ended"])
    told["deleted_at"] = moment(told["deleted_at"])
    told["facts"], told["starred"] = _facts(told["facts"]), bool(told["starred"])
    return RunRow(
        **told, **marks.read(*found_by), best=best, last=last,
        test=None if figure[0] is None else results.figure(*figure),
        failure=None if failure[0] is None else Failure(*failure),
        study=study or "", waits=bool(nobodys) and told["state"] is RunState.QUEUED,
    )  # fmt: skip


def _facts(text: str) -> dict[str, Any]:
    facts = json.loads(text)
    if not isinstance(facts, dict):
        raise ValueError("its facts are no list of names and values")
    return facts


def _experiment(text: str) -> Experiment:
    """The seeds of one configuration share all but the seed, which saved settings end with: a night of runs is read
    quickly and held once."""
    body, found, end = text.rpartition(',"seed":')
    seed = end.removesuffix("}")
    if found and seed.isascii() and seed.isdecimal():
        return _settings(f"{body}}}").with_seed(int(seed))
    return _settings(text)


@lru_cache(maxsize=1024)
def _settings(text: str) -> Experiment:
    return Experiment.model_validate_json(text)


def find(connection: sqlite3.Connection, key: int | str, table: Literal["run", "study"] = "run") -> int:
    """The id of the run or study meant by an id, a uid, the beginning of a uid, or a name (then the newest so named).
    Raises `StorageError`. What is in the bin is found only as a run, by its id or uid."""
    text, visible = str(key).strip(), "deleted_at IS NULL AND"
    name, many, anywhere = ("name", "runs", "") if table == "run" else ("title", "studies", visible)
    ways: list[tuple[str, int | str]] = [(f"{anywhere} id = ?", int(text))] if _is_id(text) else []
    ways += [(f"{anywhere} uid = ?", text), (f"{visible} {name} = ?", text)]
    beginning = (
        "uid >= ?1 AND uid < ?1 || '{' AND +deleted_at IS NULL"  # “{” follows every letter; +: by the uid's index
    )
    ways += [(beginning, text)] if text else []
    for where, value in ways:
        found = connection.execute(f"SELECT id FROM {table} WHERE {where} ORDER BY created DESC, id DESC", (value,))
        first = found.fetchone()
        others = len(found.fetchall()) if where is beginning else 0
        if others:
            raise StorageError(f"“{text}” is the beginning of {others + 1} {many}.", "Give one more letter of it.")
        if first:
            return int(first["id"])
    raise StorageError(f"There is no {table} “{text}”.", f"Give its number, its short code or its exact {name}.")


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 19
