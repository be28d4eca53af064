"""Packages that one thing needs and nothing else does: whether they are here, and how they come. Torch-free."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import invalidate_caches
from importlib.util import find_spec

from engine.errors import ExperimentError
from engine.machine.children import lines

LAST_LINES = 3


@dataclass(frozen=True)
class Extra:
    """what: needs them, such as "Exporting". packages: module -> what pip is asked for."""

    what: str
    packages: Mapping[str, str]

    def missing(self) -> tuple[str, ...]:
        """Modules that are not installed; nothing of them is imported for it."""
        return tuple(name for name in self.packages if find_spec(name) is None)

    def command(self) -> list[str]:
        """What installs them into this program's own environment, and nowhere else."""
        pip = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
        return [sys.executable, *pip, *self.packages.values()]

    def require(self) -> None:
        """Raise `ExperimentError` where one is missing."""
        if self.missing():
            raise ExperimentError(*self.lacking())

    def lacking(self) -> tuple[str, str]:
        """(what is not installed, how it is), in words."""
        gone = self.missing()
        return (
            f"{self.what} needs {joined(gone)}, which {'is' if len(gone) == 1 else 'are'} not installed.",
            f"Install {'it' if len(gone) == 1 else 'them'}: {sys.executable} -m pip install "
            f"{' '.join(map(quoted, self.packages.values()))}",
        )

    def why_not_here(self) -> str:
        """Why they cannot be installed by a click, as two sentences; "" where they can."""
        if sys.prefix == sys.base_prefix:
            return (
                "Warmstart runs in the system's Python, which it leaves alone. Install it in an environment of its own."
            )
        if find_spec("pip") is None:
            wanted = " ".join(self.packages.values())
            return f"This environment has no pip. Add {wanted} by what made the environment."
        return ""

    def install(self, say: Callable[[str], object], cancelled: Callable[[], bool]) -> None:
        """Run pip in a process of its own. say: what it is at. Raises `ExperimentError`, `Cancelled`."""
        if why := self.why_not_here():
            raise ExperimentError(*why.split(". ", 1))
        written: list[str] = []
        for line in lines(started(self.command()), cancelled):
            written.append(line)
            say(line)
        invalidate_caches()
        if self.missing():
            raise ExperimentError(
                f"pip could not install them: {' '.join(written[-LAST_LINES:])}", "Check the connection and try again."
            )


def joined(names: Sequence[str]) -> str:
    """ "onnx, onnxruntime and onnxscript"."""
    *before, last = names or ("nothing",)
    return f"{', '.join(before)} and {last}" if before else last


def quoted(word: str) -> str:
    """As a shell takes it for one word."""
    return f'"{word}"'


def started(words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )  # fmt: skip
