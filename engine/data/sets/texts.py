"""A person's own texts with their classes, which `engine.data.files.read_texts` reads."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from engine.data.dataset import TEXTS_START, DataSet, DatasetInfo
from engine.data.files.columns import ColumnWish
from engine.data.files.read_texts import read_texts
from engine.data.files.text_tables import holds_texts
from engine.data.files.tree import Listing
from engine.data.images import Cancel, Progress
from engine.data.text_set import TextSet
from engine.data.text_sets import text_set
from engine.experiment import DatasetChoice

FOLD = "Columns"


def column(of: str, does: str) -> Any:
    """The field of a column that is found where nothing is said."""
    return Field(
        "", max_length=200, title=f"Column of {of}", json_schema_extra={"fold": FOLD, "offered": "columns"},
        description=f"Which column {does}: its name, or its number from 1; empty finds it.",
    )  # fmt: skip


class TextsChoice(DatasetChoice):
    labels: Literal["as found", "nowhere"] = Field(
        "as found", title="Classes from", json_schema_extra={"fold": FOLD},
        description="Where the classes are said: by a column or by folders; or nowhere: all texts without labels, for "
        "pretraining.",
    )  # fmt: skip
    text_column: str = column("texts", "holds the texts")
    label_column: str = column("classes", "holds the classes")
    group_column: str = column(
        "groups", "holds the group of a class (a domain, a scenario), by which meta-learning may divide"
    )
    part_column: str = column("parts", "says whether a text is to learn from or to test")
    only_file: str = Field(
        "", max_length=400, title="Only the file", json_schema_extra={"fold": FOLD, "offered": "files"},
        description="Read this one file of a folder or zip, such as one domain of several; empty reads all that belong "
        "together.",
    )  # fmt: skip

    @property
    def labelled(self) -> bool:
        return self.labels != "nowhere"


def read(
    choice: TextsChoice, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> TextSet:
    """Raises `DataError`, `Cancelled`."""
    wish = ColumnWish(choice.text_column, choice.label_column, choice.group_column, choice.part_column, choice.labelled)
    found = read_texts(listing, wish, choice.only_file, progress, cancelled)
    title = listing.root.stem if listing.is_zip or listing.alone else listing.root.name
    return text_set("texts", title, "yours", found, labelled=choice.labelled)


DATASET = DataSet(
    DatasetInfo(
        "texts", "Your texts",
        "Your own texts: a CSV or TSV with a column of texts and one of classes, JSON lines, or a folder of text files "
        "for each class; also in a zip.",
    ),
    read=read, Choice=TextsChoice, recognises=holds_texts, files="your texts",
    given=("given", "As the files say"), groups=(("by-alphabet", "By group"), ("in-each-group", "In each group")),
    order=6, texts=True, own_start=TEXTS_START,
)  # fmt: skip
