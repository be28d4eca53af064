"""Weights that a person brought and that are kept beside the workspace: what is written of each. Torch-free."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.backbones.info import StatedCut, stated_cut
from engine.machine.files import write_text
from engine.machine.places import weights_home

OWN = "own:"
WORDS = ("digest", "backbone", "title", "source", "words")
LONGEST = 10  # characters of the digest that a name has
DIGEST = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Kept:
    """digest: as `identity` makes it. title: the file's name. source: where it was. words: how much of it was used and
    what was changed. mean, std: of images as it states them, empty where it states none; cut: interpolation, crop
    and mode likewise."""

    digest: str
    backbone: str
    title: str
    source: str
    words: str
    bytes: int
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    cut: StatedCut = ()

    @property
    def name(self) -> str:
        """As a choice of weights."""
        return f"{OWN}{self.digest[:LONGEST]}"

    @property
    def file(self) -> Path:
        return weights_home() / f"{self.digest[:LONGEST]}.safetensors"

    def holds(self, weights: str) -> bool:
        """Whether what is in the file is what was kept. weights: their digest, which was all of it in 0.9."""
        return self.digest in (weights, identity(weights, self.backbone, self.mean, self.std, self.cut))

    def write(self) -> None:
        """Raises `OSError`."""
        write_text(self.file.with_suffix(".json"), json.dumps(asdict(self), ensure_ascii=False, indent=1))


def identity(weights: str, backbone: str, mean: tuple[float, ...], std: tuple[float, ...], cut: StatedCut = ()) -> str:
    """What tells kept weights from others: their own digest, and all that decides what is computed with them."""
    said = json.dumps([weights, backbone, mean, std, *cut])
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def kept(backbone: str = "") -> tuple[Kept, ...]:
    """All of them, or those of one backbone, by title; one that cannot be read is passed over."""
    try:
        found = _listed(weights_home(), weights_home().stat().st_mtime_ns)
    except OSError:
        return ()
    return tuple(one for one in found if backbone in ("", one.backbone) and one.file.is_file())


@lru_cache(maxsize=4)
def _listed(folder: Path, changed: int) -> tuple[Kept, ...]:
    """Read again when the folder has changed."""
    return tuple(sorted(_in(folder), key=lambda one: (one.title, one.digest)))


def _in(folder: Path) -> Iterator[Kept]:
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
            one = _read(json.loads(path.read_text(encoding="utf-8")))
            if one.file.stem == path.stem:
                yield one


def _read(found: Mapping[str, Any]) -> Kept:
    digest, backbone, title, source, words = (str(found[key]) for key in WORDS)
    mean, std = (tuple(float(one) for one in found.get(key, ())) for key in ("mean", "std"))
    if not DIGEST.fullmatch(digest) or not all(map(math.isfinite, mean + std)) or not all(one > 0 for one in std):
        raise ValueError("not as it was written")
    cut = found.get("cut") or ()
    if cut and not (len(cut) == 3 and stated_cut(*cut)):
        raise ValueError("not as it was written")
    return Kept(digest, backbone, title, source, words, int(found["bytes"]), mean, std, stated_cut(*cut) if cut else ())


def remove(one: Kept) -> None:
    """Raises `OSError`. Runs that started from them are as they were; they cannot be started again."""
    one.file.unlink(missing_ok=True)
    one.file.with_suffix(".json").unlink(missing_ok=True)
