"""One image of a grid as large as it fits; the arrow keys go to those before and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QWidget

from ui.background import Background
from ui.data.sample_grid import SampleGrid
from ui.widgets.large_image import Answer, Found, ImagesInOrder, LargeImage

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet

SIDE = 1024  # pixels of the shorter side that an image is decoded at
NOT_SHOWN = "It could not be shown."
BLANK = np.full((1, 1, 1), 127, dtype=np.uint8)  # until it is


def show_large(data: LabelledSet, grid: SampleGrid, background: Background, window: QWidget) -> LargeImage:
    """A window with the grid's chosen image."""
    from engine.data.samples import file_of, whole

    order = grid.order

    def named(place: int) -> Found:
        index = int(order[place])
        return Found(BLANK, data.image_name(index), file_of(data, index))

    images = ImagesInOrder(len(order), named)

    def read(place: int, answer: Answer) -> None:
        def look(cancelled: object) -> list[Found]:
            return [images[place]._replace(pixels=whole(data, int(order[place]), SIDE))]

        background.run(look, answer, background.saying(answer, NOT_SHOWN), key="large image")

    dialog = LargeImage(data.title, images, read, window)
    dialog.setWindowTitle(data.what[:-1].capitalize())
    dialog.show_image(grid.current)
    dialog.show()
    return dialog
