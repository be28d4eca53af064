"""What can be done with saved runs: each deed once, for the context menu, the buttons, the keys and the page's menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt

from engine.comparison.wording import count
from storage.rows import RunRow
from ui.comparison import cell_notes
from ui.comparison.run_columns import COLUMNS
from ui.comparison.run_model import NAME, NOTE
from ui.comparison.run_table import RunTable
from ui.comparison.side_names import own_name
from ui.listing import handing_on
from ui.listing.restart import run_again
from ui.listing.run_deeds import DeedsOnRuns
from ui.parts import Parts
from ui.widgets.deed import Entry

OWN: dict[str, Entry] = {
    "tick": ("Tick for comparison", "Space", "check", "Put the selected runs side by side"),
    "open": ("Show in Runs", "Return", "runs", "Curves, messages and facts of this run"),
    "cell": cell_notes.CELL,
    "study": handing_on.STUDY,
    "copy": ("Copy lines", "Ctrl+C", "copy", "Copy the selected lines as a table"),
    "clear": ("Clear the choice", "Esc", "close", "Untick and deselect everything"),
}
ORDER = (
    "tick open clone again star rename note cell tag archive study begin try landscape test mix export command "
    "folder copy delete clear"
)
OF_SOME = (  # what needs one run or more
    "tick", "again", "star", "tag", "archive", "study", "try", "test", "mix", "command", "copy", "delete",
)  # fmt: skip
IN_MENU = (
    ("tick", "open"), ("clone", "again", "study", "begin", "try", "landscape", "test", "mix"),
    ("star", "rename", "note", "cell", "tag"),
    ("copy", "export", "command", "folder"), ("archive", "delete"),
)  # fmt: skip


class RunActions(DeedsOnRuns):
    """The deeds on the table's runs. `actions` by key; they work while the table has the keyboard."""

    def __init__(self, table: RunTable, parts: Parts) -> None:
        self._table = table
        does: dict[str, Callable[[], object]] = {
            "tick": table.toggle_ticks,
            "open": self.open,
            "again": self.run_again,
            "rename": lambda: table.edit_cell(NAME),
            "note": lambda: table.edit_cell(NOTE),
            "cell": self.note_cell,
            "study": lambda: handing_on.make_study(parts, table.chosen_runs() or self.rows()),
            "copy": table.copy_lines,
            "clear": table.clear_choice,
        }
        super().__init__(table, parts, OWN, ORDER, does, Qt.ShortcutContext.WidgetShortcut)
        table.addActions(list(self.actions.values()))
        table.opened.connect(lambda run: parts.navigator.open("runs", run.id))
        table.star_clicked.connect(self.star)
        table.menu_wanted.connect(lambda at: self.menu_of(IN_MENU).popup(at))
        table.runs.renamed.connect(self.rename)
        table.runs.noted.connect(self.note)
        table.chosen_changed.connect(self.adjust)
        self.adjust()

    def rows(self) -> list[RunRow]:
        return self._table.acted_on()

    def everything(self) -> list[RunRow]:
        return self._table.runs.rows()

    def adjust(self) -> None:
        """Say how many runs a deed is about, and switch off what needs exactly one."""
        runs = self.rows()
        for key, words in self.count_words(runs).items():
            self.actions[key].setText(words)
        self.actions["export"].setEnabled(len(runs) == 1 and not runs[0].is_live)
        self.actions["begin"].setEnabled(len(runs) == 1 and not handing_on.why_not_begin(runs[0]))
        reason = handing_on.why_no_landscape(runs)
        self.actions["landscape"].setEnabled(not reason)
        self.actions["landscape"].setToolTip(reason or self.table["landscape"][3])
        for key in ("open", "clone", "rename", "note", "cell", "folder"):
            self.actions[key].setEnabled(len(runs) == 1 or (bool(runs) and key in ("rename", "note")))
        for key in OF_SOME:
            self.actions[key].setEnabled(bool(runs))

    # Deeds

    def open(self) -> None:
        if runs := self.rows():
            self._parts.navigator.open("runs", runs[0].id)

    def run_again(self) -> None:
        """Queue the same experiments once more, under their own names."""
        if runs := self.rows():
            run_again(self._parts, runs)

    def _say_queued(self, runs: int) -> None:
        if runs:
            go = self._parts.navigator
            self._parts.toasts.show(f"{count(runs, 'runs')} put in line.", "Show", lambda: go.open("runs"))

    def run_seeds(self, wanted: Sequence[tuple[RunRow, Sequence[int]]]) -> None:
        """Queue each run's experiment with these seeds, but for those that are in line already, in the order of the
        seeds so that pairs end together."""
        live = {(run.group, run.experiment.seed) for run in self.everything() if run.is_live}
        pairs = [(seed, run) for run, seeds in wanted for seed in seeds if (run.group, seed) not in live]
        pairs.sort(key=lambda pair: pair[0])
        for seed, run in pairs:
            self._parts.submit([run.experiment.with_seed(seed)], name_for_seed(run, seed), run.plan)
        self._say_queued(len(pairs))
        if not pairs:
            self._parts.toasts.show("These seeds are in line already.")

    def note_cell(self) -> None:
        """Write a note on the cell that was clicked, or on another of its line."""
        if runs := self.rows():
            column = self._table.currentIndex().column()  # the keyboard stays in the first one
            place = COLUMNS[column].key if column > 0 else "test"
            cell_notes.ask_note(self._table, self._parts, runs[0], cell_notes.places(), place)


def name_for_seed(run: RunRow, seed: int) -> str:
    """A name a person gave, with the other seed; empty when the name was made from the experiment."""
    own = own_name([run])
    return f"{own}, seed {seed}" if own else ""
