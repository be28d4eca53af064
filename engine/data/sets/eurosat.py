"""EuroSAT: land cover seen by Sentinel-2, 64 x 64 pixels in colour.

Helber, Bischke, Dengel and Borth 2019. The colour images carry no coordinates and no season, so that regions cannot be
told apart: their classes are grouped by what covers the ground instead.
"""

from __future__ import annotations

from dataclasses import replace

from engine.data.dataset import USUAL, DataSet, DatasetInfo
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.published import class_folders, has_folders
from engine.downloads.remote import Remote

GROUPS = {
    "AnnualCrop": "fields", "PermanentCrop": "fields", "Pasture": "fields", "Forest": "wild",
    "HerbaceousVegetation": "wild", "Highway": "built", "Industrial": "built", "Residential": "built",
    "River": "water", "SeaLake": "water",
}  # fmt: skip
INFO = DatasetInfo(
    "eurosat", "EuroSAT", "Land cover from a satellite: 27,000 patches in colour, ten classes.",
    27_000, 10, (64, 64), "MIT (Helber and others)", shelf=USUAL,
)  # fmt: skip


def is_eurosat(listing: Listing) -> bool:
    return has_folders(listing, GROUPS)


def load_eurosat(listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    data = class_folders(INFO, listing, progress, cancelled)
    homes = tuple(GROUPS.get(name, "other") for name in data.class_names)
    return replace(data, alphabets=homes, group_word="group")


DATASET = DataSet(
    INFO,
    read=lambda choice, *given: load_eurosat(*given), recognises=is_eurosat, once_folder=True, order=8,
    groups=(("by-alphabet", "By what covers the ground"),),
    download=(
        Remote(
            "https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip",
            "EuroSAT.zip", 94_280_567, "md5:c8fa014336c82ac7804f0398fcb19387", b"PK\x03\x04",
        ),
    ),
)  # fmt: skip
