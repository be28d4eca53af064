"""A saved meta-learner that meets new classes: folders of a few images each."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.artifacts.saved import Adapted, SavedModel
from engine.data.files.loose import LooseImages, Read
from engine.data.files.names import clean
from engine.data.files.tree import natural
from engine.errors import DataError
from engine.given import person_path
from engine.using.predictions import form_of, stacked

CLASSES = "Give a folder with one folder of images for each class."


def meet(model: SavedModel, folder: str | Path) -> tuple[Adapted, tuple[str, ...]]:
    """The meta-learner after it met the classes of a folder, and their names in the order of its answers.

    Raises `DataError` for a folder without two classes, or one of whose images cannot be read, `InvalidExperiment` for
    a run that learns no tasks, or of another number of classes.
    """
    form = form_of(model)
    classes = class_folders(folder)
    pixels, targets = [], []
    for place, one in enumerate(classes):
        with LooseImages([one], model.read_as) as images:
            shown = images.read(range(len(images)), form)
            refuse_unread(images, shown)
        pixels += [image for image in shown if not isinstance(image, str)]
        targets += [place] * len(shown)
    adapted = model.adapt(stacked(pixels), torch.tensor(targets))
    return adapted, tuple(clean(one.name) for one in classes)


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
