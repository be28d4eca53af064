"""What is to be fetched, one thing at a time, kept across restarts. Nothing begins that nobody asked for."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine.downloads.entries import OVER, Download, as_json, from_json
from engine.downloads.wanted import Wanted
from engine.errors import Cancelled, ExperimentError, mendable
from engine.machine.files import write_text
from engine.machine.locks import locked

TELL_EVERY = 0.1  # seconds between two words of how far it is
RATE_OVER = 3.0  # seconds that the rate is measured over


class DownloadQueue:
    """Its thread is there while there is something to do; every disk is touched there alone. No method waits.

    file: where the list is kept. changed: called in any thread. crashed: gets a fault that is none of a host or disk.
    """

    def __init__(
        self, file: Path, changed: Callable[[], object], crashed: Callable[[Exception], object] = lambda _: None
    ) -> None:
        self._file, self._changed, self._crashed = file, changed, crashed
        self._entries: dict[str, Download] = {}
        self._mine: set[str] = set()  # keys that this process decides about
        self._forget: list[Wanted] = []
        self._at_work = ""
        self._stop = threading.Event()
        self._unsaved = self._closed = False
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def entries(self) -> tuple[Download, ...]:
        """In the order they were asked for."""
        with self._guard:
            return tuple(self._entries.values())

    def load(self) -> None:
        """Read what an earlier start left; it waits for a person."""
        self._change(lambda: None)

    def ask(self, wanted: Wanted) -> None:
        """Fetch it when its turn comes; what is in line or at work already stays so."""
        self._change(lambda: self._put_in_line(wanted))

    def cancel(self, key: str) -> None:
        """What has come of it is kept."""
        self._change(lambda: self._end(key))

    def remove(self, key: str) -> None:
        """Off the list, with what has come of it so far unless it is whole."""
        self._change(lambda: self._drop(key))

    def cancel_all(self) -> None:
        self._change(self._end_all)

    def is_busy(self) -> bool:
        return any(entry.state not in OVER for entry in self.entries())

    def close(self) -> None:
        """End at once, waiting for nothing; the list is kept as it is."""
        with self._guard:
            self._closed = True
            self._stop.set()

    def join(self) -> None:
        """Block until its thread has ended."""
        if (thread := self._thread) is not None:
            thread.join()

    # Under the guard

    def _change(self, change: Callable[[], object]) -> None:
        with self._guard:
            if self._closed:
                return
            change()
            self._unsaved = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="downloads", daemon=True)
                self._thread.start()
        self._changed()

    def _put_in_line(self, wanted: Wanted) -> None:
        old = self._entries.pop(wanted.key, None) if self._is_over(wanted.key) else self._entries.get(wanted.key)
        if old is None or old.state in OVER:
            done = old.done if old is not None and old.state != "done" else 0
            self._entries[wanted.key] = Download(wanted, done=done, total=wanted.bytes)
            self._mine.add(wanted.key)

    def _is_over(self, key: str) -> bool:
        return key in self._entries and self._entries[key].state in OVER

    def _end(self, key: str) -> None:
        if key in self._entries and not self._is_over(key):
            self._entries[key] = replace(self._entries[key], state="stopped", rate=0.0)
            self._stop_if_at_work(key)

    def _end_all(self) -> None:
        for key in self._entries:
            self._end(key)

    def _stop_if_at_work(self, key: str) -> None:
        if key == self._at_work:
            self._stop.set()

    def _drop(self, key: str) -> None:
        if (entry := self._entries.pop(key, None)) is not None:
            self._mine.add(key)
            self._stop_if_at_work(key)
            if entry.state != "done":
                self._forget.append(entry.wanted)

    # In its thread

    def _work(self) -> None:
        while True:
            with self._guard:
                unsaved, self._unsaved = self._unsaved, False
                dropped, self._forget = self._forget, []
                following = None if self._closed else self._next()
                if not unsaved and not dropped and following is None:
                    self._thread = None
                    return
            if dropped:
                self._forget_parts(dropped)
            if unsaved:
                self._save()
            if following is not None:
                self._bring(following)

    def _forget_parts(self, dropped: list[Wanted]) -> None:
        from engine.downloads.bring import forget

        for wanted in dropped:
            with suppress(OSError):
                forget(wanted)

    def _next(self) -> Wanted | None:
        waiting = next((entry for entry in self._entries.values() if entry.state == "waiting"), None)
        if waiting is None:
            return None
        self._at_work = waiting.key
        self._stop.clear()
        self._entries[waiting.key] = replace(waiting, state="at work")
        return waiting.wanted

    def _bring(self, wanted: Wanted) -> None:
        from engine.downloads.bring import bring  # with all that speaks to a network

        self._changed()
        end = {"state": "stopped"}
        try:
            bring(wanted, self._progress(wanted.key), self._stop.is_set)
            end = {"state": "done"}
        except Cancelled:
            pass
        except Exception as error:  # noqa: BLE001 - the thread's boundary
            end = self._told(mendable(error))
        with self._guard:
            self._at_work = ""
            entry = self._entries.get(wanted.key)
            if entry is not None and entry.state == "at work":  # else it was cancelled, or asked for anew, meanwhile
                self._entries[wanted.key] = replace(entry, rate=0.0, **end)  # type: ignore[arg-type]
            self._unsaved = True
        self._changed()

    def _told(self, error: Exception) -> dict[str, str]:
        if isinstance(error, ExperimentError):
            return {"state": "failed", "why": str(error)}
        self._crashed(error)
        return {"state": "failed", "why": "The program made a mistake. Copy its details, and report them."}

    def _progress(self, key: str) -> Callable[[int, int, str], None]:
        seen: deque[tuple[float, int]] = deque()

        def told(done: int, total: int, host: str) -> None:
            now = time.monotonic()
            if seen and now - seen[-1][0] < TELL_EVERY and done != total:
                return
            seen.append((now, done))
            while len(seen) > 2 and now - seen[0][0] > RATE_OVER:
                seen.popleft()
            rate = (done - seen[0][1]) / (now - seen[0][0]) if now > seen[0][0] else 0.0
            self._tell(key, done=done, total=total, host=host, rate=max(0.0, rate))

        return told

    def _tell(self, key: str, done: int, total: int, host: str, rate: float) -> None:
        with self._guard:
            entry = self._entries.get(key)
            if entry is None or entry.state != "at work":
                return
            self._entries[key] = replace(entry, done=done, total=total, host=host, rate=rate)
        self._changed()

    def _save(self) -> None:
        """Together with what other programs keep in the same list."""
        with suppress(OSError):  # a list that cannot be kept hinders no download
            if not (self._mine or self._file.exists()):
                return
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with locked(self._file.with_name(f"{self._file.name}.lock")):
                before = _read(self._file)
                after = as_json(self._merged({entry.key: entry for entry in from_json(before)}))
                if after != before:
                    write_text(self._file, after)
        self._changed()

    def _merged(self, kept: dict[str, Download]) -> list[Download]:
        """All there are: this process's own as it has them, others as they are kept."""
        with self._guard:
            for key in [key for key in self._entries if key not in self._mine and key not in kept]:
                del self._entries[key]
            for key, entry in kept.items():
                if key not in self._mine:
                    self._entries[key] = entry
            return list(self._entries.values())


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""
