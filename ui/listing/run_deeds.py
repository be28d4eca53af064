"""What can be done with saved runs wherever they are listed: each deed and its words once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count
from ui.listing import handing_on, marking
from ui.parts import Parts
from ui.widgets.deed import Deeds, Entry

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore

TABLE: dict[str, Entry] = {
    "clone": ("Clone into New experiment", "C", "clone", "Fill New experiment with these settings"),
    "again": ("Run again", "R", "play", "Put the selected runs in line once more with the same settings and seed"),
    "star": ("Star", "S", "star", "Mark the selected runs with a star, or take it away"),
    "rename": ("Rename", "F2", "edit", "Give this run another name"),
    "note": ("Note…", "N", "edit", "Write a note about this run"),
    "tag": marking.TAG,
    "archive": marking.ARCHIVE,
    "try": handing_on.TRY,
    "begin": handing_on.BEGIN,
    "command": handing_on.COMMAND,
    "export": handing_on.EXPORT,
    "folder": handing_on.FOLDER,
    "test": handing_on.TEST,
    "mix": handing_on.MIX,
    "landscape": handing_on.LANDSCAPE,
    "delete": ("Delete", "Del", "discard", "Delete the selected runs; Ctrl+Z brings them back"),
}


class DeedsOnRuns(Deeds):
    """A subclass says in `rows` which runs they are about, in `everything` whose tags are offered. own: its further
    deeds. order: keys of all, as menus list them."""

    def __init__(
        self, owner: QWidget, parts: Parts, own: Mapping[str, Entry], order: str,
        does: Mapping[str, Callable[[], object]],
        context: Qt.ShortcutContext = Qt.ShortcutContext.WidgetWithChildrenShortcut,
    ) -> None:  # fmt: skip
        self._owner, self._parts = owner, parts
        shared: dict[str, Callable[[], object]] = {
            "clone": self.clone, "star": lambda: self.star(self.rows()), "delete": self.delete,
            "tag": lambda: marking.ask_tags(owner, parts, self.rows(), self.everything()),
            "archive": lambda: marking.archive(parts, self.rows()),
            "try": lambda: parts.navigator.open("trying", tuple(self.rows())),
            "begin": lambda: handing_on.begin(parts, self.rows()[0]),
            "command": lambda: handing_on.copy_commands(parts, self.rows()),
            "export": lambda: handing_on.export(owner, parts, self.rows()[0]),
            "folder": lambda: handing_on.open_folder(parts, self.rows()[0]),
            "landscape": lambda: handing_on.look_around(owner, parts, self.rows()),
            "mix": lambda: handing_on.mix(owner, parts, self.rows()),
            "test": lambda: handing_on.test_on_other_images(owner, parts, self.rows()),
        }  # fmt: skip
        table = {**TABLE, **own}
        super().__init__(owner, {key: table[key] for key in order.split()}, {**shared, **does}, context)

    def rows(self) -> Sequence[RunRow]:
        raise NotImplementedError

    def everything(self) -> Sequence[RunRow]:
        raise NotImplementedError

    def count_words(self, rows: Sequence[RunRow]) -> dict[str, str]:
        """Key -> words of the deeds that say how many runs they are about."""
        several = f" {count(len(rows), 'runs')}" if len(rows) > 1 else ""
        starred = bool(rows) and all(row.starred for row in rows)
        archived = "Archive" if marking.archives(rows) else "Bring back"
        looked = "Between these…" if len(rows) > 1 else "Look around…"
        return {"landscape": looked, "star": ("Unstar" if starred else "Star") + several, "archive": archived + several,
                "delete": f"Delete{several}", "again": f"Run{several} again"}  # fmt: skip

    def clone(self) -> None:
        if rows := self.rows():
            self._parts.navigator.open("new_experiment", rows[0].experiment)

    def star(self, rows: Sequence[RunRow]) -> None:
        """Star all, or take the star away when all have one."""
        wanted = not all(row.starred for row in rows)
        ids = [row.id for row in rows if row.starred != wanted]

        def change(store: RunStore) -> None:
            for run_id in ids:
                store.star(run_id, wanted)

        if ids:
            self._parts.library.write(change, runs=ids)

    def rename(self, run_id: int, name: str) -> None:
        self._parts.library.write(lambda store: store.rename(run_id, name), runs=[run_id])

    def note(self, run_id: int, text: str) -> None:
        self._parts.library.write(lambda store: store.note(run_id, text), runs=[run_id])

    def delete(self) -> None:
        """Hide the runs; the toast and Ctrl+Z bring them back. A run that works is stopped first by the person."""
        rows = self.rows()
        if live := [row for row in rows if row.is_live]:
            said = f"“{live[0].name}” is {live[0].state}. Stop it before you delete it."
            self._parts.toasts.show(said, level="warning")
        elif ids := [row.id for row in rows]:
            what = count(len(ids), "runs") if len(ids) > 1 else f"“{rows[0].name}”"
            self._parts.write_undoable(lambda store: store.delete(ids), f"Deleted {what}.", ids)
