"""The layer table: what each block of a network learns, how fast, from when, and what it is held to. Torch-free.

Full fine-tuning, linear probe, discriminative rates, gradual unfreezing, surgical fine-tuning, L2-SP, BitFit, LoRA and
re-initialised layers are all tables of this one kind; a person may change any cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, ValidationError

from engine.errors import InvalidExperiment
from engine.experiment import explain
from engine.frozen import Frozen

HEAD = "head"
WORD_PIECES = "embeddings"  # the first block of a network that reads texts
BatchNorm = Literal["batch statistics", "pretrained statistics"]
Trains = Literal["everything", "norms", "biases and norms", "low-rank"]
Treatment = Literal["frozen", "trained", "trained later", "adapted", "new", "few parameters"]


class LayerRow(Frozen):
    """One block. The head is a block too, and the last one."""

    rate: float = Field(1.0, ge=0, le=1000, description="times the learning rate; 0 keeps the block frozen")
    from_epoch: int = Field(0, ge=0, description="the first epoch in which the block learns")
    anchor: float = Field(0.0, ge=0, le=1000, description="pull towards the initial weights, alpha of L2-SP")
    batch_norm: BatchNorm = Field("batch statistics", description="what batch norm uses while the block learns")
    trains: Trains = Field("everything", description="which of the block's parameters learn")
    fresh: bool = Field(False, description="start from random weights instead of the pretrained ones")

    def learns(self, epoch: int) -> bool:
        return self.rate > 0 and epoch >= self.from_epoch


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one weight tensor over groups of images. gradient: mean norm of its gradient. weight: its norm.
    signal_to_noise: of a training batch's gradient, see `engine.tuning.measured.signal`; 0 where gradients are
    not compared. stands_out: it can be told from noise."""

    gradient: float
    weight: float
    signal_to_noise: float = 0.0
    stands_out: bool = False


Table = Mapping[str, LayerRow]
Edits = Mapping[str, Mapping[str, Any]]


def edited(table: Table, edits: Edits) -> dict[str, LayerRow]:
    """The table with a person's changes, {block: {column: value}}; raises `InvalidExperiment` for what is not in it."""
    for block in edits:
        if block not in table:
            raise InvalidExperiment(
                f"This backbone has no block called “{block}”.", f"Its blocks are: {', '.join(table)}.",
                "hyperparameters.layers",
            )  # fmt: skip
    return {block: changed(row, edits.get(block, {}), block) for block, row in table.items()}


def changed(row: LayerRow, edit: Mapping[str, Any], block: str) -> LayerRow:
    try:
        return LayerRow.model_validate(row.model_dump() | dict(edit))
    except ValidationError as error:
        message, advice, _ = explain(error)
        raise InvalidExperiment(f"Block {block}: {message}", advice, "hyperparameters.layers") from None


def plain(edit: Mapping[str, Any]) -> dict[str, Any]:
    """One block's changes in their usual types, or as they are where they cannot be."""
    try:
        return LayerRow.model_validate(dict(edit)).model_dump(exclude_unset=True)
    except ValidationError:
        return dict(edit)


def too_late(table: Table, epochs: int) -> tuple[str, ...]:
    """The blocks that would learn but for their turn, which comes after so many epochs."""
    return tuple(block for block, row in table.items() if row.rate > 0 and row.from_epoch >= epochs)


def treatment(row: LayerRow, last_epoch: int, new: bool) -> Treatment:
    """What the picture shows of a block. new: it starts from random weights, whatever the table says."""
    if row.rate == 0 or row.from_epoch > last_epoch:
        return "frozen"
    if new or row.fresh:
        return "new"
    if row.trains != "everything":
        return "few parameters"
    return "trained later" if row.from_epoch > 0 else "trained"


def trunk(blocks: Sequence[str]) -> tuple[str, ...]:
    """The blocks without the head."""
    return tuple(block for block in blocks if block != HEAD)
