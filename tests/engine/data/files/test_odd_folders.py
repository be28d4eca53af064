"""Folders and archives as strangers name them: parts of a split, systems' folders, letters of any code, no files."""

from __future__ import annotations

import os
import socket
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.data.files.names import clean_part
from engine.data.files.reading import LARGEST_IMAGE
from engine.data.labelled_set import Skipped
from engine.data.sources import load, resolve
from engine.errors import DataError
from tests.engine.data.conftest import Maker
from tests.engine.data.files.odd_files import body, sheet

PICTURE = body(sheet("L"), "png")


def fill(root: Path, *folders: str, count: int = 3) -> Path:
    """`count` pictures in each folder, "{cat,dog}" standing for two."""
    for folder in folders:
        begin, brace, rest = folder.partition("{")
        names, _, end = rest.partition("}")
        for name in names.split(",") if brace else [""]:
            place = root / f"{begin}{name}{end}"
            place.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                (place / f"{number}.png").write_bytes(PICTURE)
    return root


UNDERSTOOD = [
    ("training_set/{cat,dog}", "test_set/{cat,dog}"),
    ("seg_train/seg_train/{cat,dog}", "seg_test/seg_test/{cat,dog}", "seg_pred/seg_pred"),
    ("train_images/{cat,dog}", "test_images/{cat,dog}"),
    ("Training/{cat,dog}", "Testing/{cat,dog}"),
    ("TrainSet/{cat,dog}", "ValidSet/{cat,dog}", "TestSet/{cat,dog}"),
    ("data/pets/train/train/{cat,dog}", "data/pets/test/test/{cat,dog}"),
    ("pets_alphabet_train/pets_alphabet_train/{cat,dog}", "pets_alphabet_test/pets_alphabet_test"),
    ("cat/{train,test}", "dog/{train,test}"),
    ("train/images/{cat,dog}", "test/images/{cat,dog}"),
    ("train/{cat,dog}", "unlabelled"),
    ("train/{cat,dog}", "test1"),
    ("train/{cat,dog}", "eval/{cat,dog}"),
    ("cat/{train,test}", "dog/train"),
    ("train/{cat,dog}", "evaluation/{cat,dog}", "test/{cat,dog}"),
]
ASKED = [
    (("train", "test1"), "hold images directly, without class folders"),
    (("val/{cat,dog}", "test/{cat,dog}"), "are parts of a split without one for training"),
    (("imagesTr", "imagesTs", "labelsTr"), "hold images directly, without class folders"),
    (
        ("pets/train/{cat,dog}", "pets/test/{cat,dog}", "backup"),
        "The folder “pets” holds a whole set divided into parts",
    ),
    (
        ("1/{train,test}/cat", "1/{train,test}/dog", "2/{train,test}/cat", "2/{train,test}/dog"),
        "“1” and “2” hold a whole set",
    ),
    (("cat_train", "cat_test", "dog_train", "dog_test"), "hold a class and a part each"),
]
CLASSES = [("car", "train", "tram"), ("bullet train", "test strip"), ("train station", "valley"), ("dev", "ops")]


@pytest.mark.parametrize("folders", UNDERSTOOD, ids=lambda folders: folders[0])
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_parts_of_a_split_are_never_classes(
    tmp_path: Path, zipped: Maker, folders: tuple[str, ...], packed: bool
) -> None:
    root = fill(tmp_path / "pets", *folders)
    data = load(resolve(zipped(root, "pets") if packed else root))
    assert data.class_names == ("cat", "dog")
    assert data.given_split is not None
    for place, part in enumerate(data.given_split):
        assert ("train" in data.image_name(place).lower()) == (part == 0)
    assert len(data) + len(data.skipped) == len(list(root.rglob("*.png")))  # all others are named


