"""What can be done with saved runs: each deed once, for the context menu, the buttons, the keys and the page's menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from engine.comparison.wording import count
from ui import icons
from ui.comparison import cell_notes
from ui.comparison.run_columns import COLUMNS
from ui.comparison.run_model import NAME, NOTE
from ui.comparison.run_table import RunTable
from ui.comparison.side_names import own_name
from ui.listing import handing_on, marking
from ui.listing.restart import run_again
from ui.parts import Parts
from ui.widgets.deed import deed_action

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore

# key -> (text, shortcut, icon, tip)
DEEDS = {
    "tick": ("Tick for comparison", "Space", "check", "Put the selected runs side by side"),
    "open": ("Show in Runs", "Return", "runs", "Curves, messages and facts of this run"),
    "clone": ("Clone into New experiment", "C", "clone", "Fill New experiment with these settings"),
    "again": ("Run again", "R", "play", "Put the selected runs in line once more with the same settings and seed"),
    "star": ("Star", "S", "star", "Mark the selected runs with a star, or take it away"),
    "rename": ("Rename", "F2", "edit", "Give this run another name"),
    "note": ("Write a note", "N", "edit", "Write a note about this run"),
    "cell": cell_notes.CELL,
    "tag": marking.TAG,
    "archive": marking.ARCHIVE,
    "study": handing_on.STUDY,
    "command": handing_on.COMMAND,
    "folder": handing_on.FOLDER,
    "copy": ("Copy lines", "Ctrl+C", "copy", "Copy the selected lines as a table"),
    "delete": ("Delete", "Del", "discard", "Delete the selected runs; Ctrl+Z brings them back"),
    "clear": ("Clear the choice", "Esc", "close", "Untick and deselect everything"),
}


IN_MENU = (
    ("tick", "open"), ("clone", "again", "study"), ("star", "rename", "note", "cell", "tag"),
    ("copy", "command", "folder"), ("archive", "delete"),
)  # fmt: skip


class RunActions(QObject):
    """The deeds on the table's runs. `actions` by key; they work while the table has the keyboard."""

    def __init__(self, table: RunTable, parts: Parts) -> None:
        super().__init__(table)
        self._table, self._parts = table, parts
        does: dict[str, Callable[[], object]] = {
            "tick": table.toggle_ticks,
            "open": self.open,
            "clone": self.clone,
            "again": self.run_again,
            "star": lambda: self.star(self._runs()),
            "rename": lambda: table.edit_cell(NAME),
            "note": lambda: table.edit_cell(NOTE),
            "cell": self.note_cell,
            "tag": lambda: marking.ask_tags(table, parts, self._runs(), table.runs.rows()),
            "archive": lambda: marking.archive(parts, self._runs()),
            "study": lambda: handing_on.make_study(parts, table.chosen_runs() or self._runs()),
            "command": lambda: handing_on.copy_commands(parts, self._runs()),
            "folder": lambda: handing_on.open_folder(parts, self._runs()[0]),
            "copy": self.copy,
            "delete": self.delete,
            "clear": table.clear_choice,
        }
        context = Qt.ShortcutContext.WidgetShortcut
        self.actions = {key: deed_action(self._table, DEEDS[key], deed, context) for key, deed in does.items()}
        table.addActions(list(self.actions.values()))
        table.opened.connect(lambda run: parts.navigator.show_run.emit(run.id))
        table.star_clicked.connect(self.star)
        table.menu_wanted.connect(self.show_menu)
        table.runs.renamed.connect(self._rename)
        table.runs.noted.connect(self._note)
        table.chosen_changed.connect(self.adjust)
        self.adjust()

    def recolour(self) -> None:
        """Draw the icons in the palette in use."""
        for key, action in self.actions.items():
            action.setIcon(icons.icon(DEEDS[key][2]))

    def _runs(self) -> list[RunRow]:
        return self._table.acted_on()

    def adjust(self) -> None:
        """Say how many runs a deed is about, and switch off what needs exactly one."""
        runs = self._runs()
        several = f" {count(len(runs), 'runs')}" if len(runs) > 1 else ""
        starred = bool(runs) and all(run.starred for run in runs)
        self.actions["star"].setText(("Unstar" if starred else "Star") + several)
        self.actions["delete"].setText(f"Delete{several}")
        self.actions["archive"].setText(("Archive" if marking.archives(runs) else "Bring back") + several)
        self.actions["again"].setText(f"Run{several} again")
        for key in ("open", "clone", "rename", "note", "cell", "folder"):
            self.actions[key].setEnabled(len(runs) == 1 or (bool(runs) and key in ("rename", "note")))
        for key in ("tick", "again", "star", "tag", "archive", "study", "command", "copy", "delete"):
            self.actions[key].setEnabled(bool(runs))

    def show_menu(self, at: QPoint) -> None:
        """The context menu."""
        menu = QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for number, keys in enumerate(IN_MENU):
            if number:
                menu.addSeparator()
            menu.addActions([self.actions[key] for key in keys])
        menu.popup(at)

    # Deeds

    def open(self) -> None:
        if runs := self._runs():
            self._parts.navigator.show_run.emit(runs[0].id)

    def clone(self) -> None:
        if runs := self._runs():
            self._parts.navigator.clone.emit(runs[0].experiment)

    def run_again(self) -> None:
        """Queue the same experiments once more, under their own names."""
        if runs := self._runs():
            run_again(self._parts, runs)

    def _say_queued(self, runs: int) -> None:
        if runs:
            go = self._parts.navigator.page
            self._parts.toasts.show(f"{count(runs, 'runs')} put in line.", "Show", lambda: go.emit("Runs"))

    def run_seeds(self, wanted: Sequence[tuple[RunRow, Sequence[int]]]) -> None:
        """Queue each run's experiment with these seeds, in the order of the seeds so that pairs end together."""
        pairs = sorted(((seed, run) for run, seeds in wanted for seed in seeds), key=lambda pair: pair[0])
        for seed, run in pairs:
            self._parts.submit([run.experiment.with_seed(seed)], name_for_seed(run, seed), run.plan)
        self._say_queued(len(pairs))

    def note_cell(self) -> None:
        """Write a note on the cell that was clicked, or on another of its line."""
        if runs := self._runs():
            column = self._table.currentIndex().column()  # the keyboard stays in the first one
            place = COLUMNS[column].key if column > 0 else "test"
            cell_notes.ask_note(self._table, self._parts, runs[0], cell_notes.TITLES, place)

    def star(self, runs: Sequence[RunRow]) -> None:
        """Star all, or take the star away when all have one."""
        wanted = not all(run.starred for run in runs)
        ids = [run.id for run in runs if run.starred != wanted]

        def change(store: RunStore) -> None:
            for run_id in ids:
                store.star(run_id, wanted)

        if ids:
            self._parts.library.write(change, runs=ids)

    def _rename(self, run_id: int, name: str) -> None:
        self._parts.library.write(lambda store: store.rename(run_id, name), runs=[run_id])

    def _note(self, run_id: int, text: str) -> None:
        self._parts.library.write(lambda store: store.note(run_id, text), runs=[run_id])

    def delete(self) -> None:
        """Hide the runs; the toast and Ctrl+Z bring them back. A run that works is stopped first by the person."""
        runs = self._runs()
        live = [run for run in runs if run.is_live]
        if live:
            self._parts.toasts.show(
                f"“{live[0].name}” is {live[0].state}. Stop it before you delete it.", level="warning"
            )
            return
        ids = [run.id for run in runs]
        if ids:
            said = f"Deleted {count(len(ids), 'runs')}." if len(ids) > 1 else f"Deleted “{runs[0].name}”."
            self._parts.library.write(lambda store: store.delete(ids), lambda _: self._say_deleted(said), ids)

    def _say_deleted(self, said: str) -> None:
        self._parts.toasts.offer_undo(said, self._undo)

    def _undo(self) -> None:
        self._parts.library.write(lambda store: store.undo())

    def copy(self) -> None:
        """The selected lines with the visible columns, for a spreadsheet."""
        self._table.copy_lines()


def name_for_seed(run: RunRow, seed: int) -> str:
    """A name a person gave, with the other seed; empty when the name was made from the experiment."""
    own = own_name([run])
    return f"{own}, seed {seed}" if own else ""
