"""A person's changes to a layer table, and what the changed table means epoch by epoch. No Qt.

Changes are kept as {block: {column: value}}, as the hyperparameter `layers` has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from engine import registry
from engine.backbones import catalog
from engine.backbones.info import BackboneInfo
from engine.comparison.wording import compact
from engine.errors import InvalidExperiment
from engine.experiment import Experiment, explain
from engine.layers import HEAD, LayerRow, Treatment, edited, plain, treatment
from engine.tuning.method import FineTuneMethod
from engine.tuning.schedules import factor

Edits = dict[str, dict[str, Any]]
POINTS = 24  # per stretch of a lane between two changes


def differing(edits: Mapping[str, Mapping[str, Any]], own: Mapping[str, LayerRow]) -> Edits:
    """Only the cells whose value is not the method's own; blocks that the table does not have are kept."""
    found = {
        block: {
            column: value for column, value in cells.items() if block not in own or not _is(own[block], column, value)
        }
        for block, cells in edits.items()
    }
    return {block: cells for block, cells in found.items() if cells}


def _is(row: LayerRow, column: str, value: Any) -> bool:
    """Whether the row has this value; numbers that a field shows alike are the same."""
    own = getattr(row, column, None)
    if isinstance(own, float) and isinstance(value, float):
        return math.isclose(own, value, rel_tol=1e-5)
    return hasattr(row, column) and own == value


def with_cell(edits: Mapping[str, Mapping[str, Any]], block: str, column: str, value: Any) -> Edits:
    return {**_copied(edits), block: {**edits.get(block, {}), column: value}}


def without_cell(edits: Mapping[str, Mapping[str, Any]], block: str, column: str) -> Edits:
    left = {name: value for name, value in edits.get(block, {}).items() if name != column}
    return {name: cells for name, cells in {**_copied(edits), block: left}.items() if cells}


def split_known(edits: Mapping[str, Mapping[str, Any]], blocks: Iterable[str]) -> tuple[Edits, Edits]:
    """(changes to these blocks, changes to others)."""
    names = set(blocks)
    copied = _copied(edits)
    return (
        {block: cells for block, cells in copied.items() if block in names},
        {block: cells for block, cells in copied.items() if block not in names},
    )


def cells_in(edits: Mapping[str, Mapping[str, Any]]) -> int:
    return sum(len(cells) for cells in edits.values())


def _copied(edits: Mapping[str, Mapping[str, Any]]) -> Edits:
    return {block: dict(cells) for block, cells in edits.items()}


