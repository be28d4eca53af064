"""Arrays of numbers in a MATLAB file, read by NumPy alone: SciPy's reader ends the whole process at a damaged one.

MathWorks, MAT-File Format, level 5: a header of 128 bytes, then elements of a type, a length and so many bytes, padded
to eight. An array is an element of elements: flags, sizes, name, values in Fortran's order.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from engine.machine.files import MEBIBYTE

HEADER, MOST = 128, 1024 * MEBIBYTE  # bytes; the second of one unpacked element
INT8, INT32, UINT32, MATRIX, COMPRESSED = 1, 5, 6, 14, 15
STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
COMPLEX = 0x0800
Element: TypeAlias = tuple[int, memoryview]  # its type and its bytes
Array: TypeAlias = np.ndarray  # of whatever numbers


def arrays_of(body: bytes) -> dict[str, Array]:
    """By name; what is no array of real numbers is passed over. Raises `ValueError` for a damaged file."""
    mark = body[HEADER - 2 : HEADER]
    if mark not in (b"IM", b"MI"):
        raise ValueError("no MATLAB file of level 5")
    order = "<" if mark == b"IM" else ">"
    matrices = (inner for kind, inner in _unpacked(memoryview(body)[HEADER:], order) if kind == MATRIX)
    return dict(found for inner in matrices if (found := _array(inner, order)) is not None)


def _unpacked(body: memoryview, order: str) -> Iterator[Element]:
    for kind, inner in _elements(body, order):
        if kind == COMPRESSED:
            yield from _elements(_inflated(inner), order)
        else:
            yield kind, inner


def _elements(body: memoryview, order: str) -> Iterator[Element]:
    at = 0
    while at + 8 <= len(body):
        kind, size = struct.unpack_from(f"{order}II", body, at)
        start, end = at + 8, at + 8 + size + (0 if kind == COMPRESSED else -size % 8)
        if kind >> 16:  # of at most four bytes, which lie in the place of the length
            kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        if start + size > min(end, len(body)):
            raise ValueError("an element goes on behind its end")
        yield kind, body[start : start + size]
        at = end


def _inflated(packed: memoryview) -> memoryview:
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(packed, MOST)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not unpacker.eof:
        raise ValueError("a packed element is cut off, or larger than any that is read")
    return memoryview(found)


def _array(body: memoryview, order: str) -> tuple[str, Array] | None:
    parts = list(_elements(body, order))
    if len(parts) < 4 or [kind for kind, _ in parts[:3]] != [UINT32, INT32, INT8]:
        return None
    flags, *_ = _values(parts[0], order).tolist()
    wanted = CLASSES.get(flags & 0xFF)
    if wanted is None or flags & COMPLEX or parts[3][0] not in STORED:
        return None
    shape = [int(size) for size in _values(parts[1], order)]
    values = _values(parts[3], order).astype(wanted, copy=False)
    return bytes(parts[2][1]).decode("latin-1"), values.reshape(shape, order="F")


def _values(element: Element, order: str) -> Array:
    """One axis; raises `ValueError` where its bytes are no whole number of values."""
    kind, body = element
    return np.frombuffer(body, f"{order}{STORED[kind]}")
