"""The saved runs as the window sees them: questions and changes go to one storage thread, answers come back."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from engine.errors import ExperimentError, StorageError
from engine.machine.warm import load_pydantic
from ui.background import is_gone

if TYPE_CHECKING:
    from storage.store import RunStore
    from storage.workspace import Workspace

T = TypeVar("T")
BUG = "What is saved could not be read or changed because of a mistake in Warmstart.", "Copy its details and report it."
LOOK_EVERY = 1.0  # seconds between two looks at what other processes have written


class Others:
    """Looks once a second whether another window or terminal has changed what lists show. Lives in one thread."""

    def __init__(self) -> None:
        self._version = 0
        self._looks: dict[int, int] = {}
        self._due = 0.0

    def note(self, store: RunStore) -> None:
        """What this window itself has just written is no news, unless somebody else wrote meanwhile."""
        version = store.data_version()
        if version == self._version or not self._looks:
            self._version, self._looks = version, store.looks()

    def changed(self, store: RunStore) -> frozenset[int] | None:
        """The runs that look different, empty for everything; None where nothing does or it is not time yet."""
        from storage.looks import differing

        if time.monotonic() < self._due:
            return None
        self._due = time.monotonic() + LOOK_EVERY
        version = store.data_version()
        if version == self._version:
            return None
        before, self._version, self._looks = self._looks, version, store.looks()
        return differing(before, self._looks)


class Library(QObject):
    """Owns the storage thread. `read` and `write` return at once; answers arrive in the thread of this object.

    changed: frozenset of the run ids a write touched (empty: re-read everything). failed: an `ExperimentError` that no
    caller asked for. crashed: any other exception, that is, a bug.
    """

    changed = Signal(object)
    failed = Signal(object)
    crashed = Signal(object)
    _answered = Signal(object, object)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._questions: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._store: RunStore | None = None  # of the thread alone
        self._closed = False
        self._others = Others()
        self._told = False  # that the workspace cannot be opened, or not seen what others do
        self._answered.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._serve, name="library", daemon=True)
        self._thread.start()

    def read(
        self,
        question: Callable[[RunStore], T],
        answer: Callable[[T], None],
        failed: Callable[[ExperimentError], None] | None = None,
    ) -> None:
        """Ask the store something; `answer` gets the result later, `failed` (else the signal) a mendable error. Of a
        bug `failed` is told too, so that nobody waits for an answer for ever."""
        self._questions.put(lambda: self._ask(question, answer, failed, None))

    def write(
        self,
        action: Callable[[RunStore], T],
        then: Callable[[T], None] | None = None,
        runs: Iterable[int] = (),
        failed: Callable[[ExperimentError], None] | None = None,
    ) -> None:
        """Change the store; emits `changed` with `runs` (empty: anything may have changed), then calls `then`."""
        touched = frozenset(runs)
        self._questions.put(lambda: self._ask(action, then, failed, touched))

    def announce(self, runs: Iterable[int]) -> None:
        """Tell everybody that these runs changed (written by somebody else, such as a run's own thread)."""
        self.changed.emit(frozenset(runs))

    def close(self, timeout: float = 5.0) -> None:
        """Finish what was asked, drop the answers, end the thread. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._questions.put(None)
        self._thread.join(timeout)

    def _serve(self) -> None:
        while (ask := self._next()) is not None:
            try:
                ask()
                self._look_for_others()
            except Exception as error:  # noqa: BLE001 - the thread's boundary: a bug is shown, the thread lives on
                self._answered.emit(self.crashed.emit, error)
        if self._store is not None:
            self._store.close()

    def _opened(self) -> RunStore:
        """Imported for the first question: it would hold up the first paint."""
        if self._store is None:
            load_pydantic()  # which the window's thread may need at the same time
            from storage.store import RunStore

            self._store = RunStore(self._workspace)
            self._others.note(self._store)
        return self._store

    def _next(self) -> Callable[[], None] | None:
        """The next question, or after a second without one a look at what others did."""
        try:
            return self._questions.get(timeout=LOOK_EVERY)
        except queue.Empty:
            return lambda: None

    def _look_for_others(self) -> None:
        try:
            changed = self._others.changed(self._opened())
        except ExperimentError as error:
            if not self._told:
                self._answered.emit(self.failed.emit, error)
            self._told = True
            return
        self._told = False
        if changed is not None:
            self._answered.emit(self.changed.emit, changed)

    def _ask(
        self,
        question: Callable[[RunStore], Any],
        answer: Callable[[Any], None] | None,
        failed: Callable[[ExperimentError], None] | None,
        touched: frozenset[int] | None,
    ) -> None:
        try:
            store = self._opened()
            result = question(store)
        except ExperimentError as error:
            self._answered.emit(failed or self.failed.emit, error)
            return
        except Exception:
            if failed is not None:
                self._answered.emit(failed, StorageError(*BUG))
            raise
        if touched is not None:
            self._others.note(store)
            self._answered.emit(self.changed.emit, touched)
        if answer is not None:
            self._answered.emit(answer, result)

    def _hand_over(self, answer: Callable[[Any], None], result: object) -> None:
        if not self._closed and not is_gone(answer):
            answer(result)
