"""The command line as a test calls it: in this process, or as the program a person starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    """What one command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    def objects(self) -> list[dict[str, Any]]:
        """The JSON lines on standard output."""
        return [json.loads(line) for line in self.out.splitlines()]


Command = Callable[..., Answer]


@pytest.fixture
def warmstart(capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command line in this process."""
    from main import main

    def run(*arguments: object) -> Answer:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Answer(code, captured.out, captured.err)

    return run


@pytest.fixture
def refuses(warmstart: Command) -> Callable[..., str]:
    """Run a command line that must be refused with exit code 2 in one line; returns that line."""

    def run(*arguments: object) -> str:
        answer = warmstart(*arguments)
        assert answer.code == 2, answer
        assert answer.out == ""
        lines = answer.err.splitlines()
        assert len(lines) == 1, answer.err
        assert lines[0].startswith("warmstart: ")
        assert ". " in lines[0] or "? " in lines[0], f"no advice in: {lines[0]}"
        return lines[0]

    return run


@pytest.fixture
def program() -> Command:
    """Start `python main.py …` as a process of its own; extra environment in `env`, code to run first in `before`, the
    folder with the program in `at`."""

    def run(*arguments: object, env: dict[str, str] | None = None, before: str = "", at: Path = REPOSITORY) -> Answer:
        start = f"import sys; sys.argv[0] = 'main.py'\n{before}\nimport main; sys.exit(main.main(sys.argv[1:]))"
        command = [sys.executable, "-c", start, *map(str, arguments)]
        done = subprocess.run(
            command, cwd=at, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of three class folders, ten images each: a bright bar in the class's own place, with noise."""
    rng = np.random.default_rng(0)
    for number in range(3):
        place = tmp_path / "photos" / f"class{number}"
        place.mkdir(parents=True)
        for index in range(10):
            pixels = rng.integers(0, 60, (28, 28), dtype=np.uint8)
            pixels[:, 9 * number : 9 * number + 9] += 150
            Image.fromarray(pixels).save(place / f"{index}.png")
    return tmp_path / "photos"
