"""What a meta-learner says of itself: how it trains, and how it meets a task; and what a run of it keeps. Torch-free.

The loop, the test and what is told before a run follow from these values alone, never from a method's name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class Episodes:
    """Learns from tasks. keeps_statistics: batch norm's running statistics are kept up in training; else they are taken
    from training images before the network is judged."""

    keeps_statistics: bool = True
    size: ClassVar[int] = 0
    share: ClassVar[float] = 0.0


@dataclass(frozen=True)
class Minibatches:
    """Learns from minibatches of all training classes. size: images in one. share: of the training, from its start;
    then come episodes."""

    size: int
    share: float = 1.0
    keeps_statistics: ClassVar[bool] = True


@dataclass(frozen=True)
class Embeds:
    """Answers by `classify_features` from a network that stays: on images everything is embedded once for all tasks,
    and there is no layer per class. together: an answer depends on the other query images of the episode. in_order:
    the support set is a sequence, and another order gives other answers."""

    together: bool = False
    in_order: bool = False
    count: ClassVar[int] = 0
    each: ClassVar[bool] = False
    head: ClassVar[bool] = False


@dataclass(frozen=True)
class Steps:
    """Takes `count` inner steps on the support set of each task. each: `classifiers` gives a classifier after 0, 1, …
    steps, else the last one only. head: the network has a layer per class that they start from."""

    count: int
    each: bool = True
    head: bool = True
    together: ClassVar[bool] = False
    in_order: ClassVar[bool] = False


@dataclass
class MetaRun:
    """Where a run is: owned by the loop, read by the method. step: meta-steps that are done. progress: how far
    meta-training is, 0..1. kept: what the method keeps from step to step besides the network, made of numbers, text,
    truth values, None, lists and tensors."""

    step: int = 0
    progress: float = 0.0
    kept: dict[str, Any] = field(default_factory=dict)


def knows(kind: type, statement: str, *others: str) -> bool:
    """Whether the class that says `statement` knows what becomes of these others: none is overridden further down.

    What holds for a method need not hold for one that is made of it; a shorter way is taken only where it does.
    """

    def place(name: str) -> int:
        return next(number for number, owner in enumerate(kind.__mro__) if name in vars(owner))

    return all(place(statement) <= place(other) for other in others)
