"""Shifts: the same images, texts or labels, changed as new data may differ from those the weights were trained on.

Those of texts are in `engine.data.text_shifts`.

Noise, contrast, brightness, pixelation and JPEG use the five severities of ImageNet-C (Hendrycks and Dietterich 2019,
Benchmarking Neural Network Robustness to Common Corruptions and Perturbations, arXiv 1903.12261; its authors' code).
Blur is given in shares of the image's side, as the same number of pixels blurs a small image more than a large one;
brightness is added to every channel. Inversion and label shift (Lee et al. 2022, arXiv 2210.11466) are additions.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import TypeGuard, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError

from engine.errors import InvalidExperiment
from engine.experiment import Shift, ShiftKind

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

KINDS: tuple[ShiftKind, ...] = get_args(ShiftKind)
LABELS: ShiftKind = "label shift"
IMAGE_KINDS, TEXT_KINDS = KINDS[: KINDS.index(LABELS)], KINDS[KINDS.index(LABELS) + 1 :]
TITLES: dict[ShiftKind, str] = {
    "noise": "Gaussian noise", "blur": "Gaussian blur", "contrast": "Low contrast", "brightness": "Brightness",
    "pixelate": "Pixelation", "jpeg": "JPEG compression", "inversion": "Inversion", "label shift": "Label shift",
    "typos": "Typing errors", "case": "Upper case", "dropped words": "Dropped words",
    "no punctuation": "No punctuation", "cut": "Cut to a few words",
}  # fmt: skip
NAMES: dict[ShiftKind, str] = {
    "noise": "Noise", "blur": "Blur", "contrast": "Contrast", "brightness": "Brightness", "pixelate": "Pixelation",
    "jpeg": "JPEG", "inversion": "Inversion", "label shift": "Label shift", "typos": "Typos", "case": "Case",
    "dropped words": "Dropped words", "no punctuation": "No punctuation", "cut": "Cut",
}  # fmt: skip
SEVERITIES = (1, 2, 3, 4, 5)
ALL_OR_NOTHING = frozenset({"inversion", "no punctuation"})  # kinds whose severity changes nothing
NOISE = (0.08, 0.12, 0.18, 0.26, 0.38)  # standard deviation, as a share of 255
BLUR = (0.012, 0.02, 0.03, 0.042, 0.06)  # standard deviation, as a share of the image's side
CONTRAST = (0.4, 0.3, 0.2, 0.1, 0.05)  # what is left of each pixel's distance from the mean
BRIGHTNESS = (0.1, 0.2, 0.3, 0.4, 0.5)  # what is added, as a share of 255
PIXELATE = (0.6, 0.5, 0.4, 0.3, 0.25)  # tiles along a side, as a share of its pixels
JPEG = (25, 18, 15, 10, 7)  # quality
SEED = 11
AT_ONCE = 2**22  # values worked on at a time, so that large sets need little memory besides themselves


def kinds_of(kind: str) -> tuple[ShiftKind, ...]:
    """Those that data have of which networks read "images", "texts", …"""
    return (*(TEXT_KINDS if kind == "texts" else IMAGE_KINDS), LABELS)


def describe(shift: Shift) -> str:
    """E.g. "Gaussian noise, severity 3"; "Inversion" for what has no severity."""
    title = TITLES[shift.kind]
    return title if shift.kind in ALL_OR_NOTHING else f"{title}, severity {shift.severity}"


def short(shift: Shift) -> str:
    """E.g. "noise 3", as in the name of a run."""
    return shift.kind if shift.kind in ALL_OR_NOTHING else f"{shift.kind} {shift.severity}"


def parse_shift(text: str) -> Shift:
    """ "noise:3" or "label-shift" (severity 3) as a shift; raises `InvalidExperiment` for anything else."""
    name, colon, severity = text.strip().lower().partition(":")
    kind = name.strip().replace("-", " ").replace("_", " ")
    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, n=1)
        advice = f"Did you mean “{near[0]}”?" if near else f"Choose one of {', '.join(KINDS)}."
        raise InvalidExperiment(f"There is no shift called “{name}”.", advice, "dataset")
    try:
        return Shift.model_validate({"kind": kind, **({"severity": severity} if colon else {})})
    except ValidationError:
        raise InvalidExperiment(
            f"“{severity}” is no severity of a shift.", f"Give a number from 1 to 5, such as {kind}:3.", "dataset"
        ) from None


def changes_pixels(shift: Shift | None) -> TypeGuard[Shift]:
    """Whether it changes what a network reads, not the labels alone."""
    return shift is not None and shift.kind != "label shift"


def shifted(pixels: Pixels, shift: Shift, seed_ids: Indices) -> Pixels:
    """The shifted images, uint8 [n, size, size, channels] (1 or 3 channels), a new array.

    seed_ids: int64 [n], number of each image in its data set: the same image gets the same noise whenever it is asked
    for, and more severe noise is the same noise, stronger. A label shift leaves the images as they are.
    """
    change = CHANGES.get(shift.kind)
    if change is None or not len(pixels):
        return pixels.copy()
    result = np.empty_like(pixels)
    step = max(1, AT_ONCE // pixels[0].size)
    for start in range(0, len(pixels), step):
        part = slice(start, start + step)
        result[part] = change(pixels[part], shift.severity - 1, seed_ids[part])
    return result


def shifted_background(background: int, shift: Shift) -> int:
    """What lies outside a shifted image when it is turned or padded, 0..255."""
    if shift.kind == "inversion":
        return 255 - background
    added = 255 * BRIGHTNESS[shift.severity - 1] if shift.kind == "brightness" else 0
    return min(255, round(background + added))


def renamed(classes: int, shift: Shift, seed: int) -> Indices:
    """int64 [classes]: the label that each class gets.

    A label shift of severity s takes ceil(s/5 of the classes), at least two, drawn by `seed` so that a more severe one
    takes these too, and gives each the name of the next of them; at 5 each class gets its neighbour's name.
    """
    names = np.arange(classes, dtype=np.int64)
    if shift.kind != "label shift":
        return names
    count = min(classes, max(2, -(-shift.severity * classes // 5)))
    moved = np.sort(np.random.default_rng([seed, 10]).permutation(classes)[:count])
    names[moved] = np.roll(moved, -1)
    return names


def shifted_labels(labels: Indices, classes: int, shift: Shift, seed: int) -> Indices:
    """The labels, int64 [n], positions among `classes`, after a label shift; as they are after any other.

    seed: the split seed, so that all runs on one division exchange the same names.
    """
    return renamed(classes, shift, seed)[labels]


def _noisy(pixels: Pixels, level: int, ids: Indices) -> Pixels:
    """A grey image stays grey, with one channel or with three."""
    noise = np.empty(pixels.shape, dtype=np.float32)
    grey = (pixels == pixels[..., :1]).all(axis=(1, 2, 3))
    for place, number in enumerate(ids):
        shape = (*pixels.shape[1:3], 1 if grey[place] else pixels.shape[3])
        noise[place] = np.random.default_rng([SEED, int(number)]).standard_normal(shape, dtype=np.float32)
    return _whole(pixels + noise * np.float32(255 * NOISE[level]))


def _blurred(pixels: Pixels, level: int, ids: Indices) -> Pixels:
    size = pixels.shape[1]
    return _whole(_along_both(pixels, _gaussian(size, BLUR[level] * size)))


def _faded(pixels: Pixels, level: int, ids: Indices) -> Pixels:
    mean = pixels.mean(axis=(1, 2), keepdims=True, dtype=np.float64).astype(np.float32)
    return _whole(mean + (pixels - mean) * np.float32(CONTRAST[level]))


def _pixelated(pixels: Pixels, level: int, ids: Indices) -> Pixels:
    size = pixels.shape[1]
    tiles = max(1, round(PIXELATE[level] * size))
    means = _whole(_along_both(pixels, _tile_means(size, tiles)))
    tile = ((np.arange(size) + 0.5) * tiles / size).astype(np.int64)
    return means[:, tile][:, :, tile]


def _compressed(pixels: Pixels, level: int, ids: Indices) -> Pixels:
    result = np.empty_like(pixels)
    for place, image in enumerate(pixels):
        packed = io.BytesIO()
        Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(packed, "JPEG", quality=JPEG[level])
        result[place] = np.asarray(Image.open(packed)).reshape(image.shape)
    return result


CHANGES: dict[ShiftKind, Callable[[Pixels, int, Indices], Pixels]] = {
    "noise": _noisy, "blur": _blurred, "contrast": _faded, "pixelate": _pixelated, "jpeg": _compressed,
    "brightness": lambda pixels, level, ids: _whole(pixels + np.float32(255 * BRIGHTNESS[level])),
    "inversion": lambda pixels, level, ids: 255 - pixels,
}  # fmt: skip


def _whole(values: Floats) -> Pixels:
    """Rounded and kept within 0..255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _along_both(pixels: Pixels, matrix: Floats) -> Floats:
    """`matrix` [out, size] applied down the columns and along the rows: float32 [n, out, out, channels]."""
    planes: Floats = matrix @ pixels.transpose(0, 3, 1, 2).astype(np.float32)
    both: Floats = planes @ matrix.T
    return both.transpose(0, 2, 3, 1)


