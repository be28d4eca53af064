"""MNIST's idx files: small ones made here, whole and damaged, and the real ones where they lie beside the checkout."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.data.preview import preview
from engine.data.sources import load, resolve
from engine.data.splits import split_images
from engine.errors import DataError, InvalidExperiment
from engine.experiment import DatasetChoice, Experiment
from engine.naming import data_title
from tests.engine.data.conftest import Maker, picture, real_zip

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx(array: np.ndarray) -> bytes:
    """An idx file by its definition: 0, 0, type 8, axes, sizes as big-endian 32-bit, values."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def pixels(images: int, first: int) -> np.ndarray:
    values = (np.arange(images * 36) + first) % 251
    return values.astype(np.uint8).reshape(images, 6, 6)


def write(folder: Path, ending: str = "", dotted: bool = False) -> Path:
    """40 training and 10 test images of 6 x 6, the classes in turn."""
    folder.mkdir(parents=True)
    turns = np.arange(40, dtype=np.uint8) % 4
    for name, array in zip(NAMES, (pixels(40, 0), turns, pixels(10, 7), turns[:10]), strict=True):
        body = gzip.compress(idx(array)) if ending == ".gz" else idx(array)
        (folder / ((name.replace("-idx", ".idx") if dotted else name) + ending)).write_bytes(body)
    return folder


@pytest.mark.parametrize(
    ("inside", "ending", "dotted"),
    [("", "", False), ("MNIST/raw", "", False), ("MNIST/raw", ".gz", False), ("digits/files", "", True)],
)
def test_the_files_are_found_and_read(tmp_path: Path, inside: str, ending: str, dotted: bool) -> None:
    write(tmp_path / "here" / inside, ending, dotted)
    choice = resolve(tmp_path / "here")
    assert choice.name == "mnist"
    data = load(choice)
    assert (len(data), data.class_names, data.channels, data.typical_size) == (50, ("0", "1", "2", "3"), 1, (6, 6))
    assert data.labels[:5].tolist() == [0, 1, 2, 3, 0]
    assert data.given_split is not None
    assert data.given_split.tolist() == [0] * 40 + [2] * 10
    read = data.pixels([0, 41], 6, 1)[..., 0]
    assert np.array_equal(read, np.stack([pixels(40, 0)[0], pixels(10, 7)[1]]))
    assert np.array_equal(data.pixels([41], 6, 3)[0, ..., 2], pixels(10, 7)[1])
    assert data.pixels([0], 12, 1).shape == (1, 12, 12, 1)
    assert (data.image_name(3), data.image_name(41)) == ("3, training image 4", "1, test image 2")


def test_plain_and_gzipped_files_beside_each_other_are_one_set(tmp_path: Path, zipped: Maker) -> None:
    write(tmp_path / "MNIST" / "raw")
    for name in NAMES:
        (tmp_path / "MNIST" / "raw" / f"{name}.gz").write_bytes(b"not read")
    plain = load(resolve(tmp_path))
    assert len(plain) == 50
    assert load(resolve(zipped(tmp_path / "MNIST", "MNIST"))).fingerprint == plain.fingerprint


def test_a_picture_beside_all_four_files_is_named_and_left_out(tmp_path: Path) -> None:
    picture().save(write(tmp_path / "MNIST") / "cover.png")
    choice = resolve(tmp_path / "MNIST")
    assert (choice.name, [one.path for one in load(choice).skipped]) == ("mnist", ["cover.png"])
    (tmp_path / "MNIST" / NAMES[3]).unlink()
    assert resolve(tmp_path / "MNIST").name == "folder"


def test_of_two_sets_the_one_called_mnist_is_taken(tmp_path: Path) -> None:
    write(tmp_path / "FashionMNIST" / "raw")
    write(tmp_path / "MNIST" / "raw")
    (tmp_path / "FashionMNIST" / "raw" / NAMES[1]).write_bytes(idx(np.zeros(40, np.uint8)))
    assert load(resolve(tmp_path)).labels[:4].tolist() == [0, 1, 2, 3]


