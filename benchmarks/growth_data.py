"""What grows with images and with classes, for `benchmarks.growth`."""

from __future__ import annotations

import os
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.growth_curve import Curve, Work
from engine.bench.draws import LabelCount, draw
from engine.bench.measure import folds_of
from engine.data.episode_splits import EpisodeShape, samplers
from engine.data.examples import members
from engine.data.files.folder import classes_of_parts, load_folder
from engine.data.files.tree import list_files
from engine.data.findings import in_classes, in_images
from engine.data.images import ArrayPixels, ImageSet
from engine.data.preview import preview
from engine.data.sources import load
from engine.data.splits import split_classes, split_images
from engine.experiment import DatasetChoice

IMAGES = (1_000, 3_162, 10_000, 31_623, 100_000)
READ = (1_000, 3_162, 10_000, 31_623)  # each image is opened: a minute at 10^5
CLASSES = (10, 32, 100, 316, 1_000)
PER_CLASS, USUAL = 20, 100  # images per class where classes grow; classes where images grow
CHOICE = DatasetChoice()
SHAPE = EpisodeShape(way=5, shot=1, query=5, training_way=5, training_shot=1)
STRATIFIED = DatasetChoice(labels_per_class=5)


def in_memory(images: int, classes: int, given: bool = False) -> ImageSet:
    """So many images of one pixel, the classes in turn. given: in folders for training, validation and test."""
    labels = np.arange(images, dtype=np.int64) % classes
    parts = (np.arange(images) // classes % 4).clip(0, 2).astype(np.int8) if given else None
    return ImageSet(
        name="growth", title="Growth", licence="", labels=labels, fingerprint="0", given_split=parts,
        class_names=tuple(f"class {number}" for number in range(classes)),
        source=ArrayPixels(np.zeros((images, 1, 1), np.uint8), str), channels=1, typical_size=(1, 1),
        digests=np.arange(images, dtype=np.uint64) // 2,
    )  # fmt: skip


def write_folder(root: Path, images: int, classes: int, suffix: str = ".png") -> Path:
    """Class folders with links to a few small files."""
    root.mkdir(parents=True)
    bodies = []
    for number in range(10):
        body = BytesIO()
        Image.new("L", (8, 8), 25 * number).save(body, "PNG")
        bodies.append(root.parent / f"{number}.png")
        bodies[-1].write_bytes(body.getvalue())
    for number in range(classes):
        (root / f"class {number}").mkdir()
    for number in range(images):
        os.link(bodies[number % 10], root / f"class {number % classes}" / f"{number}{suffix}")
    return root


def scan(size: int, folder: Path, after: ExitStack) -> Work:
    root = write_folder(folder / "photos", size, USUAL)
    return lambda: list_files(root).images


def scan_nameless(size: int, folder: Path, after: ExitStack) -> Work:
    """Files whose names do not say that they are images."""
    root = write_folder(folder / "photos", size, USUAL, "")
    return lambda: list_files(root).images


def read(size: int, folder: Path, after: ExitStack) -> Work:
    root = write_folder(folder / "photos", size, USUAL)
    return lambda: load_folder(list_files(root))


def first_look(size: int, folder: Path, after: ExitStack) -> Work:
    """The preview of a folder that has been read."""
    choice = DatasetChoice(name="folder", path=str(write_folder(folder / "photos", size, USUAL)))
    load(choice)
    return lambda: preview(choice)


def divide(size: int, folder: Path, after: ExitStack) -> Work:
    data = in_memory(size, USUAL)
    return lambda: split_images(data, STRATIFIED, 0)


def findings(size: int, folder: Path, after: ExitStack) -> Work:
    data = in_memory(size, USUAL)
    split = split_images(data, CHOICE, 0)
    return lambda: in_images(data, split)


def divide_by_classes(size: int, folder: Path, after: ExitStack) -> Work:
    data = in_memory(size * PER_CLASS, size)
    return lambda: split_images(data, STRATIFIED, 0)


def divide_as_given(size: int, folder: Path, after: ExitStack) -> Work:
    data = in_memory(size * PER_CLASS, size, given=True)
    return lambda: (classes_of_parts(data.labels, data.given_split), split_images(data, STRATIFIED, 0))


def halves(size: int, folder: Path, after: ExitStack) -> Work:
    data = in_memory(size * PER_CLASS, size, given=True)
    choice = DatasetChoice(part="source half")
    return lambda: split_images(data, choice, 0)


def divide_classes(size: int, folder: Path, after: ExitStack) -> Work:
    data = in_memory(size * PER_CLASS, size)
    return lambda: in_classes(data, split_classes(data, CHOICE))


def episodes(size: int, folder: Path, after: ExitStack) -> Work:
    """The samplers of a run and 10 episodes."""
    data = in_memory(max(40, size) * PER_CLASS, max(40, size))

    def work() -> None:
        sampler = samplers(data, CHOICE, SHAPE).train
        rng = np.random.default_rng(0)
        for _ in range(10):
            sampler.sample(rng)

    return work


def label_draws(size: int, folder: Path, after: ExitStack) -> Work:
    """The labels of a bench and its folds."""
    labels = np.arange(size * PER_CLASS, dtype=np.int64) % size
    ids, count = np.arange(len(labels), dtype=np.int64), LabelCount(5, 5, False)
    return lambda: (draw(ids, labels, count, 0, 1), folds_of(labels, size, 0))


def by_class(size: int, folder: Path, after: ExitStack) -> Work:
    labels = np.arange(size * PER_CLASS, dtype=np.int64) % size
    return lambda: members(labels, np.arange(size))


CURVES = (
    Curve("scan a folder", "images", IMAGES, scan),
    Curve("scan a folder of files without an ending", "images", READ, scan_nameless),
    Curve("read a folder: open every image", "images", READ, read),
    Curve("preview of a folder that was read", "images", READ, first_look),
    Curve("divide the images of 100 classes", "images", IMAGES, divide),
    Curve("findings: copies, missing classes", "images", IMAGES, findings),
    Curve("divide the images, 20 of each class", "classes", CLASSES, divide_by_classes),
    Curve("divide as the folders say", "classes", CLASSES, divide_as_given),
    Curve("divide halves as the folders say", "classes", CLASSES, halves),
    Curve("divide the classes, with findings", "classes", CLASSES, divide_classes),
    Curve("samplers and 10 episodes", "classes", CLASSES, episodes),
    Curve("labels and folds of a bench", "classes", CLASSES, label_draws),
    Curve("images of each class", "classes", CLASSES, by_class),
)
