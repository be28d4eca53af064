"""A person's own images: a folder or zip of class folders, which `engine.data.files` reads."""

from __future__ import annotations

from engine.data.dataset import GIVEN, DataSet, DatasetInfo
from engine.data.files.folder import load_folder

DATASET = DataSet(
    DatasetInfo(
        "folder", "Your folder or zip", "Your own images: one folder per class, in a folder or zip."
    ),
    read=lambda choice, *given: load_folder(*given), files="your images", given=GIVEN,
    groups=(("by-region", "By region"),), order=5,
)  # fmt: skip
