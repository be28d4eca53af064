"""Words and figures on the terminal: tables for people, JSON lines for programs, errors as one sentence and advice."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.comparison.intervals import Interval
from engine.errors import ExperimentError
from engine.events import Evaluated, RunFailed

# What would steer the terminal, not be read: control characters as their pictures, 8-bit ones and turned text as �.
_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
_TURNING = (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_VISIBLE = _PICTURES | dict.fromkeys(_TURNING, 0xFFFD)
_ESCAPED = {code: f"\\u{code:04x}" for code in (0x7F, *_TURNING)}

PLAIN_WIDTH = 140  # columns when the output goes to a file or another program


def visible(text: object) -> str:
    """The text with everything in it that a terminal would obey instead of showing."""
    return str(text).translate(_VISIBLE)


def say(text: str = "", error: bool = False) -> None:
    """A line for people on standard output, or on standard error."""
    print(visible(text), file=sys.stderr if error else sys.stdout, flush=True)


class Terminal(Console):
    def say(self, text: str) -> None:
        """A line that goes above a progress bar."""
        self.print(visible(text), markup=False, soft_wrap=True)

    def on_broken_pipe(self) -> None:
        """The reader has left (| head): `run_command` ends quietly, instead of rich with exit code 1."""
        raise BrokenPipeError


class Showing:
    """Shows work while it goes on; used in a `with` statement."""

    def __init__(self) -> None:
        self.console = console()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """The work is over."""

    def say(self, text: str) -> None:
        self.console.say(text)


def console() -> Terminal:
    """A console on standard output that does not cut tables when nobody's window limits it."""
    return Terminal(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False)


def complain(error: ExperimentError) -> None:
    """What is wrong and what to do, on standard error."""
    say(f"warmstart: {error}", error=True)


def complain_failure(title: str, failure: RunFailed) -> None:
    """Why a run failed, on standard error; the traceback of a bug is kept with the run."""
    say(f"{title} failed: {failure.message} {failure.advice}".rstrip(), error=True)


def print_json(data: Mapping[str, Any]) -> None:
    """One JSON object on one line, at once; numbers that are none become null."""
    print(json.dumps(plain(data), ensure_ascii=False).translate(_ESCAPED), flush=True)


def print_file(data: Mapping[str, Any]) -> None:
    """A JSON file for people to keep and to edit."""
    print(json.dumps(data, indent=2, ensure_ascii=False).translate(_ESCAPED))


def plain(value: Any) -> Any:
    """The same data without NumPy, tuples, NaN and enumerations, as JSON knows it."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray | list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int | bool | None) else str(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """A table for people. Columns whose name starts with ">" are right-aligned figures."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(Text(visible(name.lstrip(">"))), justify="right" if name.startswith(">") else "left")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    console().print(table)


def result_object(result: Evaluated) -> dict[str, object]:
    """A final figure for programs. metric: its name with where it was measured."""
    said = {name: getattr(result, name) for name in ("value", "n", "unit", "at", "protocol")}
    return {"metric": result.name, **said} | ends(result)


def ends(result: Evaluated) -> dict[str, float]:
    """low and high of its interval, no numbers where there is none."""
    found = Interval(result.value, result.low, result.high, result.n).told()
    return {"low": found.low, "high": found.high}
