"""What is asked of an example: its class, or numbers. Score, metric and words hang on it, not on a data set's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Target:
    """kind: as `Method.suits` has it. metric: of a test, see `engine.metrics`. labels: what is given of how many, in
    words ("label", "class")."""

    kind: Literal["classification", "regression", "control"]
    metric: str
    labels: tuple[str, str]


CLASSES = Target("classification", "test/accuracy", ("label", "class"))
NUMBERS = Target("regression", "test/error", ("point", "task"))
MOVES = Target("control", "test/return", ("try", "goal"))


def asked(targets: Tensor) -> Target:
    """What the targets of a task are: whole numbers stand for classes, others for themselves."""
    return NUMBERS if targets.is_floating_point() else CLASSES
