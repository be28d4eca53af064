"""The packages that exporting needs and nothing else does: whether they are here, and how they come. Torch-free."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import invalidate_caches
from importlib.util import find_spec

from engine.data.images import Cancel
from engine.errors import ExperimentError
from engine.machine.children import lines

PACKAGES = {"onnx": "onnx>=1.19,<2", "onnxruntime": "onnxruntime>=1.22,<2", "onnxscript": "onnxscript>=0.5.4,<1"}
LAST_LINES = 3


def missing() -> tuple[str, ...]:
    """Names of those that are not installed; nothing is imported for it."""
    return tuple(name for name in PACKAGES if find_spec(name) is None)


def command() -> list[str]:
    """What installs them into this program's own environment, and nowhere else."""
    return [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *PACKAGES.values()]


def require() -> None:
    """Raise `ExperimentError` where one is missing."""
    if gone := missing():
        raise ExperimentError(
            f"Exporting needs {joined(gone)}, which {'is' if len(gone) == 1 else 'are'} not installed.",
            f"Install them: {sys.executable} -m pip install {' '.join(map(quoted, PACKAGES.values()))}",
        )


def joined(names: Sequence[str]) -> str:
    """ "onnx, onnxruntime and onnxscript"."""
    *before, last = names or ("nothing",)
    return f"{', '.join(before)} and {last}" if before else last


def quoted(word: str) -> str:
    """As a shell takes it for one word."""
    return f'"{word}"'


def why_not_here() -> str:
    """Why they cannot be installed by a click, as two sentences; "" where they can."""
    if sys.prefix == sys.base_prefix:
        return "Warmstart runs in the system's Python, which it leaves alone. Install it in an environment of its own."
    if find_spec("pip") is None:
        return f"This environment has no pip. Add {' '.join(PACKAGES)} by what made the environment."
    return ""


def install(say: Callable[[str], object], cancelled: Cancel) -> None:
    """Run pip in a process of its own. say: what it is at. Raises `ExperimentError`, `Cancelled`."""
    if why := why_not_here():
        raise ExperimentError(*why.split(". ", 1))
    written: list[str] = []
    for line in lines(started(command()), cancelled):
        written.append(line)
        say(line)
    invalidate_caches()
    if missing():
        raise ExperimentError(
            f"pip could not install them: {' '.join(written[-LAST_LINES:])}", "Check the connection and try again."
        )


def started(words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )  # fmt: skip
