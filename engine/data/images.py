"""A labelled set of images: what it is, and its pixels on request."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.cutting import PLAIN, Cut, cut
from engine.data.hashes import digest
from engine.data.labelled_set import Form, LabelledSet
from engine.data.shifts import shifted
from engine.errors import Cancelled, InvalidExperiment
from engine.experiment import Shift
from engine.machine.memory import fits

Progress = Callable[[float], None]
Cancel = Callable[[], bool]
Item = TypeVar("Item")
Answer = TypeVar("Answer")
BATCH, FEW = 64, 8  # items between two words of how far it is; fewer are not worth a thread
STEP = 16  # items between two looks at whether to stop
KEPT_BYTES = 64 * 2**20
RESIZE = Image.Resampling.BILINEAR


class PixelSource(Protocol):
    """Where the pixels of an `ImageSet` come from. A source of more than three bands also has `bands`."""

    def image(self, index: int, size: int, channels: int) -> Image.Image:
        """Image `index` upright, mode L or RGB, its shorter side at least `size` where the original's is."""
        ...

    def name(self, index: int) -> str:
        """Short name of image `index`, e.g. "glass/glass12.jpg"."""
        ...


@dataclass(frozen=True, eq=False, kw_only=True)
class ImageSet(LabelledSet):
    """Labelled images whose pixels are decoded on request.

    channels: 1 when every image is grey, 3 in colour, or the number of bands. typical_size: median (height, width).
    background: value outside the image when it is turned or padded.
    of_regions: the same images with classes that are one kind in one region, where folders are region/class/image.
    """

    source: PixelSource = field(repr=False)
    channels: int = 3
    typical_size: tuple[int, int] = (28, 28)
    background: int = 0
    of_regions: ImageSet | None = field(default=None, repr=False)
    _decoded: dict[tuple[int, int, Cut], Decoded] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def contents(self) -> NDArray[np.uint64]:
        """uint64 [images], equal for images that are copies of each other, byte for byte, in this set or another."""
        if self.digests is not None:
            return self.digests
        assert isinstance(self.source, ArrayPixels | BandPixels)
        return np.array([digest(image.tobytes()) for image in self.source.array], dtype=np.uint64)

    def image_name(self, index: int) -> str:
        """Short name of one image, e.g. "glass/glass12.jpg"."""
        return self.source.name(int(index))

    @property
    def shown_channels(self) -> int:
        """Channels of its pictures: 1 or 3, also where there are more bands."""
        return min(self.channels, 3)

    def pixels(
        self, indices: Sequence[int] | NDArray[np.int64], size: int, channels: int, cancelled: Cancel | None = None,
        how: Cut = PLAIN,
    ) -> NDArray[np.uint8]:  # fmt: skip
        """uint8 [len(indices), size, size, channels]: shorter side resized to `size`, centre cut out, or as `how` says.

        channels: 1 (luma), 3 (grey is repeated) or all bands, which are cut plainly. Raises `Cancelled` when
        `cancelled()` turns true, `DataError` when a file can no longer be read.
        """
        if channels > 3 and size > 0:
            return self._bands(indices, size, channels)
        if size < 1 or channels not in (1, 3):
            raise InvalidExperiment(
                f"Images of {size} pixels with {channels} channels cannot be made.", field="dataset"
            )
        order = np.asarray(indices, dtype=np.int64)
        array = self.source.array if isinstance(self.source, ArrayPixels) and how.crop == 1 else None
        if array is not None and array.shape[1:] == (size, size):
            return np.repeat(array[order][..., None], channels, axis=3)
        if array is not None and array.shape[1:] == (size, size, channels):
            return array[order]
        octets = len(self) * size * size * channels
        if octets <= KEPT_BYTES and fits(octets):
            decoded = self._decoded.setdefault((size, channels, how), Decoded(self, size, channels, how))
            return decoded.pixels(order, cancelled)
        out = np.empty((len(order), size, size, channels), dtype=np.uint8)

        def fill(place: int) -> None:
            out[place] = self._fitted(int(order[place]), size, channels, how)

        list(in_threads(fill, range(len(order)), None, cancelled))
        return out

    def read(
        self, indices: Sequence[int] | NDArray[np.int64], form: Form, shift: Shift | None = None
    ) -> NDArray[np.uint8]:  # fmt: skip
        """As a network reads them; see `engine.data.examples`."""
        found = self.pixels(indices, form.size, form.channels, how=form.cut)
        return found if shift is None else shifted(found, shift, np.asarray(indices, dtype=np.int64))

    def _bands(self, indices: Sequence[int] | NDArray[np.int64], size: int, channels: int) -> NDArray[np.uint8]:
        if not isinstance(self.source, BandPixels) or self.channels != channels:
            raise InvalidExperiment(
                f"The network reads images of {channels} bands, but those of {self.title} have {self.channels}.",
                "Choose another backbone, or another data set.", "backbone",
            )  # fmt: skip
        return self.source.bands(np.asarray(indices, dtype=np.int64), size)

    def _fitted(self, index: int, size: int, channels: int, how: Cut) -> NDArray[np.uint8]:
        return fitted(self.source.image(index, how.resized(size), channels), size, channels, how)


