"""Saved views: named ways of looking at the list of a page."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from engine.errors import StorageError
from storage.connection import snapshot, writing
from storage.rows import SavedView

LONGEST_NAME = 60  # letters


class ViewMethods:
    """What `RunStore` can do about saved views. page: whose list it is about."""

    _connection: sqlite3.Connection

    def views(self, page: str) -> list[SavedView]:
        """The views of a page by name; one that is damaged is left out."""
        with snapshot(self._connection) as connection:
            rows = connection.execute(
                "SELECT name, spec FROM saved_view WHERE page = ? ORDER BY name COLLATE NOCASE", (page,)
            ).fetchall()
        return [SavedView(name, spec) for name, text in rows if (spec := _spec(text)) is not None]

    def save_view(self, page: str, name: str, spec: Mapping[str, Any]) -> None:
        """Keep a view under a name; one that has this name is replaced."""
        with writing(self._connection) as connection:
            connection.execute(
                "INSERT INTO saved_view(page, name, spec) VALUES(?,?,?)"
                " ON CONFLICT(page, name) DO UPDATE SET spec = excluded.spec",
                (page, _name(name), json.dumps(spec)),
            )

    def rename_view(self, page: str, name: str, new: str) -> None:
        """Give a view another name, which no other view of the page may have."""
        wanted = _name(new)
        with writing(self._connection) as connection:
            taken = connection.execute(
                "SELECT 1 FROM saved_view WHERE page = ? AND name = ?", (page, wanted)
            ).fetchone()
            if taken and wanted != name:
                raise StorageError(f"There is a view called “{wanted}” already.", "Choose another name.")
            connection.execute("UPDATE saved_view SET name = ? WHERE page = ? AND name = ?", (wanted, page, name))

    def delete_view(self, page: str, name: str) -> None:
        """Forget a view; one that is not there is passed over."""
        with writing(self._connection) as connection:
            connection.execute("DELETE FROM saved_view WHERE page = ? AND name = ?", (page, name))


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise StorageError("A view needs a name.", "Type at least one letter.")
    if len(name) > LONGEST_NAME:
        raise StorageError(f"The name “{name}” is too long for a view.", f"Use up to {LONGEST_NAME} letters.")
    return name


def _spec(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
