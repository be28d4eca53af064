"""A data set is what is in its files, whatever they are called and wherever they lie; a recogniser asks for more than
one sign."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.bench.features import FeatureKind, embedded
from engine.comparison.arms import Arm, disagreements
from engine.data.hashes import BY_CONTENT
from engine.data.sources import load, resolve
from engine.errors import DataError
from engine.experiment import BackboneChoice
from tests.engine.data.conftest import Maker, picture
from tests.engine.data.test_mnist import NAMES, idx

UNCOMPRESSED = ["bmp", "ppm", "pgm", "pbm", "tif", "gif"]  # two pictures of one shape have files of one size


def photos(folder: Path, ending: str, first: int = 0, count: int = 3) -> Path:
    for place, name in enumerate(("cat", "dog")):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            image = picture(first + 10 * place + number, mode={"pgm": "L", "pbm": "1", "gif": "P"}.get(ending, "RGB"))
            image.save(folder / name / f"{number}.{ending}")
    return folder


@pytest.mark.parametrize("ending", [*UNCOMPRESSED, "png", "jpg", "webp"])
def test_other_pixels_are_other_data_and_a_copy_is_the_same(tmp_path: Path, zipped: Maker, ending: str) -> None:
    first, other = photos(tmp_path / "a" / "photos", ending), photos(tmp_path / "b" / "photos", ending, 100)
    if ending in UNCOMPRESSED[:-1]:
        sizes = [[file.stat().st_size for file in sorted(root.rglob("*.*"))] for root in (first, other)]
        assert sizes[0] == sizes[1]
    moved = Path(shutil.copytree(first, tmp_path / "elsewhere" / "renamed"))
    for number, file in enumerate(sorted(moved.rglob("*.*"))):
        os.utime(file, (number, number))
    found = [load(resolve(path)).fingerprint for path in (first, other, moved, zipped(first, "photos"))]
    assert found[0] == found[2] == found[3] != found[1]
    assert found[0].startswith(BY_CONTENT)


def test_files_in_other_classes_or_another_order_are_other_data(tmp_path: Path) -> None:
    """Equal fingerprints promise that an image's number means the same image."""
    found = {load(resolve(photos(tmp_path / "one", "png"))).fingerprint}
    other = photos(tmp_path / "two", "png")
    (other / "cat" / "0.png").rename(other / "cat" / "9.png")
    found.add(load(resolve(other)).fingerprint)
    third = photos(tmp_path / "three", "png")
    (third / "dog").rename(third / "hound")
    found.add(load(resolve(third)).fingerprint)
    assert len(found) == 3


