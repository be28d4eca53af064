"""What was found of a landscape, kept in the folder of the run that it belongs to. Torch-free."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.landscape.barriers import PARTS, LossLine
from engine.landscape.grids import LossPlane, Trail
from engine.machine.files import replacing

FOLDER, FORMAT = "landscape", 2
FIGURES = ("loss", "accuracy")
Landscape = LossLine | LossPlane
Arrays = dict[str, NDArray[np.generic]]


def file_of(run: Path, key: str) -> Path:
    return run / FOLDER / f"{key}.npz"


def write(found: Landscape, data: str, file: Path) -> None:
    """As far as it is known. data: fingerprint of the images. Raises OSError."""
    words, arrays = _told_line(found) if isinstance(found, LossLine) else _told_plane(found)
    said = json.dumps({"format": FORMAT, "data": data, "images": found.images, "averaged": found.averaged, **words})
    with replacing(file, shared=True) as part, part.open("wb") as body:
        np.savez(body, allow_pickle=False, words=np.array(said), **arrays)


def read(file: Path) -> tuple[Landscape, str] | None:
    """What was written, and the fingerprint of its images; None where nothing was, or it is damaged."""
    try:
        with file.open("rb") as body, np.load(body, allow_pickle=False) as arrays:
            words = json.loads(str(arrays["words"]))
            if words["format"] != FORMAT:
                return None
            heard = {name: arrays[name] for name in arrays.files}
            found = _heard_line(words, heard) if "distance" in words else _heard_plane(words, heard)
            return found, str(words["data"])
    except (OSError, ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def _told_line(found: LossLine) -> tuple[dict[str, Any], Arrays]:
    words = {"titles": found.titles, "distance": found.distance, "sizes": found.sizes}
    arrays: Arrays = {"alphas": found.alphas}
    for part in PARTS:
        arrays |= {f"losses {part}": found.losses[part], f"right {part}": found.right[part].astype(np.float32)}
    return words, arrays


def _heard_line(words: dict[str, Any], arrays: Arrays) -> LossLine:
    losses, right = ({part: _float(arrays[f"{kind} {part}"]) for part in PARTS} for kind in ("losses", "right"))
    first, second = map(str, words["titles"])
    sizes = float(words["sizes"][0]), float(words["sizes"][1])
    return LossLine(
        (first, second), _float(arrays["alphas"]), losses, right, float(words["distance"]), sizes,
        str(words["images"]), int(words["averaged"]),
    )  # fmt: skip


def _told_plane(found: LossPlane) -> tuple[dict[str, Any], Arrays]:
    words = {
        "random": found.random,
        "titles": found.titles,
        "trails": [[trail.run, trail.names] for trail in found.trails],
    }
    arrays: Arrays = {"corners": found.corners, "xs": found.xs, "ys": found.ys}
    for part in PARTS:
        arrays |= {f"loss {part}": found.loss[part], f"accuracy {part}": found.accuracy[part]}
        arrays |= {f"end {figure} {part}": found.ends[figure, part] for figure in FIGURES}
    for number, trail in enumerate(found.trails):
        arrays |= {f"trail {number} {name}": getattr(trail, name) for name in ("places", "off")}
    return words, arrays


def _heard_plane(words: dict[str, Any], arrays: Arrays) -> LossPlane:
    loss, accuracy = ({part: _float(arrays[f"{figure} {part}"]) for part in PARTS} for figure in FIGURES)
    ends = {(figure, part): _float(arrays[f"end {figure} {part}"]) for figure in FIGURES for part in PARTS}
    corners, xs, ys = (_float(arrays[name]) for name in ("corners", "xs", "ys"))
    return LossPlane(
        bool(words["random"]), tuple(map(str, words["titles"])), corners, xs, ys, loss, accuracy, ends,
        str(words["images"]), int(words["averaged"]),
        tuple(_trail(str(run), names, number, arrays) for number, (run, names) in enumerate(words["trails"])),
    )  # fmt: skip


def _trail(run: str, names: list[object], number: int, arrays: Arrays) -> Trail:
    places, off = (_float(arrays[f"trail {number} {name}"]) for name in ("places", "off"))
    return Trail(run, tuple(map(str, names)), places, off)


def _float(values: NDArray[np.generic]) -> NDArray[np.float64]:
    return values.astype(np.float64)
