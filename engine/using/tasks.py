"""Classes from folders of a few images each, or from texts with classes, for what learns them by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.data.files.columns import ColumnWish
from engine.data.files.loose import LooseExamples, LooseImages, Read
from engine.data.files.loose_texts import LooseTexts
from engine.data.files.names import clean
from engine.data.files.order import natural
from engine.data.files.read_as import ReadAs
from engine.data.files.read_texts import read_texts
from engine.data.files.tree import list_files
from engine.data.images import Cancel, check
from engine.data.labelled_set import Form
from engine.errors import DataError
from engine.given import person_path
from engine.using.bins import Bin, Bins, HandedImage

CLASSES = "Give a folder with one folder of images for each class."


def bins_of(folder: str | Path, form: Form, read_as: ReadAs, cancelled: Cancel | None = None) -> Bins:
    """The class folders of a folder, as a network of this form reads their images; of one that reads texts also a table
    of them. Each image or text knows its class.

    Raises `DataError` for a folder without two classes, or one of whose images cannot be read, `Cancelled`.
    """
    if form.tokenizer:
        return bins_of_texts(folder, form, cancelled)
    found = []
    for one in class_folders(folder):
        check(cancelled)
        name = clean(one.name)
        with LooseImages([one], read_as, cancelled) as images:
            shown = images.read(range(len(images)), form)
            refuse_unread(images, shown)
            found.append(Bin(name, handed(images, shown, name)))
    return Bins(tuple(found))


def bins_of_texts(path: str | Path, form: Form, cancelled: Cancel | None = None) -> Bins:
    """The classes of a table, folder or zip of texts; of one that is divided the texts to learn from, as what is to be
    asked about is no example. Raises `DataError`, `Cancelled`."""
    read = read_texts(list_files(path, cancelled), ColumnWish(), cancelled=cancelled)
    given, found = LooseTexts.held(read.texts, "text"), []
    shown = handed(given, given.read(range(len(given)), form))
    shows = np.ones(len(given), bool) if read.parts is None else read.parts == 0
    for label in np.unique(read.labels[shows]):
        name = read.class_names[label]
        own = tuple(replace(shown[place], truth=name) for place in np.flatnonzero(shows & (read.labels == label)))
        found.append(Bin(name, own))
    return Bins(tuple(found))


def handed(images: LooseExamples, found: Sequence[Read], truth: str = "") -> tuple[HandedImage, ...]:
    """Those that could be read."""
    read = [(place, one) for place, one in enumerate(found) if not isinstance(one, str)]
    return tuple(HandedImage(images.name(place), one, truth, text=images.text(place)) for place, one in read)


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
