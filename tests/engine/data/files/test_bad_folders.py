"""What a person hears when a folder or zip does not serve: one sentence with what is wrong, one with what to do."""

from __future__ import annotations

import struct
import threading
import zipfile
from pathlib import Path

import pytest

from engine.data.labelled_set import Skipped
from engine.data.sources import load, resolve
from engine.errors import Cancelled, DataError, InvalidExperiment
from engine.experiment import DatasetChoice
from tests.engine.data.conftest import Maker, picture


def refused(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        load(DatasetChoice(name="folder", path=str(path)))
    assert caught.value.message.endswith(".")
    assert caught.value.advice.endswith(".")
    return caught.value


def test_missing_path(tmp_path: Path) -> None:
    error = refused(tmp_path / "nowhere")
    assert "does not exist" in error.message
    assert "pick the folder again" in error.advice


def test_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    error = refused(tmp_path / "photos")
    assert error.message == "“photos” holds no images."
    assert "folder of its own" in error.advice


def test_folder_of_texts_only(tmp_path: Path) -> None:
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    (tmp_path / "photos" / "cat" / "notes.txt").write_text("miaow")
    assert refused(tmp_path / "photos").message == "“photos” holds no images."


def test_a_class_folder_picked_instead_of_its_parent(class_folders: Maker) -> None:
    error = refused(class_folders(cat=3, dog=3) / "cat")
    assert error.message == "The images lie directly in “cat”, without class folders."
    assert error.advice == "You picked a class folder; pick its parent."


def test_only_one_class(class_folders: Maker) -> None:
    error = refused(class_folders(cat=3))
    assert error.message == "“photos” has only one class (“cat”)."
    assert error.advice.startswith("Two or more are needed.")


def test_an_empty_class(class_folders: Maker) -> None:
    folder = class_folders(cat=3, dog=3, bird=0)
    (folder / "bird" / ".DS_Store").write_bytes(b"x")
    error = refused(folder)
    assert error.message == "The class folder “bird” is empty."
    assert error.advice == "Put images in it, or remove it."


def test_an_empty_class_in_a_zip(class_folders: Maker, zipped: Maker) -> None:
    assert refused(zipped(class_folders(cat=3, dog=3, bird=0))).message == "The class folder “bird” is empty."


def test_every_file_damaged(class_folders: Maker) -> None:
    folder = class_folders(cat=2, dog=2)
    for path in folder.rglob("*.png"):
        path.write_text("not a picture")
    error = refused(folder)
    assert error.message == "None of the 4 images in “photos” can be read (“cat/cat0.png”: not an image)."


def test_every_file_of_one_class_damaged(class_folders: Maker) -> None:
    folder = class_folders(cat=2, dog=2, bird=1)
    (folder / "bird" / "bird0.png").write_bytes(b"")
    assert refused(folder).message == "No image of the class “bird” can be read."


def test_damaged_files_are_counted_and_named(class_folders: Maker) -> None:
    folder = class_folders(cat=4, dog=4)
    whole = (folder / "cat" / "cat1.png").read_bytes()
    (folder / "cat" / "cat1.png").write_bytes(whole[: len(whole) // 2])
    picture(3, (64, 64)).save(folder / "dog" / "half.jpg")
    half = (folder / "dog" / "half.jpg").read_bytes()
    (folder / "dog" / "half.jpg").write_bytes(half[: len(half) // 2])
    (folder / "cat" / "letter.jpg").write_text("Dear reader, this is not a picture.")
    (folder / "cat" / "nothing.png").write_bytes(b"")
    data = load(resolve(folder))
    assert data.skipped == (
        Skipped("cat/cat1.png", "truncated image"),
        Skipped("cat/letter.jpg", "not an image"),
        Skipped("cat/nothing.png", "empty file"),
        Skipped("dog/half.jpg", "truncated image"),
    )
    assert data.counts.tolist() == [3, 4]


def test_a_changed_byte_inside_a_png_is_found(class_folders: Maker) -> None:
    folder = class_folders(cat=3, dog=3)
    body = bytearray((folder / "cat" / "cat0.png").read_bytes())
    body[len(body) // 2] ^= 0xFF
    (folder / "cat" / "cat0.png").write_bytes(bytes(body))
    assert [one.path for one in load(resolve(folder)).skipped] == ["cat/cat0.png"]


def test_an_image_of_absurd_size_is_skipped(class_folders: Maker) -> None:
    folder = class_folders(cat=3, dog=3)
    header = (
        b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, 60000, 60000, 1, 24, 0, 0, 0, 0, 0, 0)
    )
    (folder / "cat" / "huge.bmp").write_bytes(header)
    assert load(resolve(folder)).skipped == (Skipped("cat/huge.bmp", "too many pixels"),)


@pytest.mark.parametrize("name", ["../evil.png", "a/../../evil.png", "/etc/evil.png", "C:/evil.png", "..\\evil.png"])
def test_zip_with_paths_that_lead_out(class_folders: Maker, zipped: Maker, name: str) -> None:
    error = refused(zipped(class_folders(cat=3, dog=3), extra={name: b"x"}))
    assert error.message.startswith("“packed.zip” holds a path that leads out of the zip (“")
    assert "evil.png" in error.message
    assert "pick the folder" in error.advice


def test_zip_with_a_password(class_folders: Maker, zipped: Maker) -> None:
    path = zipped(class_folders(cat=1, dog=1))
    body = bytearray(path.read_bytes())
    entry = body.index(b"PK\x01\x02")
    body[entry + 8] |= 1
    path.write_bytes(bytes(body))
    error = refused(path)
    assert error.message == "“packed.zip” is protected with a password."
    assert error.advice == "Unpack it yourself and pick the folder."


def test_zip_that_would_unpack_to_an_absurd_size(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("cat/a.png", b"\0" * 100_000)
    body = bytearray(path.read_bytes())
    entry = body.index(b"PK\x01\x02")
    body[entry + 24 : entry + 28] = struct.pack("<I", 3 * 2**30)
    path.write_bytes(bytes(body))
    assert "would unpack to an absurd size (3.0 GiB" in refused(path).message


@pytest.mark.parametrize("body", [b"", b"these are not the bytes of a zip", b"PK\x03\x04 and nothing more"])
def test_a_file_called_zip_that_is_none(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "photos.zip").write_bytes(body)
    assert refused(tmp_path / "photos.zip").message == "“photos.zip” is not a readable zip file."


def test_truncated_zip(class_folders: Maker, zipped: Maker) -> None:
    path = zipped(class_folders(cat=3, dog=3))
    path.write_bytes(path.read_bytes()[:-200])
    assert refused(path).message == "“packed.zip” is not a readable zip file."


def test_a_damaged_member_of_a_zip_is_named(class_folders: Maker, zipped: Maker) -> None:
    path = zipped(class_folders(cat=3, dog=3))
    body = bytearray(path.read_bytes())
    start = body.index(b"IDAT") + 8
    body[start : start + 4] = bytes(value ^ 0xFF for value in body[start : start + 4])
    path.write_bytes(bytes(body))
    assert load(resolve(path)).skipped == (Skipped("cat/cat0.png", "cannot be read"),)


def test_a_single_picture(tmp_path: Path) -> None:
    picture().save(tmp_path / "cat.png")
    with pytest.raises(DataError, match=r"“cat\.png” is a single file"):
        resolve(tmp_path / "cat.png")


def test_a_file_that_vanishes_after_it_was_listed(class_folders: Maker) -> None:
    folder = class_folders(cat=3, dog=3)
    data = load(resolve(folder))
    (folder / "dog" / "dog1.png").unlink()
    with pytest.raises(DataError, match=r"“dog/dog1\.png” cannot be read"):
        data.pixels(range(6), 8, 3)


def test_stopping_while_files_are_looked_at(class_folders: Maker) -> None:
    folder = class_folders(cat=80, dog=80)
    stopped = threading.Event()
    seen: list[float] = []

    def progress(fraction: float) -> None:
        seen.append(fraction)
        stopped.set()

    with pytest.raises(Cancelled):
        load(resolve(folder), progress, stopped.is_set)
    assert len(seen) == 1
    assert 0 < seen[0] < 1


def test_unknown_name_with_a_near_spelling() -> None:
    with pytest.raises(InvalidExperiment) as caught:
        load(DatasetChoice(name="Glyph"))
    assert str(caught.value).startswith("There is no data set called “Glyph”. Did you mean “glyphs”?")
    assert caught.value.field == "dataset"


def test_a_folder_without_a_path() -> None:
    with pytest.raises(InvalidExperiment, match="The folder of your images is not chosen"):
        load(DatasetChoice(name="folder"))


def test_omniglot_that_is_another_folder(class_folders: Maker) -> None:
    with pytest.raises(DataError, match="is not Omniglot's tree"):
        load(DatasetChoice(name="omniglot", path=str(class_folders(cat=3, dog=3))))