def images_of(data: LabelledSet) -> ImageSet:
    """The set as one of images; raises `InvalidExperiment` where it is of something else."""
    if isinstance(data, ImageSet):
        return data
    raise InvalidExperiment(
        f"{data.title} holds texts, and this needs images.", "Choose a data set of images.", "dataset"
    )


class Decoded:
    """All images of a set at one small size, each decoded when first asked for and then kept in memory."""

    def __init__(self, data: ImageSet, size: int, channels: int, how: Cut) -> None:
        self._data, self._size, self._channels, self._how = data, size, channels, how
        self._pixels = np.zeros((len(data), size, size, channels), dtype=np.uint8)
        self._known = np.zeros(len(data), dtype=bool)

    def pixels(self, order: NDArray[np.int64], cancelled: Cancel | None) -> NDArray[np.uint8]:
        """uint8 [len(order), size, size, channels]; several threads may ask at once, at worst they decode twice."""
        wanted = np.unique(order)
        list(in_threads(self._fill, wanted[~self._known[wanted]].tolist(), None, cancelled))
        return self._pixels[order]

    def _fill(self, index: int) -> None:
        self._pixels[index] = self._data._fitted(index, self._size, self._channels, self._how)
        self._known[index] = True


def fitted(image: Image.Image, size: int, channels: int, how: Cut = PLAIN) -> NDArray[np.uint8]:
    """uint8 [size, size, channels] of an L or RGB image: shorter side to `size`, centre cut out, antialiased; or as
    `how` says."""
    mode = "L" if channels == 1 else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    if how != PLAIN:
        return np.asarray(cut(image, size, how), dtype=np.uint8).reshape(size, size, channels)
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    if (width, height) != (size, size):
        image = image.resize((size, size), RESIZE, box=(left, top, left + side, top + side))
    return np.asarray(image, dtype=np.uint8).reshape(size, size, channels)


def in_threads(
    work: Callable[[Item], Answer],
    items: Iterable[Item],
    progress: Progress | None = None,
    cancelled: Cancel | None = None,
) -> Iterable[Answer]:
    """`work(item)` of each item, in order, on a few threads; stops with `Cancelled` between batches."""
    items, workers = list(items), min(4, os.cpu_count() or 1)
    check(cancelled)
    several = workers > 1 and len(items) >= FEW
    with ThreadPoolExecutor(workers, thread_name_prefix="images") if several else nullcontext() as pool:
        step = STEP if pool else 1
        for start in range(0, len(items), step):
            check(cancelled)
            yield from (pool.map if pool else map)(work, items[start : start + step])
            done = min(start + step, len(items))
            if progress and (done % BATCH == 0 or done == len(items)):
                progress(done / len(items))


def check(cancelled: Cancel | None) -> None:
    """Raise `Cancelled` if the person asked to stop."""
    if cancelled is not None and cancelled():
        raise Cancelled


class ArrayPixels:
    """Pixels of images held in memory, uint8 [images, height, width], or [images, height, width, 3] in colour."""

    def __init__(self, array: NDArray[np.uint8], names: Callable[[int], str]) -> None:
        self.array, self.name = array, names

    def image(self, index: int, size: int, channels: int) -> Image.Image:
        return Image.fromarray(np.ascontiguousarray(self.array[index]))


class BandPixels:
    """Pixels of images of more than three bands held in memory, uint8 [images, height, width, bands].

    shown: the bands that stand for red, green and blue in pictures.
    """

    def __init__(
        self, array: NDArray[np.uint8], shown: tuple[int, int, int], names: Callable[[int], str]
    ) -> None:  # fmt: skip
        self.array, self._shown, self.name = array, shown, names

    def image(self, index: int, size: int, channels: int) -> Image.Image:
        return Image.fromarray(np.ascontiguousarray(self.array[index][..., self._shown]))

    def bands(self, indices: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
        """uint8 [len(indices), size, size, bands]; resized band by band where the size is another one."""
        found = self.array[indices]
        if found.shape[1:3] == (size, size):
            return found
        planes = [
            np.stack([fitted(Image.fromarray(plane), size, 1)[..., 0] for plane in found[..., band]])
            for band in range(found.shape[3])
        ]
        return np.stack(planes, axis=-1)
