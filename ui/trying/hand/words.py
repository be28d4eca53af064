"""What is said of classes by hand: how many answers are right, and what a change did."""

from __future__ import annotations

from collections.abc import Sequence

from engine.comparison.wording import count, percent
from engine.using.bins import HandedImage
from engine.using.told import Answers, RightAnswers, difference, score
from ui.trying.hand.answering import HandAnswers

TOGETHER = "This method looks at all images to classify together, 64 at a time: one more can change other answers."
IN_ORDER = "This method reads examples in their order: another order gives somewhat other answers."
KNOW = "Choose some and press the number of their class: then it is counted how many answers are right."


def right_words(found: RightAnswers) -> str:
    """ "12 of 20 right, 60.0 % (38.7 to 78.1)"."""
    interval = found.interval
    if interval is None:
        return ""
    low, high = (percent(value).removesuffix(" %") for value in (interval.low, interval.high))
    return f"{found.right} of {found.known} right, {percent(interval.value)} ({low} to {high})"


def score_words(found: HandAnswers, before: Answers | None, asked: Sequence[HandedImage]) -> str:
    """How many are right now, and before the last change among the same images."""
    now = right_words(score(found.answers, asked))
    if not now:
        return ""
    earlier = score(before or {}, [image for image in asked if image.key in found.answers])
    return f"{now}; before the last change {earlier.right} of {earlier.known}" if earlier.known else now


def step_words(found: HandAnswers, asked: Sequence[HandedImage]) -> str:
    """How many are right after each inner step, "" where there are none; how to tell, where nothing is known."""
    scores = [score(step, asked) for step in found.steps]
    if scores and not scores[0].known:
        return KNOW
    if len(scores) < 2:
        return ""
    told = ", ".join(str(one.right) for one in scores)
    return f"Right after 0 to {len(scores) - 1} inner steps: {told} of {scores[0].known}"


def change_words(words: str, before: Answers, found: HandAnswers, asked: Sequence[HandedImage]) -> str:
    """ "+1 example of cat: 3 answers changed, 2 to right"."""
    did = difference(before, found.answers, asked)
    if not did.changed:
        return f"{words}: no answer changed" if before else words
    known = [f"{number} to {where}" for number, where in ((did.to_right, "right"), (did.to_wrong, "wrong")) if number]
    return f"{words}: {', '.join([count(did.changed, 'answers') + ' changed', *known])}"


def plus(images: int, name: str) -> str:
    """ "+1 example of cat"."""
    return f"+{images} {'example' if images == 1 else 'examples'} of {name}"
