"""A machine that cannot open a window is told so in one sentence; Qt never aborts the program."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ui.window import qt_check

REPOSITORY = Path(__file__).resolve().parents[3]


def ask(code: str, **environment: str) -> subprocess.CompletedProcess:
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run(
        [sys.executable, "-c", code], env=kept | environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about X11 and Wayland")
def test_no_display_is_a_sentence_and_exit_code_2(tmp_path: Path) -> None:
    code = (
        "import sys; from storage.workspace import Workspace; from ui.window.app import run_window; "
        f"sys.exit(run_window(Workspace({str(tmp_path)!r}).open()))"
    )
    done = ask(code)
    assert done.returncode == 2
    assert done.stderr.startswith("No display was found")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about X11 and Wayland")
def test_a_display_nobody_answers_is_a_sentence() -> None:
    done = ask("from ui.window.qt_check import display_problem as p; print(p())", DISPLAY=":987")
    assert "987" in done.stdout or "libxcb" in done.stdout


def test_missing_libraries_are_told_by_package() -> None:
    words = qt_check._missing({"libnothere.so.9": "libnothere9", "libnorthis.so.1": "libnorthis1"})
    assert words is not None
    assert words.endswith("sudo apt install libnothere9 libnorthis1")


def test_the_check_imports_no_qt() -> None:
    done = ask("import sys, ui.window.qt_check as q; q.display_problem(); print('PySide6' in sys.modules)")
    assert done.stdout.strip() == "False"


def test_offscreen_needs_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.delenv("DISPLAY", raising=False)
    assert qt_check.display_problem() is None
