"""Without Qt the tests of the window are skipped with one sentence, and the others are still found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
WITHOUT_QT = """
import sys, pytest
sys.modules.update(dict.fromkeys(["PySide6", "shiboken6"]))
quick = ["--ignore=tests/engine", "--ignore=tests/storage", "--collect-only", "-p", "no:cacheprovider"]
sys.exit(pytest.main(["-q", "-rs", *quick, "tests"]))
"""


def test_window_tests_are_skipped_with_a_sentence() -> None:
    command = [sys.executable, "-c", WITHOUT_QT]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "The tests of the window are skipped. The window needs PySide6, which is not installed." in answer.stdout
    assert "tests/ui/" not in answer.stdout
    assert "tests/terminal/test_run.py" in answer.stdout