def test_a_file_replaced_by_one_of_equal_name_size_and_date_is_read_again(tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos", "bmp")
    before, old = load(resolve(folder)), (folder / "cat" / "0.bmp").stat()
    picture(77).save(folder / "cat" / "0.bmp")
    os.utime(folder / "cat" / "0.bmp", ns=(old.st_atime_ns, old.st_mtime_ns))
    after = load(resolve(folder))
    assert after.fingerprint != before.fingerprint
    assert np.array_equal(after.pixels([0], 16, 3)[0], np.asarray(picture(77).crop((2, 0, 18, 16))))
    with pytest.raises(DataError, match=r"“cat/0\.bmp” has changed since the data set was read"):
        before.pixels([0], 16, 3)


def test_features_in_the_cache_belong_to_the_pixels(tmp_path: Path) -> None:
    kind, ids = FeatureKind(BackboneChoice(image_size=16), tmp_path / "runs"), np.arange(6)
    folder = tmp_path / "photos"
    seen = []
    for first in (0, 100, 0):
        shutil.rmtree(folder, ignore_errors=True)
        work = embedded(load(resolve(photos(folder, "bmp", first))), ids, kind)
        try:
            while True:
                next(work)
        except StopIteration as end:
            seen.append(end.value)
    assert np.array_equal(seen[0], seen[2])
    assert not np.allclose(seen[0], seen[1])


def test_a_run_from_before_is_not_claimed_to_have_met_the_same_images() -> None:
    old, new = ({"data set": "photos", "data": data} for data in ("0f" * 8, BY_CONTENT + "0f" * 8))
    sides = [Arm(str(place), {0: 0.5}, conditions=said) for place, said in enumerate((old, new, old))]
    (reason,) = disagreements(sides[0], sides[1])
    assert reason.startswith("not known to be the same test examples of photos")
    assert disagreements(sides[0], sides[2]) == []


def test_copies_have_one_content_in_files_and_in_memory(tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos", "png")
    shutil.copy(folder / "cat" / "1.png", folder / "dog" / "again.png")
    contents = load(resolve(folder)).contents
    assert contents.dtype == np.uint64
    assert np.flatnonzero(contents == contents[1]).tolist() == [1, 6]
    assert len(set(contents.tolist())) == 6


# Grey values


def grey_set(folder: Path, values: dict[str, np.ndarray], ending: str) -> Path:
    for place, (name, array) in enumerate(values.items()):
        (folder / f"class{place % 2}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(folder / f"class{place % 2}" / f"{name}.{ending}")
    return folder


def flat(value: float, kind: type, odd: float | None = None) -> np.ndarray:
    found = np.full((20, 20), value, kind)
    if odd is not None:
        found[3, 4] = odd
    return found


@pytest.mark.parametrize(
    ("ending", "kind", "dark", "bright", "odd", "shown"),
    [
        ("png", np.uint16, 0, 65535, None, (0, 255)),
        ("tif", np.uint16, 16384, 49151, None, (64, 191)),
        ("png", np.uint16, 1024, 4000, None, (64, 249)),  # 12 bits in 16
        ("tif", np.uint16, 1024, 4000, 65535, (64, 249)),  # a hot pixel
        ("tif", np.uint16, 100, 250, None, (100, 250)),
        ("tif", np.int32, 1000, 4095, None, (62, 255)),
        ("tif", np.int32, -500, 1500, None, (0, 255)),  # e.g. Hounsfield units
        ("tif", np.int32, 0, 1_000_000, None, (0, 255)),
        ("tif", np.float32, 0.25, 0.75, 1.02, (64, 191)),
        ("tif", np.float32, 0.25, 0.75, np.nan, (64, 191)),
        ("tif", np.float32, 0.25, 0.75, np.inf, (64, 191)),
        ("tif", np.float32, 0.25, 0.75, -3.4e38, (64, 191)),
        ("tif", np.float32, 64, 191, None, (64, 191)),
        ("tif", np.float32, -1.0, 1.0, None, (0, 255)),
        ("tif", np.float32, 270.0, 300.0, None, (0, 255)),  # kelvin
    ],
)
def test_grey_values_of_a_set_share_one_scale(
    tmp_path: Path, ending: str, kind: type, dark: float, bright: float, odd: float | None, shown: tuple[int, int]
) -> None:
    """The same value looks the same in every file of the set, whatever else is in the file."""
    values = {"a": flat(dark, kind), "b": flat(bright, kind), "c": flat(dark, kind, odd), "d": flat(bright, kind, odd)}
    values |= {"e": flat(dark, kind, bright), "f": flat(bright, kind, dark)}
    data = load(resolve(grey_set(tmp_path / "grey", values, ending)))
    seen = data.pixels(range(6), 20, 1)[:, 10, 10, 0].tolist()
    order = [data.image_name(index)[-5] for index in range(6)]
    wanted = {name: shown[int(array[10, 10] == bright)] for name, array in values.items()}
    assert dict(zip(order, seen, strict=True)) == wanted
    assert ", grey values " in data.layout


def test_broken_tiffs_say_nothing_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "grey"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for number in range(2):
            noise = Image.fromarray(np.random.default_rng(number).integers(0, 65535, (64, 64), dtype=np.uint16))
            noise.save(folder / name / f"{number}.tif", compression="tiff_adobe_deflate")
    body = bytearray((folder / "a" / "0.tif").read_bytes())
    body[3000:3100] = b"\xff" * 100
    (folder / "a" / "0.tif").write_bytes(body)
    data = load(resolve(folder))
    assert [one.path for one in data.skipped] == ["a/0.tif"]
    assert capfd.readouterr().err == ""


# Recognisers


@pytest.mark.parametrize(("root", "name"), [("game", "folder"), ("images_background", "omniglot")])
def test_folders_called_character_are_not_omniglot_by_that_alone(tmp_path: Path, root: str, name: str) -> None:
    for group in ("heroes", "villains"):
        for number in (1, 2):
            folder = tmp_path / "set" / root / group / f"character0{number}"
            folder.mkdir(parents=True)
            picture(number).save(folder / "a.png")
    choice = resolve(tmp_path / "set")
    assert (choice.name, load(choice).name) == (name, name)


@pytest.mark.parametrize(("mode", "name"), [("1", "omniglot"), ("L", "omniglot"), ("RGB", "folder")])
def test_known_alphabets_drawn_in_grey_are_omniglot_without_their_halves(tmp_path: Path, mode: str, name: str) -> None:
    for group in ("Greek", "Tengwar"):
        for number in ("01", "02"):
            (tmp_path / group / f"character{number}").mkdir(parents=True)
            picture(int(number), mode=mode).save(tmp_path / group / f"character{number}" / "0394_01.png")
    assert resolve(tmp_path).name == name


def test_a_stray_picture_does_not_turn_omniglot_into_a_folder(tmp_path: Path) -> None:
    for number in range(25):
        (tmp_path / "images_background" / "Greek" / f"character{number}").mkdir(parents=True)
        picture(number, mode="1").save(tmp_path / "images_background" / "Greek" / f"character{number}" / "a.png")
    picture().save(tmp_path / "cover.png")
    choice = resolve(tmp_path)
    data = load(choice)
    assert (choice.name, len(data)) == ("omniglot", 25)
    assert [(one.path, one.reason) for one in data.skipped] == [("cover.png", "not in an alphabet")]


def test_labels_of_idx_files_need_not_be_every_number(tmp_path: Path) -> None:
    """EMNIST's letters begin at 1, other sets skip numbers: no class without images is made up."""
    labels = np.array([1, 26, 7, 7, 1, 26], np.uint8)
    images = np.arange(6 * 16, dtype=np.uint8).reshape(6, 4, 4)
    for name, array in zip(NAMES, (images, labels, images, labels), strict=True):
        (tmp_path / name).write_bytes(idx(array))
    data = load(resolve(tmp_path))
    assert data.class_names == ("1", "7", "26")
    assert data.counts.tolist() == [4, 4, 4]
    assert data.image_name(1) == "26, training image 2"
