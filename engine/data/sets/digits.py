"""Handwritten digits that come with scikit-learn: 1,797 images of 8 x 8, white on black."""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from engine.data.dataset import DataSet, DatasetInfo
from engine.data.hashes import short_hash
from engine.data.images import ArrayPixels, ImageSet
from engine.errors import DataError

TITLE = "Handwritten digits"
LICENCE = "CC BY 4.0 (UCI Optical Recognition of Handwritten Digits)"


@lru_cache(maxsize=1)
def load_digits() -> ImageSet:
    """The 10 digits, values 0..16 stretched to 0..255; raises `DataError` without scikit-learn's file."""
    table = _table()
    array = ((table[:, :-1].reshape(-1, 8, 8) * 255 + 8) // 16).astype(np.uint8)
    labels = np.ascontiguousarray(table[:, -1])
    return ImageSet(
        name="digits",
        title=TITLE,
        licence=LICENCE,
        labels=labels,
        class_names=tuple(str(digit) for digit in range(10)),
        source=ArrayPixels(array, lambda index: f"digit {labels[index]}, image {index + 1}"),
        fingerprint=short_hash(array.tobytes(), labels.tobytes()),
        channels=1,
        typical_size=(8, 8),
        layout="10 digits, 8 x 8 pixels",
    )


def _table() -> np.ndarray:
    """int64 [1797, 65] from scikit-learn's own file, read without importing scikit-learn (that takes seconds)."""
    found = find_spec("sklearn")
    try:
        if found is None or found.origin is None:
            raise FileNotFoundError
        path = Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"
        with gzip.open(path, "rt", encoding="ascii") as lines:
            return np.loadtxt(lines, delimiter=",").astype(np.int64)
    except FileNotFoundError:
        raise DataError(
            "The digits of scikit-learn are not installed.", "Install scikit-learn and try again."
        ) from None


DATASET = DataSet(
    DatasetInfo("digits", TITLE, "Small scans of handwritten digits.", 1797, 10, (8, 8), LICENCE),
    load=lambda choice: load_digits(), order=2,
)  # fmt: skip
