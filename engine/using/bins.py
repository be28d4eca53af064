"""Classes that a person makes by hand: named bins of a few images. Torch-free, and never changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.data.hashes import short_hash
from engine.data.labelled_set import Rows
from engine.errors import DataError

Pixels = NDArray[np.uint8]
NEW = "Class {}"


@dataclass(frozen=True, eq=False)
class HandedImage:
    """An image or text that a person hands in. name: of its file, or what it is. pixels: uint8 [s, s, c] as the network
    that answers reads it, or the pieces of a text, int32 [pieces]; text: what that says. truth: the class that it is
    known to be of, "" where it is not known. ink: of a drawing, uint8 [side, side], black on white; centred: it is read
    in the middle, as MNIST's digits are."""

    name: str
    pixels: Rows = field(repr=False)
    truth: str = ""
    ink: Pixels | None = field(default=None, repr=False)
    centred: bool = False
    text: str = ""

    @cached_property
    def key(self) -> str:
        """Equal for images that the network cannot tell apart."""
        return short_hash(str(self.pixels.shape), np.ascontiguousarray(self.pixels).tobytes())


@dataclass(frozen=True)
class Bin:
    """One class: its name, and the images that stand for it."""

    name: str
    images: tuple[HandedImage, ...] = ()


@dataclass(frozen=True)
class Bins:
    """All classes, in the order of the answers. A deed gives new bins: to take it back is to keep the old ones."""

    bins: tuple[Bin, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.bins)

    @property
    def filled(self) -> Bins:
        """Those with an image: what an answer can be."""
        return Bins(tuple(one for one in self.bins if one.images))

    @property
    def count(self) -> int:
        """Images in all."""
        return sum(len(one.images) for one in self.bins)

    @property
    def images(self) -> tuple[HandedImage, ...]:
        """Bin by bin."""
        return tuple(image for one in self.bins for image in one.images)

    @property
    def targets(self) -> NDArray[np.int64]:
        """Of each of `images` the place of its bin."""
        return np.repeat(np.arange(len(self.bins)), [len(one.images) for one in self.bins]).astype(np.int64)

    def renamed_to(self, after: Bins) -> dict[str, str]:
        """Name here -> name there of classes with the same images in the same place; empty for anything else."""
        if [one.images for one in self.bins] != [one.images for one in after.bins]:
            return {}
        return {one.name: other.name for one, other in zip(self.bins, after.bins, strict=True) if one != other}

    def with_bin(self, name: str = "", images: Sequence[HandedImage] = ()) -> Bins:
        """One more at the end; a name that is taken gets a number behind it."""
        wanted = name.strip() or NEW.format(len(self.bins) + 1)
        free = (one for one in (wanted, *(f"{wanted} {number}" for number in range(2, len(self.bins) + 3))))
        taken = set(self.names)
        return Bins((*self.bins, Bin(next(one for one in free if one not in taken), tuple(images))))

    def without_bin(self, place: int) -> Bins:
        return Bins(self.bins[:place] + self.bins[place + 1 :])

    def renamed(self, place: int, name: str) -> Bins:
        """Raises `DataError` for a name that another class has, or none."""
        name = name.strip()
        if not name:
            raise DataError("A class has to have a name.", "Give it one, or remove it.")
        if name in self.names[:place] + self.names[place + 1 :]:
            raise DataError(f"There is a class “{name}” already.", "Choose another name.")
        return self._with(place, replace(self.bins[place], name=name))

    def with_images(self, place: int, images: Sequence[HandedImage]) -> Bins:
        """More images of one class, behind those it has."""
        one = self.bins[place]
        return self._with(place, replace(one, images=(*one.images, *images)))

    def without_image(self, place: int, index: int) -> Bins:
        one = self.bins[place]
        return self._with(place, replace(one, images=one.images[:index] + one.images[index + 1 :]))

    def joined(self, more: Sequence[Bin]) -> Bins:
        """Images of classes by name: to the bin of that name where there is one, else as a new one."""
        found = self
        for one in more:
            if one.name and one.name in found.names:
                found = found.with_images(found.names.index(one.name), one.images)
            else:
                found = found.with_bin(one.name, one.images)
        return found

    def _with(self, place: int, one: Bin) -> Bins:
        return Bins((*self.bins[:place], one, *self.bins[place + 1 :]))
