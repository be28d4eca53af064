"""When live curves are drawn: one plot at a time and with rests, so that the window's thread is never busy for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer

LEAST_MS, MOST_MS = 66, 2000  # between two redraws of the live curves; one of a million points costs 60
PART_MS = 12  # between two plots of one redraw
REST = 20  # a redraw that took t is followed by at least REST * t without one


class LivePace(QObject):
    """begin: starts a redraw and gives its parts, or None when there is nothing to draw live."""

    def __init__(self, begin: Callable[[], Iterator[None] | None], parent: QObject) -> None:
        super().__init__(parent)
        self._begin = begin
        self._parts: Iterator[None] | None = None
        self._cost, self._rest, self._again = 0.0, LEAST_MS, False
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self._draw_part)

    def wake(self, urgent: bool) -> None:
        """There is news; urgent news is drawn without a rest."""
        self._again = True
        if self._parts is None and (urgent or not self._soon.isActive()):
            self._soon.start(0 if urgent else self._rest)

    def stop(self) -> None:
        """Another run is shown, or none: what was half drawn is dropped."""
        self._soon.stop()
        self._parts = None

    def _draw_part(self) -> None:
        if self._parts is None:
            self._parts, self._cost, self._again = self._begin(), 0.0, False
        if self._parts is None:
            return
        start = time.perf_counter()
        done = next(self._parts, self) is self
        self._cost += 1000 * (time.perf_counter() - start)
        if done:
            self._take_rest()
        else:
            self._soon.start(PART_MS)

    def _take_rest(self) -> None:
        self._parts = None
        self._rest = min(MOST_MS, max(LEAST_MS, round(REST * self._cost)))
        if self._again:
            self._soon.start(self._rest)
