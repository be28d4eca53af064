"""What was answered before of the images that are listed, whoever answers now: nobody is asked twice. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ui.trying.answer_book import AnswerBook, Said
from ui.trying.triable import Key, Stamp

if TYPE_CHECKING:
    from engine.data.files.loose import LooseExamples
    from engine.data.images import Cancel
    from engine.using.answerer import Answerer
    from engine.using.trial import AnsweredBatch

TOGETHER = 256  # answers that are handed on at once where nobody has to be asked


@dataclass(frozen=True, slots=True)
class Begun:
    """images: listed. first: of them that is not answered. before: images that stand before all of these."""

    images: LooseExamples
    first: int
    before: int


@dataclass
class AnsweredBefore:
    """said: of each that ever answered, what it said of the first images, as many as it was asked of. of: the longest
    of those books, for names and pictures."""

    said: dict[Key, Said] = field(default_factory=dict)
    of: AnswerBook = field(default_factory=AnswerBook)

    def take(self, book: AnswerBook) -> None:
        """A book to which nothing is added any more."""
        self.of = book if len(book) > len(self.of) else self.of
        for said in book.runs:
            had = self.said.get(said.key)
            if had is None or had.stamp != said.stamp or len(had) < len(said):
                self.said[said.key] = said

    def answered_by(self, key: Key, stamp: Stamp) -> Said | None:
        """None where it never answered, or has learnt on since."""
        had = self.said.get(key)
        return had if had is not None and had.stamp == stamp else None


def batches(
    networks: Sequence[Answerer], had: Sequence[Said | None], of: AnswerBook, begun: Begun, cancelled: Cancel
) -> Iterator[AnsweredBatch]:
    """In the order of the images; each network is asked only of those that it was not. had: what each said before. of:
    names and pictures of all that any of them was asked of. Raises `Cancelled`."""
    counts = [0 if said is None else len(said) - begun.before for said in had]
    first = begun.first
    for last in sorted({count for count in counts if first < count < len(begun.images)} | {len(begun.images)}):
        asked = [place for place, count in enumerate(counts) if count < last]
        between = replace(begun, first=first)
        yield from _asking(networks, had, asked, between, last, cancelled) if asked else _known(had, of, between, last)
        first = last


def _known(had: Sequence[Said | None], of: AnswerBook, begun: Begun, last: int) -> Iterator[AnsweredBatch]:
    from engine.using.trial import AnsweredBatch

    for start in range(begun.before + begun.first, begun.before + last, TOGETHER):
        part = slice(start, min(start + TOGETHER, begun.before + last))
        likeliest = tuple(said.of(part) for said in had if said is not None)
        yield AnsweredBatch(tuple(of.names[part]), tuple(of.small[part]), tuple(of.reasons[part]), likeliest)


def _asking(
    networks: Sequence[Answerer], had: Sequence[Said | None], asked: Sequence[int], begun: Begun, last: int,
    cancelled: Cancel,
) -> Iterator[AnsweredBatch]:  # fmt: skip
    from engine.using.trial import answers

    start = begun.before + begun.first
    for batch in answers([networks[place] for place in asked], begun.images, begun.first, cancelled, last):
        part, said = slice(start, start + len(batch.names)), dict(zip(asked, batch.likeliest, strict=True))
        known = {place: one.of(part) for place, one in enumerate(had) if one is not None and place not in said}
        start = part.stop
        yield replace(batch, likeliest=tuple(one for _, one in sorted((said | known).items())))
