"""Which answers are shown, and in which order. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ui.trying.answer_book import AnswerBook

Places = NDArray[np.int64]


class Subject(Enum):
    """What a column is about; the first of them may be a text as well."""

    IMAGE = "Image"
    ANSWER = "Answer"
    CONFIDENCE = "Confidence"
    AGREEMENT = "Agreement"
    LABEL = "Your label"


class AnswerPart(Enum):
    """Kinds of answers that can be looked at alone, besides those of one class."""

    ALL = "All images"
    NONE = "None of these"
    UNREAD = "Not read"
    DIFFER = "The runs differ"
    LABELLED = "Labelled by you"
    PICKED = "The least sure"


REST = (AnswerPart.DIFFER, AnswerPart.NONE, AnswerPart.PICKED, AnswerPart.LABELLED, AnswerPart.UNREAD)


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """run: place among those that answer."""

    subject: Subject
    run: int = 0


@dataclass(frozen=True, slots=True)
class AnswerOrder:
    """words: all of them occur in the name, or in what a text says. part: also the name of a class, which some run
    gives. by: None in the order in which images were handed in."""

    words: str = ""
    part: AnswerPart | str = AnswerPart.ALL
    by: AnswerColumn | None = None
    falling: bool = False


def columns_of(book: AnswerBook) -> list[AnswerColumn]:
    runs = range(len(book.runs))
    own = [AnswerColumn(subject, run) for run in runs for subject in (Subject.ANSWER, Subject.CONFIDENCE)]
    more = [AnswerColumn(Subject.AGREEMENT)] if len(book.runs) > 1 else []
    labels = [AnswerColumn(Subject.LABEL)] if book.labels else []
    return [AnswerColumn(Subject.IMAGE), *own, *more, *labels]


def arranged(book: AnswerBook, wanted: AnswerOrder) -> Places:
    """Places of the images in the order of the lines; what was not read stands last."""
    kept = np.flatnonzero(kept_by(book, wanted)).astype(np.int64)
    if wanted.part is AnswerPart.PICKED and wanted.by is None:
        return np.array([image for image in book.picked if image in set(kept.tolist())], np.int64)
    if wanted.by is None or not len(kept):
        return kept
    keys = sort_keys(book, wanted.by)[kept]
    missing = np.isnan(keys)
    order = np.lexsort((kept, np.where(missing, 0, -keys if wanted.falling else keys), missing))
    return kept[order]


def kept_by(book: AnswerBook, wanted: AnswerOrder) -> NDArray[np.bool_]:
    """bool [images]."""
    kept = of_part(book, wanted.part)
    for word in wanted.words.casefold().split():
        said = (f"{name} {book.text(image)}" for image, name in enumerate(book.names))
        kept = kept & np.fromiter((word in words.casefold() for words in said), bool, len(book))
    return kept


def of_part(book: AnswerBook, part: AnswerPart | str) -> NDArray[np.bool_]:
    if isinstance(part, str):
        names, given = by_name(book)
        return (given == names.index(part)).any(axis=0) if part in names else np.zeros(len(book), bool)
    if part is AnswerPart.UNREAD:
        return np.fromiter(map(bool, book.reasons), bool, len(book))
    if part is AnswerPart.NONE:
        return np.logical_or.reduce([run.refused.rows[:, 0] for run in book.runs])
    if part is AnswerPart.DIFFER:
        return differing(book)
    if part in (AnswerPart.LABELLED, AnswerPart.PICKED):
        return np.isin(np.arange(len(book)), list(book.labelled) if part is AnswerPart.LABELLED else book.picked)
    return np.ones(len(book), bool)


def differing(book: AnswerBook) -> NDArray[np.bool_]:
    """bool [images]: read, and not all runs give a class of the same name, or not all say that it is none of these."""
    names, given = by_name(book)
    none = np.array([run.refused.rows[:, 0] for run in book.runs], np.bool_).reshape(given.shape)
    said = np.where(none, len(names), given)
    return (said != said[:1]).any(axis=0)


def by_name(book: AnswerBook) -> tuple[list[str], NDArray[np.int64]]:
    """The names of all classes that any run tells apart, in the order of the alphabet, and int64 [runs, images]: the
    answers as places among them, -1 of what was not read."""
    names = sorted({name for one in book.runs for name in one.classes}, key=str.casefold)
    places = {name: place for place, name in enumerate(names)}
    given = [np.append([places[name] for name in run.classes], -1)[run.firsts] for run in book.runs]
    return names, np.array(given, np.int64).reshape(len(book.runs), len(book))


def sort_keys(book: AnswerBook, by: AnswerColumn) -> NDArray[np.float64]:
    """float64 [images], NaN of what has none. Of equal answers the surest comes first."""
    run = book.runs[by.run]
    if by.subject is Subject.IMAGE:
        return ranks([book.called(image).casefold() for image in range(len(book))])
    if by.subject is Subject.CONFIDENCE:
        return run.confidence.astype(np.float64)
    if by.subject is Subject.ANSWER:
        return np.where(run.firsts < 0, np.nan, by_name(book)[1][by.run] - run.confidence / 2)
    if by.subject is Subject.LABEL:
        keys, labelled = np.full(len(book), np.nan), book.labelled
        keys[[*labelled]] = ranks([*labelled.values()])
        return keys
    sure = np.mean([one.confidence for one in book.runs], axis=0)
    return np.where(run.firsts < 0, np.nan, ~differing(book) - sure / 2)


def ranks(words: list[str]) -> NDArray[np.float64]:
    """float64 [n]: the place of each word in the order of the alphabet, equal for equal ones."""
    return np.unique(np.array(words), return_inverse=True)[1].astype(np.float64)


def counts(book: AnswerBook) -> dict[AnswerPart | str, int]:
    """How many images each part has, classes with the most first; parts without any are left out."""
    names, given = by_name(book)
    one = np.sort(given, axis=0)
    once = np.concatenate([one[:1], np.where(one[1:] == one[:-1], -1, one[1:])])
    numbers = np.bincount(once[once >= 0], minlength=len(names))
    found: dict[AnswerPart | str, int] = {AnswerPart.ALL: len(book)}
    found.update({names[place]: int(numbers[place]) for place in np.argsort(-numbers, kind="stable") if numbers[place]})
    found.update({part: n for part in REST if (n := int(of_part(book, part).sum()))})
    return found
