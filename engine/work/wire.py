"""An event as one line of JSON, so that a run can be heard from another process.

    line = to_wire(event)
    event = from_wire(line)

In the line an object is a mapping by strings, and an array names its kind first: ["list", …], ["tuple", …],
["map", [key, value], …], ["float", "nan"], and ["array" or "scalar", dtype, shape, its bytes in base64, their CRC-32].
"""

from __future__ import annotations

import base64
import json
import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import fields
from typing import IO, Any, get_args

import numpy as np

from engine.errors import ExperimentError, shown
from engine.events import Event, ResumePoint

VERSION = 2
Told = Any  # what a line of JSON says
_EVENTS = {kind.__name__: kind for kind in get_args(Event)}
DAMAGED = ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError


class WireError(ExperimentError):
    """What was received is no event that this version knows."""


def to_wire(event: Event) -> str:
    """The event as a line without a line break, in ASCII.

    Numbers are exact, arrays keep dtype, shape and every bit. A `ResumePoint` is told without what writes it. Raises
    `TypeError` for a value that has no such form.
    """
    told = {field.name: _encode(getattr(event, field.name)) for field in fields(event) if field.name != "write"}
    return json.dumps({"version": VERSION, "event": type(event).__name__, "fields": told}, allow_nan=False)


def from_wire(line: str) -> Event:
    """The event that `to_wire` told; a `ResumePoint` comes back as a place where nothing is to be written.

    Raises `WireError` for an unknown version or event and for what is damaged.
    """
    try:
        told = READER.decode(line)
    except DAMAGED as error:
        raise _damaged() from error
    return from_told(told)


def from_told(told: Told) -> Event:
    """The event of a line that `READER` has read already; see `from_wire`."""
    try:
        version, name = told["version"], told["event"]
    except DAMAGED as error:
        raise _damaged() from error
    if version != VERSION or isinstance(version, bool):
        raise WireError(f"The run speaks version {shown(version)}, this program version {VERSION}.", _UPDATE)
    if not isinstance(name, str) or name not in _EVENTS:
        raise WireError(f"The run said “{shown(name)}”, which this program does not know.", _UPDATE)
    try:
        return _event(_EVENTS[name], told["fields"])
    except DAMAGED as error:
        raise _damaged() from error


def send(file: IO[bytes], line: str) -> None:
    """Write one frame: its length as eight bytes, then the line."""
    text = line.encode()
    file.write(_LENGTH.pack(len(text)) + text)
    file.flush()


def receive(file: IO[bytes]) -> str | None:
    """The next frame; None where the other end has closed, also in the middle of one."""
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    text = file.read(length)
    return text.decode() if len(text) == length else None


_LENGTH = struct.Struct("<Q")
_UPDATE = "Use the same version of Warmstart at both ends."


def _damaged() -> WireError:
    return WireError("What the run said arrived damaged.", "Resume the run.")


def _event(kind: Any, told: Mapping[str, Any]) -> Event:
    values = {name: _decode(value) for name, value in told.items()}
    event: Event = ResumePoint.nothing(**values) if kind is ResumePoint else kind(**values)
    return event


def _encode(value: Any) -> Told:
    if isinstance(value, np.ndarray | np.generic):  # before float and str, which np.float64 and np.str_ are as well
        return _encode_array(value)
    if isinstance(value, float) and not math.isfinite(value):
        return ["float", repr(value)]
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple):
        return ["tuple" if isinstance(value, tuple) else "list", *map(_encode, value)]
    if not isinstance(value, Mapping):
        raise TypeError(f"An event cannot hold {type(value).__name__}.")
    if all(type(key) is str for key in value):
        return {key: _encode(member) for key, member in value.items()}
    return ["map", *([_encode(key), _encode(member)] for key, member in value.items())]


def _encode_array(value: np.ndarray | np.generic) -> Told:
    of_one_kind = not value.dtype.hasobject and value.dtype.names is None
    if not of_one_kind or (isinstance(value, np.ndarray) and type(value) is not np.ndarray):
        raise TypeError(f"An event cannot hold {type(value).__name__} of {value.dtype}.")
    kind = "array" if isinstance(value, np.ndarray) else "scalar"
    value = np.asarray(value)  # where an empty word has a letter's room: of none, nothing is read back
    packed = value.tobytes()
    return [kind, value.dtype.str, value.shape, base64.b64encode(packed).decode(), zlib.crc32(packed)]


def _decode(value: Told) -> Any:
    if isinstance(value, dict):
        return {key: one if type(one) is float else _decode(one) for key, one in value.items()}
    if not isinstance(value, list):
        return value
    kind, *members = value
    match kind:
        case "list":
            return list(map(_decode, members))
        case "tuple":
            return tuple(map(_decode, members))
        case "map":
            return {_decode(key): _decode(member) for key, member in members}
        case "float":
            return float(*members)
        case "array":
            return _decode_array(*members)
        case "scalar":
            return _decode_array(*members)[()]
    raise ValueError(kind)


def _decode_array(dtype: str, shape: list[int], packed: str, check: int) -> np.ndarray:
    content = bytearray(base64.b64decode(packed, validate=True))
    if zlib.crc32(content) != check:
        raise ValueError("Its bytes are others than were told.")
    return np.frombuffer(content, np.dtype(dtype)).reshape(shape)


def _refuse(constant: str) -> float:
    raise ValueError(constant)


READER = json.JSONDecoder(parse_constant=_refuse)  # made once: making one costs as much as an event
