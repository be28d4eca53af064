"""Images beside each other without a label, for pretraining; those in folders are read so where a person says that the
classes of a folder are said nowhere (`engine.data.sets.folder`)."""

from __future__ import annotations

from engine.data.dataset import DataSet, DatasetInfo
from engine.data.files.arranged import NOWHERE, Wish
from engine.data.files.folder import load_folder
from engine.data.files.layout import is_flat
from engine.data.files.tables import from_tables
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress
from engine.errors import DataError
from engine.experiment import DatasetChoice


class UnlabelledChoice(DatasetChoice):
    @property
    def labelled(self) -> bool:
        return False


def read(
    choice: DatasetChoice, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    return load_folder(listing, progress, cancelled, Wish(NOWHERE))


def recognises(listing: Listing) -> bool:
    """Not where most files are no images, nor where a list lies beside them, even one that cannot be followed: what is
    wrong is then said."""
    try:
        mostly = len(listing.images) > len(listing.unknown) + len(listing.odd)
        return mostly and is_flat(listing) and from_tables(listing) is None
    except DataError:
        return False


DATASET = DataSet(
    DatasetInfo(
        "unlabelled", "Images without labels",
        "Your own images beside each other, without folders or a table that say their classes: for pretraining.",
    ),
    read=read, Choice=UnlabelledChoice, recognises=recognises,
    files="your images", once_folder=True, order=200,  # what nothing else is known by
)  # fmt: skip