@pytest.mark.parametrize(("folders", "said"), ASKED, ids=lambda one: str(one)[:20])
def test_what_may_be_parts_is_asked_about(tmp_path: Path, folders: tuple[str, ...], said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        load(resolve(fill(tmp_path / "pets", *folders)))
    assert caught.value.advice.endswith(".")


@pytest.mark.parametrize("names", CLASSES, ids=lambda names: names[0])
def test_classes_that_only_sound_like_parts_are_classes(tmp_path: Path, names: tuple[str, ...]) -> None:
    data = load(resolve(fill(tmp_path / "pets", *names)))
    assert (data.class_names, data.given_split) == (tuple(sorted(names)), None)


def test_classes_that_hold_the_same_folders_are_doubted_aloud(tmp_path: Path) -> None:
    data = load(resolve(fill(tmp_path / "pets", "first/{cat,dog}", "second/{cat,dog}")))
    assert data.class_names == ("first", "second")
    (doubt,) = data.doubts
    assert "“first” and “second” hold the same folders, such as “cat” and “dog”" in doubt
    drawn = load(resolve(fill(tmp_path / "drawn", "images", "masks")))
    assert drawn.doubts == (
        "The folders “images” and “masks” look like images and what is drawn in them, not like classes.",
    )


def test_folders_of_systems_are_passed_over(tmp_path: Path) -> None:
    theirs = ("__MACOSX/cat", ".git", ".ipynb_checkpoints", "@eaDir/cat", "$RECYCLE.BIN", "lost+found", "cat/@eaDir")
    data = load(resolve(fill(tmp_path / "pets", "{cat,dog}", *theirs)))
    assert (data.class_names, len(data), data.skipped) == (("cat", "dog"), 6, ())


@pytest.mark.skipif(os.name == "nt", reason="what is no file is made otherwise there")
def test_what_is_no_file_is_never_opened(tmp_path: Path) -> None:
    """Pipes, devices, sockets, links in circles and to nowhere, sparse giants; a pipe in place of the set."""
    root = fill(tmp_path / "pets", "{cat,dog}")
    os.mkfifo(root / "cat" / "pipe.png")
    os.mkfifo(root / "cat" / "unnamed")
    for name, target in (
        ("zero.png", "/dev/zero"),
        ("gone.png", "/nowhere/x.png"),
        ("again", "again"),
        ("loop.png", "loop.png"),
    ):
        (root / "dog" / name).symlink_to(target)
    (root / "dog" / "back").symlink_to(root, target_is_directory=True)
    with (root / "dog" / "sparse.png").open("wb") as sparse:
        sparse.truncate(LARGEST_IMAGE + 1)
    with (root / "dog" / "sparse_png.png").open("wb") as sparse:
        sparse.write(PICTURE)
        sparse.truncate(LARGEST_IMAGE + 1)
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(root / "cat")  # a socket's path must be short
        listening.bind("socket.jpg")
        os.chdir(here)
        data = load(resolve(root))
    assert len(data) == 6
    assert {one.path: one.reason for one in data.skipped} == {
        "cat/pipe.png": "not a file", "cat/socket.jpg": "not a file", "dog/zero.png": "not a file",
        "dog/gone.png": "a link that leads nowhere", "dog/loop.png": "a link that leads nowhere",
        "dog/sparse.png": "not an image", "dog/sparse_png.png": "larger than 200 MB",
    }  # fmt: skip
    for odd in (root / "cat" / "pipe.png", Path("/dev/zero")):
        with pytest.raises(DataError, match="neither a folder nor a file"):
            load(resolve(odd))


# Names


class Raw(zipfile.ZipInfo):
    """A member whose name is stored as bytes of its own, without the flag for UTF-8."""

    raw = b""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.raw, self.flag_bits & ~0x800


def pack(path: Path, *names: bytes, extra: Callable[[bytes], bytes] = lambda name: b"", method: int = 0) -> Path:
    """A zip of one picture in each of these folders."""
    with zipfile.ZipFile(path, "w") as packed:
        for name in names:
            member = Raw(f"{len(packed.infolist())}.png")
            member.raw = b"%s/%d.png" % (name, len(packed.infolist()))
            member.extra = extra(member.raw)
            packed.writestr(member, PICTURE)
    if method:
        whole = path.read_bytes()
        for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
            at = whole.find(signature)
            whole = whole[: at + place] + struct.pack("<H", method) + whole[at + place + 2 :]
        path.write_bytes(whole)
    return path


@pytest.mark.parametrize(
    ("names", "coding"),
    [
        (("Äpfel", "Crème brûlée"), "utf-8"), (("りんご", "表"), "cp932"), (("能力", "ソース"), "cp932"),
        (("苹果", "香蕉"), "gb18030"), (("Äpfel", "Crème"), "cp437"), (("a", "b"), "ascii"),
    ],
)  # fmt: skip
def test_names_in_zips_are_read_as_they_were_written(tmp_path: Path, names: tuple[str, str], coding: str) -> None:
    data = load(resolve(pack(tmp_path / "x.zip", *(name.encode(coding) for name in names))))
    assert sorted(data.class_names) == sorted(names)
    told = {"cp932": "Shift-JIS", "gb18030": "GBK"}.get(coding)
    assert data.layout == "2 class folders in a zip" + (f", its names read as {told}" if told else "")


def test_the_unicode_name_beside_another_is_believed(tmp_path: Path) -> None:
    def field(raw: bytes) -> bytes:
        name = raw.replace(b"\x80", "Яблоко".encode()).replace(b"\x81", "груша".encode())
        return struct.pack("<HHBI", 0x7075, 5 + len(name), 1, zlib.crc32(raw)) + name

    assert load(resolve(pack(tmp_path / "x.zip", b"\x80", b"\x81", extra=field))).class_names == ("груша", "Яблоко")


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_names_that_look_the_same_are_one_class(tmp_path: Path, zipped: Maker, packed: bool) -> None:
    wide = unicodedata.normalize("NFD", "école")
    root = fill(tmp_path / "pets", "école", wide, "cat", "cat ", "c\u200bat", "a: good")
    data = load(resolve(zipped(root) if packed else root))
    assert data.class_names == ("a: good", "cat", "école")
    assert data.counts.tolist() == [3, 9, 6]
    assert data.pixels(range(len(data)), 8, 1).shape == (18, 8, 8, 1)


@pytest.mark.skipif(os.name == "nt", reason="names are never bytes there")
def test_names_that_are_no_text_can_be_shown_and_saved(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets", "dog")
    for name in (b"caf\xe9", b"caf\xea", b"line\nbreak", b"\x1b[31mred"):
        place = os.fsencode(root) + b"/" + name
        os.mkdir(place)
        for number in range(2):
            with open(place + b"/%d.png" % number, "wb") as file:
                file.write(PICTURE)
    data = load(resolve(root))
    assert sorted(data.class_names) == sorted(["café", "cafê", "dog", "line␊break", "␛[31mred"])
    assert all(name.encode().decode().isprintable() for name in data.class_names)
    assert data.pixels(range(len(data)), 8, 1).shape == (11, 8, 8, 1)
    with pytest.raises(DataError, match="café” is not text that could be saved"):
        resolve(os.fsdecode(os.fsencode(root) + b"/caf\xe9"))


@pytest.mark.parametrize(
    ("name", "shown"), [(" ", "␠"), ("\u202egnp", "gnp"), ("a\x7f", "a\ufffd"), ("\ud83d", "\ufffd")]
)
def test_one_place_makes_names_clean(name: str, shown: str) -> None:
    assert clean_part(name) == shown


def test_an_empty_class_in_a_zip_of_windows_is_noticed(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", b"cat", b"dog")
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("bird\\", b"")
    with pytest.raises(DataError, match="The class folder “bird” is empty"):
        load(resolve(path))


def test_a_packer_that_is_not_known_is_not_called_damage(tmp_path: Path) -> None:
    """One member of four is left out; where all are packed so, or the zip is too new, the sentence speaks of that."""
    data = load(resolve(pack(tmp_path / "one.zip", b"cat", b"cat", b"dog", method=9)))
    assert data.skipped == (Skipped("cat/0.png", "packed with Deflate64, which is not read here"),)
    with pytest.raises(DataError, match=r"“all\.zip” is packed with Deflate64") as caught:
        load(resolve(pack(tmp_path / "all.zip", b"cat", method=9)))
    assert "Unpack it yourself" in caught.value.advice
    new = pack(tmp_path / "new.zip", b"cat", b"dog")
    whole = new.read_bytes()
    at = whole.find(b"PK\x01\x02")
    new.write_bytes(whole[: at + 6] + b"\x93" + whole[at + 7 :])
    with pytest.raises(DataError, match=r"“new\.zip” asks for a program that unpacks zip 14\.7"):
        load(resolve(new))
