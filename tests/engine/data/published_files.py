"""Tiny data sets with the names, the structure and the bytes of the published ones. Each is written below a folder."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.io import savemat

from engine.data.class_lists import CIFAR_FS, MINI_IMAGENET, MINI_IMAGENET_TRAIN
from tests.engine.data.conftest import picture

COVERS = ("AnnualCrop", "Forest", "HerbaceousVegetation", "Highway", "Industrial", "Pasture", "PermanentCrop",
          "Residential", "River", "SeaLake")  # fmt: skip
IMAGENETTE = ("n01440764", "n02102040", "n02979186", "n03000684", "n03028079", "n03394916", "n03417042", "n03425413",
              "n03445777", "n03888257")  # fmt: skip
CALTECH = ("accordion", "brontosaurus", "Motorbikes", "watch", "yin_yang")
SUPERCLASSES = ("aquatic_mammals", "fish", "flowers", "large_carnivores", "people")


def save(path: Path, number: int, size: tuple[int, int] = (20, 16), **how: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(number, size).save(path, **how)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def class_folders(root: Path, names: tuple[str, ...], images: int = 3, ending: str = "jpg") -> None:
    for place, name in enumerate(names):
        for number in range(images):
            save(root / name / f"{name}_{number + 1}.{ending}", 100 * place + number)


def idx(array: np.ndarray) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes())


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def idx_four(folder: Path, begin: str, parts: tuple[str, str], classes: int, first: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (part, each) in enumerate(zip(parts, (6, 2), strict=True)):
        labels = np.tile(np.arange(first, first + classes), each)
        pixels = noise(len(labels), 8, 8, seed=seed)
        (folder / f"{begin}{part}-images-idx3-ubyte.gz").write_bytes(idx(pixels))
        (folder / f"{begin}{part}-labels-idx1-ubyte.gz").write_bytes(idx(labels))


def eurosat(root: Path) -> None:
    class_folders(root / "2750", COVERS)


def mnist(root: Path) -> None:
    idx_four(root / "digits" / "raw", "", ("train", "t10k"), 10)


def fashion(root: Path) -> None:
    idx_four(root / "FashionMNIST" / "raw", "", ("train", "t10k"), 10)


def kmnist(root: Path) -> None:
    idx_four(root / "KMNIST" / "raw", "", ("train", "t10k"), 10)


def emnist_balanced(root: Path) -> None:
    idx_four(root / "gzip", "emnist-balanced-", ("train", "test"), 47)


def emnist_letters(root: Path) -> None:
    idx_four(root / "gzip", "emnist-letters-", ("train", "test"), 26, first=1)


def caltech(root: Path) -> None:
    class_folders(root / "101_ObjectCategories", (*CALTECH, "BACKGROUND_Google"))


def imagenette(side: int) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        for part, each in (("train", 4), ("val", 2)):
            for place, name in enumerate(IMAGENETTE):
                for number in range(each):
                    file = root / f"imagenette2-{side}" / part / name / f"{name}_{part}{number}.JPEG"
                    save(file, 100 * place + number + 50 * (part == "val"))

    return make


def textures(root: Path) -> None:
    names = ("banded", "blotchy", "woven")
    class_folders(root / "dtd" / "images", names, 6)
    for division in (1, 2):
        for part, numbers in (("train", (1, 2, 3)), ("val", (4,)), ("test", (5, 6))):
            moved = [(number + division - 2) % 6 + 1 for number in numbers]
            lines = [f"{name}/{name}_{number}.jpg" for name in names for number in moved]
            write(root / "dtd" / "labels" / f"{part}{division}.txt", "\n".join(lines) + "\n")


def food(root: Path) -> None:
    home = root / "food-101"
    names = ("apple_pie", "waffles")
    for place, name in enumerate(names):
        for number in range(5):
            save(home / "images" / name / f"{1000 * place + number}.jpg", 10 * place + number)
    for part, numbers in (("train", (0, 1, 2)), ("test", (3, 4))):
        lines = [f"{name}/{1000 * place + number}" for place, name in enumerate(names) for number in numbers]
        write(home / "meta" / f"{part}.txt", "\n".join(lines))
    write(home / "meta" / "classes.txt", "\n".join(names))


def pets(root: Path) -> None:
    breeds = ("Abyssinian", "american_bulldog", "Siamese")
    lines: dict[str, list[str]] = {"trainval": [], "test": []}
    for place, breed in enumerate(breeds):
        for number in range(1, 6):
            save(root / "images" / f"{breed}_{number}.jpg", 10 * place + number)
            lines["trainval" if number < 4 else "test"].append(f"{breed}_{number} {place + 1} 1 1")
    for name, said in lines.items():
        write(root / "annotations" / f"{name}.txt", "#Image CLASS-ID SPECIES BREED ID\n" + "\n".join(said) + "\n")


def flowers(root: Path) -> None:
    labels = np.tile([77, 73, 1], 4)  # passion flower, water lily, pink primrose
    for number in range(1, 13):
        save(root / "jpg" / f"image_{number:05d}.jpg", number)
    savemat(root / "imagelabels.mat", {"labels": labels.astype(np.uint8)[None]})
    parts = {"trnid": np.arange(1, 7), "valid": np.arange(7, 10), "tstid": np.arange(10, 13)}
    savemat(root / "setid.mat", {name: part.astype(np.uint16)[None] for name, part in parts.items()})


def gtsrb(root: Path) -> None:
    for number in range(43):
        for image in range(2):
            save(root / "GTSRB" / "Training" / f"{number:05d}" / f"{image:05d}_00000.ppm", 10 * number + image)
        write(root / "GTSRB" / "Training" / f"{number:05d}" / f"GT-{number:05d}.csv", "Filename;ClassId\n")
    rows = ["Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"]
    for number, label in enumerate((14, 0)):
        save(root / "GTSRB" / "Final_Test" / "Images" / f"{number:05d}.ppm", 900 + number)
        rows.append(f"{number:05d}.ppm;20;16;1;1;19;15;{label}")
    write(root / "GT-final_test.csv", "\r\n".join(rows) + "\r\n")


def batch(path: Path, body: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(body, protocol=2))


def cifar10(root: Path) -> None:
    home = root / "cifar-10-batches-py"
    for seed, name in enumerate((*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")):
        labels = list(range(10))
        batch(home / name, {"data": noise(10, 3072, seed=seed), "labels": labels, "batch_label": name, "filenames": []})
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    batch(home / "batches.meta", {"label_names": names, "num_vis": 3072})


def cifar100(root: Path) -> None:
    """20 classes of its names, in five superclasses."""
    home = root / "cifar-100-python"
    names = [*sorted(CIFAR_FS[0])[:4], *sorted(CIFAR_FS[1])[:4], *(f"other {number}" for number in range(12))]
    for seed, (name, each) in enumerate((("train", 5), ("test", 2))):
        fine = [label for label in range(20) for _ in range(each)]
        coarse = [label % 5 for label in fine]
        batch(home / name, {"data": noise(len(fine), 3072, seed=seed), "fine_labels": fine, "coarse_labels": coarse})
    batch(home / "meta", {"fine_label_names": names, "coarse_label_names": list(SUPERCLASSES)})


def stl10(root: Path) -> None:
    home = root / "stl10_binary"
    home.mkdir(parents=True)
    for seed, (part, count) in enumerate((("train", 6), ("test", 4))):
        (home / f"{part}_X.bin").write_bytes(noise(count, 3, 96, 96, seed=seed).tobytes())
        (home / f"{part}_y.bin").write_bytes(bytes(number % 2 + 1 for number in range(count)))
    (home / "unlabeled_X.bin").write_bytes(noise(3, 3, 96, 96).tobytes())
    names = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"]
    write(home / "class_names.txt", "\n".join(names) + "\n")


def svhn(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for seed, (part, count) in enumerate((("train", 20), ("test", 10))):
        labels = np.arange(count) % 10 + 1  # 10 stands for 0
        savemat(root / f"{part}_32x32.mat", {"X": noise(32, 32, 3, count, seed=seed), "y": labels[:, None]})


def npz(root: Path, name: str, shape: tuple[int, ...], labels: dict[str, np.ndarray]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, np.ndarray] = {}
    for seed, (part, marks) in enumerate(labels.items()):
        arrays[f"{part}_images"] = noise(len(marks), *shape, seed=seed)
        arrays[f"{part}_labels"] = marks.astype(np.uint8)
    body = io.BytesIO()
    np.savez_compressed(body, **arrays)
    (root / f"{name}.npz").write_bytes(body.getvalue())


def medical(name: str, classes: int, shape: tuple[int, ...]) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        parts = {part: (np.arange(each * classes) % classes)[:, None] for part, each in
                 (("train", 3), ("val", 1), ("test", 2))}  # fmt: skip
        npz(root, name, shape, parts)

    return make


def chest(root: Path) -> None:
    """In each part: one image with every finding alone, one without any, one with two."""
    marks = np.concatenate([np.eye(14), np.zeros((1, 14)), np.eye(14)[[0]] + np.eye(14)[[3]]]).astype(np.uint8)
    npz(root, "chestmnist", (28, 28), dict.fromkeys(("train", "val", "test"), marks))


def mini_imagenet(root: Path) -> None:
    for place, name in enumerate(sorted(MINI_IMAGENET_TRAIN | MINI_IMAGENET[0] | MINI_IMAGENET[1])):
        save(root / "images" / name / f"{name}{1:08d}.jpg", place)


def cub(root: Path) -> None:
    home = root / "CUB_200_2011"
    names = [f"{number:03d}.Bird_{number}" for number in range(1, 201)]
    images = [(name, image) for name in names for image in (1, 2, 3)]
    for number, (name, image) in enumerate(images):
        save(home / "images" / name / f"Bird_{image}_{number}.jpg", number, (4, 4))
    write(
        home / "images.txt", "".join(f"{n + 1} {name}/Bird_{image}_{n}.jpg\n" for n, (name, image) in enumerate(images))
    )
    write(home / "train_test_split.txt", "".join(f"{n + 1} {int(n % 3 < 2)}\n" for n in range(len(images))))
    write(home / "classes.txt", "".join(f"{n + 1} {name}\n" for n, name in enumerate(names)))
