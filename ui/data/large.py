"""One image of a grid as large as it fits; the arrow keys go to those before and after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, overload

import numpy as np
from PySide6.QtWidgets import QWidget

from ui.background import Background
from ui.data.sample_grid import SampleGrid
from ui.widgets.large_image import Found, LargeImage

if TYPE_CHECKING:
    from engine.data.images import ImageSet

SIDE = 1024  # pixels of the shorter side that an image is decoded at
BLANK = np.full((1, 1, 1), 127, dtype=np.uint8)  # until it is


class InGrid(Sequence[Found]):
    """The images of a grid in its order, by name; none is decoded."""

    def __init__(self, data: ImageSet, order: np.ndarray) -> None:
        self._data, self.order = data, order

    def __len__(self) -> int:
        return len(self.order)

    @overload
    def __getitem__(self, place: int) -> Found: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Found]: ...
    def __getitem__(self, place: int | slice) -> Found | Sequence[Found]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        index = int(self.order[place])
        where = getattr(self._data.source, "file", None)
        return Found(BLANK, self._data.image_name(index), where(index) if where else None)


def show_large(data: ImageSet, grid: SampleGrid, background: Background, window: QWidget) -> LargeImage:
    """A window with the grid's chosen image."""
    images = InGrid(data, grid.order)

    def read(place: int, answer: Callable[[Sequence[Found]], None]) -> None:
        def look(cancelled: object) -> list[Found]:
            picture = data.source.image(int(images.order[place]), SIDE, data.shown_channels)
            return [images[place]._replace(pixels=np.asarray(picture))]

        background.run(look, answer, lambda error: None, key="large image")

    dialog = LargeImage(data.title, images, read, window)
    dialog.setWindowTitle("Image")
    dialog.show_image(grid.current)
    dialog.show()
    return dialog
