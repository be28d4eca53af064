"""CIFAR-10 and CIFAR-100, and the few-shot sets made of the latter: CIFAR-FS and FC100.

Krizhevsky 2009. Bertinetto and others 2019 divide its classes at random, 64/16/20. Oreshkin, Rodríguez and Lacoste 2018
divide its superclasses, 12/4/4, so that test classes are unlike those learnt from.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.class_lists import CIFAR_FS, FC100
from engine.data.dataset import FEW_SHOT, SMALL, DataSet, DatasetInfo
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress, check
from engine.data.published import AGAIN, body_of, damaged, has_files, of_arrays
from engine.downloads.remote import Remote
from engine.errors import DataError

CODE = "program code"
SIDE, GZIP = 32, b"\x1f\x8b"
MOST = 1000  # classes
HOST = "https://www.cs.toronto.edu/~kriz/"
TENS = (*((f"data_batch_{number}", 0) for number in range(1, 6)), ("test_batch", 2))
HUNDREDS = (("train", 0), ("test", 2))
CIFAR_10 = DatasetInfo(
    "cifar10", "CIFAR-10", "Small photos of ten kinds of things, 6,000 each.", 60_000, 10, (SIDE, SIDE),
    "none stated (Krizhevsky)", shelf=SMALL,
)  # fmt: skip
CIFAR_100 = DatasetInfo(
    "cifar100", "CIFAR-100", "Small photos of 100 kinds of things in 20 superclasses, 600 each.", 60_000, 100,
    (SIDE, SIDE), "none stated (Krizhevsky)", shelf=SMALL,
)  # fmt: skip
FS = DatasetInfo(
    "cifar_fs", "CIFAR-FS", "CIFAR-100 for few-shot learning: 64, 16 and 20 classes.", 60_000, 100, (SIDE, SIDE),
    "none stated (Krizhevsky)", shelf=FEW_SHOT,
)  # fmt: skip
FC = DatasetInfo(
    "fc100", "FC100", "CIFAR-100 for few-shot learning: test classes of other superclasses.", 60_000, 100,
    (SIDE, SIDE), "none stated (Krizhevsky)", shelf=FEW_SHOT,
)  # fmt: skip


class _Kind:
    """Stands for `numpy.dtype`: only the code of the numbers is kept."""

    def __init__(self, code: object = "", *_: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Their byte order, which bytes have not."""


class _Bytes:
    """Stands for `numpy.ndarray`, which believes whatever sizes and pointers a file gives it."""

    def __init__(self, *_: object) -> None:
        self.state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state

    def array(self) -> NDArray[np.uint8]:
        """Raises `ValueError` where it is no array of bytes."""
        match self.state:
            case (_, tuple(shape), _Kind(code="u1" | "|u1"), bool() | int() as by_columns, bytes() | str() as body):
                whole = body.encode("latin-1") if isinstance(body, str) else body
                return np.frombuffer(whole, np.uint8).reshape(shape, order="F" if by_columns else "C")
        raise ValueError("no array of bytes")


def _encoded(text: str, coding: str) -> bytes:
    """As protocol 2 writes bytes."""
    return text.encode("latin-1")


HARMLESS: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): _Bytes, ("numpy", "dtype"): _Kind, ("_codecs", "encode"): _encoded,
    ("numpy.core.multiarray", "_reconstruct"): _Bytes, ("numpy._core.multiarray", "_reconstruct"): _Bytes,
}  # fmt: skip


