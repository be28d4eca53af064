"""The process that exports one run for another one, its parent.

    parent -> child: one line of JSON, the job; then nothing until its end
    child -> parent: lines of JSON: {"doing": …, "part": …}, and at last {"agreement": …}, {"error": […]} or {"bug": …}

It ends when its parent does, and takes the folder that it fills with it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import ExperimentError, mendable
from engine.export.job import heard


def main() -> None:
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what an exporter prints is not for the parent
    job, into = heard(json.loads(sys.stdin.buffer.readline()))
    threading.Thread(target=end_with_parent, args=(sys.stdin.buffer, into), name="parent", daemon=True).start()

    def tell(said: Mapping[str, Any]) -> None:
        out.write(json.dumps(said).encode() + b"\n")
        out.flush()

    tell({"doing": "Reading the run", "part": None})  # before torch is loaded, which takes seconds
    try:
        from engine.export.work import export

        found = export(job, into, lambda doing, part: tell({"doing": doing, "part": part}))
        tell({"agreement": asdict(found)})
    except Exception as error:  # noqa: BLE001 - the boundary of the process
        tell(said_of(mendable(error)))
    os._exit(0)


def said_of(error: Exception) -> dict[str, Any]:
    if isinstance(error, ExperimentError):
        return {"error": [error.message, error.advice]}
    if isinstance(error, OSError):
        reason = (error.strerror or str(error)).lower()
        return {"error": [f"The export cannot be written ({reason}).", "Free some disk space or choose another place."]}
    return {"bug": "".join(traceback.format_exception(error))}


def end_with_parent(commands: BinaryIO, into: Path) -> None:
    """It says no more only when it has ended."""
    while commands.read(1):
        pass
    shutil.rmtree(into, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main()
