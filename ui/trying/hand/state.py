"""What was made by hand at one moment: classes, and images to classify."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.using.bins import Bins, HandedImage
from engine.using.told import Answers
from ui.trying.hand.reading import read_again, read_alike

if TYPE_CHECKING:
    from engine.using.by_hand import HeadLearner, TaskLearner

    ByHand = TaskLearner | HeadLearner

Cancelled = Callable[[], bool]
NONE = Bins()


@dataclass(frozen=True)
class HandState:
    """What a deed changes, and undoing brings back."""

    bins: Bins = NONE
    asked: tuple[HandedImage, ...] = ()


@dataclass(frozen=True)
class HandChange:
    """words: of the deed, such as "+1 example of cat". before: what was answered before it. of_classes: it changed
    examples, which can change answers."""

    words: str
    before: Answers
    of_classes: bool


def seen_by(
    by: ByHand, old: ByHand | None, state: HandState, cancelled: Cancelled
) -> tuple[HandState, tuple[str, ...]]:
    """The state as another network reads its images, and what could not be read again. Raises `Cancelled`."""
    if old is None or read_alike(by, old):
        return state, ()
    bins, asked, refused = read_again(state.bins, state.asked, by, cancelled)
    return HandState(bins, asked), refused
