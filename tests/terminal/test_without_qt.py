"""A machine without PySide6: everything on the terminal works, and what needs Qt says so in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Command = Callable[..., Any]
NO_QT = "sys.modules.update(dict.fromkeys(['PySide6', 'shiboken6', 'pyqtgraph']))"


def test_the_window_says_what_is_missing(program: Command) -> None:
    answer = program(before=NO_QT)
    assert answer.code == 2
    assert "PySide6" in answer.err
    assert "Traceback" not in answer.err


def test_without_a_display_the_window_says_so(program: Command) -> None:
    answer = program(env={"QT_QPA_PLATFORM": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""})
    assert answer.code == 2
    assert "No display was found" in answer.err
    assert len(answer.err.splitlines()) == 1
