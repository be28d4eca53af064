"""Labels in a file beside the images: a table with columns of files and classes, or a list of a part's images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from engine.data.files.by_list import CUT_SHORT, NO_CLASS, Row, by_list
from engine.data.files.found import FoundImages
from engine.data.files.kinds import ending
from engine.data.files.layout import WANTED, Layout
from engine.data.files.names import clean_part
from engine.data.files.parts import is_split, parts
from engine.data.files.reading import Entry
from engine.data.files.text import Cells, rows_of
from engine.data.files.tree import Listing
from engine.errors import DataError
from engine.machine.files import MEBIBYTE, Unread

ENDINGS, LARGEST, MOST_TABLES = (".csv", ".tsv", ".tab", ".txt"), 64 * MEBIBYTE, 50
IMAGES = ("image", "file", "filename", "file_name", "filepath", "file_path", "path", "image_path", "image_name", "img",
          "image_id", "imageid", "img_id", "id", "name", "photo", "picture", "image_file")  # fmt: skip
CLASSES = ("label", "labels", "class", "class_name", "classname", "category", "target", "class_label", "label_name",
           "species", "breed", "diagnosis", "dx", "y", "class_id", "label_id", "category_id", "classid")  # fmt: skip
SPLITS = ("split", "set", "part", "subset", "partition", "phase", "usage", "fold")
SAMPLE = 200  # rows from which columns are told
ENOUGH = 0.5  # share of the sampled rows whose image is there
MARKED = 0.95  # share of the rows with one mark, from which on columns of marks are classes
YES, NO = frozenset(("1", "1.0", "true", "yes")), frozenset(("0", "0.0", "false", "no", ""))
ADVICE = "Call the column of files “file” and the column of classes “label”."


@dataclass(frozen=True)
class Table:
    """Of one file. Columns of the image, the class and the part; None where there is none. marks: columns that mark
    whether the image is of the class of this name, instead of one column of classes."""

    entry: Entry
    rows: list[Cells]
    image: int
    label: int | None
    split: int | None
    marks: tuple[tuple[int, str], ...] = ()

    @property
    def stem(self) -> str:
        return self.entry.path.rpartition("/")[2].rpartition(".")[0]

    @property
    def near(self) -> str:
        return self.entry.path.rpartition("/")[0]

    @property
    def says_classes(self) -> bool:
        return self.label is not None or bool(self.marks)

    def classes_of(self, row: Cells) -> list[str]:
        """One, or several or none where they are marked so; called as folders of these names would be."""
        if self.marks:
            return [clean_part(name) for column, name in self.marks if row[column].casefold() in YES]
        label = row[self.label] if self.label is not None else _folder(row[self.image])
        return [clean_part(label)] if label else []


def from_tables(listing: Listing) -> Layout | None:
    """Images by the table or the lists that lie there; None where none does. Raises `DataError` for one that cannot be
    followed."""
    images = FoundImages(listing.images)
    read = [(entry, cells) for entry in _candidates(listing) if (cells := _rows(listing, entry))]
    found = [table for entry, cells in read if (table := _table(entry, cells, images))]
    useful = [table for table in found if table.says_classes or _has_folders(table)]
    if not useful:
        if found:
            raise DataError(f"“{found[0].entry.path}” has no column of classes.", ADVICE)
        return None
    several = parts(table.stem for table in useful)
    if is_split(several) and any(table.split is None for table in useful):
        chosen = [table for table in useful if table.stem in several]
        rows = [row for table in chosen for row in _labelled(table, several[table.stem])]
    else:
        chosen = [max(useful, key=lambda table: (table.says_classes, len(table.rows)))]
        rows = list(_labelled(chosen[0], None))
    if any(row.split is None and not row.lacking for row in rows):
        rows = [replace(row, split=None) for row in rows]
    words = f"classes from {' and '.join(f'“{table.entry.path}”' for table in chosen)}"
    layout = by_list(listing, rows, words, chosen[0].near)
    return replace(layout, tables=tuple(table.entry.path for table in chosen))


def _candidates(listing: Listing) -> list[Entry]:
    tables = [one for one in listing.companions if ending(one.path) in ENDINGS and 0 < one.size <= LARGEST]
    tables.sort(key=lambda one: (ending(one.path) == ".txt", one.path.count("/"), one.path))
    return tables[:MOST_TABLES]


def _rows(listing: Listing, entry: Entry) -> list[Cells]:
    try:
        with closing(listing.open()) as files:
            return rows_of(files.whole(entry, LARGEST))
    except Unread:
        return []


def _table(entry: Entry, rows: list[Cells], images: FoundImages) -> Table | None:
    """None for a text that names no images. A line may be a path, or a path, a blank and a class."""
    near = entry.path.rpartition("/")[0]
    names = [cell.casefold().replace(" ", "_") for cell in rows[0]]
    image = _image_column(rows, names, images, near)
    if image is None and max(map(len, rows)) == 1:
        rows = [tuple(row[0].rsplit(maxsplit=1)) for row in rows]
        image, names = _image_column(rows, names, images, near), []
    if image is None:
        return None
    header = not _is_there(images, rows[0][image] if image < len(rows[0]) else "", near)
    body = rows[1:] if header else rows
    named = names if header else []
    split = next((named.index(name) for name in SPLITS if name in named and _is_split(body, named.index(name))), None)
    taken = {image, split}
    label = next((named.index(name) for name in CLASSES if name in named and named.index(name) not in taken), None)
    marks = _marks(rows[0], body, taken) if header and label is None else ()
    label = _likely(body, taken) if label is None and not marks else label
    return Table(entry, body, image, label, split, marks) if body else None


def _is_there(images: FoundImages, said: str, near: str) -> bool:
    return images.of(said, near) is not None or images.elsewhere(said) is not None


def _marks(head: Cells, rows: list[Cells], taken: set[int | None]) -> tuple[tuple[int, str], ...]:
    """(column, class) of each column of marks, two or more: where there are no other columns beside those of the image
    and the part, or nearly every row has one mark."""
    others = [(column, name) for column, name in enumerate(head) if column not in taken and name]
    cells = {column: [row[column].casefold() if column < len(row) else "" for row in rows] for column, _ in others}
    marks = tuple(one for one in others if set(cells[one[0]]) <= YES | NO)
    marked = sum(sum(cell in YES for cell in row) == 1 for row in zip(*(cells[one] for one, _ in marks), strict=True))
    return marks if len(marks) > 1 and (len(marks) == len(others) or marked >= MARKED * len(rows)) else ()


def _image_column(rows: list[Cells], names: list[str], images: FoundImages, near: str) -> int | None:
    """The column that names most images that are there; of several the one that is called so."""
    sample = rows[:: max(1, len(rows) // SAMPLE)]
    width = max(map(len, sample))
    hits = [sum(column < len(row) and _is_there(images, row[column], near) for row in sample)
            for column in range(width)]  # fmt: skip
    called = [column < len(names) and names[column] in IMAGES for column in range(width)]
    best = max(range(width), key=lambda column: (hits[column], called[column], -column))
    return best if hits[best] >= ENOUGH * max(1, len(sample) - 1) and hits[best] > 0 else None


def _is_split(rows: list[Cells], column: int) -> bool:
    return is_split(parts({row[column] for row in rows if column < len(row)}))


def _likely(rows: list[Cells], taken: set[int | None]) -> int | None:
    """Without a name that tells it: the only other column, or that of fewest different words, more than one, that come
    again."""
    width = max(map(len, rows), default=0)
    different = {column: len({row[column] for row in rows if column < len(row) and row[column]})
                 for column in range(width) if column not in taken}  # fmt: skip
    if len(different) == 1:
        return next(iter(different))
    fitting = [column for column, count in different.items() if 1 < count <= max(2, len(rows) // 2)]
    return min(fitting, key=lambda column: (different[column], column), default=None)


def _has_folders(table: Table) -> bool:
    """A list without classes may name them by folders."""
    return len({_folder(row[table.image]) for row in table.rows if table.image < len(row)} - {""}) > 1


def _folder(path: str) -> str:
    return (["", *path.replace("\\", "/").split("/")])[-2]


def _labelled(table: Table, part: int | None) -> Iterator[Row]:
    columns = [table.image, *(one for one in (table.label, table.split) if one is not None)]
    last = max((*columns, *(column for column, _ in table.marks)))
    words = parts({row[table.split] for row in table.rows if len(row) > table.split}) if table.split is not None else {}
    for row in table.rows:
        if len(row) <= table.image or not row[table.image]:
            continue
        if len(row) <= last:
            yield Row(row[table.image], "", lacking=CUT_SHORT)
            continue
        split = words.get(row[table.split]) if table.split is not None else part
        names = table.classes_of(row)
        yield from (Row(row[table.image], name, split) for name in names)
        if not names:
            yield Row(row[table.image], "", lacking=NO_CLASS)


def no_table(listing: Listing) -> DataError:
    said = f"“{listing.root.name}” has no table or list that names its images."
    return DataError(said, f"Put a CSV file beside the images. {ADVICE}" if listing.images else WANTED)
