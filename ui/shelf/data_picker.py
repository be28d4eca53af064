"""All data sets there are, in a dialog."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from engine.experiment import DatasetChoice
from ui.parts import Parts
from ui.shelf import sets
from ui.shelf.picker import Picker, Shelf


def choose_data(
    parts: Parts, current: DatasetChoice, then: Callable[[DatasetChoice], object], parent: QWidget | None = None
) -> Picker:
    """Open the list on the data set that is chosen now."""
    shelf = Shelf(
        "data sets", "All data sets", "data sets", "Use this data set", sets.COLUMNS, sets.entries, sets.filters,
        lambda one: sets.told(sets.set_of(one)), lambda one: sets.wanted(sets.set_of(one)),
        lambda one: sets.why_not(sets.set_of(one)),
    )  # fmt: skip
    picker = Picker(parts, shelf, current.name, lambda one: then(DatasetChoice(name=one.key)), parent)
    picker.open()
    return picker
