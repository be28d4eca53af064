"""One line of the run table: a run, or a configuration with its runs below, and what it says besides its texts."""

from __future__ import annotations

from collections.abc import Set
from functools import cache
from typing import Any

from PySide6.QtCore import Qt

from engine.comparison.grouping import RunGroup
from storage.rows import CellNote, RunRow
from ui import icons
from ui.comparison.run_columns import COLUMNS, PLACES
from ui.comparison.run_figures import date_text

STAR = PLACES["star"]


class Node:
    """A line of the table: one run, or one configuration with its runs below. number never changes."""

    __slots__ = ("children", "is_group", "item", "number", "parent", "place", "runs", "texts")

    def __init__(self, number: int, item: RunRow | RunGroup[RunRow], parent: Node | None = None) -> None:
        self.number, self.item, self.parent = number, item, parent
        self.children: list[Node] = []
        self.place = 0
        self.texts: dict[int, str] = {}
        self.is_group = isinstance(item, RunGroup)
        self.runs: tuple[RunRow, ...] = item.members if isinstance(item, RunGroup) else (item,)

    def replace(self, run: RunRow) -> None:
        """The same run with other values."""
        self.item, self.runs = run, (run,)
        self.texts.clear()

    def text(self, column: int) -> str:
        if column not in self.texts:
            said = COLUMNS[column]
            self.texts[column] = said.group_text(self.item) if self.is_group else said.text(self.item)  # type: ignore[arg-type]
        return self.texts[column]

    def order(self, column: int) -> Any:
        said = COLUMNS[column]
        return said.group_order(self.item) if self.is_group else said.order(self.item)  # type: ignore[arg-type]


def check_state(node: Node, chosen: Set[int]) -> Qt.CheckState:
    """Ticked when all runs of the line are chosen, half ticked when some are."""
    ticked = sum(run.id in chosen for run in node.runs)
    if ticked == 0:
        return Qt.CheckState.Unchecked
    return Qt.CheckState.Checked if ticked == len(node.runs) else Qt.CheckState.PartiallyChecked


def star(node: Node, dark: bool) -> Any:
    """A full star when every run of the line has one."""
    return star_icon(all(run.starred for run in node.runs), dark)


@cache
def star_icon(full: bool, dark: bool) -> Any:
    """Drawn once for each palette."""
    return icons.icon("star-filled" if full else "star", "warning" if full else "faint")


def note_on(node: Node, column: int) -> CellNote | None:
    """The note on this cell of a run's line."""
    return None if node.is_group else node.runs[0].cell_notes.get(COLUMNS[column].key)


def tip(node: Node, column: int) -> str | None:
    """What a cell can say beyond its text; the view shows the whole text itself when it does not fit."""
    said, note = _tip(node, column), note_on(node, column)
    if note is None:
        return said
    noted = f"Note of {date_text(note.time)}: {note.text}"
    return f"{said}\n{noted}" if said else noted


def _tip(node: Node, column: int) -> str | None:
    key = COLUMNS[column].key
    if key == "star":
        return "Click to star or unstar"
    if key == "state" and not node.is_group and node.runs[0].failure is not None:
        return f"{node.runs[0].failure.message} {node.runs[0].failure.advice}"
    if key == "seed" and node.is_group:
        return "Seeds " + ", ".join(str(seed) for seed in sorted({run.experiment.seed for run in node.runs}))
    if key == "test" and not node.is_group and node.runs[0].test is not None:
        test = node.runs[0].test
        return "\n".join([f"{test.n:,} test {test.unit}", *(f"{name}: {said}" for name, said in test.protocol.items())])
    return f"Made {date_text(node.runs[0].created)}" if key == "name" and not node.is_group else None


def spoken(node: Node, column: int) -> str | None:
    """What a screen reader says where the text alone would not do."""
    said = None
    if column == STAR:
        said = "Starred" if all(run.starred for run in node.runs) else "Not starred"
    note = note_on(node, column)
    return said if note is None else f"{said or node.text(column)}, note: {note.text}"
