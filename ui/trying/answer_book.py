"""What was answered so far, in columns that grow: a few hundred bytes and a small picture for each image. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ui.trying.triable import Key, Stamp

if TYPE_CHECKING:
    from engine.using.trial import AnsweredBatch, Likeliest

LEAST_ROWS = 1024
LINE = 400  # letters of a text that may be seen in a line
Kind = TypeVar("Kind", bound=np.generic)


class Growing(Generic[Kind]):
    """Rows as wide as the first ones; appending costs as much as what is appended."""

    def __init__(self, kind: type[Kind]) -> None:
        self._kind = kind
        self._all: NDArray[Kind] | None = None
        self._used = 0

    def append(self, rows: NDArray[Kind]) -> None:
        needed, before = self._used + len(rows), self.rows
        if self._all is None or needed > len(self._all):
            self._all = np.empty((max(needed, 2 * self._used, LEAST_ROWS), rows.shape[1]), self._kind)
            self._all[: self._used] = before if self._used else 0
        self._all[self._used : needed] = rows
        self._used = needed

    @property
    def rows(self) -> NDArray[Kind]:
        """[rows, width]; before the first there is a column without any."""
        return np.empty((0, 1), self._kind) if self._all is None else self._all[: self._used]


@dataclass
class Said:
    """What one of those that answer says, of as many images as it is long. classes: names of its outputs. words: what
    its probabilities rest on. stamp: of its files. places, shares, unlike, refused: as `engine.using.trial.Likeliest`
    has them."""

    key: Key
    title: str
    classes: tuple[str, ...]
    words: str
    stamp: Stamp = ()
    places: Growing[np.int32] = field(default_factory=lambda: Growing(np.int32))
    shares: Growing[np.float32] = field(default_factory=lambda: Growing(np.float32))
    unlike: Growing[np.float64] = field(default_factory=lambda: Growing(np.float64))
    refused: Growing[np.bool_] = field(default_factory=lambda: Growing(np.bool_))

    def __len__(self) -> int:
        return len(self.places.rows)

    def of(self, part: slice) -> Likeliest:
        """What it said of these images."""
        from engine.using.trial import Likeliest

        more = self.unlike.rows[part, 0], self.refused.rows[part, 0]
        return Likeliest(self.places.rows[part], self.shares.rows[part], *more)

    def append(self, found: Likeliest) -> None:
        self.places.append(found.places)
        self.shares.append(found.shares)
        self.unlike.append(found.unlike[:, None])
        self.refused.append(found.refused[:, None])

    def judged(self, image: int) -> tuple[float, bool] | None:
        """How unlike all that was learnt it is, and whether it is none of the classes; None where it is not known."""
        found = float(self.unlike.rows[image, 0])
        return None if np.isnan(found) else (found, bool(self.refused.rows[image, 0]))

    def is_none(self, image: int) -> bool:
        """Whether it is said to be none of the classes."""
        return bool(self.refused.rows[image, 0])

    def best(self, image: int) -> list[tuple[str, float]]:
        """(class, probability), the likeliest first; empty for an image that was not read."""
        found = zip(self.places.rows[image], self.shares.rows[image], strict=True)
        return [(self.classes[place], float(share)) for place, share in found if place >= 0]

    @property
    def firsts(self) -> NDArray[np.int32]:
        """int32 [images]: the likeliest class, -1 of an image that was not read."""
        return self.places.rows[:, 0]

    @property
    def confidence(self) -> NDArray[np.float32]:
        """float32 [images]: of the likeliest class, NaN of an image that was not read."""
        return self.shares.rows[:, 0]


@dataclass
class AnswerBook:
    """runs: in the order in which they were chosen. labels: what the person said that an image is, by its place, also
    of images that others answered before and these do not yet. picked: images to be labelled next, in that order.
    small: a JPEG of each image, or each text. what: they are, "images" or "texts"."""

    runs: list[Said] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    small: list[bytes | str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    labels: dict[int, str] = field(default_factory=dict)
    picked: list[int] = field(default_factory=list)
    what: str = "images"

    @property
    def of_texts(self) -> bool:
        return self.what == "texts"

    def text(self, image: int) -> str:
        """What a text says, "" of an image."""
        found = self.small[image]
        return found if isinstance(found, str) else ""

    def called(self, image: int) -> str:
        """As it stands in a line: what a text says, else the last part of its path."""
        text = self.text(image) if self.of_texts else ""
        return " ".join(text[:LINE].split()) or short_name(self.names[image])

    def __len__(self) -> int:
        return len(self.names)

    @property
    def labelled(self) -> dict[int, str]:
        """The labels of images that are answered and were read, by their place, ascending."""
        known = sorted((image, label) for image, label in self.labels.items() if image < len(self))
        return {image: label for image, label in known if not self.reasons[image]}

    @property
    def unread(self) -> int:
        return sum(map(bool, self.reasons))

    def differ_on(self, image: int) -> bool:
        """Whether the runs do not all say the same of it; none of these is the same, whatever is nearest to it."""
        said = {"" if run.is_none(image) else run.classes[int(run.firsts[image])] for run in self.runs}
        return len(said) > 1

    def append(self, batch: AnsweredBatch) -> None:
        self.names += batch.names
        self.small += batch.small
        self.reasons += batch.reasons
        for said, found in zip(self.runs, batch.likeliest, strict=True):
            said.append(found)


def short_name(name: str) -> str:
    """The last part of a path."""
    return name.replace("\\", "/").rpartition("/")[2]
