"""What a data set consists of, counted: sizes, shapes, colours, kinds of files, room on the disk. Torch-free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.files.decode import ImageFacts
from engine.data.files.kinds import ending
from engine.data.files.layout import Item
from engine.data.files.listed import listed
from engine.data.files.tree import Listing
from engine.data.images import ImageSet, images_of
from engine.data.labelled_set import LabelledSet
from engine.data.sources import FOLDER
from engine.data.text_set import TextSet
from engine.errors import DataError
from engine.experiment import DatasetChoice
from engine.texts import minilm
from engine.texts.tokens import cut_share

Counts = tuple[tuple[str, int], ...]
Size = tuple[int, int]
PIECES = 64  # how much of a text is usually read
LOOKED_AT = 2_000  # texts that are cut to tell how many are too long
UNITS = {"minilm": "of MiniLM's word pieces", "words": "words and signs"}


@dataclass(frozen=True, slots=True)
class Lengths:
    """Of texts, in words. cut: share of the texts, 0..1, of which a network reads the beginning alone, at `pieces` of
    what the tokenizer makes. looked_at: texts of which that is told, 0 for all."""

    shortest: int
    typical: int
    longest: int
    cut: float
    pieces: int
    tokenizer: str
    looked_at: int = 0

    @property
    def cut_words(self) -> str:
        share = f"{self.cut:.1%}" if 0 < self.cut < 0.1 else f"{self.cut:.0%}"
        of = f" of {self.looked_at:,} looked at" if self.looked_at else ""
        return f"{share}{of} have more than {self.pieces} {UNITS[self.tokenizer]}, which is usually read of one"


@dataclass(frozen=True, slots=True)
class Inventory:
    """Counts are (words, images), the most frequent first; sizes are (height, width).

    stored: bytes of the files, 0 for what comes with the program. alike: names of classes that differ in case only.
    lengths: of texts, whose sizes are counted in words.
    """

    sizes: Counts
    shapes: Counts
    colours: Counts
    kinds: Counts
    smallest: Size
    typical: Size
    largest: Size
    stored: int = 0
    alike: tuple[tuple[str, ...], ...] = ()
    lengths: Lengths | None = None


def by_names(choice: DatasetChoice, listing: Listing) -> ImageSet | None:
    """What the names of its files tell of a folder or zip of class folders, at once; None where they do not."""
    try:
        return listed(listing) if choice.name == FOLDER else None
    except DataError:
        return None  # which loading says


def inventory(data: LabelledSet, path: str | None) -> Inventory:
    """path: of the folder, zip or table it was read from, None for what comes with the program."""
    return _of_texts(data, path) if isinstance(data, TextSet) else _of_images(images_of(data), path)


def _of_texts(data: TextSet, path: str | None) -> Inventory:
    words = sorted(text.count(" ") + 1 for text in data.texts)
    spans = Counter(_span(number) for number in words)
    tokenizer = "minilm" if minilm.is_here() else "words"  # by which the texts will most likely be read
    looked = np.random.default_rng(0).permutation(len(data))[:LOOKED_AT]
    cut = cut_share(tokenizer, data.shown(looked), PIECES)
    sample = len(looked) if len(looked) < len(data) else 0
    lengths = Lengths(words[0], words[len(words) // 2], words[-1], cut, PIECES, tokenizer, sample)
    held = Path(path).stat().st_size if path and Path(path).is_file() else 0
    none = (0, 0)
    by_length = tuple(spans.items())  # which rises, as the words do
    return Inventory(by_length, (), (), (), none, none, none, held, alike(data.class_names), lengths)


def _span(words: int) -> str:
    """ "1 to 5 words", "6 to 10 words", then by twenties and hundreds."""
    step = 5 if words <= 20 else 20 if words <= 100 else 100
    low = (words - 1) // step * step
    return f"{low + 1:,} to {low + step:,} words"


def _of_images(data: ImageSet, path: str | None) -> Inventory:
    sizes = list(image_sizes(data))
    found = Counter(f"{width:,} × {height:,} px" for height, width in sizes)
    shapes = Counter(_shape(size) for size in sizes)
    by_area = sorted(set(sizes), key=lambda size: (size[0] * size[1], size))
    return Inventory(
        _ordered(found),
        _ordered(shapes),
        _ordered(Counter(_colours(data))),
        _ordered(Counter(_kinds(data))),
        by_area[0],
        data.typical_size,
        by_area[-1],
        stored(data, path),
        alike(data.class_names),
    )


def image_sizes(data: ImageSet) -> Iterable[Size]:
    """(height, width) of every image."""
    if (facts := getattr(data.source, "facts", None)) is not None:
        return ((fact.height, fact.width) for fact in facts)
    array = getattr(data.source, "array", None)
    height, width = array.shape[1:3] if array is not None else data.typical_size
    return [(height, width)] * len(data)


def _shape(size: Size) -> str:
    height, width = size
    return "square" if height == width else "wide" if width > height else "tall"


def _colours(data: ImageSet) -> Iterable[str]:
    facts: Sequence[ImageFacts] | None = getattr(data.source, "facts", None)
    if facts is None:
        words = {1: "grey", 3: "colour"}.get(data.channels, f"{data.channels} bands")
        return [words] * len(data)
    return ("grey beyond 0 to 255" if fact.levels else "grey" if fact.grey else "colour" for fact in facts)


def _kinds(data: ImageSet) -> Iterable[str]:
    items: Sequence[Item] = getattr(data.source, "items", ())
    return (ending(item.entry.path) or "no ending" for item in items)


def stored(data: ImageSet, path: str | None) -> int:
    """Bytes on the disk: of the zip, or of the files of a folder that are images of the set."""
    items: Sequence[Item] = getattr(data.source, "items", ())
    if path is None:
        return 0
    place = Path(path)
    return place.stat().st_size if place.is_file() else sum(item.entry.size for item in items)


def alike(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Groups of classes that are called the same but for case: "Cat" and "cat"."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.casefold(), []).append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _ordered(found: Counter[str]) -> Counts:
    return tuple(found.most_common())
