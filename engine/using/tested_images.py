"""The images of a further set that runs are tested on; also of one class alone, which no run can learn from."""

from __future__ import annotations

from dataclasses import replace

from engine.data.files.folder import FilePixels, load_layout
from engine.data.files.layout import alone
from engine.data.files.read_as import ReadAs
from engine.data.files.tables import from_tables
from engine.data.images import Cancel, ImageSet, Progress, images_of
from engine.data.sources import FOLDER, datasets, listing_of, load, resolve
from engine.errors import DataError
from engine.experiment import DatasetChoice


def further_images(
    choice: DatasetChoice, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises as `engine.data.sources.load`, but for a folder of one class."""
    if not choice.labelled:  # images of one class beside each other, which a test takes for that class
        choice = DatasetChoice(name=FOLDER, path=choice.path)
    if choice.name != FOLDER:
        return images_of(load(choice, progress, cancelled))
    listing = listing_of(choice, cancelled)
    layout = alone(listing)
    if layout is None or from_tables(listing) is not None:
        return images_of(load(choice, progress, cancelled, listing))
    return load_layout(listing, layout, progress, cancelled)


def choice_at(words: str) -> DatasetChoice:
    """The set that a figure says it was measured on: a path, or the title of a data set. Raises `DataError`."""
    for info in datasets():
        if info.title == words:
            return DatasetChoice.model_validate({"name": info.name})
    return resolve(words)


def read_so(data: ImageSet, how: ReadAs) -> ImageSet:
    """The set with its files read as those that a network learnt from: ink on paper, grey values of 12 bits."""
    return replace(data, source=data.source.reading(how)) if isinstance(data.source, FilePixels) else data


def again(words: str, fingerprint: str, how: ReadAs, cancelled: Cancel | None = None) -> ImageSet:
    """The set that a figure was measured on, to look at its images. Raises `DataError` where it is another now."""
    data = further_images(choice_at(words), None, cancelled)
    if data.fingerprint != fingerprint:
        raise DataError(
            f"The images of “{words}” are others than when the run was tested on them, so they cannot be shown.",
            "Bring back the files as they were, or test on them again.",
        )
    return read_so(data, how)
