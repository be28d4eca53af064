"""An event as one line of JSON and, where it holds arrays, one npz, so that a run can be heard from another process.

    line, arrays = to_wire(event)
    event = from_wire(line, arrays)

In the line an object is a mapping by strings, and an array names its kind first: ["list", …], ["tuple", …],
["map", [key, value], …], ["float", "nan"], ["array", name in the npz] and ["scalar", name in the npz].
"""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import fields
from typing import IO, Any, get_args

import numpy as np

from engine.errors import ExperimentError, shown
from engine.events import Event, ResumePoint

VERSION = 1
_EVENTS = {kind.__name__: kind for kind in get_args(Event)}
_DAMAGED = (
    ValueError, TypeError, LookupError, AttributeError, EOFError, OSError, RecursionError, NotImplementedError,
    SyntaxError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class WireError(ExperimentError):
    """What was received is no event that this version knows."""


def to_wire(event: Event) -> tuple[str, bytes]:
    """The event as a line without a line break, in ASCII, and its arrays as an npz; empty where it has none.

    Numbers are exact, arrays keep dtype, shape and every bit. A `ResumePoint` is told without what writes it. Raises
    `TypeError` for a value that has no such form.
    """
    arrays: dict[str, np.ndarray] = {}
    told = {field.name: _encode(getattr(event, field.name), arrays) for field in fields(event) if field.name != "write"}
    line = json.dumps({"version": VERSION, "event": type(event).__name__, "fields": told}, allow_nan=False)
    return line, _packed(arrays)


def from_wire(line: str, arrays: bytes = b"") -> Event:
    """The event that `to_wire` told; a `ResumePoint` comes back as a place where nothing is to be written.

    Raises `WireError` for an unknown version or event and for what is damaged.
    """
    try:
        told = _DECODER.decode(line)
        version, name = told["version"], told["event"]
    except _DAMAGED as error:
        raise _damaged() from error
    if version != VERSION or isinstance(version, bool):
        raise WireError(f"The run speaks version {shown(version)}, this program version {VERSION}.", _UPDATE)
    if not isinstance(name, str) or name not in _EVENTS:
        raise WireError(f"The run said “{shown(name)}”, which this program does not know.", _UPDATE)
    try:
        return _event(_EVENTS[name], told["fields"], arrays)
    except _DAMAGED as error:
        raise _damaged() from error


def send(file: IO[bytes], line: str, arrays: bytes = b"") -> None:
    """Write one frame: the length of both as eight bytes each, then both."""
    text = line.encode()
    file.write(_LENGTHS.pack(len(text), len(arrays)) + text + arrays)
    file.flush()


def receive(file: IO[bytes]) -> tuple[str, bytes] | None:
    """The next frame; None where the other end has closed, also in the middle of one."""
    head = file.read(_LENGTHS.size)
    if len(head) < _LENGTHS.size:
        return None
    text, arrays = (file.read(length) for length in _LENGTHS.unpack(head))
    whole = (len(text), len(arrays)) == _LENGTHS.unpack(head)
    return (text.decode(), arrays) if whole else None


_LENGTHS = struct.Struct("<QQ")
_UPDATE = "Use the same version of Warmstart at both ends."


def _damaged() -> WireError:
    return WireError("What the run said arrived damaged.", "Resume the run.")


def _event(kind: Any, told: Mapping[str, Any], packed: bytes) -> Event:
    arrays = _unpacked(packed)
    values = {name: _decode(value, arrays) for name, value in told.items()}
    event: Event = ResumePoint.nothing(**values) if kind is ResumePoint else kind(**values)
    return event


def _encode(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray | np.generic):  # before float and str, which np.float64 and np.str_ are as well
        return _encode_array(value, arrays)
    if isinstance(value, float) and not math.isfinite(value):
        return ["float", repr(value)]
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return [kind, *(_encode(member, arrays) for member in value)]
    if not isinstance(value, Mapping):
        raise TypeError(f"An event cannot hold {type(value).__name__}.")
    if all(type(key) is str for key in value):
        return {key: _encode(member, arrays) for key, member in value.items()}
    return ["map", *([_encode(key, arrays), _encode(member, arrays)] for key, member in value.items())]


def _encode_array(value: np.ndarray | np.generic, arrays: dict[str, np.ndarray]) -> list[str]:
    if value.dtype.hasobject or (isinstance(value, np.ndarray) and type(value) is not np.ndarray):
        raise TypeError(f"An event cannot hold {type(value).__name__} of {value.dtype}.")
    name = f"a{len(arrays)}"
    arrays[name] = np.asarray(value)
    return ["array" if isinstance(value, np.ndarray) else "scalar", name]


def _decode(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        return {key: one if type(one) is float else _decode(one, arrays) for key, one in value.items()}
    if not isinstance(value, list):
        return value
    kind, *members = value
    match kind:
        case "list":
            return [_decode(member, arrays) for member in members]
        case "tuple":
            return tuple(_decode(member, arrays) for member in members)
        case "map":
            return {_decode(key, arrays): _decode(member, arrays) for key, member in members}
        case "float":
            return float(*members)
        case "array" | "scalar":
            (name,) = members
            return arrays[name] if kind == "array" else arrays[name][()]
    raise ValueError(kind)


def _packed(arrays: dict[str, np.ndarray]) -> bytes:
    if not arrays:
        return b""
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def _unpacked(packed: bytes) -> dict[str, np.ndarray]:
    if not packed:
        return {}
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        return dict(file)


def _refuse(constant: str) -> float:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_constant=_refuse)  # made once: making one costs as much as an event
