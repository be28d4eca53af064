"""The data sets a person can choose from, and how a choice becomes images."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import cache
from pathlib import Path

from engine.data.dataset import BUNDLED, COLOURS, OWN, DataSet, DatasetInfo
from engine.data.files.tree import Listing, list_files
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.target import CLASSES, NUMBERS, Target
from engine.errors import InvalidExperiment, called
from engine.experiment import DatasetChoice
from engine.modules import constants, in_order

SETS = "engine.data.sets"
FOLDER = "folder"  # what a folder or zip is that nothing recognises
MOST_KEPT = 4  # sets that were read last, kept for the next who asks
_kept: dict[object, ImageSet] = {}
_keeping = threading.Lock()


@cache
def sets() -> tuple[DataSet, ...]:
    """All kinds of data, the bundled ones first."""
    return in_order(constants(SETS, "DATASET"), SETS)


def datasets() -> tuple[DatasetInfo, ...]:
    """What their cards show; instant."""
    return tuple(replace(one.info, where=OWN if one.read else BUNDLED) for one in sets())


def known(name: str) -> DataSet | None:
    """The data set of this name, None when there is none (any more)."""
    return next((one for one in sets() if one.name == name), None)


def dataset(name: str) -> DataSet:
    """As `known`; raises `InvalidExperiment` with the nearest spelling."""
    return called(name, {one.name: one for one in sets()}, "data set", "dataset")


def target_of(choice: DatasetChoice) -> Target:
    """What the tasks of this data ask for; classes where the data set is not there (any more)."""
    return found.target if (found := known(choice.name)) is not None else CLASSES


def is_regression(choice: DatasetChoice) -> bool:
    """Whether the tasks of this data ask for numbers instead of classes."""
    return target_of(choice) == NUMBERS


def bands(choice: DatasetChoice) -> int:
    """The most channels that its images can have."""
    return found.bands if (found := known(choice.name)) is not None else COLOURS


def load(choice: DatasetChoice, progress: Progress | None = None, cancelled: Cancel | None = None) -> ImageSet:
    """The images of a choice; a folder is read again only when a file in it changed.

    Raises `InvalidExperiment` for an unknown name or a missing path, `DataError` when the files do not serve,
    `Cancelled` when asked to stop.
    """
    source = checked(choice)
    if source.curves is not None:
        raise InvalidExperiment(
            f"{source.info.title} are curves, not images.", "Choose a data set of images.", "dataset"
        )
    if source.load is not None:
        return source.load(choice)
    listing = list_files(str(choice.path), cancelled)
    key = (choice.name, *choice.own_values(), listing.signature)
    with _keeping:
        data = _kept.pop(key, None)
    if data is None:
        data = _read(source, choice, listing, progress, cancelled)
    with _keeping:
        _kept[key] = data
        while len(_kept) > MOST_KEPT:
            del _kept[next(iter(_kept))]
    return data


def _read(
    source: DataSet, choice: DatasetChoice, listing: Listing, progress: Progress | None, cancelled: Cancel | None
) -> ImageSet:
    """A folder of one's own may be a published data set."""
    if source.recognises is None and (found := recognised(listing)) is not source:
        source, choice = found, found.Choice(name=found.name)
    assert source.read is not None
    return source.read(choice, listing, progress, cancelled)


def recognised(listing: Listing) -> DataSet:
    """What lies in a folder or zip, told by the names of its files."""
    return next((one for one in sets() if one.recognises and one.recognises(listing)), dataset(FOLDER))


def checked(choice: DatasetChoice) -> DataSet:
    """The data set chosen; raises `InvalidExperiment` for an unknown name or a missing path. Reads nothing."""
    source = dataset(choice.name)
    if source.read and not choice.path:
        raise InvalidExperiment(
            f"The folder of {source.files or source.info.title} is not chosen.", "Pick a folder or a zip.", "dataset"
        )
    return source


def resolve(path: str | Path) -> DatasetChoice:
    """The choice that stands for a dropped folder or zip; raises `DataError` when it is neither.

    Only names of files are read.
    """
    listing = list_files(path)
    return DatasetChoice.model_validate({"name": recognised(listing).name, "path": str(listing.root)})
