"""Folders and zips of class folders: what is recognised, and what the pixels are."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.files.arranged import Wish, arranged
from engine.data.files.tree import list_files
from engine.data.images import ImageSet
from engine.data.sources import load, resolve
from engine.experiment import DatasetChoice
from tests.engine.data.conftest import Maker, picture


def names(data: ImageSet) -> list[str]:
    return [data.image_name(index) for index in range(len(data))]


def test_class_folders(class_folders: Maker) -> None:
    data = load(resolve(class_folders(dog=2, cat=11)))
    assert (data.name, data.title, data.class_names) == ("folder", "photos", ("cat", "dog"))
    assert data.labels.dtype == np.int64
    assert data.counts.tolist() == [11, 2]
    assert names(data)[:3] == ["cat/cat0.png", "cat/cat1.png", "cat/cat2.png"]
    assert names(data)[9:11] == ["cat/cat9.png", "cat/cat10.png"]
    assert (data.typical_size, data.channels, data.skipped) == ((16, 20), 3, ())
    assert data.layout == "2 class folders"


def test_housekeeping_and_texts_are_not_data(class_folders: Maker) -> None:
    folder = class_folders(cat=2, dog=2)
    for path in (
        ".git/a.png",
        "__MACOSX/cat/._cat0.png",
        "cat/.hidden.png",
        "cat/Thumbs.db",
        "cat/.DS_Store",
        "SOURCE.txt",
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")
    (folder / "labels").mkdir()
    (folder / "labels" / "boxes.xml").write_text("<xml/>")
    data = load(resolve(folder))
    assert data.class_names == ("cat", "dog")
    assert (len(data), data.skipped) == (4, ())


@pytest.mark.parametrize("inside", ["", "photos", "a/b"])
def test_zip_with_and_without_wrapping_folders(class_folders: Maker, zipped: Maker, inside: str) -> None:
    folder = class_folders(cat=3, dog=4)
    extra = {"__MACOSX/photos/cat/._cat0.png": b"x", "README.txt": b"x"}
    packed = load(resolve(zipped(folder, inside, extra)))
    plain = load(resolve(folder))
    assert packed.class_names == ("cat", "dog")
    assert packed.layout == "2 class folders in a zip"
    assert names(packed) == names(plain)
    assert packed.fingerprint == plain.fingerprint
    assert np.array_equal(packed.pixels(range(7), 12, 3), plain.pixels(range(7), 12, 3))


def test_wrapping_folder_on_disk(class_folders: Maker, tmp_path: Path) -> None:
    class_folders("download/photos", cat=2, dog=2)
    (tmp_path / "download" / "SOURCE.txt").write_text("from a friend")
    assert load(resolve(tmp_path / "download")).class_names == ("cat", "dog")


def test_windows_zip_with_backslashes(class_folders: Maker, zipped: Maker) -> None:
    body = (class_folders(cat=1) / "cat" / "cat0.png").read_bytes()
    path = zipped(Path("nothing"), extra={"dog\\a.png": body, "cat\\b.png": body})
    assert load(resolve(path)).class_names == ("cat", "dog")


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [("train", "val", "test"), ("Training", "validation", "testing"), ("train", "valid", "TEST")],
)
def test_split_folders(class_folders: Maker, train: str, validation: str, test: str) -> None:
    root = class_folders(f"photos/{train}", cat=4, dog=3).parent
    class_folders(f"photos/{validation}", cat=2, dog=1)
    class_folders(f"photos/{test}", cat=1, dog=2)
    data = load(resolve(root))
    assert data.class_names == ("cat", "dog")
    assert data.given_split is not None
    assert data.given_split.tolist() == [0] * 4 + [1] * 2 + [2] + [0] * 3 + [1] + [2] * 2
    assert data.labels.tolist() == [0] * 7 + [1] * 6
    assert data.layout == "2 class folders in folders for training, validation, test"


def test_stray_images_beside_class_folders_are_named(class_folders: Maker) -> None:
    folder = class_folders(cat=2, dog=2)
    picture().save(folder / "cover.png")
    assert [(one.path, one.reason) for one in load(resolve(folder)).skipped] == [("cover.png", "not in a class folder")]


def test_deeper_folders_belong_to_their_class(class_folders: Maker) -> None:
    folder = class_folders(cat=2, dog=2)
    (folder / "cat" / "old").mkdir()
    picture(9).save(folder / "cat" / "old" / "more.png")
    assert load(resolve(folder)).counts.tolist() == [3, 2]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_linked_class_folders_are_followed_but_not_for_ever(class_folders: Maker, tmp_path: Path) -> None:
    folder = class_folders(cat=2, dog=2)
    elsewhere = class_folders("elsewhere", bird=3)
    (folder / "bird").symlink_to(elsewhere / "bird", target_is_directory=True)
    (folder / "cat" / "round").symlink_to(folder, target_is_directory=True)
    data = load(resolve(folder))
    assert data.class_names == ("bird", "cat", "dog")
    assert data.counts.tolist() == [3, 2, 2]


def plain_square(folder: Path, name: str, colour: object, mode: str, **options: object) -> None:
    (folder / "cat").mkdir(parents=True, exist_ok=True)
    Image.new(mode, (12, 12), colour).save(folder / "cat" / name, **options)


COLOURS = [
    ("grey.png", 100, "L", (100, 100, 100)),
    ("rgb.png", (10, 20, 30), "RGB", (10, 20, 30)),
    ("bit.png", 1, "1", (255, 255, 255)),
    ("glass.png", (200, 100, 50, 0), "RGBA", (255, 255, 255)),
    ("solid.png", (200, 100, 50, 255), "RGBA", (200, 100, 50)),
    ("grey_alpha.png", (40, 255), "LA", (40, 40, 40)),
    ("sixteen.png", 32896, "I;16", (128, 128, 128)),
    ("sixteen.tif", 32896, "I;16", (128, 128, 128)),
    ("float.tif", 0.5, "F", (128, 128, 128)),
    ("print.tif", (0, 255, 255, 0), "CMYK", (255, 0, 0)),
    ("rgb.bmp", (10, 20, 30), "RGB", (10, 20, 30)),
    ("palette.gif", (255, 0, 0), "RGB", (255, 0, 0)),
]


@pytest.mark.parametrize(("name", "colour", "mode", "expected"), COLOURS, ids=[case[0] for case in COLOURS])
def test_kinds_of_colour(
    class_folders: Maker, name: str, colour: object, mode: str, expected: tuple[int, int, int]
) -> None:
    folder = class_folders(dog=1)
    plain_square(folder, name, colour, mode)
    data = load(resolve(folder))
    assert data.skipped == ()
    assert data.pixels([0], 6, 3)[0, 3, 3].tolist() == list(expected)
    luma = int(np.rint(np.dot(expected, [0.299, 0.587, 0.114])))
    assert abs(int(data.pixels([0], 6, 1)[0, 3, 3, 0]) - luma) <= 1


def test_palette_and_cmyk_photographs(class_folders: Maker) -> None:
    folder = class_folders(dog=1)
    plain_square(folder, "a.png", (250, 0, 0), "RGB")
    Image.new("RGB", (12, 12), (250, 0, 0)).quantize(4).save(folder / "cat" / "b.png")
    Image.new("CMYK", (12, 12), (0, 255, 255, 0)).save(folder / "cat" / "c.jpg")
    pixels = load(resolve(folder)).pixels([0, 1, 2], 12, 3)
    assert pixels[:2, 5, 5].tolist() == [[250, 0, 0]] * 2
    assert np.abs(pixels[2, 5, 5].astype(int) - [255, 0, 0]).max() <= 3


def test_only_grey_images_have_one_channel(class_folders: Maker, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "grey" / name).mkdir(parents=True)
        picture(1, mode="L").save(tmp_path / "grey" / name / "a.png")
        picture(2, mode="1").save(tmp_path / "grey" / name / "b.png")
        picture(3, mode="L").quantize(8).save(tmp_path / "grey" / name / "c.gif")
    assert load(resolve(tmp_path / "grey")).channels == 1
    picture(4).save(tmp_path / "grey" / "cat" / "d.png")
    assert load(resolve(tmp_path / "grey")).channels == 3


def test_exif_orientation_is_obeyed(class_folders: Maker) -> None:
    folder = class_folders(dog=1)
    (folder / "cat").mkdir()
    image = Image.new("RGB", (40, 20), (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(folder / "cat" / "a.jpg", exif=exif, quality=95)
    data = load(resolve(folder))
    seen = data.pixels([0], 20, 1)[0, :, :, 0]
    assert seen[:8].min() > 200
    assert seen[12:].max() < 50


def test_centre_of_the_longer_side_is_kept(class_folders: Maker) -> None:
    folder = class_folders(dog=1)
    (folder / "cat").mkdir()
    image = Image.new("L", (90, 30), 0)
    image.paste(255, (30, 0, 60, 30))
    image.save(folder / "cat" / "wide.png")
    image.rotate(90, expand=True).save(folder / "cat" / "tall.png")
    pixels = load(resolve(folder)).pixels([0, 1], 10, 1)
    assert pixels.shape == (2, 10, 10, 1)
    assert pixels[:, 1:-1, 1:-1].min() == 255
    assert pixels.min() > 200


def test_white_paper_is_recognised(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "ink" / name).mkdir(parents=True)
        for number in range(3):
            sheet = Image.new("L", (20, 20), 255)
            sheet.paste(0, (6, 6, 12, 12 + number))
            sheet.save(tmp_path / "ink" / name / f"{number}.png")
    assert load(resolve(tmp_path / "ink")).background == 255


def test_photographs_have_a_black_outside(class_folders: Maker) -> None:
    assert load(resolve(class_folders(cat=3, dog=3))).background == 0


def test_loaded_once_until_a_file_changes(class_folders: Maker) -> None:
    folder = class_folders(cat=3, dog=3)
    choice = DatasetChoice(name="folder", path=str(folder))
    first = load(choice)
    assert load(choice) is first
    picture(50).save(folder / "dog" / "new.png")
    second = load(choice)
    assert len(second) == 7
    assert second.fingerprint != first.fingerprint


def test_progress_reaches_the_end(class_folders: Maker) -> None:
    seen: list[float] = []
    load(resolve(class_folders(cat=100, dog=50)), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_pixels_come_in_the_order_asked_for(class_folders: Maker) -> None:
    data = load(resolve(class_folders(cat=30, dog=30)))
    every = data.pixels(range(60), 8, 3)
    order = np.random.default_rng(0).permutation(60)
    assert np.array_equal(data.pixels(order, 8, 3), every[order])
    assert data.pixels([], 8, 3).shape == (0, 8, 8, 3)


def test_a_listing_is_arranged_once_however_often_it_is_asked(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.new("L", (8, 8)).save(tmp_path / name / "1.png")
    listing, level = list_files(tmp_path), Wish(class_level=1)
    assert arranged(listing, Wish()) is arranged(listing, Wish())
    assert arranged(listing, level) is arranged(listing, level) is not arranged(listing, Wish())
    assert arranged(list_files(tmp_path), Wish()) is not arranged(listing, Wish())
