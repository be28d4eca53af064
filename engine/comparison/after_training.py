"""What a tested run's own numbers advise: each with its number, the images it is about, and one thing to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from engine.comparison.examined import ALL, MISSED, Examined
from engine.comparison.intervals import Interval, wilson
from engine.comparison.per_class import ClassFigures, confused_pairs, per_class
from engine.comparison.wording import count, number, percent

ENOUGH = 5  # test images of a class or a pair from which on something is said of it
CONFUSED = 0.15  # share of a class that is taken for one other
UNEVEN = 3.0  # largest class of the test images against the smallest
WIDE = 0.08  # width of the interval of the accuracy
GAP = 0.15  # training accuracy above that on the validation images
LISTED = 3  # classes that a sentence names


@dataclass(frozen=True, slots=True)
class RunAdvice:
    """words: what is so, with its number. action: one thing to do. outcome, true, given: its images, as
    `Examined.places` takes them; outcome "" where it is about none."""

    words: str
    action: str
    outcome: str = ""
    true: tuple[int, ...] | None = None
    given: tuple[int, ...] | None = None


def lessons(of: Examined, accuracy: Interval, training: float, validation: float) -> tuple[RunAdvice, ...]:
    """accuracy: on the test images. training, validation: shares at the end of the training, NaN where not known."""
    classes = per_class(of.counts, of.names)
    found = (never_found(classes), confused(of, classes), uneven(classes), wide(accuracy), gap(training, validation))
    return tuple(one for part in found for one in part)


def never_found(classes: Sequence[ClassFigures]) -> Iterator[RunAdvice]:
    lost = sorted((one for one in classes if one.n >= ENOUGH and not one.right), key=lambda one: -one.n)
    if not lost:
        return
    named = ", ".join(f"“{one.name}”" for one in lost[:LISTED])
    more = f" and {len(lost) - LISTED} more" if len(lost) > LISTED else ""
    images = sum(one.n for one in lost)
    verb = "was" if len(lost) == 1 else "were"
    high = wilson(0, lost[0].n).high
    yield RunAdvice(
        f"{named}{more} {verb} never found: 0 of {count(images, 'test examples')}"
        + (f"; at most {percent(high)} with 95 % confidence." if len(lost) == 1 else "."),
        "See what they are taken for, then label more of them.",
        MISSED, tuple(one.place for one in lost),
    )  # fmt: skip


def confused(of: Examined, classes: Sequence[ClassFigures]) -> Iterator[RunAdvice]:
    """The pair of which the largest share is confused."""
    shares = [(n / classes[true].n, true, given, n) for true, given, n in confused_pairs(of.counts, 50) if n >= ENOUGH]
    share, true, given, n = max(shares, default=(0.0, 0, 0, 0))
    if share < CONFUSED:
        return
    found = wilson(n, classes[true].n)
    yield RunAdvice(
        f"“{of.names[true]}” is taken for “{of.names[given]}” in {n} of {count(classes[true].n, 'test examples')}: "
        f"{percent(share)} ({number(100 * found.low)} to {number(100 * found.high)}).",
        "Look whether an example tells them apart; if so label more of both, if not make them one class.",
        ALL, (true,), (given,),
    )  # fmt: skip


def uneven(classes: Sequence[ClassFigures]) -> Iterator[RunAdvice]:
    known = sorted((one for one in classes if one.n), key=lambda one: one.n)
    if len(known) < 2 or known[-1].n < UNEVEN * known[0].n:
        return
    least, most = known[0], known[-1]
    mean = sum(one.right / one.n for one in known) / len(known)
    yield RunAdvice(
        f"Classes are uneven: “{most.name}” has {most.n} test examples, “{least.name}” {least.n}. The mean recall of "
        f"the classes is {percent(mean)}.",
        "Read the balanced accuracy beside the plain one, and label more of the small classes.",
        ALL, (least.place,),
    )  # fmt: skip


def wide(accuracy: Interval) -> Iterator[RunAdvice]:
    width = accuracy.high - accuracy.low
    if accuracy.known and width > WIDE:
        yield RunAdvice(
            f"The interval is {number(100 * width)} points wide over {count(accuracy.n, 'test examples')}: a "
            "difference to another run that is smaller may be chance.",
            "Compare on the same test over several seeds, or test on more.",
        )


def gap(training: float, validation: float) -> Iterator[RunAdvice]:
    if isfinite(training) and isfinite(validation) and training - validation > GAP:
        yield RunAdvice(
            f"At the end {percent(training)} of the training examples were right and {percent(validation)} of the "
            f"validation examples: a gap of {number(100 * (training - validation))} points.",
            "Label more, vary them (augmentation), or train fewer layers.",
            MISSED,
        )
