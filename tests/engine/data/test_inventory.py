"""What a set consists of, counted by hand here."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.files.tree import list_files
from engine.data.inventory import by_names, inventory
from engine.data.sources import load, resolve
from engine.errors import DataError
from engine.experiment import DatasetChoice

MADE = (
    ("Cat/a.png", "RGB", (40, 30)), ("Cat/b.jpg", "RGB", (30, 40)), ("Cat/c.png", "L", (40, 30)),
    ("cat/a.png", "RGB", (20, 20)), ("dog/a.png", "I;16", (40, 30)),
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for number, (name, mode, size) in enumerate(MADE):
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if mode == "I;16":
            grey = np.linspace(0, 4000, size[0] * size[1]).astype(np.uint16).reshape(size[::-1])
            Image.fromarray(grey).save(place)
        else:
            Image.new(mode, size, 40 * number if mode == "L" else (40 * number, 9, 9)).save(place)
    (root / "dog" / "broken.png").write_bytes(b"no image")
    return root


def choice(path: Path) -> DatasetChoice:
    return DatasetChoice(name="folder", path=str(path))


def test_sizes_shapes_colours_and_kinds_are_counted(folder: Path) -> None:
    found = inventory(load(choice(folder)), str(folder))
    assert found.sizes == (("40 × 30 px", 3), ("30 × 40 px", 1), ("20 × 20 px", 1))
    assert dict(found.shapes) == {"wide": 3, "tall": 1, "square": 1}
    assert dict(found.colours) == {"colour": 3, "grey": 1, "grey beyond 0 to 255": 1}
    assert dict(found.kinds) == {".png": 4, ".jpg": 1}
    assert (found.smallest, found.largest) == ((20, 20), (40, 30))
    assert found.alike == (("Cat", "cat"),)
    assert found.stored == sum((folder / name).stat().st_size for name, _, _ in MADE)


def test_what_comes_with_the_program_is_counted_too() -> None:
    found = inventory(load(DatasetChoice(name="digits")), None)
    assert (found.colours, found.kinds, found.stored, found.alike) == ((("grey", 1797),), (), 0, ())
    assert found.sizes == (("8 × 8 px", 1797),)


@pytest.mark.parametrize("packed", [False, True])
def test_names_alone_tell_classes_and_show_images_before_any_is_looked_at(folder: Path, packed: bool) -> None:
    path = folder
    if packed:
        path = folder.with_suffix(".zip")
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(folder.rglob("*.*")):
                archive.write(file, file.relative_to(folder).as_posix())
    quick, whole = by_names(choice(path), list_files(path)), load(choice(path))
    assert quick is not None
    assert quick.class_names == whole.class_names == ("Cat", "cat", "dog")
    assert [quick.image_name(place) for place in range(6)] == [*(name for name, _, _ in MADE), "dog/broken.png"]
    assert np.asarray(quick.source.image(3, 20, 3))[0, 0].tolist() == [120, 9, 9]
    with pytest.raises(DataError, match="cannot be shown"):
        quick.source.image(5, 20, 3)


def test_names_tell_nothing_of_what_is_read_otherwise(tmp_path: Path) -> None:
    (tmp_path / "flat.png").write_bytes(b"")
    assert by_names(choice(tmp_path), list_files(tmp_path)) is None
    assert by_names(DatasetChoice(name="omniglot", path=str(tmp_path)), list_files(tmp_path)) is None


def test_lengths_of_texts_stand_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "lengths.csv"
    rows = [(" ".join(["word"] * words) + f" {number}", "ab"[number % 2])
            for number, words in enumerate((9, 9, 9, 2, 2, 150, 30))]  # fmt: skip
    file.write_text("\n".join(["text,label", *(f"{text},{label}" for text, label in rows)]), encoding="utf-8")
    found = inventory(load(resolve(str(file))), str(file))
    assert [span for span, _ in found.sizes] == ["1 to 5 words", "6 to 10 words", "21 to 40 words", "101 to 200 words"]
