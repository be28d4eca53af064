"""What a run says, numbered and written down where it is worked before anybody hears of it.

A line is JSON: {"journal", "number", "time", "event", "arrays"}; the event as `engine.work.wire` tells it, its arrays
in base64. What has no end of line was never said.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

from engine.events import LAST_EVENTS, Event, Heard
from engine.work.wire import from_wire, to_wire

FILE = "events.jsonl"
MOST = 2000  # lines that are read at a time


@dataclass(frozen=True)
class JournalEntry:
    """One event and where it stands."""

    place: Heard
    event: Event

    @property
    def is_last(self) -> bool:
        return isinstance(self.event, LAST_EVENTS)


class Journal:
    """Of one attempt of a run. name: "<attempt>-<letters>", another each time."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self._number = name, 0
        self._file = (folder / FILE).open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, event: Event, time: float) -> str:
        """The line that was written. time: see `Heard`. Raises `OSError`."""
        self._number += 1
        line, arrays = to_wire(event)
        told = {
            "journal": self.name, "number": self._number, "time": time, "event": line,
            "arrays": base64.b64encode(arrays).decode(),
        }  # fmt: skip
        written = json.dumps(told)
        self._file.write(written.encode() + b"\n")
        self._file.flush()
        return written


def entry(line: str) -> JournalEntry:
    """Raises `WireError` for an event that this version does not know."""
    told = json.loads(line)
    place = Heard(told["journal"], told["number"], told["time"])
    return JournalEntry(place, from_wire(told["event"], base64.b64decode(told["arrays"])))


def lines_after(folder: Path, journal: str, number: int) -> list[str]:
    """At most `MOST` lines behind this number of this journal, or from the first one where it is another journal that
    lies there; empty where there is none."""
    try:
        with (folder / FILE).open("rb") as file:
            first = file.readline()
            begin = number if first.endswith(b"\n") and json.loads(first)["journal"] == journal else 0
            file.seek(0)
            found = islice(file, begin, begin + MOST)
            return [line.decode().rstrip("\n") for line in found if line.endswith(b"\n")]
    except FileNotFoundError:
        return []


def attempt(journal: str) -> int:
    """Which attempt of its run it is of; 0 for none."""
    return int(journal.partition("-")[0] or 0)


def last_entry(folder: Path) -> JournalEntry | None:
    """The last that was said; None where nothing was."""
    try:
        body = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return None
    line = body.rpartition(b"\n")[0].rpartition(b"\n")[2]
    return entry(line.decode()) if line else None


class Hearing:
    """Lines as they arrive, late, twice or with gaps, become entries in order. place: of the last one; missing: lines
    that must be asked for lie before what came."""

    def __init__(self, place: Heard | None) -> None:
        self.place = place or Heard("", 0)
        self.missing = False
        self._old: set[str] = set()

    def take(self, lines: Iterable[str]) -> list[JournalEntry]:
        """What is new of them."""
        fresh: list[JournalEntry] = []
        self.missing = False
        for line in lines:
            told = json.loads(line)
            if self._is_old(told["journal"]) or told["number"] <= self.place.number:
                continue
            if told["number"] > self.place.number + 1:
                self.missing = True
                break
            fresh.append(entry(line))
            self.place = fresh[-1].place
        return fresh

    def _is_old(self, journal: str) -> bool:
        """Whether another attempt has taken its place; one that is new is turned to."""
        if journal == self.place.journal:
            return False
        if journal in self._old or attempt(journal) < attempt(self.place.journal):
            return True
        self._old.add(self.place.journal)
        self.place = Heard(journal, 0)
        return False
