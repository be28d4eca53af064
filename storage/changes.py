"""Changes of runs that a person can take back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping

from engine.errors import StorageError
from storage import history, marks, purging
from storage.connection import writing
from storage.workspace import Workspace


class ChangeMethods:
    """What `RunStore` can change about saved runs, each with undo."""

    _connection: sqlite3.Connection
    workspace: Workspace

    def rename(self, run_id: int, name: str) -> None:
        """Give a run another name, which may not be empty."""
        if not name.strip():
            raise StorageError("A run needs a name.", "Type at least one letter.")
        self._change(lambda title: f"Rename {title}", "name", {run_id: name.strip()})

    def note(self, run_id: int, text: str) -> None:
        """Replace a run's note."""
        self._change(lambda title: f"Change the note of {title}", "note", {run_id: text})

    def star(self, run_id: int, starred: bool) -> None:
        """Mark a run with a star or take it away."""
        self._change(lambda title: f"{'Star' if starred else 'Unstar'} {title}", "starred", {run_id: int(starred)})

    def tag(self, run_ids: Iterable[int], add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Give runs tags and take others away; what a run has stays where it is."""
        more, less = marks.tag_words(add), {word.casefold() for word in remove}
        ids = list(run_ids)
        words = ", ".join(more) or ", ".join(remove)
        with writing(self._connection) as connection:
            title = purging.title(connection, ids, False)
            had = marks.tags_of(connection, ids)
            wanted = {
                run_id: marks.encode([tag for tag in marks.tag_words([*tags, *more]) if tag.casefold() not in less])
                for run_id, tags in had.items()
            }
            label = f"{'Tag' if more else 'Untag'} {title} “{words}”"
            history.change(connection, self.workspace.presence, label, "tags", wanted, time.time())

    def archive(self, run_ids: Iterable[int], archived: bool = True) -> None:
        """Take runs out of the lists, or bring them back; refused for one that is waiting or working."""
        word = "Archive" if archived else "Bring back"
        wanted = dict.fromkeys(run_ids, int(archived))
        self._change(lambda title: f"{word} {title}", "archived", wanted, ended=archived)

    def note_cell(self, run_id: int, place: str, text: str) -> None:
        """Replace the note on one cell of a run's line; an empty text takes it away. place: key of its column."""
        with writing(self._connection) as connection:
            title = purging.title(connection, [run_id], False)
            wanted = marks.noted(connection, run_id, place, text.strip(), time.time())
            label = f"Change a note on {title}"
            history.change(connection, self.workspace.presence, label, "cell_notes", {run_id: wanted}, time.time())

    def delete(self, run_ids: Iterable[int]) -> None:
        """Hide runs, with their curves and files kept; refused for one that is waiting or working."""
        now = time.time()
        self._change(lambda title: f"Delete {title}", "deleted_at", dict.fromkeys(run_ids, now), ended=True)

    def _change(
        self, label: Callable[[str], str], column: str, wanted: Mapping[int, object], ended: bool = False
    ) -> None:
        with writing(self._connection) as connection:
            title = purging.title(connection, list(wanted), ended)
            history.change(connection, self.workspace.presence, label(title), column, wanted, time.time())

    def undo(self) -> str | None:
        """Take back the latest change of any of the runs; returns what it was, or None."""
        with writing(self._connection) as connection:
            return history.move(connection, self.workspace.presence, undone=True)

    def redo(self) -> str | None:
        """Make the change taken back last once more; returns what it is, or None."""
        with writing(self._connection) as connection:
            return history.move(connection, self.workspace.presence, undone=False)
