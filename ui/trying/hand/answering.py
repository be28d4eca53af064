"""One round of answers, in the background."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from engine.using.bins import Bins, HandedImage
from engine.using.told import Answers

if TYPE_CHECKING:
    from engine.using.by_hand import ByHand, Shares

KEPT_SHARES = 3  # of an image, for its bars


@dataclass(frozen=True)
class HandAnswers:
    """shares: of each image by its key the likeliest classes with what they get. answers: the likeliest alone. steps:
    the answers after 0, 1, … inner steps, where there are any. drawn: what is on the pad. why_not: a sentence where
    there can be no answer. seconds: from the question to the answer."""

    shares: dict[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    answers: Answers = field(default_factory=dict)
    steps: tuple[Answers, ...] = ()
    drawn: tuple[tuple[str, float], ...] = ()
    why_not: str = ""
    seconds: float = 0.0

    def renamed(self, names: Mapping[str, str]) -> HandAnswers:
        """The same answers where classes are called otherwise: name before -> name now."""

        def now(said: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
            return tuple((names.get(name, name), share) for name, share in said)

        def each(answers: Answers) -> Answers:
            return {key: names.get(name, name) for key, name in answers.items()}

        return replace(
            self, shares={key: now(said) for key, said in self.shares.items()}, answers=each(self.answers),
            steps=tuple(map(each, self.steps)), drawn=now(self.drawn),
        )  # fmt: skip


NOTHING = HandAnswers()


def answered(
    by: ByHand, bins: Bins, asked: Sequence[HandedImage], drawn: HandedImage | None, cancelled: Callable[[], bool]
) -> HandAnswers:
    """Raises `Cancelled`."""
    from engine.errors import InvalidExperiment
    from engine.using.by_hand import refuse_way

    try:
        refuse_way(bins, by.way)
        found = by.answers(bins, asked, cancelled)
    except InvalidExperiment as error:
        return HandAnswers(why_not=str(error))
    steps = tuple(given(shares, bins.names, asked) for shares in found)
    shares = dict(zip((image.key for image in asked), likeliest(found[-1], bins.names), strict=True)) if found else {}
    return HandAnswers(shares, steps[-1] if steps else {}, steps, of_drawing(by, bins, drawn, cancelled))


def of_drawing(
    by: ByHand, bins: Bins, drawn: HandedImage | None, cancelled: Callable[[], bool]
) -> tuple[tuple[str, float], ...]:
    """By itself: where images are answered together it is none of the others'."""
    from engine.errors import InvalidExperiment

    if drawn is None:
        return ()
    try:
        return likeliest(by.answers(bins, [drawn], cancelled)[-1], bins.names)[0]
    except InvalidExperiment:  # a single image is not enough for this network
        return ()


def given(shares: Shares, names: Sequence[str], asked: Sequence[HandedImage]) -> Answers:
    return {image.key: names[place] for image, place in zip(asked, shares.argmax(1), strict=True)}


def likeliest(shares: Shares, names: Sequence[str]) -> list[tuple[tuple[str, float], ...]]:
    order = np.argsort(-shares, axis=1, kind="stable")[:, :KEPT_SHARES]
    return [
        tuple((names[place], float(row[place])) for place in places) for row, places in zip(shares, order, strict=True)
    ]
