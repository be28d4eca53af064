"""What a network made of a few images or texts, look by look, as a file of the run. Torch-free.

Written anew at every look, whole or not at all, so that it may be read at any time; looks beyond the most that are kept
are thinned out evenly, the first and the newest always staying.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.machine.files import replacing

KIND, FILE = "pictures", "pictures.npz"
MOST = 40  # looks that are kept
RIGHT, WRONG, NEITHER = 1, 0, -1


@dataclass(frozen=True, eq=False)
class LookPicture:
    """One look. images: uint8 [rows, columns, side, side, channels], or texts, str [rows, columns]. marks: int8 [rows,
    columns], whether what one shows is right, or says nothing of the kind. said: what all of it comes to; may be
    empty."""

    step: int
    images: np.ndarray
    marks: np.ndarray
    said: str = ""

    @property
    def of_texts(self) -> bool:
        return self.images.dtype.kind == "U"


@dataclass(eq=False)
class Album:
    """heads: what the columns are. looks: oldest first."""

    heads: tuple[str, ...] = ()
    looks: list[LookPicture] = field(default_factory=list)

    def add(self, look: LookPicture) -> None:
        self.looks.append(look)
        if len(self.looks) > MOST:
            self.looks = [*self.looks[:-1:2], self.looks[-1]]

    def cut(self, step: int) -> None:
        """Forget what is of later steps: the run went back to this one."""
        self.looks = [look for look in self.looks if look.step <= step]

    def save(self, path: Path) -> None:
        """Each image or text once; raises `OSError`."""
        images = np.stack([look.images for look in self.looks])
        shape = images.shape[3:]
        flat, axis = (images.reshape(-1, int(np.prod(shape))), 0) if shape else (images.reshape(-1), None)
        kept, places = np.unique(flat, axis=axis, return_inverse=True)
        with replacing(path) as part, part.open("wb") as file:
            np.savez_compressed(
                file, heads=np.array(self.heads), steps=np.array([look.step for look in self.looks]),
                images=kept.reshape(-1, *shape), places=places.reshape(images.shape[:3]).astype(np.int32),
                marks=np.stack([look.marks for look in self.looks]), said=np.array([look.said for look in self.looks]),
            )  # fmt: skip

    @staticmethod
    def load(path: Path) -> Album | None:
        """None where there is none, or none that can be read."""
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                kept = {name: file[name] for name in ("heads", "steps", "images", "places", "marks", "said")}
            images = kept["images"][kept["places"]]
            parts = zip(kept["steps"].tolist(), images, kept["marks"], kept["said"].tolist(), strict=True)
            return Album(tuple(kept["heads"].tolist()), [LookPicture(*part) for part in parts])
        except (OSError, ValueError, KeyError, IndexError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
            return None