def test_other_data_in_idx_files_does_not_pass_for_mnist(tmp_path: Path) -> None:
    data = load(resolve(write(tmp_path / "garments")))
    assert (data.title, data.licence) == ("garments", "")


def test_it_is_divided_as_published(tmp_path: Path) -> None:
    choice = resolve(write(tmp_path / "digits"))
    data = load(choice)
    split = split_images(data, choice, seed=0)
    assert split.description == "as published"
    assert split.test.tolist() == sorted(split.test.tolist(), key=lambda place: (data.labels[place], place))
    assert sorted(split.test.tolist()) == list(range(40, 50))
    assert (len(split.train), len(split.validation)) == (32, 8)  # 10 of each class, 2 of them to validate
    assert not set(split.train.tolist()) & set(split.validation.tolist())


def test_class_folders_beside_idx_files_are_class_folders(class_folders: Maker) -> None:
    folder = class_folders(cat=3, dog=3)
    (folder / NAMES[0]).write_bytes(b"")
    picture(1).save(folder / "cat" / "more.png")
    assert resolve(folder).name == "folder"


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        (NAMES[1], None, "lacks MNIST's file “train-labels-idx1-ubyte”. Put all four idx files into one folder"),
        (NAMES[0], b"", "“train-images-idx3-ubyte” is not an idx file of bytes with 3 axes."),
        (NAMES[0], idx(np.zeros(9, np.uint8)), "“train-images-idx3-ubyte” is not an idx file of bytes with 3 axes."),
        (NAMES[2], idx(pixels(10, 0))[:-1], "“t10k-images-idx3-ubyte” is truncated or damaged."),
        (NAMES[2], bytes([0, 0, 8, 3]) + b"\xff" * 12, "“t10k-images-idx3-ubyte” is truncated or damaged."),
        (NAMES[1], idx(np.zeros(39, np.uint8)), "has 40 images, but there are 39 labels for them."),
        (NAMES[2], idx(np.zeros((10, 7, 7), np.uint8)), "differ in size."),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, body: bytes | None, said: str) -> None:
    folder = write(tmp_path / "digits")
    (folder / name).unlink() if body is None else (folder / name).write_bytes(body)
    with pytest.raises(DataError) as caught:
        load(DatasetChoice(name="mnist", path=str(folder)))
    assert said in str(caught.value)


def test_a_damaged_gzip_file_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "digits", ".gz")
    (folder / f"{NAMES[3]}.gz").write_bytes(gzip.compress(b"whole")[:-4])
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz” cannot be read"):
        load(resolve(folder))


def test_a_folder_without_idx_files(class_folders: Maker) -> None:
    with pytest.raises(DataError, match="“photos” holds no idx files of MNIST"):
        load(DatasetChoice(name="mnist", path=str(class_folders(cat=3, dog=3))))
    with pytest.raises(InvalidExperiment, match="MNIST is not on this machine"):
        load(DatasetChoice(name="mnist"))


@pytest.mark.real_data
def test_the_real_digits_from_the_zip() -> None:
    choice = resolve(real_zip("mnist"))
    found = preview(choice)
    assert (choice.name, found.title, found.sentence) == ("mnist", "MNIST", "70,000 images, 10 classes")
    assert found.split_sentence.endswith("12,000 to validate, 10,000 to test")
    assert dict(found.per_class) == dict(
        zip("0123456789", [6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958], strict=True)
    )
    data = load(choice)
    split = split_images(data, choice, seed=0)
    assert np.bincount(data.labels[split.test]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert data.labels[:5].tolist() == [5, 0, 4, 1, 9]
    shown = data.pixels(range(0, 60000, 100), 28, 1)
    assert shown[:, 0, 0].max() == 0  # black around
    assert 30 < shown.mean() < 37  # the mean of the training digits is 33.3
    assert data.licence.startswith("CC BY-SA 3.0")


def test_a_run_on_it_is_on_mnist() -> None:
    assert data_title(Experiment(dataset=DatasetChoice(name="mnist", path="/data/files"))) == "MNIST"
