"""Every event comes back from the wire as it was said, to the last bit."""

from __future__ import annotations

import base64
import io
import json
import math
import random
import struct
import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from engine import events
from engine.events import Event, Metrics, ResumePoint, RunFinished, RunStarted
from engine.work.wire import WireError, from_wire, receive, send, to_wire

KINDS = typing.get_args(Event)
FLOATS = (0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, -sys.float_info.max, 0.1 + 0.2, 1 / 3)
WORDS = ("", "a\nb\r\u2028", "“größer” 雪", '"\\\x00', "\ud800", "float", "version")
DTYPES = (
    "int64",
    "int16",
    "float64",
    "float32",
    "float16",
    ">f8",
    "bool",
    "uint8",
    "complex128",
    "<U5",
    "S3",
    "M8[ns]",
)
SHAPES = ((), (0,), (3,), (2, 0, 3), (2, 3))


def array(dice: random.Random) -> np.ndarray:
    """Any bits in any shape, also not contiguous; letters and truths stay in their range."""
    dtype, shape = np.dtype(dice.choice(DTYPES)), dice.choice(SHAPES)
    size = int(np.prod(shape, dtype=int))
    if dtype.kind in "US":
        made = np.array([dice.choice(["", "ab", "c"]) for _ in range(size)], dtype)
    else:
        most = 2 if dtype.kind == "b" else 256
        made = np.frombuffer(bytes(dice.randrange(most) for _ in range(size * dtype.itemsize)), dtype)
    return made.reshape(shape).T


def scalar(dice: random.Random) -> Any:
    some = np.float32(-0.0), np.float64(math.nan), np.int16(-3), np.bool_(True), np.str_("x"), np.str_("")
    return dice.choice(some)


def whole(dice: random.Random) -> int:
    return dice.choice([0, -1, 7, 2**63, -(10**30)])


def anything(dice: random.Random, depth: int = 0) -> Any:
    """What a mapping of facts may hold, one in the other."""
    simple: list[Callable[[], Any]] = [
        lambda: None, lambda: dice.random() < 0.5, lambda: whole(dice), lambda: dice.choice(FLOATS),
        lambda: dice.choice(WORDS), lambda: array(dice), lambda: scalar(dice),
    ]  # fmt: skip
    nested: list[Callable[[], Any]] = [
        lambda: [anything(dice, depth + 1) for _ in range(dice.randrange(4))],
        lambda: tuple(anything(dice, depth + 1) for _ in range(dice.randrange(4))),
        lambda: {dice.choice(WORDS): anything(dice, depth + 1) for _ in range(3)},
        lambda: {key: anything(dice, depth + 1) for key in (1, "1", (2, None), 0.5)},
    ]
    return dice.choice(simple + nested if depth < 3 else simple)()


def of(hint: Any, dice: random.Random) -> Any:
    """A random value of the type that a field of an event has."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return of(dice.choice(inner), dice)
    if origin is tuple:
        members = [inner[0]] * dice.randrange(4) if inner[-1] is Ellipsis else list(inner)
        return tuple(of(member, dice) for member in members)
    if origin is Mapping:
        return {dice.choice(WORDS): of(inner[1], dice) for _ in range(dice.randrange(4))}
    made = {
        int: lambda: whole(dice), float: lambda: dice.choice(FLOATS), str: lambda: dice.choice(WORDS),
        type(None): lambda: None, np.ndarray: lambda: array(dice), Any: lambda: anything(dice),
    }  # fmt: skip
    return made[hint]()


def random_event(kind: Any, dice: random.Random) -> Event:
    hints = typing.get_type_hints(kind, {**vars(events), "np": np})
    values = {field.name: of(hints[field.name], dice) for field in fields(kind) if field.name != "write"}
    event: Event = ResumePoint.nothing(**values) if kind is ResumePoint else kind(**values)
    return event


def same(one: Any, other: Any) -> bool:
    """Equal in type, and floats and arrays in every bit; the order of a mapping counts."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def same_event(one: Event, other: Event) -> bool:
    names = [field.name for field in fields(one)]
    return type(one) is type(other) and all(same(getattr(one, name), getattr(other, name)) for name in names)


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_comes_back_as_it_was_said(kind: type) -> None:
    dice = random.Random(kind.__name__)
    for _ in range(60):
        event = random_event(kind, dice)
        line = to_wire(event)
        assert line.isascii()
        assert len(line.splitlines()) == 1
        json.loads(line, parse_constant=pytest.fail)  # no NaN or Infinity, which other readers refuse
        assert same_event(from_wire(line), event), event


