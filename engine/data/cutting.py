"""From an image of any shape to the square that a network reads, by the recipe its weights were tested with."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC,
           "nearest": Image.Resampling.NEAREST, "lanczos": Image.Resampling.LANCZOS}  # fmt: skip
SLACK = 1e-3  # pixels, by which a share that was rounded when it was written down may fall short of a whole one
LONG = 8  # times as long as what is cut out
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """crop: the share of the resized side that is cut out of the middle. mode: "center" resizes the shorter side,
    "squash" both sides, "border" the longer one. fill: colour of what an image does not reach."""

    interpolation: str = "bilinear"
    crop: float = 1.0
    mode: str = "center"
    fill: tuple[int, ...] = (0, 0, 0)

    def resized(self, size: int) -> int:
        """The side it is resized to, before `size` is cut out."""
        return math.floor(size / self.crop + SLACK)

    @property
    def words(self) -> str:
        """ "bicubic, middle 87.5 %"."""
        part = "" if self.crop == 1 else f", middle {100 * self.crop:.3g} %"
        shape = {"squash": ", squeezed to a square", "border": ", with a border"}.get(self.mode, "")
        return f"{self.interpolation}{part}{shape}"


PLAIN = Cut()


def cut(image: Image.Image, size: int, how: Cut) -> Image.Image:
    """Of `size` pixels on a side."""
    width, height = _whole(image.size, how.resized(size), how.mode)
    resample = FILTERS[how.interpolation]
    left, top = _offset(width, size), _offset(height, size)
    if max(width, height) > LONG * size:  # of a long strip only the middle is computed, which rounds otherwise
        across, down = image.width / width, image.height / height
        return image.resize((size, size), resample, _box(left * across, top * down, size * across, size * down, image))
    resized = image.resize((width, height), resample)
    if left >= 0 and top >= 0:
        return resized.crop((left, top, left + size, top + size))
    canvas = Image.new(image.mode, (size, size), how.fill if image.mode == "RGB" else how.fill[0])
    canvas.paste(resized, (-left, -top))
    return canvas


def _box(left: float, top: float, width: float, height: float, image: Image.Image) -> tuple[float, float, float, float]:
    """Within the image also where it is rounded."""
    return max(0, left), max(0, top), min(left + width, image.width), min(top + height, image.height)


def _whole(size: Size, side: int, mode: str) -> Size:
    """The image's width and height once it is resized."""
    width, height = size
    if mode == "squash":
        return side, side
    if mode == "border":
        longer = max(size)
        return max(1, round(width * side / longer)), max(1, round(height * side / longer))
    return (side, side * height // width) if width <= height else (side * width // height, side)


def _offset(length: int, size: int) -> int:
    """Before the middle; less than zero where the image is shorter."""
    return round((length - size) / 2) if length >= size else -((size - length) // 2)
