"""Answers that come late: what is asked inside is held back until the block ends; all of it was handed over then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pytestqt.qtbot import QtBot

from ui.background import Background
from ui.library import Library

LATE = 60.0  # seconds at most that an answer is held back


@contextmanager
def stored_late(qtbot: QtBot, library: Library) -> Iterator[None]:
    """The storage thread answers in order: once the last question is answered, so are those before it."""
    free, answered = threading.Event(), list[bool]()
    library.read(lambda store: free.wait(LATE), lambda _: None)
    try:
        yield
    finally:
        free.set()
    library.read(lambda store: True, answered.append)
    qtbot.waitUntil(lambda: bool(answered))


@contextmanager
def worked_late(qtbot: QtBot, background: Background) -> Iterator[None]:
    """All threads of the background are held back, two of each kind."""
    free, ended = threading.Event(), list[object]()
    kinds = ({}, {"at_once": True}, {"long": True})
    for kind in 2 * kinds:
        background.run(lambda cancelled: free.wait(LATE), ended.append, **kind)
    try:
        yield
    finally:
        free.set()
    for kind in kinds:  # behind all that was asked: both threads of a kind meet only when nothing else is left
        both = threading.Barrier(2, timeout=LATE)
        for _ in range(2):
            background.run(lambda cancelled, both=both: both.wait(), ended.append, **kind)
    qtbot.waitUntil(lambda: len(ended) == 12)
