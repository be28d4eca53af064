"""MATLAB's files, as SciPy writes and reads them; a damaged one is told."""

from __future__ import annotations

import io
import struct
from contextlib import suppress

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from engine.data.files.matlab import arrays_of

KINDS = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")


def written(arrays: dict[str, object], packed: bool) -> bytes:
    body = io.BytesIO()
    savemat(body, arrays, do_compression=packed)
    return body.getvalue()


def of_every_kind() -> dict[str, np.ndarray]:
    draws = np.random.default_rng(0)
    return {f"a{kind}": draws.integers(0, 100, (3, 2, 5)).astype(kind) for kind in KINDS}


@pytest.mark.parametrize("packed", [True, False])
def test_arrays_are_those_that_scipy_reads(packed: bool) -> None:
    """Beside them what is no array of numbers: a text, a struct, complex numbers."""
    arrays = of_every_kind() | {"small": np.array([[7]], np.uint8), "a_long_name": np.arange(9.0)[None]}
    body = written(arrays | {"text": "abc", "struct": {"a": 1}, "complex": np.array([[1j]])}, packed)
    found, theirs = arrays_of(body), loadmat(io.BytesIO(body))
    assert found.keys() == arrays.keys()
    for name, values in found.items():
        assert values.dtype == theirs[name].dtype == arrays[name].dtype
        assert np.array_equal(values, theirs[name])


@pytest.mark.parametrize("packed", [True, False])
def test_a_damaged_file_is_read_or_told(packed: bool) -> None:
    """SciPy's reader ends the process at some of these."""
    whole, draws = written(of_every_kind(), packed), np.random.default_rng(0)
    for turn in range(400):
        body = bytearray(whole)
        for _ in range(3):
            body[draws.integers(128 if turn % 2 else 0, len(body))] = draws.integers(256)
        with suppress(ValueError):
            arrays_of(bytes(body[: draws.integers(len(body))] if turn % 5 == 0 else body))
    for other in (b"", b"MATLAB", bytes(200), whole[:100]):
        with pytest.raises(ValueError, match="no MATLAB file"):
            arrays_of(other)


def test_a_packed_element_may_not_become_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.data.files.matlab.MOST", 1000)
    with pytest.raises(ValueError, match="larger than any"):
        arrays_of(written({"x": np.zeros((100, 100))}, packed=True))


def test_an_array_without_its_flags_is_told() -> None:
    """By hand: the element of the flags is empty, all others are whole."""
    flags, sizes = struct.pack("<II", 6, 0), struct.pack("<IIii", 5, 8, 1, 1)
    name, values = struct.pack("<II8s", 1, 1, b"x"), struct.pack("<IIB7x", 2, 1, 7)
    inside = flags + sizes + name + values
    with pytest.raises(ValueError, match="unpack"):
        arrays_of(bytes(124) + b"\0\1IM" + struct.pack("<II", 14, len(inside)) + inside)
