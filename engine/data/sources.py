"""The data sets a person can choose from, and how a choice becomes images."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from functools import cache
from pathlib import Path

from engine.data.dataset import BUNDLED, COLOURS, DOWNLOAD, HERE, OWN, SHELVES, YOURS, DataSet, DatasetInfo
from engine.data.files.tree import Listing, list_files
from engine.data.images import Cancel, Progress
from engine.data.labelled_set import LabelledSet
from engine.data.lists import as_listed
from engine.data.target import CLASSES, NUMBERS, Target
from engine.downloads.wanted import Wanted
from engine.errors import InvalidExperiment, called
from engine.experiment import DatasetChoice
from engine.machine.places import data_home
from engine.modules import constants, in_order

SETS = "engine.data.sets"
FOLDER = "folder"  # what a folder or zip is that nothing recognises
ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")
MOST_KEPT = 4  # sets that were read last, kept for the next who asks
_kept: dict[object, LabelledSet] = {}
_keeping = threading.Lock()


@cache
def sets() -> tuple[DataSet, ...]:
    """All kinds of data, the bundled ones first, then shelf by shelf."""
    found = in_order(constants(SETS, "DATASET"), SETS)
    return tuple(sorted(found, key=lambda one: SHELVES.index(one.info.shelf)))


def datasets() -> tuple[DatasetInfo, ...]:
    """What their cards show, and where they are; a look at one folder of the disk."""
    there = _fetched()
    return tuple(replace(one.info, where=_where(one, there), bytes=one.bytes) for one in sets())


def _where(source: DataSet, there: frozenset[str]) -> str:
    if not source.read:
        return BUNDLED
    if source.download and folder_of(source) in there:
        return HERE
    return DOWNLOAD if source.download else OWN


def _fetched() -> frozenset[str]:
    """The folders of data sets that were fetched. One that is still being filled bears another name."""
    try:
        with os.scandir(data_home()) as found:
            return frozenset(one.name for one in found if one.is_dir())
    except OSError:
        return frozenset()


def folder_of(source: DataSet) -> str:
    """Name of its folder among what is fetched."""
    return source.kept_in or source.name


def made_of_the_same(name: str) -> tuple[str, ...]:
    """Titles of the other data sets that are read from the fetched files of this one."""
    folder = folder_of(dataset(name))
    return tuple(one.info.title for one in sets() if one.download and one.name != name and folder_of(one) == folder)


def place(name: str) -> Path | None:
    """Where the files of a data set lie that was fetched; None where they are not here, or it cannot be."""
    source = known(name)
    return data_home() / folder_of(source) if source and _where(source, _fetched()) == HERE else None


def wanted(name: str) -> Wanted | None:
    """What is to be fetched for a data set; None where nothing is. Raises `InvalidExperiment` for an unknown name."""
    source = dataset(name)
    if not source.download:
        return None
    unpack = any(file.name.endswith(ARCHIVES) for file in source.download)
    folder = folder_of(source)
    info = source.info
    return Wanted(f"data:{folder}", info.title, source.download, data_home() / folder, unpack, info.licence)


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


def is_drawn(choice: DatasetChoice) -> bool:
    """Whether its tasks are drawn as they are needed, so that there are no images to read or divide."""
    return target_of(choice) != CLASSES


def kind_of(choice: DatasetChoice) -> str:
    """What a network of this data reads: "images", "texts", "numbers", "states"; images where the data set is not there
    (any more)."""
    return found.kind if (found := known(choice.name)) is not None else "images"


def bands(choice: DatasetChoice) -> int:
    """The most channels that its images can have."""
    return found.bands if (found := known(choice.name)) is not None else COLOURS


def load(
    choice: DatasetChoice,
    progress: Progress | None = None,
    cancelled: Cancel | None = None,
    listing: Listing | None = None,
) -> LabelledSet:
    """The images of a choice; a folder is read again only when a file in it changed. listing: of its files, where they
    were listed just now.

    Raises `InvalidExperiment` for an unknown name or a missing path, `DataError` when the files do not serve,
    `Cancelled` when asked to stop.
    """
    source = checked(choice)
    if source.drawn is not None:
        raise InvalidExperiment(
            f"{source.info.title} are tasks, not examples.", "Choose a data set of images or texts.", "dataset"
        )
    if source.load is not None:
        return source.load(choice)
    listing = listing or listing_of(choice, cancelled)
    key = (choice.name, *choice.own_values(), listing.signature)
    with _keeping:
        data = _kept.pop(key, None)
    if data is None:
        data = _read(source, choice, listing, progress, cancelled)
    with _keeping:
        _kept[key] = data
        while len(_kept) > MOST_KEPT:
            del _kept[next(iter(_kept))]
    return as_listed(data, choice.listed) if choice.listed else data


def listing_of(choice: DatasetChoice, cancelled: Cancel | None = None) -> Listing:
    """The files of a data set that is read from files; raises as `load`."""
    return list_files(choice.path or str(place(checked(choice).name)), cancelled)


def _read(
    source: DataSet, choice: DatasetChoice, listing: Listing, progress: Progress | None, cancelled: Cancel | None
) -> LabelledSet:
    """A folder of one's own may be a published data set; what was class folders before it was known stays that."""
    if source.name == FOLDER and not (found := recognised(listing)).once_folder and found is not source:
        source, choice = found, found.Choice(name=found.name)
    assert source.read is not None
    return source.read(choice, listing, progress, cancelled)


def recognised(listing: Listing) -> DataSet:
    """What lies in a folder or zip, told by the names of its files; a published set before a person's own images."""
    asked = sorted(sets(), key=lambda one: one.info.licence == YOURS)
    return next((one for one in asked if one.recognises and one.recognises(listing)), dataset(FOLDER))


def checked(choice: DatasetChoice) -> DataSet:
    """The data set chosen; raises `InvalidExperiment` for an unknown name, a missing path, or where it has to be
    fetched first. Reads nothing."""
    source = dataset(choice.name)
    if source.download and not choice.path and place(source.name) is None:
        size = f" ({source.bytes / 1e6:,.0f} MB)" if source.bytes else ""
        raise InvalidExperiment(
            f"{source.info.title} is not on this machine.",
            f"Download it{size}, or pick a folder or zip that holds it.", "dataset",
        )  # fmt: skip
    if source.read and not source.download and not choice.path:
        raise InvalidExperiment(
            f"The folder of {source.files or source.info.title} is not chosen.", "Pick a folder or a zip.", "dataset"
        )
    return source


def resolve(path: str | Path) -> DatasetChoice:
    """The choice that stands for a dropped folder or zip; raises `DataError` when it is neither.

    Only names of files are read.
    """
    return choice_of(list_files(path))


def choice_of(listing: Listing) -> DatasetChoice:
    """The choice that stands for a listed folder or zip."""
    return DatasetChoice.model_validate({"name": recognised(listing).name, "path": str(listing.root)})
