"""Oxford-IIIT Pet: 37 breeds of cats and dogs, some 200 photos each. Parkhi and others 2012."""

from __future__ import annotations

from engine.data.dataset import PHOTOS, DataSet, DatasetInfo
from engine.data.files.by_list import Row, by_list
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.published import damaged, has_files, lines_of, of_layout
from engine.downloads.remote import Remote

INFO = DatasetInfo(
    "pets", "Oxford-IIIT Pet", "Cats and dogs of 37 breeds, some 200 photos each.", 7_349, 37,
    licence="CC BY-SA 4.0 (Parkhi and others)", shelf=PHOTOS,
)  # fmt: skip
LISTS = (("annotations/trainval.txt", 0), ("annotations/test.txt", 2))
HOST, GZIP = "https://www.robots.ox.ac.uk/~vgg/data/pets/data/", b"\x1f\x8b"


def read(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    rows = [row for name, part in LISTS for row in _rows(name, lines_of(listing, name), part)]
    return of_layout(INFO, listing, by_list(listing, rows, "as its lists say"), progress, cancelled)


def _rows(name: str, lines: list[str], part: int) -> list[Row]:
    """ "Abyssinian_100 1 1 1": the image, its breed, cat or dog, its number among them."""
    images = [line.split()[0] for line in lines]
    if not all("_" in image for image in images):
        raise damaged(name)
    return [Row(f"{image}.jpg", image.rpartition("_")[0].replace("_", " "), part) for image in images]


DATASET = DataSet(
    INFO, read=read, recognises=lambda listing: has_files(listing, *(name for name, _ in LISTS)),
    given=("given", "As published"), order=20,
    download=(
        Remote(f"{HOST}images.tar.gz", "images.tar.gz", 791_918_971, "md5:5c4f3ee8e5d25df40f4fd59a7f44e54c", GZIP),
        Remote(
            f"{HOST}annotations.tar.gz", "annotations.tar.gz", 19_173_078, "md5:95a8c909bbe2e81eed6a22bccdf3f68f", GZIP
        ),
    ),
)  # fmt: skip
