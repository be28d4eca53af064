"""Every published set is read from tiny files of its true names and structure: as fetched, as a folder, as a zip."""

from __future__ import annotations

import importlib
import inspect
import os
import pickle
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.data import class_lists
from engine.data.images import images_of
from engine.data.preview import preview
from engine.data.sources import known, load, resolve, sets
from engine.data.splits import split_classes, split_images
from engine.errors import DataError
from engine.experiment import DatasetChoice
from engine.machine.places import VARIABLE
from tests.engine.data import published_files as made
from tests.engine.data.conftest import Maker


@dataclass(frozen=True)
class Case:
    """sizes: images of training, validation and test as given; first: name of the first class."""

    name: str
    make: Callable[[Path], None]
    images: int
    classes: int
    channels: int
    sizes: tuple[int, int, int] | None
    first: str
    claims: bool = True  # its files are recognised as this set, not as another of the same files


CASES = (
    Case("eurosat", made.eurosat, 30, 10, 3, None, "AnnualCrop"),
    Case("mnist", made.mnist, 80, 10, 1, (60, 0, 20), "0"),
    Case("fashion_mnist", made.fashion, 80, 10, 1, (60, 0, 20), "T-shirt/top"),
    Case("kmnist", made.kmnist, 80, 10, 1, (60, 0, 20), "o"),
    Case("emnist_balanced", made.emnist_balanced, 376, 47, 1, (282, 0, 94), "0"),
    Case("emnist_letters", made.emnist_letters, 208, 26, 1, (156, 0, 52), "a"),
    Case("caltech101", made.caltech, 15, 5, 3, None, "accordion"),
    Case("imagenette_160", made.imagenette(160), 60, 10, 3, (40, 20, 0), "tench"),
    Case("imagenette_320", made.imagenette(320), 60, 10, 3, (40, 20, 0), "tench"),
    Case("dtd", made.textures, 18, 3, 3, (9, 3, 6), "banded"),
    Case("food101", made.food, 10, 2, 3, (6, 0, 4), "apple_pie"),
    Case("pets", made.pets, 15, 3, 3, (9, 0, 6), "Abyssinian"),
    Case("flowers102", made.flowers, 12, 3, 3, (6, 3, 3), "pink primrose"),
    Case("gtsrb", made.gtsrb, 88, 43, 3, (86, 0, 2), "speed limit 20"),
    Case("cifar10", made.cifar10, 60, 10, 3, (50, 0, 10), "airplane"),
    Case("cifar100", made.cifar100, 140, 20, 3, (100, 0, 40), "beaver"),
    Case("cifar_fs", made.cifar100, 140, 20, 3, None, "beaver", claims=False),
    Case("fc100", made.cifar100, 140, 20, 3, None, "beaver", claims=False),
    Case("stl10", made.stl10, 10, 2, 3, (6, 0, 4), "airplane"),
    Case("svhn", made.svhn, 30, 10, 3, (20, 0, 10), "0"),
    Case("pathmnist", made.medical("pathmnist", 9, (28, 28, 3)), 54, 9, 3, (27, 9, 18), "adipose"),
    Case("chestmnist", made.chest, 45, 15, 1, (15, 15, 15), "atelectasis"),
    Case("dermamnist", made.medical("dermamnist", 7, (28, 28, 3)), 42, 7, 3, (21, 7, 14), "actinic keratosis"),
    Case("octmnist", made.medical("octmnist", 4, (28, 28)), 24, 4, 1, (12, 4, 8), "choroidal neovascularization"),
    Case("pneumoniamnist", made.medical("pneumoniamnist_64", 2, (64, 64)), 12, 2, 1, (6, 2, 4), "normal"),
    Case("retinamnist", made.medical("retinamnist", 5, (28, 28, 3)), 30, 5, 3, (15, 5, 10), "grade 0"),
    Case("breastmnist", made.medical("breastmnist", 2, (28, 28)), 12, 2, 1, (6, 2, 4), "malignant"),
    Case("bloodmnist", made.medical("bloodmnist", 8, (28, 28, 3)), 48, 8, 3, (24, 8, 16), "basophil"),
    Case("tissuemnist", made.medical("tissuemnist", 8, (28, 28)), 48, 8, 1, (24, 8, 16), "collecting duct"),
    Case("organamnist", made.medical("organamnist", 11, (28, 28)), 66, 11, 1, (33, 11, 22), "bladder"),
    Case("organcmnist", made.medical("organcmnist", 11, (28, 28)), 66, 11, 1, (33, 11, 22), "bladder"),
    Case("organsmnist", made.medical("organsmnist", 11, (28, 28)), 66, 11, 1, (33, 11, 22), "bladder"),
    Case("mini_imagenet", made.mini_imagenet, 100, 100, 3, None, "n01532829"),
    Case("cub", made.cub, 600, 200, 3, (400, 0, 200), "Bird 1"),
)
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


