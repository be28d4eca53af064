"""What a change of the examples did to the answers, where it is known what is right. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.comparison.intervals import Interval, wilson
from engine.using.bins import HandedImage

Answers = dict[str, str]  # of each image, by its key, the class it is given


@dataclass(frozen=True)
class RightAnswers:
    """right of those whose class is known; interval: Wilson's, 95 %, None where none is known."""

    right: int
    known: int

    @property
    def interval(self) -> Interval | None:
        return wilson(self.right, self.known) if self.known else None


@dataclass(frozen=True)
class ChangedAnswers:
    """changed: images that are answered otherwise than before; to_right and to_wrong: of those whose class is known,
    how many now are, and how many no longer are."""

    changed: int = 0
    to_right: int = 0
    to_wrong: int = 0


def score(answers: Answers, asked: Sequence[HandedImage]) -> RightAnswers:
    """An image that has no answer yet, or whose class is not known, counts for nothing."""
    known = [answers[image.key] == image.truth for image in asked if image.truth and image.key in answers]
    return RightAnswers(sum(known), len(known))


def difference(before: Answers, after: Answers, asked: Sequence[HandedImage]) -> ChangedAnswers:
    """Over the images that were answered both times."""
    both = [image for image in asked if image.key in before and image.key in after]
    other = [image for image in both if before[image.key] != after[image.key]]
    right = sum(image.truth != "" and after[image.key] == image.truth for image in other)
    wrong = sum(image.truth != "" and before[image.key] == image.truth for image in other)
    return ChangedAnswers(len(other), right, wrong)
