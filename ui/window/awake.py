"""The computer stays awake while something trains; its screen may go dark. By wakepy, where the system offers a way."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

PATIENCE = 2.0  # seconds that letting go may take


class Awake:
    """Between `hold()` and `release()`, or inside a `with`, the system does not sleep by itself. Both return at once.

    held: whether the system agreed; None until it has answered.
    """

    def __init__(self) -> None:
        self.held: bool | None = None
        self._let_go = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self) -> None:
        """The system is asked from a thread, because its answer may take a while. Does nothing while it is held."""
        if self._thread is None:
            self._let_go.clear()
            self._thread = threading.Thread(target=self._hold, name="keep awake", daemon=True)
            self._thread.start()

    def release(self) -> None:
        self._let_go.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(PATIENCE)

    def _hold(self) -> None:
        from wakepy import keep

        with keep.running(on_fail="pass") as mode:
            self.held = mode.active
            self._let_go.wait()
        self.held = None

    def __enter__(self) -> Self:
        self.hold()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
