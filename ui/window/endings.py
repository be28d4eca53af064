"""Word to the desktop when a long run has ended and nobody was looking: a notice, and a sign at the taskbar entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QApplication, QMainWindow

from engine.events import LIVE_STATES, RunState
from ui.parts import Parts
from ui.window.desktop_news import DesktopNews

if TYPE_CHECKING:
    from storage.store import RunRow

LONG = 60.0  # seconds of training, or of a queue, whose end is worth a word
TITLE = "Warmstart"


class Endings(QObject):
    """Gathers the runs that end while others still wait or work, and tells the last word once, when the queue is empty.

    looks_away: whether the person is elsewhere; tell(title, words): how it is said. Both are the desktop's by default.
    """

    def __init__(
        self, window: QMainWindow, parts: Parts, wanted: Callable[[], bool],
        tell: Callable[[str, str], None] | None = None, looks_away: Callable[[], bool] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._window, self._parts, self._wanted = window, parts, wanted
        self._tell, self._looks_away = tell or self._notify, looks_away or self._is_elsewhere
        self._ended: dict[int, RunState] = {}
        self._seconds = 0.0
        self._last = 0
        self._news = DesktopNews(self, parts.background, self._come_back)
        window.installEventFilter(self)
        parts.live.state.connect(self._follow)

    def _follow(self, run_id: int, state: RunState) -> None:
        if state in LIVE_STATES:
            return
        run = self._parts.live.buffer(run_id)
        self._seconds += run.elapsed() if run is not None else 0.0
        self._ended[run_id] = state
        if not self._parts.live.active():
            self._say()

    def _say(self) -> None:
        """The queue is empty: say how it ended, if it took long and nobody watches."""
        ended, seconds = self._ended, self._seconds
        self._ended, self._seconds = {}, 0.0
        if seconds < LONG or not self._looks_away() or not self._wanted():
            return
        last = next(reversed(ended))

        def tell(row: RunRow) -> None:
            if self._looks_away():  # else they came back while it was asked
                self._last = last
                self._tell(TITLE, words(row, ended, seconds))

        self._parts.library.read(lambda store: store.run(last), tell, lambda error: None)

    def _is_elsewhere(self) -> bool:
        handle: QWindow | None = self._window.windowHandle()
        return not self._window.isActiveWindow() or handle is None or not handle.isExposed()

    def _notify(self, title: str, said: str) -> None:
        """The taskbar entry asks for attention; a notice appears where the desktop has a place for them."""
        QApplication.alert(self._window)
        self._news.tell(title, said)

    def _come_back(self) -> None:
        """Bring the window to the front with the run that ended last."""
        if self._window.isMinimized():
            self._window.showNormal()
        self._window.raise_()
        self._window.activateWindow()
        self._parts.navigator.open("runs", self._last)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Who is back has no need of the sign any more."""
        if event.type() == QEvent.Type.WindowActivate:
            self._news.withdraw()
        return False

    def close(self) -> None:
        self._news.withdraw()


def words(last: RunRow, ended: dict[int, RunState], seconds: float) -> str:
    """ "Run 12 · LP-FT, seed 2: finished after 12 min 3 s", or how many of several ended in which way."""
    from engine.comparison.wording import duration
    from ui.runs.run_now import LOOKS

    if len(ended) == 1:
        return f"Run {last.id} · {last.name}: {LOOKS[ended[last.id]][0].lower()} after {duration(seconds)}."
    counts = {state: sum(other is state for other in ended.values()) for state in ended.values()}
    said = ", ".join(f"{count} {LOOKS[state][0].lower()}" for state, count in counts.items())
    return f"{len(ended)} runs ended after {duration(seconds)}: {said}."