class _PlainAlone(pickle._Unpickler):
    """Opens lists, numbers, text and stand-ins of arrays: a pickle of anything else is a program. Python's own reader,
    since that in C can end the process at a damaged file."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in HARMLESS:
            raise pickle.UnpicklingError(CODE)
        return HARMLESS[module, name]


def unpickled(listing: Listing, name: str) -> dict[str, Any]:
    """What a batch holds; raises `DataError`."""
    body = body_of(listing, name)
    try:
        found = _PlainAlone(io.BytesIO(body), encoding="latin1").load()
    except pickle.UnpicklingError as error:
        said = f"“{name}” holds program code, which is not run."
        raise (DataError(said, AGAIN) if CODE in str(error) else damaged(name)) from None
    except Exception:  # noqa: BLE001  a damaged pickle can fail in any way
        raise damaged(name) from None
    if not isinstance(found, dict):
        raise damaged(name)
    return {str(key): value for key, value in found.items()}


def read_ten(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    names = _names(unpickled(listing, "batches.meta"), "label_names", "batches.meta")
    return of_arrays(CIFAR_10, names, _parts(listing, TENS, "labels", progress, cancelled), "batches of 32 x 32 pixels")


def read_hundred(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    return _hundred(CIFAR_100, listing, progress, cancelled)[0]


def read_fs(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    data, _ = _hundred(FS, listing, progress, cancelled)
    return _divided(data, data.class_names, CIFAR_FS)


def read_fc(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    data, above = _hundred(FC, listing, progress, cancelled)
    return _divided(data, above, FC100)


def _divided(data: ImageSet, names: tuple[str, ...], lists: tuple[frozenset[str], frozenset[str]]) -> ImageSet:
    """By which list names a class: validation, test; all others are learnt from. Training and test images are one."""
    validation, test = lists
    parts = np.array([1 if name in validation else 2 if name in test else 0 for name in names], dtype=np.int8)
    words = "/".join(str(int((parts == part).sum())) for part in range(3))
    return replace(data, given_split=None, given_classes=parts, layout=f"classes divided {words}, as published")


def _hundred(
    info: DatasetInfo, listing: Listing, progress: Progress | None, cancelled: Cancel | None
) -> tuple[ImageSet, tuple[str, ...]]:
    """The images, and the superclass of each class."""
    meta = unpickled(listing, "meta")
    names, groups = _names(meta, "fine_label_names", "meta"), _names(meta, "coarse_label_names", "meta")
    data = of_arrays(
        info, names, _parts(listing, HUNDREDS, "fine_labels", progress, cancelled), "batches of 32 x 32 pixels"
    )
    above = np.concatenate([_labels(unpickled(listing, name), "coarse_labels", name) for name, _ in HUNDREDS])
    _, first = np.unique(data.labels, return_index=True)
    if len(above) != len(data) or above.min() < 0 or above.max() >= len(groups):
        raise damaged("meta")
    homes = tuple(groups[above[index]] for index in first)
    return replace(data, alphabets=homes, group_word="group"), homes


def _parts(
    listing: Listing,
    batches: tuple[tuple[str, int], ...],
    key: str,
    progress: Progress | None,
    cancelled: Cancel | None,
) -> list[tuple[NDArray[np.uint8], NDArray[np.int64], int]]:
    found = []
    for done, (name, part) in enumerate(batches):
        check(cancelled)
        body = unpickled(listing, name)
        pixels, labels = _pixels(body, name), _labels(body, key, name)
        if pixels.shape != (len(labels), 3 * SIDE * SIDE):
            raise damaged(name)
        found.append((pixels.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1), labels, part))
        if progress:
            progress((done + 1) / len(batches))
    return found


def _pixels(found: dict[str, Any], name: str) -> NDArray[np.uint8]:
    try:
        held = found.get("data")
        if isinstance(held, _Bytes):
            return held.array()
    except (ValueError, TypeError, OverflowError):  # of sizes that are none
        pass
    raise damaged(name)


def _labels(found: dict[str, Any], key: str, name: str) -> NDArray[np.int64]:
    values = found.get(key)
    if not isinstance(values, list) or not all(isinstance(value, int) and 0 <= value < MOST for value in values):
        raise damaged(name)
    return np.array(values, dtype=np.int64)


def _names(found: dict[str, Any], key: str, name: str) -> tuple[str, ...]:
    values = found.get(key)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise damaged(name)
    return tuple(values)


def _is_hundred(listing: Listing) -> bool:
    return has_files(listing, "meta", "train", "test")


TENS_FILE = (
    Remote(
        f"{HOST}cifar-10-python.tar.gz", "cifar-10-python.tar.gz", 170_498_071, "md5:c58f30108f718f92721af3b95e74349a",
        GZIP,
    ),
)  # fmt: skip
HUNDREDS_FILE = (
    Remote(
        f"{HOST}cifar-100-python.tar.gz", "cifar-100-python.tar.gz", 169_001_437,
        "md5:eb9058c3a382ffc7106e4002c42a8d85", GZIP,
    ),
)  # fmt: skip
GIVEN, GROUPS = ("given", "As published"), (("by-alphabet", "By superclass"),)
DATASETS = (
    DataSet(
        CIFAR_10, read=read_ten, recognises=lambda listing: has_files(listing, "batches.meta", "data_batch_1"),
        given=GIVEN, download=TENS_FILE, order=40,
    ),
    DataSet(
        CIFAR_100, read=read_hundred, recognises=_is_hundred, given=GIVEN, groups=GROUPS, download=HUNDREDS_FILE,
        order=41,
    ),
    DataSet(FS, read=read_fs, given=GIVEN, download=HUNDREDS_FILE, kept_in=CIFAR_100.name, order=10),
    DataSet(FC, read=read_fc, given=GIVEN, download=HUNDREDS_FILE, kept_in=CIFAR_100.name, order=11),
)  # fmt: skip
