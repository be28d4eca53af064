"""What a run says, numbered and written down where it is worked before anybody hears of it.

A line is JSON: {"journal", "number", "time", "event"}; the event as `engine.work.wire` tells it. What has no end of
line was never said, and what is no such line ends what can be read.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Self

from engine.events import LAST_EVENTS, Event, Heard
from engine.work.wire import DAMAGED, READER, Told, WireError, from_told, to_wire

FILE = "events.jsonl"
KINDS = (str, int, dict, float), (str, int, dict, int)  # of a line: journal, number, event and time
MOST = 2000  # lines that are read at a time
TAIL = 2**16  # bytes at the end of a journal, where its last line most often is


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One event and where it stands."""

    place: Heard
    event: Event

    @property
    def is_last(self) -> bool:
        return isinstance(self.event, LAST_EVENTS)


class Journal:
    """Of one attempt of a run. name: "<attempt>-<letters>", another each time. begun: lines of an earlier attempt that
    this one goes on from, which become its own. number, time: of the last line."""

    def __init__(self, folder: Path, name: str, begun: Iterable[str] = ()) -> None:
        self.name, self.number, self.time = name, 0, 0.0
        self._file = (folder / FILE).open("wb")
        for line in begun:
            told = {**json.loads(line), "journal": name}
            self._write(json.dumps(told), told["number"], told["time"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, event: Event, time: float) -> str:
        """The line that was written. time: see `Heard`. Raises `OSError`."""
        place = f'"journal": {json.dumps(self.name)}, "number": {self.number + 1}, "time": {json.dumps(time)}'
        return self._write(f'{{{place}, "event": {to_wire(event)}}}', self.number + 1, time)

    def settle(self) -> None:
        """All that was written is on the disk. Raises `OSError`."""
        os.fsync(self._file.fileno())

    def _write(self, told: str, number: int, time: float) -> str:
        self._file.write(told.encode() + b"\n")
        self._file.flush()
        self.number, self.time = number, time
        return told


def entry(line: str | bytes) -> JournalEntry:
    """Raises `WireError` for an event that this version does not know, and for what is no line of a journal."""
    return _entry(_read(line), more=False)


def entries(lines: Sequence[str]) -> Iterator[JournalEntry]:
    """What came together, read at once: that costs half of reading each. Raises `WireError` at the first that is none,
    once those before it are handed out."""
    told: Iterable[Told] = ()
    with suppress(*DAMAGED):
        told = READER.decode(f"[{','.join(lines)}]")
    if len(told) != len(lines):  # type: ignore[arg-type]
        told = map(_read, lines)
    for left, one in zip(range(len(lines))[::-1], told, strict=True):
        yield _entry(one, more=left > 0)


def _entry(told: Told, more: bool) -> JournalEntry:
    _check(told)
    return JournalEntry(Heard(told["journal"], told["number"], told["time"], more), from_told(told["event"]))


def _read(line: str | bytes) -> Told:
    try:
        return READER.decode(line if isinstance(line, str) else line.decode())
    except DAMAGED as error:
        raise WireError("A line of the run's journal arrived damaged.", "Resume the run.") from error


def _check(told: Told) -> None:
    """Raise `WireError` for what is no line of a journal."""
    try:
        kinds = type(told["journal"]), type(told["number"]), type(told["event"]), type(told["time"])
        if kinds in KINDS:
            attempt(told["journal"])
            return
    except DAMAGED as error:
        raise WireError("A line of the run's journal arrived damaged.", "Resume the run.") from error
    raise WireError("What the run said is no line of a journal.", "Resume the run.")


def lines_after(folder: Path, number: int, most: int = MOST) -> list[str]:
    """At most so many lines behind this number; empty where there is no journal."""
    try:
        with (folder / FILE).open("rb") as file:
            return list(_whole(islice(file, number, number + most)))
    except FileNotFoundError:
        return []


def _whole(lines: Iterable[bytes]) -> Iterator[str]:
    """Those up to the first that a crash has cut off or damaged."""
    for line in lines:
        try:
            _check(_read(line))
        except WireError:
            return
        if not line.endswith(b"\n"):
            return
        yield line.decode().rstrip("\n")


@lru_cache
def attempt(journal: str) -> int:
    """Which attempt of its run it is of; 0 for none. Raises `ValueError` for what is no journal's name."""
    return int(journal.partition("-")[0] or 0)


def last_entry(folder: Path) -> JournalEntry | None:
    """The last that was said; None where nothing was."""
    try:
        with (folder / FILE).open("rb") as file:
            length = file.seek(0, os.SEEK_END)
            for size in (TAIL, length):
                begin = max(0, length - size)
                file.seek(begin)
                for line in reversed(file.read().split(b"\n")[bool(begin) : -1]):
                    with suppress(WireError):
                        return entry(line)
    except FileNotFoundError:
        pass
    return None


def add_last(folder: Path, event: Event) -> None:
    """Write the last word of an attempt whose process has ended without one, perhaps in the middle of a line. Raises
    `OSError`."""
    begun = lines_after(folder, 0, sys.maxsize)
    with Journal(folder, folder.name, begun) as journal:
        journal.append(event, journal.time)


class Hearing:
    """Lines as they arrive, late, twice or with gaps, become entries in order. place: of the last one that was taken to
    its end; missing: lines that must be asked for lie before what came."""

    def __init__(self, place: Heard | None) -> None:
        self.place = place or Heard("", 0)
        self.missing = False
        self._old: set[str] = set()

    def take(self, lines: Sequence[str]) -> Iterator[JournalEntry]:
        """What is new of them. One counts as heard when the next is asked for."""
        self.missing = False
        for one in entries(lines):
            if self._is_old(one.place.journal) or one.place.number <= self.place.number:
                continue
            if one.place.number > self.place.number + 1:
                self.missing = True
                return
            yield one
            self.place = one.place

    def drop(self, journal: str) -> None:
        """Nothing more is heard of this attempt."""
        self._old.add(journal)

    def _is_old(self, journal: str) -> bool:
        """Whether another attempt has taken its place; one that is new is turned to."""
        if journal in self._old:
            return True
        if journal == self.place.journal:
            return False
        if attempt(journal) < attempt(self.place.journal):
            return True
        self._old.add(self.place.journal)
        self.place = Heard(journal, 0)
        return False
