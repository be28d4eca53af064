"""One store for all threads of runs: to open the database for each of them, and to have each question to it understood
anew, costs as much as to save a second of a run, and thousands of runs may wait."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the window has its queue before its first paint, and a database later
    from storage.record import RecordingStore
    from storage.workspace import Workspace


class Stores:
    """Of one workspace; safe from any thread. A store is closed when nobody has it any more."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._store: RecordingStore | None = None
        self._users: Counter[RecordingStore] = Counter()

    @contextmanager
    def __call__(self) -> Iterator[RecordingStore]:
        """The store, which others have as well, until the end of the block. Raises `StorageError`."""
        with self._lock:
            store = self._usable()
            self._users[store] += 1
        try:
            yield store
        finally:
            self._take_back(store)

    def _usable(self) -> RecordingStore:
        from storage.record import RecordingStore

        if self._store is None or not self._store.is_sound():
            self._store = RecordingStore(self._workspace, alone=False)
        return self._store

    def _take_back(self, store: RecordingStore) -> None:
        with self._lock:
            self._users[store] -= 1
            if self._users[store]:
                return
            del self._users[store]
            if store is self._store:
                self._store = None
            store.close()
