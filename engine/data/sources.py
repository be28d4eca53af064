"""The data sets a person can choose from, and how a choice becomes images."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from engine.data import digits, glyphs, mnist, omniglot, regions, sinusoids
from engine.data.files.folder import load_folder
from engine.data.files.tree import Listing, list_files
from engine.data.images import Cancel, ImageSet, Progress, Remembered
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice

NAMES = ("glyphs", "digits", "regions", "sinusoid", "mnist", "omniglot", "folder")
REGRESSION = frozenset({"sinusoid"})  # tasks whose targets are numbers, not classes of images
WITH_PATH = {"folder": "your images", "mnist": mnist.TITLE, "omniglot": omniglot.TITLE}
_remembered = Remembered(4)


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What a card shows without reading any image. images, classes, image_size: None when it depends on the path."""

    name: str
    title: str
    description: str
    images: int | None
    classes: int | None
    image_size: tuple[int, int] | None
    licence: str
    where: str
    suits: tuple[str, ...]


def datasets() -> tuple[DatasetInfo, ...]:
    """All kinds of data, the bundled ones first; instant."""
    both = ("finetune", "meta")
    return (
        DatasetInfo(
            "glyphs", glyphs.TITLE, "Handwriting-like characters, each written once by 30 writers.",
            glyphs.CLASSES * glyphs.WRITERS, glyphs.CLASSES, (glyphs.SIZE, glyphs.SIZE), glyphs.LICENCE,
            "bundled", both,
        ),
        DatasetInfo(
            "digits", digits.TITLE, "Small scans of handwritten digits.",
            1797, 10, (8, 8), digits.LICENCE, "bundled", ("finetune",),
        ),
        DatasetInfo(
            "sinusoid", sinusoids.TITLE, "Regression: find a sine curve from a few of its points.",
            None, None, None, sinusoids.LICENCE, "bundled", ("meta",),
        ),
        DatasetInfo(
            "regions", regions.TITLE, "Synthetic satellite patches of four bands: 85 regions, six covers.",
            None, None, (regions.SIDE, regions.SIDE), regions.LICENCE, "bundled", ("meta",),
        ),
        DatasetInfo(
            "folder", "Your folder or zip", "Your own images: one folder per class, in a folder or zip.",
            None, None, None, "yours", "your folder", both,
        ),
        DatasetInfo(
            "omniglot", omniglot.TITLE, "1,623 characters of 50 alphabets, each drawn by 20 people.",
            32460, 1623, (105, 105), omniglot.LICENCE, "your folder", both,
        ),
        DatasetInfo(
            "mnist", mnist.TITLE, "Handwritten digits, 60,000 to learn from and 10,000 to test, as idx files.",
            70000, 10, (28, 28), mnist.LICENCE, "your folder", ("finetune",),
        ),
    )  # fmt: skip


def load(choice: DatasetChoice, progress: Progress | None = None, cancelled: Cancel | None = None) -> ImageSet:
    """The images of a choice; a folder is read again only when a file in it changed.

    Raises `InvalidExperiment` for an unknown name or a missing path, `DataError` when the files do not serve,
    `Cancelled` when asked to stop.
    """
    check_name(choice)
    if choice.name in REGRESSION:
        raise InvalidExperiment("Sinusoids are curves, not images.", "Choose a data set of images.", "dataset")
    if choice.name == "digits":
        return digits.load_digits()
    if choice.name == "glyphs":
        return glyphs.load_glyphs()
    if choice.name == "regions":
        return regions.load_regions(choice.distance, choice.split_seed)
    listing = list_files(str(choice.path), cancelled)
    key = (choice.name, listing.signature)
    known = _remembered.get(key)
    if isinstance(known, ImageSet):
        return known
    data = _read(choice.name, listing, progress, cancelled)
    _remembered.put(key, data)
    return data


def _read(name: str, listing: Listing, progress: Progress | None, cancelled: Cancel | None) -> ImageSet:
    if name == "omniglot" or omniglot.is_omniglot(listing):
        return omniglot.load_omniglot(listing, progress, cancelled)
    if name == "mnist" or mnist.is_mnist(listing):
        return mnist.load_mnist(listing, progress, cancelled)
    return load_folder(listing, progress, cancelled)


def check_name(choice: DatasetChoice) -> None:
    """Raise `InvalidExperiment` for an unknown data set or a missing path, without reading anything."""
    if choice.name not in NAMES:
        near = get_close_matches(choice.name.lower(), NAMES, n=1)
        advice = f"Did you mean “{near[0]}”?" if near else f"Choose one of {', '.join(NAMES)}."
        raise InvalidExperiment(f"There is no data set called “{choice.name}”.", advice, field="dataset")
    if choice.name in WITH_PATH and not choice.path:
        raise InvalidExperiment(
            f"The folder of {WITH_PATH[choice.name]} is not chosen.", "Pick a folder or a zip.", field="dataset"
        )


def resolve(path: str | Path) -> DatasetChoice:
    """The choice that stands for a dropped folder or zip; raises `DataError` when it is neither.

    Only names of files are read.
    """
    listing = list_files(path)
    known = {"omniglot": omniglot.is_omniglot, "mnist": mnist.is_mnist}
    name = next((name for name, recognises in known.items() if recognises(listing)), "folder")
    return DatasetChoice.model_validate({"name": name, "path": str(listing.root)})
