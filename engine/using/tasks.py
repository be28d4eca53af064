"""Classes from folders of a few images each, for what learns them by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.data.files.loose import LooseImages, Read
from engine.data.files.names import clean
from engine.data.files.order import natural
from engine.data.files.read_as import ReadAs
from engine.data.images import Cancel, check
from engine.data.labelled_set import Form
from engine.errors import DataError
from engine.given import person_path
from engine.using.bins import Bin, Bins, HandedImage

CLASSES = "Give a folder with one folder of images for each class."


def bins_of(folder: str | Path, form: Form, read_as: ReadAs, cancelled: Cancel | None = None) -> Bins:
    """The class folders of a folder, as a network of this form reads their images; each image knows its class.

    Raises `DataError` for a folder without two classes, or one of whose images cannot be read, `Cancelled`.
    """
    found = []
    for one in class_folders(folder):
        check(cancelled)
        name = clean(one.name)
        with LooseImages([one], read_as, cancelled) as images:
            shown = images.read(range(len(images)), form)
            refuse_unread(images, shown)
            found.append(Bin(name, handed(images, shown, name)))
    return Bins(tuple(found))


def handed(images: LooseImages, found: Sequence[Read], truth: str = "") -> tuple[HandedImage, ...]:
    """Those that could be read."""
    read = [(images.name(place), one) for place, one in enumerate(found) if not isinstance(one, str)]
    return tuple(HandedImage(name, pixels, truth) for name, pixels in read)


def class_folders(folder: str | Path) -> list[Path]:
    """In the order of a person who counts."""
    try:
        found = [one for one in person_path(folder).iterdir() if one.is_dir() and not one.name.startswith(".")]
    except OSError as error:
        raise DataError(f"“{folder}” cannot be read ({(error.strerror or str(error)).lower()}).", CLASSES) from None
    if len(found) < 2:
        raise DataError(f"“{folder}” holds {'one class' if found else 'no class'} to learn.", CLASSES)
    return sorted(found, key=lambda one: natural(one.name))


def refuse_unread(images: LooseImages, found: list[Read]) -> None:
    for place, one in enumerate(found):
        if isinstance(one, str):
            raise DataError(
                f"“{images.name(place)}” cannot be read: {one}.", "Take it out of its class, or bring a whole one."
            )
