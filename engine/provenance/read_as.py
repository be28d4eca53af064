"""How a run's data set was read, in a file of the run's folder: other images have to be read so for its network."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from engine.data.files.folder import FilePixels
from engine.data.files.grey import Levels
from engine.data.files.read_as import PLAIN, ReadAs
from engine.data.images import ImageSet
from engine.data.labelled_set import LabelledSet
from engine.data.lists import ListedSource
from engine.machine.files import write_text

FILE = "read_as.json"


def write(data: LabelledSet, directory: Path) -> None:
    """Nothing where files are read as they are, also instead of what an earlier attempt left there; raises OSError."""
    source = data.source if isinstance(data, ImageSet) else None
    found = source.read_as if isinstance(source, FilePixels | ListedSource) else PLAIN
    if found == PLAIN:
        (directory / FILE).unlink(missing_ok=True)
        return
    write_text(directory / FILE, json.dumps(asdict(found)) + "\n")


def read(directory: Path) -> ReadAs:
    """As `write` wrote it; as files are where it wrote nothing, or what it wrote is damaged."""
    try:
        found = json.loads((directory / FILE).read_text(encoding="utf-8"))
        scales = tuple(Levels(float(one["low"]), float(one["high"]), bool(one["whole"])) for one in found["scales"])
        return ReadAs(scales, bool(found["inverted"]))
    except (OSError, ValueError, TypeError, KeyError):
        return PLAIN