@dataclass(frozen=True)
class LayerView:
    """A method's layer table on a backbone, as it is drawn and edited. own: without the person's changes. kept_head:
    the head came with the weights. method: with its values, and without the changes."""

    method: FineTuneMethod
    info: BackboneInfo
    own: Mapping[str, LayerRow]
    table: Mapping[str, LayerRow]
    kept_head: bool = False

    @cached_property
    def treatments(self) -> dict[str, Treatment]:
        last = self.epochs - 1
        return {block: treatment(row, last, new=self.starts_random(block)) for block, row in self.table.items()}

    def present(self, begun: int, over: bool) -> dict[str, tuple[Treatment, str]]:
        """What happens to each block after `begun` epochs have begun, and in words where that is no longer the plan.

        over: the training has ended, so that what has not begun to learn never does.
        """
        return {block: self._now(block, planned, begun, over) for block, planned in self.treatments.items()}

    def _now(self, block: str, planned: Treatment, begun: int, over: bool) -> tuple[Treatment, str]:
        first = self.table[block].from_epoch
        if over and not begun and planned != "frozen":
            return "frozen", "not trained: it ended before its first epoch"
        if first == 0 or planned == "frozen" or not begun:
            return planned, ""
        shown = "trained" if planned == "trained later" else planned
        if first < begun:
            return shown, f"{shown} from epoch {first + 1} on" if over else f"{shown} since epoch {first + 1}"
        if over:
            return "frozen", f"never trained: its turn was epoch {first + 1}"
        return planned, f"trained from epoch {first + 1} on"

    @cached_property
    def titles(self) -> dict[str, str]:
        return {**{block.name: block.title for block in self.info.blocks}, HEAD: "Head"}

    def shown_blocks(self) -> list[tuple[str, str, int | None]]:
        """(name, title, parameters or None) of each block, the head last, as `BlockPicture` takes them."""
        return [*((b.name, b.title, b.parameters) for b in self.info.blocks), (HEAD, "Head", None)]

    def is_changed(self, block: str, column: str) -> bool:
        return bool(getattr(self.table[block], column) != getattr(self.own[block], column))

    @cached_property
    def changed_blocks(self) -> frozenset[str]:
        return frozenset(block for block in self.table if self.table[block] != self.own[block])

    def starts_random(self, block: str) -> bool:
        """Whatever the table says: the head is new, or the method uses no pretrained weights."""
        return (block == HEAD and not self.kept_head) or not self.method.uses_pretrained

    @property
    def epochs(self) -> int:
        return self.method.epochs

    def peaks(self, block: str) -> tuple[float, ...]:
        """Peak learning rate of the block in each stage in which it learns."""
        row, first, found = self.table[block], 0, []
        for stage in self.method.stages():
            takes_part = row.rate > 0 and self.method.takes_part(block, stage)
            if takes_part and row.from_epoch < first + stage.epochs:
                found.append(stage.learning_rate * row.rate)
            first += stage.epochs
        return tuple(found)

    def rate_words(self, block: str) -> str:
        """ "0.01, then 0.0001", or "–" for a block that never learns."""
        words = ", then ".join(compact(rate, 3) for rate in self.peaks(block))
        return f"up to {words}" if words and self.method.measures_rates else words or "–"

    def lane(self, block: str) -> list[tuple[float, float]]:
        """(epoch, learning rate) along the training, from where the block begins to learn; empty if it never does."""
        row, first, lane = self.table[block], 0, []
        for stage in self.method.stages():
            begin, end = max(first, row.from_epoch), first + stage.epochs
            if row.rate > 0 and begin < end and self.method.takes_part(block, stage):
                lane += self._stretch(stage.learning_rate * row.rate, first, begin, end)
            first = end
        return lane

    def _stretch(self, peak: float, first: int, begin: int, end: int) -> list[tuple[float, float]]:
        name = str(self.method.hyperparameters.schedule)
        places = [begin + (end - begin) * step / POINTS for step in range(POINTS + 1)]
        return [(place, peak * factor(name, (place - first) / (end - first))) for place in places]


def layer_view(
    method: type[FineTuneMethod],
    values: Mapping[str, Any],
    edits: Mapping[str, Mapping[str, Any]],
    info: BackboneInfo,
    kept_head: bool = False,
) -> LayerView:
    """The table of this method with these values and changes; raises `InvalidExperiment` where they do not fit."""
    made = _made(method, {**values, "layers": {}})
    own = made.rows(info.block_names)
    changes = {block: plain(cells) for block, cells in differing(edits, own).items()}
    return LayerView(made, info, own, edited(own, changes), kept_head)


def view_of(experiment: Experiment) -> LayerView | None:
    """The table of a saved experiment; None for a method without one. Raises `InvalidExperiment`."""
    chosen = registry.method(experiment.method.name)
    info = catalog.backbone(experiment.backbone.name)
    if not issubclass(chosen, FineTuneMethod):
        return None
    values = dict(experiment.method.hyperparameters)
    return layer_view(chosen, values, values.get("layers", {}), info, experiment.backbone.head == "kept")


def _made(method: type[FineTuneMethod], values: Mapping[str, Any]) -> FineTuneMethod:
    try:
        return method.from_values(values)
    except ValidationError as error:
        message, advice, name = explain(error)
        raise InvalidExperiment(message, advice, f"hyperparameters.{name}") from None


def toggled(view: LayerView, edits: Mapping[str, Mapping[str, Any]], block: str) -> Edits:
    """The changes that freeze a block that learns, or let a frozen one learn at the method's rate."""
    if view.treatments[block] != "frozen":
        return with_cell(edits, block, "rate", 0.0)
    if view.table[block].rate > 0:  # it would begin after the last epoch
        return with_cell(edits, block, "from_epoch", 0)
    if view.own[block].rate > 0:
        return without_cell(edits, block, "rate")
    return with_cell(edits, block, "rate", 1.0)
