"""How long a study will take, timed in the background while it is looked at and nothing of it has been run."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from engine.comparison.wording import duration
from ui.parts import Parts
from ui.studies.reading import StudyNow

AGAIN = 2000  # ms until it is looked again whether the machine is free
KEY = "study cost"


class ExpectedTime(QObject):
    """told(study id, words): what it came to, or why it cannot be told. Each study is timed once while the program is
    open."""

    told = Signal(int, str)

    def __init__(self, parts: Parts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._now: StudyNow | None = None
        self._known: dict[str, str] = {}
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self._measure)
        parts.live.engine_ready.connect(lambda: self._soon.start(0))

    def ask(self, now: StudyNow | None) -> None:
        """Of the study that is looked at; None where nothing is to be told."""
        changed = now is None or self._now is None or self._now.row.spec != now.row.spec
        self._now = now
        if now is not None and now.row.spec in self._known:
            self.told.emit(now.row.id, self._known[now.row.spec])
        elif changed:
            self._parts.background.cancel(KEY)
            self._soon.start(0)

    def _measure(self) -> None:
        now = self._now
        if now is None:
            return
        if not self._parts.live.is_engine_ready or self._parts.queue.here():
            self._soon.start(AGAIN)
            return
        study = now.study

        def measure(cancelled: Callable[[], bool]) -> float:
            from engine.studies.expected import study_seconds

            return study_seconds(study, cancelled)

        self._parts.background.run(
            measure,
            lambda seconds: self._tell(now, f"about {duration(seconds)} on this machine"),
            self._parts.background.saying(
                lambda why: self._tell(now, f"how long it takes cannot be told: {why.rstrip('.')}"),
                "how long it takes could not be measured",
            ),
            key=KEY, long=True,
        )  # fmt: skip

    def _tell(self, now: StudyNow, words: str) -> None:
        self._known[now.row.spec] = words
        self.told.emit(now.row.id, words)


def is_expected(now: StudyNow, word: str) -> bool:
    """Whether there is anything to tell: before the first run of a study that is not at work."""
    return now.seconds_per_run is None and not word and not now.progress.in_line
