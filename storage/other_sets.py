"""Figures of runs that were measured after they ended, on further sets of images; how often a set was looked at."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import StorageError
from engine.events import Evaluated
from engine.metrics import TEST_SET
from storage import purging, results
from storage.connection import OpenDatabase, snapshot, writing

KEY = f'$."{TEST_SET}"'


@dataclass(frozen=True, slots=True)
class OtherFigure:
    """One accuracy on a further set of images. title: of the set; fingerprint: of what it held."""

    run_id: int
    title: str
    fingerprint: str
    value: float
    low: float
    high: float
    n: int
    notes: dict[str, str]


def looked_words(candidates: int) -> str:
    """What it means that a set was looked at for so many candidates; "" for one, or none."""
    if candidates < 2:
        return ""
    return f"{candidates} candidates were tested on these images: the figure of the best of them is too good here."


class OtherSetMethods:
    """What `RunStore` keeps of tests on further sets."""

    _connection: OpenDatabase

    def keep_tested(self, run_id: int, figures: Sequence[Evaluated]) -> None:
        """Save figures of a run that has ended, in place of those it had on these images, or on what lay in their place
        before: another folder may bear the same title. Raises `StorageError` for a run that waits or works, or that
        has no figure of its own, which it is known by."""
        with writing(self._connection) as connection:
            title = purging.title(connection, [run_id], ended=True)
            if connection.execute("SELECT 1 FROM result WHERE run_id = ?", (run_id,)).fetchone() is None:
                raise StorageError(f"{title} has not been tested yet.", "Let it end with its own test first.")
            for same in {_known_by(one) for one in figures}:
                connection.execute(
                    "DELETE FROM result WHERE run_id = ? AND at = ? AND (json_extract(conditions, '$.data') = ?"
                    f" OR json_extract(notes, '{KEY}') = ?)", (run_id, *same),
                )  # fmt: skip
            for one in figures:
                results.write(one, connection, run_id, time.time())

    def keep_beside(self, run_id: int, figures: Sequence[Evaluated]) -> None:
        """Save figures that were measured after a run had ended, in place of those of the same metrics. Raises
        `StorageError` for a run that waits or works."""
        with writing(self._connection) as connection:
            purging.title(connection, [run_id], ended=True)
            for one in figures:
                connection.execute("DELETE FROM result WHERE run_id = ? AND metric = ?", (run_id, one.metric))
            for one in figures:
                results.write(one, connection, run_id, time.time())

    def tested_on(self, run_ids: Sequence[int]) -> list[OtherFigure]:
        """The accuracies of these runs on further sets, in the order they were measured."""
        with snapshot(self._connection) as connection:
            return [_figure(row) for run_id in run_ids for row in _rows(connection, run_id)]

    def looked_at(self) -> dict[str, int]:
        """Fingerprint of each further set -> how many different experiments were tested on it; seeds are no
        different ones, deleted runs count: they were looked at too."""
        query = (
            "SELECT DISTINCT json_extract(conditions, '$.data'), group_hash FROM result JOIN run ON run.id = run_id"
            " WHERE json_extract(at, ?) IS NOT NULL"
        )
        found: dict[str, int] = defaultdict(int)
        with snapshot(self._connection) as connection:
            for fingerprint, _ in connection.execute(query, (KEY,)):
                found[fingerprint] += 1
        return dict(found)


def _known_by(figure: Evaluated) -> tuple[str, str, str]:
    """Title, content and place of its images."""
    return json.dumps(dict(figure.at)), str(figure.conditions["data"]), str(figure.notes[TEST_SET])


def _rows(connection: sqlite3.Connection, run_id: int) -> list[sqlite3.Row]:
    query = (
        "SELECT run_id, json_extract(at, ?) AS title, json_extract(conditions, '$.data') AS data, value, low, high, n,"
        " notes FROM result WHERE run_id = ? AND metric = 'test/accuracy' AND json_extract(at, ?) IS NOT NULL"
        " ORDER BY id"
    )
    return list(connection.execute(query, (KEY, run_id, KEY)))


def _figure(row: sqlite3.Row) -> OtherFigure:
    return OtherFigure(
        row["run_id"], row["title"], row["data"], row["value"], row["low"], row["high"], row["n"],
        json.loads(row["notes"]),
    )  # fmt: skip
