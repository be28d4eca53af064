"""What all labelled sets have, whatever their examples are: labels, classes, parts, what they are known by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.data.cutting import Cut
from engine.experiment import Shift

Rows: TypeAlias = NDArray[np.uint8] | NDArray[np.int32]  # of images, of texts


def as_counted(class_names: Iterable[str] | None) -> tuple[str, ...]:
    """Names by which classes are held to be the same: without the ellipsis of a long one, which runs of before 0.17
    did not write."""
    return tuple([name.removesuffix("…") for name in class_names or ()])


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or row that was left out. path: as the person sees it inside their folder, zip or table; reason: a few
    words."""

    path: str
    reason: str


class Form(Protocol):
    """How a network wants its inputs: `engine.preparation.inputs` has them. row: the shape of one example, dtype: of
    its values. cut: of images; tokenizer: of texts, by name, "" of anything else."""

    @property
    def size(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def cut(self) -> Cut: ...
    @property
    def tokenizer(self) -> str: ...
    @property
    def row(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> DTypeLike: ...


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelledSet(ABC):
    """Labelled examples: `ImageSet` and `TextSet` say of what.

    labels: int64 [examples], positions in `class_names`. alphabets: group of each class (alphabet, region, domain), or
    None. group_word: what such a group is called.
    kinds: what a class is in every region ("forest"), where classes are one kind in one region, else None. given_split:
    int8 [examples] (0 train, 1 validation, 2 test) when the source says so, else None; given_words says who says so.
    given_classes: the same for whole classes, int8 [classes]. usual_parts: random classes to train and to validate that
    papers have. layout: what was recognised, in words. fingerprint: short hash of all content, equal for equal data.
    digests: see `contents`; None where they are made of the content when asked for. held_out: alphabets that the source
    sets aside for testing. skipped: what was left out. doubts: what the files may mean instead, as sentences.
    characters: written signs, so that a quarter turn makes a new class.
    labelled: whether `labels` say anything; where not, all examples are of one class that stands for none.
    what: what the examples are, in words.
    """

    what: ClassVar[str] = "images"
    name: str
    title: str
    licence: str
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    fingerprint: str
    layout: str = ""
    alphabets: tuple[str, ...] | None = None
    group_word: str = "alphabet"
    held_out: frozenset[str] = frozenset()
    given_split: NDArray[np.int8] | None = None
    given_words: str = "as the folders say"
    skipped: tuple[Skipped, ...] = ()
    doubts: tuple[str, ...] = ()
    characters: bool = False
    kinds: tuple[str, ...] | None = None
    given_classes: NDArray[np.int8] | None = None
    usual_parts: tuple[int, int] | None = None
    digests: NDArray[np.uint64] | None = field(default=None, repr=False)
    labelled: bool = True

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Examples per class, int64 [classes]."""
        return np.bincount(self.labels, minlength=len(self.class_names)).astype(np.int64)

    def said(self, number: int, kind: str = "") -> str:
        """ "1 text", "2,000 training images"."""
        return f"{number:,} {kind}{self.what if number != 1 else self.what[:-1]}"

    @property
    @abstractmethod
    def contents(self) -> NDArray[np.uint64]:
        """uint64 [examples], equal for examples that are copies of each other, byte for byte, in this set or
        another."""

    @abstractmethod
    def image_name(self, index: int) -> str:
        """Short name of one example."""

    @abstractmethod
    def read(
        self, indices: Sequence[int] | NDArray[np.int64], form: Form, shift: Shift | None = None
    ) -> Rows:  # fmt: skip
        """As a network of this form reads them, one row each, shifted if asked for: images uint8 [n, s, s, c], texts
        int32 [n, size]. Raises `DataError`."""
