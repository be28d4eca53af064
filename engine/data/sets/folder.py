"""A person's own images, which `engine.data.files` reads: in class folders, or with a table of labels beside them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from engine.data.dataset import GIVEN, DataSet, DatasetInfo
from engine.data.files.arranged import Wish
from engine.data.files.folder import load_folder
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress
from engine.experiment import DatasetChoice

DEEPEST = 9  # folders within folders
FOLD = "Where the classes are"
BY_ITSELF: dict[str, JsonValue] = {"fold": FOLD, "least": "Automatic"}


class FolderChoice(DatasetChoice):
    labels: Literal["as found", "in a table", "nowhere"] = Field(
        "as found", title="Classes from", json_schema_extra={"fold": FOLD},
        description="Where the classes are said: by class folders, else by a CSV or a list beside the images; by that "
        "table also where there are folders; or nowhere: all images without labels, for pretraining.",
    )  # fmt: skip
    class_level: int = Field(
        0, ge=0, le=DEEPEST, title="Class folder", json_schema_extra=BY_ITSELF,
        description="Which folder of an image's path names its class, counted from the outermost; 0 finds it.",
    )  # fmt: skip
    group_level: int = Field(
        0, ge=0, le=DEEPEST, title="Group folder", json_schema_extra=BY_ITSELF,
        description="Which folder of an image's path names a group (a region, a family), by which meta-learning may "
        "divide; 0 finds regions.",
    )  # fmt: skip

    @property
    def labelled(self) -> bool:
        return self.labels != "nowhere"


def read(
    choice: FolderChoice, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    wish = Wish(choice.labels, choice.class_level, choice.group_level)
    return load_folder(listing, progress, cancelled, wish)


DATASET = DataSet(
    DatasetInfo(
        "folder", "Your folder or zip",
        "Your own images: one folder per class, or a table of labels beside them; in a folder or zip.",
    ),
    read=read, Choice=FolderChoice, files="your images", given=GIVEN, groups=(("by-region", "By region"),), order=5,
)  # fmt: skip
