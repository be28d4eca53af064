"""CUB-200-2011: 200 kinds of birds, from a person's own copy. Wah and others 2011.

Its own lists divide the images of each class. For few-shot learning the classes are divided by their number as Chen and
others 2019 do: every second learns, of the rest every second validates.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from engine.data.dataset import FEW_SHOT, DataSet, DatasetInfo
from engine.data.files.by_list import Row, by_list
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.published import damaged, has_files, lines_of, of_layout

NUMBERED = re.compile(r"[0-9]{3}\..")  # how its classes are called
INFO = DatasetInfo(
    "cub", "Birds (CUB-200-2011)", "200 kinds of birds, some 60 photos each; bring your own copy.", 11_788, 200,
    licence="non-commercial research (Caltech)", shelf=FEW_SHOT,
)  # fmt: skip


def read(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    images, learns = (_pairs(listing, name) for name in ("images.txt", "train_test_split.txt"))
    rows = [
        Row(f"images/{path}", path.partition("/")[0], 0 if learns.get(number) == "1" else 2)
        for number, path in images.items()
    ]
    if not all(NUMBERED.match(row.class_name) for row in rows):
        raise damaged("images.txt")
    data = of_layout(INFO, listing, by_list(listing, rows, "as its lists say"), progress, cancelled)
    number = np.array([int(name.partition(".")[0]) - 1 for name in data.class_names])
    parts = np.where(number % 2 == 0, 0, np.where(number % 4 == 1, 1, 2)).astype(np.int8)
    names = tuple(name.partition(".")[2].replace("_", " ") for name in data.class_names)
    return replace(data, class_names=names, given_classes=parts)


def _pairs(listing: Listing, name: str) -> dict[str, str]:
    """ "1 001.Black_footed_Albatross/a.jpg" as {"1": "001.Black_footed_Albatross/a.jpg"}."""
    pairs = [line.split(maxsplit=1) for line in lines_of(listing, name)]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise damaged(name)
    return {pair[0]: pair[1] for pair in pairs}


DATASET = DataSet(
    INFO, read=read, files="the birds of CUB-200-2011", given=("given", "As published"), once_folder=True, order=13,
    recognises=lambda listing: has_files(listing, "images.txt", "train_test_split.txt", "classes.txt"),
)  # fmt: skip
