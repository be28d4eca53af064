"""What was read last, kept for the next who asks."""

from __future__ import annotations

import threading


class Remembered:
    """The last few values by key, safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: dict[object, object] = {}
        self._lock = threading.Lock()

    def get(self, key: object) -> object | None:
        with self._lock:
            value = self._values.pop(key, None)
            if value is not None:
                self._values[key] = value
            return value

    def put(self, key: object, value: object) -> None:
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._size:
                self._values.pop(next(iter(self._values)))
