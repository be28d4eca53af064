"""What runs that have ended left on machines. Nobody waits for it to go, so that many are told of at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping


class Leftovers:
    """remove: tells machines to remove the attempts of each run up to this one; whether all were told. Where it raises,
    or some were not, they are kept for the next time."""

    def __init__(self, remove: Callable[[Mapping[str, int]], bool]) -> None:
        self._remove = remove
        self._lock = threading.Lock()
        self._all: dict[str, int] = {}

    def add(self, uid: str, last: int) -> None:
        with self._lock:
            self._all[uid] = last

    def __contains__(self, uid: str) -> bool:
        return uid in self._all

    def clear(self) -> None:
        """Tell of all that are known by now, if any."""
        with self._lock:
            now = dict(self._all)
        if not now or not self._remove(now):
            return
        with self._lock:
            self._all = {uid: last for uid, last in self._all.items() if now.get(uid) != last}
