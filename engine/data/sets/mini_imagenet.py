"""mini-ImageNet: 100 classes of ImageNet for few-shot learning, from a person's own copy, told by the names of folders.

Vinyals and others 2016; divided 64/16/20 as Ravi and Larochelle 2017 do. Copies differ in how they were made smaller,
which is worth a point of accuracy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.data.class_lists import MINI_IMAGENET, MINI_IMAGENET_TRAIN
from engine.data.dataset import FEW_SHOT, DataSet, DatasetInfo
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.published import class_folders, has_folders

VALIDATION, TEST = MINI_IMAGENET
INFO = DatasetInfo(
    "mini_imagenet", "mini-ImageNet", "100 classes of ImageNet, 600 small photos each; bring your own copy.",
    60_000, 100, (84, 84), "ImageNet's terms", shelf=FEW_SHOT,
)  # fmt: skip


def read(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    data = class_folders(INFO, listing, progress, cancelled)
    parts = [1 if name in VALIDATION else 2 if name in TEST else 0 for name in data.class_names]
    return replace(data, given_classes=np.array(parts, dtype=np.int8))


DATASET = DataSet(
    INFO, read=read, files="mini-ImageNet", given=("given", "As published"), once_folder=True, order=12,
    recognises=lambda listing: has_folders(listing, MINI_IMAGENET_TRAIN | VALIDATION | TEST),
)  # fmt: skip
