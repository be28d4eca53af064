"""All sets of weights there are to start from, in a dialog."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtWidgets import QWidget

from engine.backbones.catalog import as_pretrained
from engine.experiment import BackboneChoice, DatasetChoice
from ui.parts import Parts
from ui.shelf import weights
from ui.shelf.list_line import ListLine
from ui.shelf.picker import Picker, Shelf

NAME = "weights"


def choose_weights(
    parts: Parts, data: DatasetChoice | None, current: BackboneChoice, then: Callable[[BackboneChoice], object],
    parent: QWidget | None = None,
) -> Picker:  # fmt: skip
    """Open the list on the weights that are chosen now. data: what they are for, whose misfits are marked."""
    key = weights.line_of(current.name, current.weights)
    picker = Picker(parts, _shelf(data), key, lambda line: then(chosen(line)), parent)
    picker.open()
    return picker


def chosen(line: ListLine) -> BackboneChoice:
    row = weights.row_of(line)
    return as_pretrained(BackboneChoice(name=row.backbone, weights=row.weights))


class Room:
    """How much memory is free, looked up with the list."""

    def __init__(self) -> None:
        self.free = 0

    def load(self) -> Sequence[ListLine]:
        from engine.backbones.catalog import backbones
        from engine.machine.memory import free

        self.free = free()
        return weights.entries(frozenset(info.name for info in backbones()))

    def fits(self, entry: ListLine) -> bool:
        return weights.fits(self.free)(entry)


def _shelf(data: DatasetChoice | None) -> Shelf:
    room = Room()
    judge: Callable[[Sequence[ListLine]], Mapping[str, str]] | None = None
    if data is not None:
        judge = partial(weights.misfits, data=data)
    tip = "Networks of which all weights can be trained in the memory that is free now, images not counted"
    return Shelf(
        NAME, "All weights", "sets of weights", "Use these weights", weights.COLUMNS, room.load, weights.filters,
        lambda one: weights.told(weights.row_of(one)), lambda one: weights.to_fetch(weights.row_of(one)),
        lambda one: weights.why_not(weights.row_of(one)), judge, (("Fits this machine", tip, room.fits),),
    )  # fmt: skip
