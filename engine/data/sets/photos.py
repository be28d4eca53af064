"""Photos that are published as class folders: Caltech-101, Imagenette, Describable Textures, Food-101.

Fei-Fei, Fergus and Perona 2004. Howard 2019, ten easy classes of ImageNet. Cimpoi and others 2014, with ten published
divisions. Bossard, Guillaumin and Van Gool 2014: labels of its training images are noisy on purpose.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from engine.data.dataset import PHOTOS, DataSet, DatasetInfo
from engine.data.files.by_list import Row, by_list
from engine.data.files.layout import Layout
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.labelled_set import Skipped
from engine.data.published import class_folders, file_of, has_files, has_folders, lines_of, named, of_layout
from engine.downloads.remote import Remote
from engine.experiment import DatasetChoice

GZIP = b"\x1f\x8b"
GIVEN = ("given", "As published")
CLUTTER = "BACKGROUND_Google"
FEW_OF_CALTECH = ("accordion", "brontosaurus", "Motorbikes", "watch", "yin_yang")  # that tell it
IMAGENETTE = {
    "n01440764": "tench", "n02102040": "English springer", "n02979186": "cassette player", "n03000684": "chain saw",
    "n03028079": "church", "n03394916": "French horn", "n03417042": "garbage truck", "n03425413": "gas pump",
    "n03445777": "golf ball", "n03888257": "parachute",
}  # fmt: skip
CALTECH = DatasetInfo(
    "caltech101", "Caltech-101", "Objects of 101 kinds, 40 to 800 photos each, some 300 pixels wide.", 8_677, 101,
    licence="CC BY 4.0 (Caltech)", shelf=PHOTOS,
)  # fmt: skip
TEXTURES = DatasetInfo(
    "dtd", "Describable Textures", "Textures as people call them: banded, dotted, woven; 120 of each.", 5_640, 47,
    licence="for research (University of Oxford)", shelf=PHOTOS,
)  # fmt: skip
FOOD = DatasetInfo(
    "food101", "Food-101", "Dishes from all over the world, 1,000 photos each, noisily labelled.", 101_000,
    101, licence="none stated (ETH Zürich)", shelf=PHOTOS,
)  # fmt: skip


class TexturesChoice(DatasetChoice):
    division: int = Field(1, ge=1, le=10, title="Division", description="Which of its ten published divisions.")


def read_caltech(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Without its clutter, which is no kind of thing. Raises `DataError`, `Cancelled`."""
    listing = replace(listing, files=tuple(one for one in listing.files if not one.path.endswith(".mat")))  # outlines
    clutter = [one.path for one in listing.images if CLUTTER in one.path.split("/")]
    rest = replace(listing, files=tuple(one for one in listing.files if CLUTTER not in one.path.split("/")),
                   folders=frozenset(one for one in listing.folders if CLUTTER not in one.split("/")))  # fmt: skip
    data = class_folders(CALTECH, rest, progress, cancelled)
    return replace(data, skipped=(*data.skipped, *(Skipped(path, "clutter, no class") for path in clutter)))


def imagenette(side: int, size: int, md5: str, order: int) -> DataSet:
    name = f"imagenette2-{side}.tgz"
    info = DatasetInfo(
        f"imagenette_{side}", f"Imagenette, {side} pixels", "Ten classes of ImageNet that are easy to tell apart.",
        13_394, 10, licence="Apache-2.0 (fast.ai); photos under ImageNet's terms", shelf=PHOTOS,
    )  # fmt: skip

    def read(
        choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
    ) -> ImageSet:
        data = class_folders(info, listing, progress, cancelled)
        return replace(data, class_names=tuple(IMAGENETTE.get(one, one) for one in data.class_names))

    def recognises(listing: Listing) -> bool:
        tells = any(f"-{side}" in folder for folder in (listing.root.name, *listing.folders))
        return tells and has_folders(listing, IMAGENETTE)

    return DataSet(
        info, read=read, recognises=recognises, given=GIVEN, once_folder=True, order=order,
        download=(Remote(f"https://s3.amazonaws.com/fast-ai-imageclas/{name}", name, size, f"md5:{md5}", GZIP),),
    )  # fmt: skip


def read_textures(
    choice: TexturesChoice, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    parts = (("train", 0), ("val", 1), ("test", 2))
    rows = [
        Row(line, line.partition("/")[0], part)
        for name, part in parts
        for line in lines_of(listing, f"labels/{name}{choice.division}.txt")
    ]
    layout = by_list(listing, rows, f"its division {choice.division} of ten")
    return of_layout(TEXTURES, listing, layout, progress, cancelled)


def food_layout(listing: Listing) -> Layout:
    rows = [
        Row(f"images/{line}", line.partition("/")[0], part)
        for name, part in (("meta/train.txt", 0), ("meta/test.txt", 2))
        for line in lines_of(listing, name)
    ]
    return by_list(listing, rows, "as its lists say")


def read_food(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    return named(of_layout(FOOD, listing, food_layout(listing), progress, cancelled), FOOD)


DATASETS = (
    DataSet(
        CALTECH, read=read_caltech, recognises=lambda listing: has_folders(listing, FEW_OF_CALTECH), once_folder=True,
        order=22,
        download=(
            Remote(
                "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip", "caltech-101.zip",
                digest="md5:3138e1922a9193bfa496528edbbc45d0", magic=b"PK\x03\x04",
            ),
        ),
    ),
    imagenette(160, 98_948_031, "e793b78cc4c9e9a4ccc0c1155377a412", 23),
    imagenette(320, 341_553_947, "3df6f0d01a2c9592104656642f5e78a3", 24),
    DataSet(
        TEXTURES, read=read_textures, Choice=TexturesChoice, given=GIVEN, once_folder=True, order=25,
        recognises=lambda listing: has_files(listing, "labels/train1.txt", "labels/test1.txt", "labels/val1.txt"),
        download=(
            Remote(
                "https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz", "dtd-r1.0.1.tar.gz",
                625_239_812, "md5:fff73e5086ae6bdbea199a49dfb8a4c1", GZIP,
            ),
        ),
    ),
    DataSet(
        FOOD, read=read_food, given=GIVEN, once_folder=True, order=26,
        recognises=lambda listing: has_files(listing, "meta/train.txt", "meta/test.txt")
        and file_of(listing, "meta/classes.txt") is not None,
        download=(
            Remote(
                "http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz", "food-101.tar.gz", 4_996_278_331,
                "md5:85eeb15f3717b99a5da872d97d918f87", GZIP,
            ),
        ),
    ),
)  # fmt: skip
