"""A drawing by hand as a network reads it: black ink on white goes the way of the run's own images. Torch-free."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.files.read_as import ReadAs
from engine.data.images import fitted
from engine.data.labelled_set import Form
from engine.using.bins import HandedImage, Pixels

Ink = NDArray[np.uint8]  # [side, side], black on white
PAPER = 105  # pixels on a side, as Omniglot's drawings have
STROKE = 5 / 105  # width of a stroke as a share of the side: the median over Omniglot's
BOX = 20 / 28  # of the side that the ink of a digit of MNIST fills
INKED = 128  # darker than this is ink


def as_read(ink: Ink, form: Form, light_on_dark: bool, centred: bool = False) -> Pixels:
    """uint8 [size, size, channels]. light_on_dark: as the network's images are. centred: as MNIST's digits, the ink in
    a box of 20 of 28 pixels about its centre of mass."""
    shown = in_the_middle(ink) if centred else ink
    image = Image.fromarray(255 - shown if light_on_dark else shown)
    return fitted(image, form.size, form.channels, form.cut)


def as_file(ink: Ink, light_on_dark: bool, centred: bool = False) -> bytes:
    """The drawing as a PNG file."""
    shown = in_the_middle(ink) if centred else ink
    body = io.BytesIO()
    Image.fromarray(255 - shown if light_on_dark else shown).save(body, "PNG")
    return body.getvalue()


def is_light_on_dark(read_as: ReadAs, examples: Sequence[HandedImage], form: Form) -> bool:
    """Of the images that a network reads: as its own files were turned, else as the edges of these examples are, else
    as grey signs usually are."""
    if read_as.inverted or not examples:
        return read_as.inverted or form.channels == 1
    edges = [np.concatenate([p[0], p[-1], p[:, 0], p[:, -1]]).mean() for p in (image.pixels for image in examples)]
    return float(np.median(edges)) < INKED


def in_the_middle(ink: Ink) -> Ink:
    """The drawing with `BOX` as its longer side and its centre of mass in the middle; an empty paper stays."""
    rows, columns = (np.flatnonzero((ink < INKED).any(axis)) for axis in (1, 0))
    if not len(rows):
        return ink
    light = Image.fromarray(255 - ink).crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    scale = BOX * len(ink) / max(light.size)
    size = [max(1, round(side * scale)) for side in light.size]
    small = np.asarray(light.resize((size[0], size[1]), Image.Resampling.BILINEAR), np.float64)
    middle = [
        float((small.sum(1 - axis) * (np.arange(small.shape[axis]) + 0.5)).sum() / small.sum()) for axis in (0, 1)
    ]
    paper = np.zeros_like(ink)
    top, left = (
        int(np.clip(round(len(ink) / 2 - at), 0, len(ink) - side)) for at, side in zip(middle, small.shape, strict=True)
    )
    paper[top : top + small.shape[0], left : left + small.shape[1]] = np.rint(small)
    return 255 - paper
