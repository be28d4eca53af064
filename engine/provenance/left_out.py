"""The files that a run's data set left out, all by name, in a file of the run's folder. Torch-free."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.data.labelled_set import Skipped

FILE = "left_out.json"


def write(skipped: Sequence[Skipped], directory: Path) -> None:
    """Nothing where nothing was left out, also instead of what an earlier attempt left there; raises OSError."""
    if not skipped:
        (directory / FILE).unlink(missing_ok=True)
        return
    body = [{"path": one.path, "reason": one.reason} for one in skipped]
    (directory / FILE).write_text(json.dumps(body, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def read(directory: Path) -> list[tuple[str, str]]:
    """(path, reason) of each, as `write` wrote them; none where there is no such file, or one that is damaged."""
    try:
        found = json.loads((directory / FILE).read_text(encoding="utf-8"))
        return [(str(one["path"]), str(one["reason"])) for one in found]
    except (OSError, ValueError, TypeError, KeyError):
        return []