def test_every_class_that_a_run_may_say_is_known_to_the_wire() -> None:
    assert {kind.__name__ for kind in KINDS} >= {
        name for name, kind in vars(events).items()
        if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__") and kind.__module__ == events.__name__
        and kind not in (events.Formulation, events.Heard)  # a mapping of a run's start; where an event stands
    }  # fmt: skip


def test_a_line_is_what_a_reader_of_another_language_expects() -> None:
    assert to_wire(Metrics(3, {"train/loss": 0.5, "val/loss": math.nan})) == (
        '{"version": 2, "event": "Metrics", "fields": '
        '{"step": 3, "values": {"train/loss": 0.5, "val/loss": ["float", "nan"]}}}'
    )
    assert to_wire(RunStarted(1, 1, 1, {"two": np.array([[1, 2]], "<i2")})).endswith(
        '"facts": {"two": ["array", "<i2", [1, 2], "AQACAA==", 2882460411]}, "phases": ["tuple"], "step": 0, '
        '"note": null, "minutes": 0.0, "environment": {}, "formulation": {}}}'
    )


def test_a_place_is_told_without_what_writes_it() -> None:
    written: list[Any] = []
    there = from_wire(to_wire(ResumePoint(7, written.append)))
    assert isinstance(there, ResumePoint)
    assert there.step == 7
    there.write({"seconds": 1.0})
    assert written == []


GOOD = to_wire(RunFinished(3, "after 20 of 20 epochs"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"version": 2', '"version": 1', "version 1"),
        ('"version": 2', '"version": true', "version True"),
        ('"version": 2', '"version": "2"', "version 2"),
        ("RunFinished", "RunVanished", "“RunVanished”"),
        ('"RunFinished"', "[]", "does not know"),
        ('"RunFinished"', '"' + "x" * 5000 + '"', "does not know"),
        ('"step": 3', '"stride": 3', "damaged"),
        ('"step": 3, ', "", "damaged"),
        ('"step": 3', '"step": NaN', "damaged"),
        ('"step": 3', '"step": ["array", "a0"]', "damaged"),
        ('"step": 3', '"step": ["eval", "1"]', "damaged"),
        ('"step": 3', '"step": []', "damaged"),
        ('"step": 3', '"step": ["map", [["list"], 1]]', "damaged"),
        ('"step": 3', '"step": ' + "[" * 100_000, "damaged"),
        ('"step": 3', '"step": ["float", 1' + "0" * 400 + "]", "damaged"),
        (GOOD, "", "damaged"),
        (GOOD, "null", "damaged"),
        (GOOD, GOOD[:-9], "damaged"),
    ],
    ids=range(18),
)
def test_what_is_unknown_or_damaged_is_refused_in_a_sentence(old: str, new: str, words: str) -> None:
    with pytest.raises(WireError, match=words) as told:
        from_wire(GOOD.replace(old, new))
    assert told.value.advice
    assert len(told.value.message) < 200


def test_arrays_that_are_cut_or_changed_are_refused() -> None:
    line = to_wire(RunStarted(1, 1, 1, {"counts": np.arange(50)}))
    packed = base64.b64encode(np.arange(50).tobytes()).decode()
    assert line.count(packed) == 1
    dice = random.Random(0)
    for _ in range(40):
        with pytest.raises(WireError, match="damaged"):
            from_wire(line.replace(packed, packed[: dice.randrange(len(packed))]))
        place = dice.randrange(len(packed))
        changed = packed[:place] + ("B" if packed[place] != "B" else "C") + packed[place + 1 :]
        with pytest.raises(WireError, match="damaged"):
            from_wire(line.replace(packed, changed))


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, np.array([object()]), np.zeros(1, "i4,i4"), np.ma.masked_array([1, 2], [0, 1]), 1j]
)
def test_what_has_no_form_on_the_wire_is_a_mistake_in_the_program(value: object) -> None:
    with pytest.raises(TypeError, match="An event cannot hold"):
        to_wire(RunStarted(1, 1, 1, {"fact": value}))


def test_frames_come_whole_or_not_at_all() -> None:
    """The other end may die at any byte."""
    pipe = io.BytesIO()
    frames = [to_wire(RunStarted(1, 1, 1, {"counts": np.arange(3)})), "[]", ""]
    for line in frames:
        send(pipe, line)
    whole = pipe.getvalue()
    pipe.seek(0)
    assert [receive(pipe) for _ in frames] == frames
    assert receive(pipe) is None
    for end in range(8 + len(frames[0])):
        assert receive(io.BytesIO(whole[:end])) is None
