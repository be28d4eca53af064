"""Has pictures of the landscape made in the background, point by point, while nothing else is at work."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from engine.errors import Cancelled
from engine.landscape.asked import Sight
from ui.parts import Parts

if TYPE_CHECKING:
    from engine.landscape.kept import Landscape

OFTEN = 0.2  # seconds between two pictures while one is made
PAUSE = 0.2  # seconds between two looks at whether runs are at work


class Surveying(QObject):
    """said(number of the picture, `Preparing` or what is known of it), then ended(words), "" unless it failed. None of
    them comes after `stop` or another `begin`."""

    said = Signal(int, object)
    ended = Signal(str)
    _heard = Signal(int, int, object)

    def __init__(self, parts: Parts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._key = f"landscape {id(self)}"  # another such window works on
        self._turn = 0
        self.is_at_work = False
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    def begin(self, wanted: Sequence[Sight]) -> None:
        """One picture after the other."""
        self.stop()
        self.is_at_work, turn = True, self._turn
        failed = self._parts.background.saying(self._end, "The picture could not be made.")
        self._parts.background.run(self._work(turn, wanted), lambda _: self._end(""), failed, self._key, long=True)

    def stop(self) -> None:
        """What is known so far is kept."""
        self._parts.background.cancel(self._key)
        self._turn += 1
        self.is_at_work = False

    def _work(self, turn: int, wanted: Sequence[Sight]) -> Callable[[Callable[[], bool]], None]:
        def look(cancelled: Callable[[], bool]) -> None:
            for number, one in enumerate(wanted):
                self._look(turn, number, one, cancelled)

        return look

    def _look(self, turn: int, number: int, wanted: Sight, cancelled: Callable[[], bool]) -> None:
        from engine.events import Preparing
        from engine.landscape.survey import survey

        due, found = 0.0, survey(wanted)
        try:
            for one in found:
                if cancelled():
                    raise Cancelled
                last = not isinstance(one, Preparing) and one.done
                if last or time.monotonic() >= due:
                    self._heard.emit(turn, number, one)
                    due = time.monotonic() + OFTEN
                if not isinstance(one, Preparing) and not last and enough(one):
                    self._wait(cancelled)
        finally:
            found.close()

    def _wait(self, cancelled: Callable[[], bool]) -> None:
        """What only refines a picture makes way for runs."""
        while self._parts.queue.here():
            if cancelled():
                raise Cancelled
            time.sleep(PAUSE)

    def _hear(self, turn: int, number: int, said: object) -> None:
        if turn == self._turn:
            self.said.emit(number, said)

    def _end(self, words: str) -> None:
        self.is_at_work = False
        self.ended.emit(words)


def enough(found: Landscape) -> bool:
    """Whether there is something to look at: a plane that is known coarsely, the ends and a few points of a line."""
    return bool(getattr(found, "coarse", False)) or int(found.known.sum()) >= min(11, found.known.size)