def test_every_catalogued_set_has_a_case() -> None:
    assert {one.name for one in sets() if one.read} - {case.name for case in CASES} == {
        "folder",
        "omniglot",
        "texts",
        "unlabelled",
    }


@EVERY
def test_it_is_read_wherever_it_lies(case: Case, home: Path, tmp_path: Path, zipped: Maker) -> None:
    source = known(case.name)
    assert source is not None
    own = tmp_path / "my copy"
    case.make(own)
    choice = resolve(own)
    assert (choice.name == case.name) is case.claims
    data = load(DatasetChoice(name=case.name, path=str(own)))
    assert (data.name, data.title, data.licence) == (
        case.name,
        source.info.title,
        source.info.licence,
    ) or not data.licence
    assert (len(data), len(data.class_names), data.channels) == (case.images, case.classes, case.channels)
    assert data.class_names[0].startswith(case.first)
    sizes = None if data.given_split is None else tuple(np.bincount(data.given_split, minlength=3).tolist())
    assert sizes == case.sizes
    assert data.pixels([0, len(data) - 1], 16, case.channels).shape == (2, 16, 16, case.channels)
    assert load(DatasetChoice(name=case.name, path=str(zipped(own, "inside")))).fingerprint == data.fingerprint
    if source.download:
        folder = home / "datasets" / (source.kept_in or source.name)
        case.make(folder)
        assert load(DatasetChoice(name=case.name)).fingerprint == data.fingerprint


@EVERY
def test_it_is_previewed(case: Case, tmp_path: Path) -> None:
    case.make(tmp_path / case.name)
    few_shot = case.name in ("cifar_fs", "fc100", "mini_imagenet")
    found = preview(DatasetChoice(name=case.name, path=str(tmp_path / case.name)), meta=few_shot)
    assert len(found.strip) >= min(16, case.classes)
    assert sum(count for _, count in found.per_class) == case.images


def test_published_few_shot_classes(tmp_path: Path) -> None:
    made.cifar100(tmp_path / "cifar")
    named = {one: load(DatasetChoice(name=one, path=str(tmp_path / "cifar"))) for one in ("cifar_fs", "fc100")}
    split = split_classes(named["cifar_fs"], DatasetChoice(name="cifar_fs"))
    assert [len(part) for part in (split.train, split.validation, split.test)] == [12, 4, 4]
    assert {named["cifar_fs"].class_names[place] for place in split.validation} < class_lists.CIFAR_FS[0]
    split = split_classes(named["fc100"], DatasetChoice(name="fc100"))
    above = named["fc100"].alphabets
    assert above is not None
    assert {above[place] for place in split.test} == {"aquatic_mammals", "people"}
    assert {above[place] for place in split.validation} == {"large_carnivores"}
    made.mini_imagenet(tmp_path / "mini")
    split = split_classes(load(resolve(tmp_path / "mini")), DatasetChoice(name="mini_imagenet"))
    assert [len(part) for part in (split.train, split.validation, split.test)] == [64, 16, 20]


def test_birds_divide_images_and_classes(tmp_path: Path) -> None:
    made.cub(tmp_path / "cub")
    choice = resolve(tmp_path / "cub")
    data = load(choice)
    split = split_images(data, choice, seed=0)
    assert (split.description, len(split.test)) == ("as published", 200)
    classes = split_classes(data, choice)
    assert [len(part) for part in (classes.train, classes.validation, classes.test)] == [100, 50, 50]


