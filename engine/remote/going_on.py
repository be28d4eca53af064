"""Where an attempt on a machine of a cluster goes on from: the last place that an earlier one kept there.

Its lines up to that place become the first of the new journal, so whoever follows the run hears it from its beginning,
once.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from engine.errors import ExperimentError
from engine.experiment import Experiment
from engine.remote.attempts import Attempts, taken_over
from engine.remote.journal import lines_after
from engine.remote.needed import RUNS

LINES, TIME = "lines", "time"  # noted at a place: what its journal had by then, and when that was


def taken_up(attempts: Attempts, uid: str, experiment: Experiment, folder: Path) -> Sequence[str]:
    """Lay what an earlier attempt left into this one's folder; returns its lines up to where that goes on. Nothing is
    laid and returned where none can be gone on from. Raises `OSError`."""
    own = folder / RUNS / uid
    for earlier in attempts.resumable(uid):
        with suppress(ExperimentError, LookupError, TypeError, FileNotFoundError):
            taken_over(earlier / RUNS / uid, own)
            count = _noted(own, experiment)
            if len(lines := lines_after(earlier, 0, count)) == count > 0:
                return lines
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True, exist_ok=True)
    return ()


def _noted(run: Path, experiment: Experiment) -> int:
    """The lines that were noted at the place kept in this folder; raises `StorageError` where it is another's."""
    from engine.artifacts.bookmark import Bookmark
    from engine.registry import with_method

    bookmark = Bookmark(run, with_method(experiment)[0])
    bookmark.read()
    return int(bookmark.note[LINES])
