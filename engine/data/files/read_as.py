"""How the files of a set become pixels, where that is not the same for the files of all sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from engine.data.files.decode import decode
from engine.data.files.grey import Levels
from engine.data.images import fitted
from engine.data.labelled_set import Form


@dataclass(frozen=True, slots=True)
class ReadAs:
    """scales: of grey values beyond 0..255, one for the whole set. inverted: the ink is black and is turned white."""

    scales: tuple[Levels, ...] = ()
    inverted: bool = False

    def image(self, body: bytes, size: int, channels: int) -> Image.Image:
        """Upright, mode L or RGB, at least `size` on the shorter side where it was; raises `Damaged`."""
        found = decode(body, size, channels, self.scales)
        return ImageChops.invert(found) if self.inverted else found

    def pixels(self, body: bytes, form: Form) -> NDArray[np.uint8]:
        """uint8 [size, size, channels] as a network of this form reads it; raises `Damaged`."""
        image = self.image(body, form.cut.resized(form.size), form.channels)
        return fitted(image, form.size, form.channels, form.cut)


PLAIN = ReadAs()
