"""One lot of work in the background: networks are opened, what was handed in is listed and answered. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from engine.errors import Cancelled, DataError
from engine.events import Preparing
from ui.trying.kept_answers import AnsweredBefore, Begun, batches
from ui.trying.triable import Key, Stamp, Triable

if TYPE_CHECKING:
    from engine.data.files.loose import LooseExamples
    from engine.using.answerer import Answerer

Result = TypeVar("Result")
Stop = Callable[[], bool]
FIRST = 64  # images that are answered before it is measured how sure a run may be
BESIDE = "“{}” reads {}, and “{}” reads {}: they do not answer side by side. Untick one of them."
NO_TEXTS = "What answers reads images and no texts.", "Choose a run that learnt from texts."
NO_IMAGES = "What answers reads texts and no images.", "Choose a run that learnt from images."


@dataclass(frozen=True, slots=True)
class TypedTexts:
    """Texts that were typed or pasted."""

    texts: tuple[str, ...]


Handed = tuple[str, ...] | Mapping[str, bytes] | TypedTexts  # paths, or whole image files by their names


@dataclass(frozen=True, slots=True)
class Opened:
    """Of each chosen run the names of what it tells apart, what its probabilities rest on, and of its files.
    unmeasured: how sure they may be is not known yet; they answer anew once it is."""

    classes: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]
    stamps: tuple[Stamp, ...]
    unmeasured: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """refused: a sentence for each path that holds no images, or no texts."""

    images: LooseExamples | None
    refused: tuple[str, ...] = ()


@dataclass
class Networks:
    """Those that are open. held: by the lot that is at work; the next one waits for it to see that it was cancelled.
    stamps: of the weights they were opened with, as a run that goes on writes others."""

    known: dict[Key, Answerer] = field(default_factory=dict)
    stamps: dict[Key, Stamp] = field(default_factory=dict)
    held: Lock = field(default_factory=Lock)

    def open(
        self, chosen: Sequence[Triable], post: Callable[[object], None], cancelled: Stop,
        meanwhile: Callable[[list[Answerer]], None] = lambda plain: None,
    ) -> list[Answerer]:  # fmt: skip
        """Others are forgotten. Where it is measured for the first time how sure a run may be, `meanwhile` is given
        what answers before, and `Preparing` posted. Raises `ExperimentError`, `Cancelled`."""
        stamps = {one.key: one.stamp for one in chosen}
        found = {key: self.known[key] for key, stamp in stamps.items() if self.stamps.get(key) == stamp}
        self.stamps, is_first = {key: stamps[key] for key in found}, True

        def measuring(said: object) -> None:
            nonlocal is_first
            if is_first:
                is_first = False
                self.known = {one.key: found.get(one.key) or one.unmeasured() for one in chosen}
                meanwhile([self.known[one.key] for one in chosen])
            post(said)

        for one in chosen:
            if one.key not in found:
                found[one.key] = drained(one.opened(), measuring, cancelled)
        self.known, self.stamps = found, stamps
        return [found[one.key] for one in chosen]


def drained(work: Generator[Preparing, None, Result], post: Callable[[object], None], cancelled: Stop) -> Result:
    """What the work returns; how far it is is posted. Raises `Cancelled`."""
    while True:
        if cancelled():
            raise Cancelled
        try:
            post(next(work))
        except StopIteration as end:
            found: Result = end.value
            return found


@dataclass(frozen=True, slots=True)
class Lot:
    """begun: images that are listed and not all answered. new: what is to be listed behind the `listed` images that
    are. known: what was answered before. reads: what those that answer read, images or texts."""

    chosen: tuple[Triable, ...]
    begun: tuple[Begun, ...]
    new: tuple[Handed, ...]
    listed: int
    known: AnsweredBefore
    reads: str = "images"

    def work(self, networks: Networks, post: Callable[[object], None], cancelled: Stop) -> None:
        """Posts `Listed` for each of `new`, `Preparing`, `Opened`, and `AnsweredBatch` in the order of the images.
        Raises `ExperimentError`, `Cancelled`."""
        with networks.held:
            begun = [*self.begun, *self._list(post, cancelled)]
            if not begun:  # nothing was found that could be answered
                return
            opened = networks.open(
                self.chosen, post, cancelled, lambda plain: self._answer_first(plain, begun[0], post, cancelled)
            )
            stamps = tuple(networks.stamps[one.key] for one in self.chosen)
            post(Opened(tuple(one.classes for one in opened), tuple(one.words for one in opened), stamps))
            had = [self.known.answered_by(one.key, stamp) for one, stamp in zip(self.chosen, stamps, strict=True)]
            for images in begun:
                for batch in batches(opened, had, self.known.of, images, cancelled):
                    post(batch)

    def _answer_first(
        self, plain: Sequence[Answerer], begun: Begun, post: Callable[[object], None], cancelled: Stop
    ) -> None:
        """A person sees something at once, where nothing was answered before."""
        from engine.using.trial import answers

        if begun.before or begun.first:
            return
        words, classes = tuple(one.words for one in plain), tuple(one.classes for one in plain)
        post(Opened(classes, words, tuple(one.stamp for one in self.chosen), unmeasured=True))
        for batch in answers(plain, begun.images, 0, cancelled, min(FIRST, len(begun.images))):
            post(batch)

    def _list(self, post: Callable[[object], None], cancelled: Stop) -> Iterator[Begun]:
        before = self.listed
        for handed in self.new:
            found = list_handed(handed, self.reads, cancelled)
            post(found)
            if found.images is not None:
                yield Begun(found.images, 0, before)
                before += len(found.images)


@dataclass
class Cleared:
    """What was taken away, until something else is."""

    images: list[LooseExamples]
    waiting: list[Handed]
    known: AnsweredBefore
    labels: dict[int, str]
    picked: list[int]


def list_handed(handed: Handed, reads: str, cancelled: Stop) -> Listed:
    """What is no image is left to be read, and told then. Raises `Cancelled`."""
    from engine.data.files.loose import LooseImages
    from engine.data.files.loose_texts import LooseTexts

    if isinstance(handed, TypedTexts):
        return (
            Listed(LooseTexts.held(handed.texts)) if reads == LooseTexts.what else Listed(None, (" ".join(NO_TEXTS),))
        )
    if not isinstance(handed, tuple):
        return Listed(LooseImages.held(handed)) if reads == LooseImages.what else Listed(None, (" ".join(NO_IMAGES),))
    try:
        return Listed(opened(handed, reads, cancelled))
    except DataError:
        words = dict(each_refused(handed, reads, cancelled))
    good = [path for path, refused in words.items() if not refused]
    refused = tuple(filter(None, words.values()))
    return Listed(opened(good, reads, cancelled) if good else None, refused)


def opened(paths: Sequence[str], reads: str, cancelled: Stop) -> LooseExamples:
    """Raises `DataError`, `Cancelled`."""
    from engine.data.files.loose import LooseImages
    from engine.data.files.loose_texts import LooseTexts

    of_texts = reads == LooseTexts.what
    return LooseTexts(paths, cancelled) if of_texts else LooseImages(paths, cancelled=cancelled)


def each_refused(paths: Sequence[str], reads: str, cancelled: Stop) -> Iterator[tuple[str, str]]:
    """Each path with why it cannot be used, "" where it can."""
    for path in paths:
        try:
            with opened([path], reads, cancelled):
                yield path, ""
        except DataError as error:
            yield path, str(error)


def place_in(listed: Sequence[LooseExamples], image: int) -> tuple[LooseExamples, int]:
    """Where an image is read, by its place among all that are listed."""
    for images in listed:
        if image < len(images):
            return images, image
        image -= len(images)
    raise IndexError


def close_all(images: Sequence[LooseExamples], cancelled: Callable[[], bool]) -> None:
    """Zips are let go."""
    for one in images:
        one.close()


def alike(chosen: tuple[Triable, ...]) -> tuple[tuple[Triable, ...], str]:
    """Those that read what the first one reads, and of another one why it does not answer, "" where all do."""
    kept = tuple(one for one in chosen if one.reads == chosen[0].reads)
    for one in chosen:
        if one not in kept:
            return kept, BESIDE.format(chosen[0].title, chosen[0].reads, one.title, one.reads)
    return kept, ""