def test_pixels_stand_as_they_are_stored(tmp_path: Path) -> None:
    """By each format's own definition: planes of CIFAR, columns of STL-10 and EMNIST, the last axis of SVHN."""
    made.cifar10(tmp_path / "a")
    first = made.noise(10, 3072, seed=0)[0].reshape(3, 32, 32)
    assert np.array_equal(load(resolve(tmp_path / "a")).pixels([0], 32, 3)[0], np.moveaxis(first, 0, 2))
    made.stl10(tmp_path / "b")
    stored = made.noise(6, 3, 96, 96, seed=0)[0]
    shown = load(resolve(tmp_path / "b")).pixels([0], 96, 3)[0]
    assert shown[5, 7, 1] == stored[1, 7, 5]
    made.svhn(tmp_path / "c")
    data = load(resolve(tmp_path / "c"))
    assert np.array_equal(data.pixels([9], 32, 3)[0], made.noise(32, 32, 3, 20, seed=0)[..., 9])
    assert data.labels[9] == 0
    made.emnist_letters(tmp_path / "d")
    data = load(resolve(tmp_path / "d"))
    assert np.array_equal(data.pixels([0], 8, 1)[0, ..., 0], made.noise(156, 8, 8, seed=0)[0].T)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    made.chest(tmp_path / "chest")
    assert "3 with several findings left out" in load(resolve(tmp_path / "chest")).layout
    made.stl10(tmp_path / "stl")
    assert "3 more without a label, for pretraining" in load(resolve(tmp_path / "stl")).layout
    made.caltech(tmp_path / "caltech")
    assert {one.reason for one in load(resolve(tmp_path / "caltech")).skipped} == {"clutter, no class"}
    made.pets(tmp_path / "pets")
    (tmp_path / "pets" / "images" / "Siamese_5.jpg").unlink()
    assert [(one.path, one.reason) for one in load(resolve(tmp_path / "pets")).skipped] == [
        ("Siamese_5.jpg", "in the list, but not there")
    ]


def test_stl10_has_images_without_labels(tmp_path: Path) -> None:
    """In a folder and in a zip, without the labelled ones; an experiment of before keeps its hash."""
    made.stl10(tmp_path / "stl")
    zipped = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "stl")
    plain = DatasetChoice.model_validate({"name": "stl10", "path": str(tmp_path / "stl")})
    assert '"labels"' not in plain.model_dump_json()
    found = []
    for path in (tmp_path / "stl", zipped):
        choice = DatasetChoice.model_validate({"name": "stl10", "path": str(path), "labels": "nowhere"})
        assert not choice.labelled
        found.append(load(choice))
    stored = made.noise(3, 3, 96, 96)[0]
    for data in found:
        assert len(data) == 3
        assert not data.labelled
        assert data.fingerprint == found[0].fingerprint != load(plain).fingerprint
        assert np.array_equal(images_of(data).pixels([0], 96, 3)[0], stored.transpose(2, 1, 0))
    (tmp_path / "stl" / "stl10_binary" / "unlabeled_X.bin").write_bytes(bytes(100))
    with pytest.raises(DataError, match="truncated or damaged"):
        load(DatasetChoice.model_validate({"name": "stl10", "path": str(tmp_path / "stl"), "labels": "nowhere"}))


def test_textures_have_ten_divisions(tmp_path: Path) -> None:
    made.textures(tmp_path / "dtd")
    one, two = (
        load(DatasetChoice.model_validate({"name": "dtd", "path": str(tmp_path / "dtd"), "division": division}))
        for division in (1, 2)
    )
    assert one.given_split is not None
    assert two.given_split is not None
    assert one.given_split.tolist() != two.given_split.tolist()


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("exit 1",)


