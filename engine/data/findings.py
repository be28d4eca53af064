"""What a reader must know of the data behind a figure: copies across its parts, classes that one part lacks, files that
were left out. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.data.labelled_set import LabelledSet, Skipped
from engine.data.splits import TEST, VALIDATION, ClassSplit, ImageSplit, split_images
from engine.errors import ExperimentError
from engine.experiment import DatasetChoice

Indices = NDArray[np.int64]
NAMED_FILES = 10  # that were left out; a run's folder has the names of all
NAMED = 3  # classes that a sentence names


@dataclass(frozen=True, eq=False)
class Finding:
    """key and words: as they stand in a figure's protocol, not there without words. sentence: for the run's log.

    unseen: where weights have met part of the test, what they have not met: test images, or classes in few-shot
    learning; int64, None where nothing can be told apart.
    """

    key: str
    words: str
    sentence: str
    unseen: Indices | None = field(default=None)


def in_images(data: LabelledSet, split: ImageSplit) -> list[Finding]:
    """Of a run that divides the images of each class."""
    parts = (("training", split.train), ("validation", split.validation))
    return [*_skipped(data), *_missing(data, split), *_copies(data, parts, split.test), *_left_out(data, split)]


def in_classes(data: LabelledSet, split: ClassSplit) -> list[Finding]:
    """Of a run that divides the classes."""
    train, validation, test = (ids_of(data, part) for part in (split.train, split.validation, split.test))
    return [*_skipped(data), *_copies(data, (("training", train), ("validation", validation)), test)]


def ids_of(data: LabelledSet, classes: Indices) -> Indices:
    """The images of these classes, int64 ascending."""
    return np.flatnonzero(np.isin(data.labels, classes)).astype(np.int64)


def protocol(found: Iterable[Finding]) -> dict[str, str]:
    """What stands beside every figure."""
    return {one.key: one.words for one in found if one.words}


@dataclass(frozen=True, slots=True)
class MetInTest:
    """How many of so many test images are copies of images of another part, and how many such or look like one."""

    copies: int
    alike: int
    tested: int


def crossing(data: LabelledSet, choice: DatasetChoice, looks: Indices) -> MetInTest | None:
    """As the choice divides the images; None where it cannot. looks: equal for what looks alike, see `kin`."""
    try:
        split = split_images(data, choice, 0)
    except ExperimentError:
        return None
    before = np.concatenate((split.train, split.validation))
    copies, alike = (int(np.isin(keys[split.test], keys[before]).sum()) for keys in (data.contents, looks))
    return MetInTest(copies, alike, len(split.test))


def copies_words(data: LabelledSet) -> str:
    """ "5 of 400 images are copies of others", by content; "" when there are none."""
    several = len(data) - len(np.unique(data.contents))
    return f"{several:,} of {data.said(len(data))} {_are(several)} of others" if several else ""


def left_words(data: LabelledSet) -> str:
    """ "3 files", "1 text": what was left out, counted."""
    word = "file" if data.what == "images" else "text"
    return f"{len(data.skipped):,} {word}{'' if len(data.skipped) == 1 else 's'}"


def named_files(skipped: Sequence[Skipped], most: int = 3) -> str:
    """ "a.png (empty file), b.png (truncated image) and 4 more"."""
    named = ", ".join(f"{one.path} ({one.reason})" for one in skipped[:most])
    return named + (f" and {len(skipped) - most:,} more" if len(skipped) > most else "")


def _skipped(data: LabelledSet) -> Iterator[Finding]:
    yield from (Finding("", "", doubt) for doubt in data.doubts)
    if not data.skipped:
        return
    left = left_words(data)
    yield Finding("", "", f"{left} left out of the data set: {named_files(data.skipped, NAMED_FILES)}.")


def _missing(data: LabelledSet, split: ImageSplit) -> Iterator[Finding]:
    """A part that the folders give need not hold every class."""
    for part, ids, title in ((VALIDATION, split.validation, "validation"), (TEST, split.test, "test")):
        lacking = np.setdiff1d(split.classes, data.labels[ids])
        if not len(lacking) or not len(ids):
            continue
        words = f"{len(split.classes) - len(lacking)} of {len(split.classes)} classes, none of {named(data, lacking)}"
        yield Finding(
            "classes tested" if part == TEST else "classes validated",
            words,
            f"The {title} {data.what} are of {words}: no figure speaks of what is missing.",
        )


def named(data: LabelledSet, classes: Indices) -> str:
    """ "“cat”, “dog” and 3 more"."""
    names = ", ".join(f"“{data.class_names[place]}”" for place in classes[:NAMED])
    return names + (f" and {len(classes) - NAMED} more" if len(classes) > NAMED else "")


def _copies(data: LabelledSet, parts: Iterable[tuple[str, Indices]], test: Indices) -> Iterator[Finding]:
    """Byte for byte equal images of the test and of what was learnt or chosen from, and within the test."""
    contents, said = data.contents, []
    for title, ids in parts:
        count = int(np.isin(contents[test], contents[ids]).sum())
        said += [f"{count:,} of {len(test):,} test {data.what} {_are(count)} of {title} {data.what}"] if count else []
    _, tally = np.unique(contents[test], return_counts=True)
    alike = int(tally[tally > 1].sum())
    said += [f"{alike:,} of {len(test):,} test {data.what} {_are(alike)} of each other"] if alike else []
    if said:
        yield Finding("copies", "; ".join(said), f"{'; '.join(said)}.")


def _left_out(data: LabelledSet, split: ImageSplit) -> Iterator[Finding]:
    parts = [f"{count:,} {part}" for count, part in zip(split.left_out, ("validation", "test"), strict=True) if count]
    if parts:
        words = f"{' and '.join(parts)} {data.what if sum(split.left_out) != 1 else data.what[:-1]}"
        yield Finding("left out", words, f"{words} left out, as they are met in another part.")


def _are(count: int) -> str:
    return "is a copy" if count == 1 else "are copies"
