"""Exports a run in a process of its own, which gives its memory back and can be ended at any moment. Torch-free."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.data.images import Cancel
from engine.errors import ExperimentError
from engine.export.job import ExportJob
from engine.export.packages import EXPORTING
from engine.machine.children import begun, lines
from engine.machine.folders import appearing, target_of

Say = Callable[[str, float | None], object]


@dataclass(frozen=True, slots=True)
class ExportResult:
    """folder: what was exported. images, which: what it was checked on. same: images with the same answer. difference:
    the largest, as a share of the range of the program's numbers. judged: images of which both say alike whether they
    are none of the classes, None where that is not said."""

    folder: Path
    images: int
    which: str
    difference: float
    same: int
    judged: int | None = None


def run_export(job: ExportJob, to: str | Path, say: Say, cancelled: Cancel) -> ExportResult:
    """say: what it is at and how far that is, 0..1 or None. Raises `ExperimentError`, `Cancelled`; then nothing is left
    of it. `RuntimeError` with the traceback of a bug."""
    EXPORTING.require()
    target = target_of(to)
    with appearing(target) as part:
        child = begun("engine.export.child")
        assert child.stdin is not None
        child.stdin.write(json.dumps(job.told(part)).encode() + b"\n")
        child.stdin.flush()
        found: ExportResult | None = None
        for line in lines(child, cancelled):
            said = json.loads(line)
            if "agreement" in said:
                found = ExportResult(target, **said["agreement"])
            elif "error" in said:
                raise ExperimentError(*said["error"])
            elif "bug" in said:
                raise RuntimeError(said["bug"])
            else:
                say(said["doing"], said["part"])
        if found is None:
            raise ExperimentError("The process that exports ended in the middle of it.", "Close other programs.")
    return found


def words(found: ExportResult) -> str:
    """ "Checked on 64 test images of Digits: 64 of 64 answers are the same, …"."""
    judged = "" if found.judged is None else f", {found.judged} are judged alike to be none of the classes or not"
    return (
        f"Checked on {found.which}: {found.same} of {found.images} answers are the same{judged}, and numbers differ by "
        f"at most {found.difference:.1e} of their range."
    )
