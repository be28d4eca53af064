"""Places that work one run at a time, and the line in front of each."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """host: the machine, "" for this one. device: "cpu", "cuda:0", …"""

    host: str
    device: str


class Lines:
    """The lines of all places. Safe from any thread."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._lines: defaultdict[Place, list[Turn]] = defaultdict(list)

    def join(self, place: Place) -> Turn:
        """Get in line, last."""
        with self._moved:
            turn = Turn(self._moved, self._lines[place])
            self._lines[place].append(turn)
            return turn


class Turn:
    """Somebody's place in one line."""

    def __init__(self, moved: threading.Condition, line: list[Turn]) -> None:
        self._moved, self._line = moved, line
        self._given_up = False

    def wait(self) -> bool:
        """Block until this is the first in line; False as soon as it is given up."""
        with self._moved:
            self._moved.wait_for(lambda: self._given_up or self._line[0] is self)
            return not self._given_up

    def give_up(self) -> None:
        """Wait no longer."""
        with self._moved:
            self._given_up = True
            self._moved.notify_all()

    def leave(self) -> None:
        """Make room for the next."""
        with self._moved:
            self._line.remove(self)
            self._moved.notify_all()
