"""Answers on what the camera sees: one image at a time, a few a second, and no image waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from ui.background import Background
from ui.trying.answers_told import Told
from ui.trying.handing_in import encoding

PAUSE = 0.25  # seconds between an answer and the next question
BUG = "What the camera sees could not be answered."
Cancelled = Callable[[], bool]
Answering = Callable[[Mapping[str, bytes], Cancelled], "LiveAnswer"]  # of a whole image file by its name


@dataclass(frozen=True)
class LiveAnswer:
    """told: of each that answers its title and its classes with their shares. rests: what these rest on. why_not: a
    sentence where there is no answer."""

    told: Told = ()
    rests: str = ""
    why_not: str = ""


class LiveAnswers(QObject):
    """answered(LiveAnswer): to what was asked last."""

    answered = Signal(object)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background, self._key = background, f"camera {id(self)}"
        self._fail = background.saying(lambda words: self._take(LiveAnswer(why_not=words)), BUG)
        self.is_busy, self._next = False, float("-inf")

    def offer(self, image: QImage, answer: Answering) -> None:
        """It is dropped while another one is answered, and a moment after."""
        if not self.is_busy and time.monotonic() >= self._next:
            self.ask(image, answer)

    def ask(self, image: QImage, answer: Answering) -> None:
        """It is answered in any case, in the place of what is being answered."""
        encode, self.is_busy = encoding(image, "camera"), True
        self._background.run(
            lambda cancelled: answer(encode(cancelled), cancelled), self._take, self._fail, self._key, long=True
        )

    def stop(self) -> None:
        """What is being answered is of no interest any more."""
        self._background.cancel(self._key)
        self.is_busy, self._next = False, float("-inf")

    def _take(self, found: LiveAnswer) -> None:
        self.is_busy, self._next = False, time.monotonic() + PAUSE
        self.answered.emit(found)
