"""Whether a run on a cluster rests: what a person wants, and what the machine that works it was told."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Pause:
    """wanted: whether a person wants the run to rest. known: whether the machine has been told nothing so far; else an
    earlier program may have let it rest. Safe from any thread."""

    def __init__(self, wanted: Callable[[], bool], known: bool) -> None:
        self._wanted, self._lock = wanted, threading.Lock()
        self._told: bool | None = False if known else None

    def tell(self, say: Callable[[str], object]) -> None:
        """Say "pause" or "resume" where the machine was told something else. What cannot be said is said next time."""
        with self._lock:
            wanted = self._wanted()
            if wanted is not self._told:
                say("pause" if wanted else "resume")
                self._told = wanted

    def forget(self) -> None:
        """Another machine works the run, or will."""
        with self._lock:
            self._told = False
