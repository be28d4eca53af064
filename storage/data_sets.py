"""The folders and zips of images that were opened or learnt from: what a person calls them, and which are listed."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from engine.experiment import ONCE_OF_ALL, DatasetChoice
from storage.connection import snapshot, writing

LONGEST_TITLE = 200  # letters
SHARED = frozenset((*DatasetChoice.model_fields, *ONCE_OF_ALL))  # what is no setting of one kind of data alone
_USED = """
SELECT json_extract(experiment, '$.dataset.name') || ':' || json_extract(experiment, '$.dataset.path') AS key,
  max(created) AS opened, count(*) AS runs
FROM run WHERE deleted_at IS NULL AND CASE WHEN json_valid(experiment)
  THEN json_extract(experiment, '$.dataset.path') END IS NOT NULL GROUP BY 1"""
_ALL = f"""
SELECT key, max(title) AS title, max(hidden) AS hidden, max(opened) AS opened, max(runs) AS runs FROM (
  SELECT key, title, hidden, opened, 0 AS runs FROM data_set UNION ALL
  SELECT key, '' AS title, 0 AS hidden, opened, runs FROM ({_USED}))
GROUP BY key ORDER BY opened DESC, key"""
_SEEN = """
SELECT id, json_extract(facts, '$.data'), json_extract(experiment, '$.dataset') FROM run WHERE deleted_at IS NULL
  AND CASE WHEN json_valid(experiment) AND json_valid(facts) THEN json_extract(facts, '$.data') IS NOT NULL
    AND json_extract(experiment, '$.dataset.name') || ':' || json_extract(experiment, '$.dataset.path') = ? END
ORDER BY id DESC"""


@dataclass(frozen=True, slots=True)
class UsedData:
    """key: "name:path" of a choice. title: as a person calls it, "" for its own name. opened: seconds since the epoch.
    runs: how many of the visible ones learnt from it."""

    key: str
    title: str
    hidden: bool
    opened: float
    runs: int


@dataclass(frozen=True, slots=True)
class DataSeen:
    """What runs had of a data set. fingerprint: of its images. runs: ids, the latest first. otherwise: it was read by
    other settings than it has at first, which tell other classes or parts of the same files."""

    fingerprint: str
    runs: tuple[int, ...]
    otherwise: bool = False


class DataSetMethods:
    """What `RunStore` can do about the folders and zips that were opened."""

    _connection: sqlite3.Connection

    def data_sets(self) -> list[UsedData]:
        """All that were opened or that visible runs learnt from, the latest first, those taken off the list too."""
        with snapshot(self._connection) as connection:
            rows = connection.execute(_ALL).fetchall()
        return [UsedData(key, title, bool(hidden), opened, runs) for key, title, hidden, opened, runs in rows]

    def data_seen(self, key: str) -> list[DataSeen]:
        """What visible runs had of a data set, by the fingerprint that they said; what the latest had first."""
        found: dict[tuple[str, bool], list[int]] = {}
        name, _, path = key.partition(":")
        usual = _own_settings(DatasetChoice(name=name, path=path or None).model_dump(mode="json"))
        with snapshot(self._connection) as connection:
            for run_id, fingerprint, dataset in connection.execute(_SEEN, (key,)):
                otherwise = _own_settings(json.loads(dataset)) != usual
                found.setdefault((fingerprint, otherwise), []).append(run_id)
        return [DataSeen(data, tuple(runs), otherwise) for (data, otherwise), runs in found.items()]

    def open_data_set(self, key: str) -> None:
        """It was opened just now, and is listed again."""
        with writing(self._connection) as connection:
            _insert(connection, key)
            connection.execute("UPDATE data_set SET opened = ?, hidden = 0 WHERE key = ?", (time.time(), key))

    def name_data_set(self, key: str, title: str) -> None:
        """Call it otherwise; "" for its own name."""
        with writing(self._connection) as connection:
            _insert(connection, key)
            words = " ".join(title.split())[:LONGEST_TITLE]
            connection.execute("UPDATE data_set SET title = ? WHERE key = ?", (words, key))

    def hide_data_set(self, key: str, hidden: bool) -> None:
        """Take it off the list, or put it back."""
        with writing(self._connection) as connection:
            _insert(connection, key)
            connection.execute("UPDATE data_set SET hidden = ? WHERE key = ?", (hidden, key))


def _own_settings(dataset: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in dataset.items() if name not in SHARED}


def _insert(connection: sqlite3.Connection, key: str) -> None:
    connection.execute("INSERT OR IGNORE INTO data_set(key, opened) VALUES(?, ?)", (key, time.time()))