@pytest.mark.parametrize(
    ("name", "file", "make"),
    [
        ("cifar10", "cifar-10-batches-py/data_batch_3", made.cifar10),
        ("cifar100", "cifar-100-python/meta", made.cifar100),
        ("svhn", "train_32x32.mat", made.svhn),
        ("flowers102", "setid.mat", made.flowers),
        ("pathmnist", "pathmnist.npz", made.medical("pathmnist", 9, (28, 28, 3))),
        ("stl10", "stl10_binary/test_X.bin", made.stl10),
        ("emnist_letters", "gzip/emnist-letters-test-images-idx3-ubyte.gz", made.emnist_letters),
    ],
)
@pytest.mark.parametrize("how", ["cut", "empty", "page", "program"])
def test_a_damaged_file_is_named_and_no_program_runs(
    name: str, file: str, make: Callable[[Path], None], how: str, tmp_path: Path
) -> None:
    make(tmp_path / "copy")
    path = tmp_path / "copy" / file
    body = path.read_bytes()
    path.write_bytes(
        {"cut": body[: len(body) // 2 + 1], "empty": b"", "page": b"<html>no</html>", "program": pickle.dumps(Evil())}[
            how
        ]
    )
    with pytest.raises(DataError) as caught:
        load(DatasetChoice(name=name, path=str(tmp_path / "copy")))
    assert Path(file).name in str(caught.value)
    if how == "program" and name.startswith("cifar"):
        assert "holds program code, which is not run" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("cifar10", made.cifar10),
        ("cifar100", made.cifar100),
        ("svhn", made.svhn),
        ("flowers102", made.flowers),
        ("pathmnist", made.medical("pathmnist", 9, (28, 28, 3))),
        ("stl10", made.stl10),
        ("emnist_letters", made.emnist_letters),
        ("pets", made.pets),
    ],
)
def test_whatever_is_wrong_in_a_file_is_told_and_ends_nothing(
    name: str, make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(tmp_path)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file() and path.suffix not in (".jpg", ".png"))
    draws = np.random.default_rng(0)
    for turn in range(25):
        file = files[draws.integers(len(files))]
        whole = file.read_bytes()
        body = bytearray(whole)
        for _ in range(3):
            body[draws.integers(min(len(body), 400 if turn % 2 else len(body)))] = draws.integers(256)
        file.write_bytes(body)
        with suppress(DataError):
            load(DatasetChoice(name=name, path=str(tmp_path)))
        file.write_bytes(whole)


def test_birds_that_are_not_numbered_are_told(tmp_path: Path) -> None:
    made.cub(tmp_path)
    images = tmp_path / "CUB_200_2011" / "images.txt"
    images.write_text(images.read_text().replace("007.Bird_7/", "Bird/"))
    with pytest.raises(DataError, match=r"images\.txt"):
        load(DatasetChoice(name="cub", path=str(tmp_path)))


def test_no_pickle_in_an_npz_is_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "pathmnist.npz", train_images=np.array([Evil()], dtype=object))
    with pytest.raises(DataError, match="is truncated or damaged"):
        load(DatasetChoice(name="pathmnist", path=str(tmp_path)))


def torchvision_digests(name: str) -> set[str]:
    """The MD5 sums that torchvision itself checks a set's files by; its sources hold them in several shapes."""
    module = importlib.import_module(f"torchvision.datasets.{name}")
    return set(re.findall(r"\b[0-9a-f]{32}\b", inspect.getsource(module)))


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("eurosat", ("eurosat",)),
        ("oxford_iiit_pet", ("pets",)),
        ("flowers102", ("flowers102",)),
        ("dtd", ("dtd",)),
        ("food101", ("food101",)),
        ("cifar", ("cifar10", "cifar100", "cifar_fs", "fc100")),
        ("stl10", ("stl10",)),
        ("svhn", ("svhn",)),
        ("mnist", ("mnist", "fashion_mnist", "kmnist", "emnist_balanced", "emnist_letters")),
        ("gtsrb", ("gtsrb",)),
        ("caltech", ("caltech101",)),
        ("imagenette", ("imagenette_160", "imagenette_320")),
        ("omniglot", ("omniglot",)),
    ],
)
def test_addresses_and_digests_are_those_of_torchvision(module: str, names: tuple[str, ...]) -> None:
    source = inspect.getsource(importlib.import_module(f"torchvision.datasets.{module}"))
    for file in [file for name in names for file in getattr(known(name), "download", ())]:
        assert file.digest.removeprefix("md5:") in torchvision_digests(module)
        assert file.host in source
        assert file.url.rpartition("/")[2].removesuffix(".zip") in source
