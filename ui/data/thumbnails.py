"""Small pictures of a set's images, decoded in the background when they are looked at and kept while there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from engine.errors import DataError
from ui.background import Background
from ui.widgets.images import to_image

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet

KEPT_BYTES = 64 * 2**20
Picture = Callable[["LabelledSet", int, int], QImage]  # of an example, square of so many pixels; raises `DataError`
Take = Callable[[Mapping[int, QImage | str]], None]
AT_ONCE, SCROLLED = 2, 1  # batches at work; and while it is scrolled, when the window wants its turn most
BUG = "Some of them cannot be shown because of a mistake."
BATCH = 8  # images in one: what is looked at next does not wait for long
CRISP = 2  # times that an image is enlarged from which on its pixels are shown


class Thumbnails(QObject):
    """`get` is asked while painting and never waits; `arrived(indices)` says what more is there.

    An image that cannot be read is a null QImage for good, and `failed` says why.
    """

    arrived = Signal(object)
    failed = Signal(str)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._kept: OrderedDict[int, QImage] = OrderedDict()
        self._data: LabelledSet | None = None
        self._picture: Picture = thumbnail
        self._wanted: list[int] = []
        self._decoded_now: set[int] = set()
        self._side, self._bytes, self._busy, self._round = 96, 0, 0, 0

    def show_set(self, data: LabelledSet | None, side: int, picture: Picture | None = None) -> None:
        """side: of the squares, in pixels of the screen. picture: how they are made, cut from the middle if None. Of
        the same set what is there stays."""
        picture = picture or thumbnail
        if data is not None and (data, side, picture) == (self._data, self._side, self._picture):
            return
        self._data, self._side, self._picture = data, side, picture
        self._round += 1
        self._kept.clear()
        self._decoded_now.clear()
        self._bytes = self._busy = 0

    def get(self, index: int) -> QImage | None:
        """The picture of an image; None until it is there."""
        found = self._kept.get(index)
        if found is not None:
            self._kept.move_to_end(index)
        return found

    def want(self, indices: Sequence[int]) -> None:
        """What is looked at now; the rest of what was wanted before is not decoded any more."""
        self._wanted = [index for index in indices if index not in self._kept and index not in self._decoded_now]
        self._begin()

    def is_settled(self) -> bool:
        return self._busy == 0

    def _begin(self) -> None:
        most = SCROLLED if Background.is_making_way() else AT_ONCE
        while self._data is not None and self._wanted and self._busy < most:
            batch, self._wanted = self._wanted[:BATCH], self._wanted[BATCH:]
            self._busy += 1
            work = _decoding(self._data, batch, self._side, self._picture)
            self._decoded_now.update(batch)
            take = self._taking(self._round, batch)
            self._background.run(work, take, self._broken(take, batch), at_once=True)

    def _broken(self, take: Take, batch: Sequence[int]) -> Callable[[Exception], None]:
        """None of these is looked for again, and the next are not held up."""
        return self._background.saying(lambda words: take(dict.fromkeys(batch, words)), BUG)

    def _taking(self, turn: int, batch: Sequence[int]) -> Take:
        def take(found: Mapping[int, QImage | str]) -> None:
            if turn != self._round:
                return  # of a set that is no longer shown
            self._busy -= 1
            self._decoded_now.difference_update(batch)
            faults = [one for one in found.values() if isinstance(one, str)]
            for index, one in found.items():
                self._kept[index] = image = QImage() if isinstance(one, str) else one
                self._bytes += image.sizeInBytes()
            if faults:
                self.failed.emit(faults[0])
            while self._bytes > KEPT_BYTES:
                self._bytes -= self._kept.popitem(last=False)[1].sizeInBytes()
            self._begin()
            self.arrived.emit(found.keys())

        return take


def _decoding(
    data: LabelledSet, indices: Sequence[int], side: int, picture: Picture
) -> Callable[[Callable[[], bool]], dict[int, QImage | str]]:
    return lambda cancelled: {index: _made(data, index, side, picture) for index in indices if not cancelled()}


def _made(data: LabelledSet, index: int, side: int, picture: Picture) -> QImage | str:
    """Why it cannot be read, where it cannot."""
    try:
        return picture(data, index, side)
    except DataError as error:
        return str(error)


def thumbnail(data: LabelledSet, index: int, side: int) -> QImage:
    """A square of `side` pixels cut from the middle of an image, or what stands for a text; raises `DataError` where it
    cannot be read."""
    from engine.data.images import ImageSet, fitted
    from engine.data.samples import samples_of

    if not isinstance(data, ImageSet):
        return to_image(samples_of(data, [index])[0])
    channels = data.shown_channels
    image = data.source.image(index, side, channels)
    least = min(image.size)
    whole = fitted(image, min(side, least) if least * CRISP <= side else side, channels)
    return tile(to_image(np.ascontiguousarray(whole)), side)


def tile(drawn: QImage, side: int) -> QImage:
    """A square picture with a side of so many pixels: its own pixels are shown where it is smaller."""
    small = drawn.width() < side
    how = Qt.TransformationMode.FastTransformation if small else Qt.TransformationMode.SmoothTransformation
    scaled = drawn if drawn.width() == side else drawn.scaled(side, side, mode=how)
    return scaled.convertToFormat(QImage.Format.Format_RGB32)