@lru_cache(maxsize=16)
def _gaussian(size: int, sigma: float) -> Floats:
    """float32 [size, size]: each row the weights of one output pixel; beyond the edge the edge is repeated."""
    reach = max(1, int(np.ceil(4 * sigma)))
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    matrix = np.zeros((size, size))
    places = np.clip(np.arange(size)[:, None] + offsets, 0, size - 1)
    np.add.at(matrix, (np.arange(size)[:, None], places), weights / weights.sum())
    return matrix.astype(np.float32)


@lru_cache(maxsize=16)
def _tile_means(size: int, tiles: int) -> Floats:
    """float32 [tiles, size]: the share of each pixel in each of `tiles` equal pieces of a side."""
    edges = np.arange(tiles + 1) * size / tiles
    start, stop = np.arange(size), np.arange(size) + 1
    overlap = np.minimum(edges[1:, None], stop) - np.maximum(edges[:-1, None], start)
    return (np.clip(overlap, 0, None) * tiles / size).astype(np.float32)


def first_repeated(values: Sequence[object]) -> str | None:
    """The first value that is there twice, in words."""
    for place, value in enumerate(values):
        if value in values[:place]:
            return condition_words(value) if isinstance(value, Shift) else "all labels" if value is None else str(value)
    return None


def condition_words(condition: Shift | float | None) -> str:
    """ "noise 5", "inversion", "distance 2", "no shift"."""
    if isinstance(condition, int | float):
        return f"distance {condition:g}"
    return "no shift" if condition is None else short(condition)
