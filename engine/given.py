"""What people and strangers' files hand in: paths, JSON, and how large numbers and lists may be. Torch-free.

Everything that reads a path somebody typed, an experiment file or a study goes through here, so that what is odd is one
sentence everywhere: `~` of nobody, paths longer than any, pipes and devices, endless nesting.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from engine.errors import InvalidExperiment, shown

MOST_SEED = 2**63 - 1  # what the database can hold
MOST_COUNT = 2**31 - 1  # images of a class, classes: what a field of a form takes
MOST_SEEDS = 1_000  # of one plan
MOST_RUNS = 10_000  # of one plan
MOST_TESTS = 40  # further test sets of one run
MOST_TASKS = 8  # that one network learns at once
MOST_MINUTES = 525_600.0  # a year
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet takes for the beginning of one
LARGEST_FILE = 16 * 2**20  # bytes of an experiment or a study
DEEPEST = 40  # levels of lists and objects in it


def person_path(text: str | os.PathLike[str]) -> Path:
    """The path that was typed, `~` being the person's own folder; raises `InvalidExperiment` for `~nobody`."""
    path = os.path.expanduser(text)
    if os.fspath(path).startswith("~"):
        who = Path(path).parts[0].removeprefix("~")
        raise InvalidExperiment(
            f"“{path}” begins with the home of “{who}”, whom there is not.", "Write the whole path."
        )
    return Path(path)


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether something is at this path; False also for one that no system could have."""
    return os.path.exists(os.path.expanduser(path))


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether an ordinary file is there, not a folder, a pipe or a device; False also for what no system could have."""
    return os.path.isfile(os.path.expanduser(path))


def in_cell(text: str) -> str:
    """A text as a cell that a spreadsheet shows and does not compute, with an apostrophe before it where it would: who
    wrote it is not who opens the table. What is a number stays one."""
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def decode(text: str) -> Any:
    """JSON as Python has it; raises `ValueError` for what is none, also for what nests without end."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("it nests without end") from None
    if _depth(found) > DEEPEST:
        raise ValueError(f"it nests more than {DEEPEST} levels deep")
    return found


def _depth(value: object) -> int:
    level, depth = [value], 0
    while level:
        level = [inner for outer in level for inner in _inside(outer)]
        depth += 1
    return depth


def _inside(value: object) -> list[object]:
    inner: list[object] = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [one for one in inner if isinstance(one, dict | list)]


def read_json(path: Path) -> Any:
    """What a JSON file holds; raises `InvalidExperiment` when it cannot be read or is none."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InvalidExperiment(f"“{path}” is not a file.", "Give the file itself.")
        if status.st_size > LARGEST_FILE:
            raise InvalidExperiment(f"“{path}” is too large for an experiment.", "Check that it is the right file.")
        return decode(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidExperiment(f"“{path}” cannot be read: {reason}.", "Check the file's name and place.") from None
    except ValueError as error:
        raise InvalidExperiment(f"“{path}” is not JSON: {shown(error)}.", "Correct the file and try again.") from None
