"""Image files made for the tests, and the real data sets where they lie beside the checkout."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.images import ArrayPixels, ImageSet

REAL_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
Maker = Callable[..., Path]


def picture(number: int = 0, size: tuple[int, int] = (20, 16), mode: str = "RGB") -> Image.Image:
    """A noisy image, different for each number, of (width, height)."""
    noise = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(noise).convert(mode)


@pytest.fixture
def class_folders(tmp_path: Path) -> Maker:
    """Makes a folder with `images` PNG files in each class: class_folders(cat=4, dog=5)."""

    def make(root: str | Path = "photos", **images: int) -> Path:
        folder = tmp_path / root
        for place, (name, count) in enumerate(images.items()):
            (folder / name).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                picture(100 * place + number).save(folder / name / f"{name}{number}.png")
        return folder

    return make


@pytest.fixture
def zipped(tmp_path: Path) -> Maker:
    """Packs a folder; `inside` is the folder's name in the zip, and `extra` are further members."""

    def make(folder: Path, inside: str = "", extra: dict[str, bytes] | None = None) -> Path:
        path = tmp_path / "packed.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for file in sorted(folder.rglob("*")):
                packed.write(file, f"{inside}/{file.relative_to(folder)}".lstrip("/"))
            for name, body in (extra or {}).items():
                packed.writestr(name, body)
        return path

    return make


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Unpacks (part of) one of the real zips outside the checkout, once per session; skips where they are absent."""
    done: dict[tuple[str, str], Path] = {}

    def make(name: str, part: str = "") -> Path:
        source = real_zip(name)
        if (name, part) not in done:
            done[name, part] = tmp_path_factory.mktemp(name)
            with zipfile.ZipFile(source) as packed:
                packed.extractall(done[name, part], [path for path in packed.namelist() if re.search(part, path)])
        return done[name, part]

    return make


def real_zip(name: str) -> Path:
    path = REAL_DATA / f"{name}.zip"
    if not path.is_file():
        pytest.skip(f"{name}.zip is not on this machine")
    return path


def images(
    counts: list[int],
    given: list[int] | None = None,
    alphabets: tuple[str, ...] | None = None,
    held_out: frozenset[str] = frozenset(),
    usual: tuple[int, int] | None = None,
) -> ImageSet:
    """A set with counts[c] images of class c in a mixed order."""
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int64)
    if given is not None:
        labels = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
    return ImageSet(
        name="folder",
        title="Samples",
        licence="none",
        labels=labels,
        class_names=tuple(f"class {place}" for place in range(len(counts))),
        source=ArrayPixels(np.zeros((len(labels), 4, 4), np.uint8), str),
        fingerprint="0",
        given_split=None if given is None else np.array(given, dtype=np.int8),
        alphabets=alphabets,
        usual_parts=usual,
        held_out=held_out,
        characters=alphabets is not None,
    )


def tally(data: ImageSet, indices: np.ndarray) -> list[int]:
    return np.bincount(data.labels[indices], minlength=len(data.class_names)).tolist()
