"""Reads the chosen set in the background: what the names of its files tell at once, then all of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from ui.background import Background
from ui.data.known_sets import KnownSet

if TYPE_CHECKING:
    from engine.data.files.tree import Listing
    from engine.data.inventory import Inventory
    from engine.data.labelled_set import LabelledSet

KEY = "data page"
QUIET = 5000  # milliseconds without a word after which that is said


class SetReading(QObject):
    """`read` begins; then `listed` where names alone tell something, `progressed` now and then, and one of `done` and
    `failed`. silent(seconds): so long nothing was heard of it."""

    listed = Signal(object)
    progressed = Signal(float)
    done = Signal(object, object)
    failed = Signal(str)
    silent = Signal(int)
    _said = Signal(int, object)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self.turns = 0
        self._heard_at = 0.0
        self._waiting = QTimer(self, interval=QUIET)
        self._waiting.timeout.connect(lambda: self.silent.emit(round(time.monotonic() - self._heard_at)))
        self.is_reading = False
        self._listings: dict[str, Listing] = {}
        self._said.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    def read(self, chosen: KnownSet) -> None:
        """Another set, or the same again; answers about the one before are dropped."""
        self.turns += 1
        self.is_reading = True
        self._note()
        turn, choice, given = self.turns, chosen.choice, self._listings.pop(chosen.key, None)

        def look(cancelled: Callable[[], bool]) -> tuple[LabelledSet, Inventory]:
            from engine.data.inventory import by_names, inventory
            from engine.data.sources import listing_of, load

            listing = given
            if chosen.place:
                listing = given or listing_of(choice, cancelled)
                if (quick := by_names(choice, listing)) is not None:
                    self._said.emit(turn, quick)
            data = load(choice, lambda share: self._said.emit(turn, share), cancelled, listing)
            return data, inventory(data, chosen.place or None)

        self._background.run(look, self._take, self._background.saying(self._fail, "The data set could not be read."),
                             key=KEY)  # fmt: skip

    def bring(self, key: str, listing: Listing) -> None:
        """The files of a set were listed just now: when it is read it is by this list, once."""
        self._listings = {key: listing}

    def stop(self) -> None:
        self.turns += 1
        self._end()
        self._background.cancel(KEY)

    def _note(self) -> None:
        """Something was heard, and more is to come."""
        self._heard_at = time.monotonic()
        self._waiting.start()

    def _hear(self, turn: int, said: object) -> None:
        if turn == self.turns and self.is_reading:
            self._note()
            (self.progressed if isinstance(said, float) else self.listed).emit(said)

    def _end(self) -> None:
        self.is_reading = False
        self._waiting.stop()

    def _take(self, found: tuple[LabelledSet, Inventory]) -> None:
        self._end()
        self.done.emit(*found)

    def _fail(self, words: str) -> None:
        self._end()
        self.failed.emit(words)
