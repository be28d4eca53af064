"""Surgical fine-tuning: one part of the network learns, the rest stays (Lee et al. 2022, arXiv 2210.11466).

Which part helps depends on how the new images differ: the first blocks for changed pixels (noise, contrast), the middle
for changed features, the head for changed labels. The rule fails too, for example on inverted digits. Batch norm keeps
its pretrained statistics, as in the paper: new statistics alone remove much of such a shift and would hide the effect.
The paper keeps the head of its pretrained network and trains the part alone; here the head learns too unless it is told
to stay, because most weights come with a head for other classes.
"""

from __future__ import annotations

from typing import Literal

from engine.errors import InvalidExperiment
from engine.layers import HEAD, BatchNorm, LayerRow, trunk
from engine.method import ENCODERS, hyper
from engine.tuning.method import (
    STATISTICS_AS_IN_THE_PAPER,
    FineTuneHyperparameters,
    FineTuneMethod,
    of_transformers,
)  # fmt: skip

PARTS = ("first", "middle", "last two", "last", HEAD)


def part_of(blocks: tuple[str, ...], part: str) -> tuple[str, ...]:
    """The blocks that "first", "middle", "last two", "last" or a block's own name mean. A stem belongs to the first
    part.

    Raises `InvalidExperiment` for a name that is not there, and where there is no middle.
    """
    body = trunk(blocks)
    first = 2 if body[0] == "stem" else 1
    named = {"first": body[:first], "middle": body[first:-1], "last two": body[-2:], "last": body[-1:]}
    found = named.get(part, (part,) if part in blocks else ())
    if not found:
        raise InvalidExperiment(
            f"This backbone has no block “{part}”.", f"Choose one of: {', '.join((*named, *blocks))}.",
            "hyperparameters.block",
        )  # fmt: skip
    return found


class SurgicalHyperparameters(FineTuneHyperparameters):
    block: str = hyper(
        "first", "Part that learns", "The first, middle or last one or two blocks, or one block by its name.",
        choices=PARTS, or_block=True,
    )  # fmt: skip
    head: Literal["learns too", "stays as it is"] = hyper(
        "learns too", "Head", "A new head has to learn; one that came with the weights may stay, as in the paper."
    )
    batch_norm: BatchNorm = STATISTICS_AS_IN_THE_PAPER


class Surgical(FineTuneMethod):
    name = "surgical"
    order = 60
    title = "Surgical fine-tuning"
    group = "Some layers"
    idea = "Train one part of the network and keep the rest: which part depends on how the images differ."
    paper = "Lee et al. 2022, Surgical Fine-Tuning Improves Adaptation to Distribution Shifts, arXiv 2210.11466"
    Hyperparameters = SurgicalHyperparameters
    presets = {
        "First part: changed pixels": {},
        "Middle part: changed features": {"block": "middle"},
        "Last part": {"block": "last"},
        "Head only: changed labels": {"block": HEAD},
        "Paper's first part, kept head": {"head": "stays as it is"},
        ENCODERS: of_transformers(1e-4, head=10.0, block="last two"),
    }

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        learning = set(part_of(blocks, self.hyperparameters.block))
        if self.hyperparameters.head == "learns too":
            learning.add(HEAD)
        return {block: self.row(rate=float(block in learning)) for block in blocks}
