"""A person's own texts: tables, JSON lines, class folders of text files, alone, in a folder or a zip. Torch-free."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.data.files.columns import CHOOSE, Columns, ColumnWish, columns_of
from engine.data.files.names import clean_part
from engine.data.files.order import natural
from engine.data.files.parts import is_split, parts
from engine.data.files.sheets import TextTable
from engine.data.files.text_folders import CLASS_FOLDERS, Found, from_folders
from engine.data.files.text_tables import NAMED, OUTSIDE, WANTED, Table, belonging, no_columns, stem, tables_of
from engine.data.files.tree import Listing
from engine.data.images import Cancel, Progress, check
from engine.data.labelled_set import Skipped
from engine.errors import DataError

EMPTY, NO_CLASS, NO_PART, CUT_SHORT, TOO_MANY, NO_JSON, NESTED = (
    "no text", "no class", "neither to learn from nor to test",
     "fewer cells than columns", "more cells than columns, as of a text without quotes", "no JSON",
     "a list or an object where one value should be"
)  # fmt: skip
LONGEST_NAME, MOST_CELLS = 80, 1_000  # letters of a class; cells of a row where the columns have no names


@dataclass(frozen=True, eq=False)
class ReadTexts:
    """Texts with their classes, in the order of the files.

    labels: int64 [texts], places in `class_names`. keys: these names without the ellipsis of what was cut, as they
    count for the fingerprint. groups: of each text, where a column or a file names one. parts:
    int8 [texts] (0 train, 1 validation, 2 test), where a column or the files name them. outside: texts that are said
    to be of no class. files, file, row: where text i stands: row[i] of files[file[i]], both int32 [texts].
    """

    texts: list[str]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    keys: tuple[str, ...]
    groups: list[str] | None
    parts: NDArray[np.int8] | None
    outside: tuple[str, ...]
    files: tuple[str, ...]
    file: NDArray[np.int32]
    row: NDArray[np.int32]
    layout: str
    skipped: tuple[Skipped, ...]
    doubts: tuple[str, ...]


@dataclass
class Gathered:
    """What the rows of all files add up to."""

    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    file: list[int] = field(default_factory=list)
    row: list[int] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def add(self, text: str, name: str, group: str, part: int, row: int) -> None:
        """Of the file that was added last. part: -1 where none is known."""
        self.texts.append(text)
        self.names.append(name)
        self.groups.append(group)
        self.parts.append(part)
        self.file.append(len(self.files) - 1)
        self.row.append(row)

    def of_parts(self) -> None:
        """Where the files divide the texts, what is of no part is left out: it may be meant for either."""
        known = [place for place, part in enumerate(self.parts) if part >= 0]
        if len(known) == len(self.parts) or len({self.parts[place] for place in known}) < 2:
            return
        for place in sorted(set(range(len(self.parts))) - set(known)):
            path, row = self.files[self.file[place]], self.row[place]
            self.skipped.append(Skipped(f"{path}, row {row:,}" if row else path, NO_PART))
        for words in (self.texts, self.names, self.groups):
            words[:] = [words[place] for place in known]
        for numbers in (self.parts, self.file, self.row):
            numbers[:] = [numbers[place] for place in known]

    def leave_out(self, row: int, reason: str) -> None:
        self.skipped.append(Skipped(f"{self.files[-1]}, row {row:,}", reason))


def read_texts(
    listing: Listing,
    wish: ColumnWish,
    only: str = "",
    progress: Progress | None = None,
    cancelled: Cancel | None = None,
) -> ReadTexts:
    """only: name of the one file to read, "" for all that belong together. Raises `DataError`, `Cancelled`."""
    with closing(listing.open()) as files:
        if wish.labelled and not only and (found := from_folders(listing, files, cancelled)) is not None:
            return _of_folders(listing, list(found))
        tables = tables_of(listing, files, wish, only, cancelled)
    if progress:
        progress(0.5)
    if not tables.found:
        said = "is empty" if listing.alone and not listing.others[0].size else "holds no texts with classes"
        none = DataError(f"“{listing.root.name}” {said}.", WANTED)
        raise tables.faults[0][1] if tables.faults else none
    kept = belonging(tables.found)
    return _of_tables(listing.root.name, kept, wish, cancelled, tables.passed_over(kept))


def _of_folders(listing: Listing, found: list[Found]) -> ReadTexts:
    gathered = Gathered()
    for path, text, name, part in found:
        gathered.files.append(path)
        if text:
            gathered.add(text, name, "", part, 0)
        else:
            gathered.skipped.append(Skipped(path, EMPTY))
    return _read(listing.root.name, gathered, CLASS_FOLDERS, ())


def of_sheet(title: str, read: TextTable, wish: ColumnWish) -> ReadTexts:
    """Of one file that was read. Raises `DataError`."""
    columns = columns_of(read, wish)
    if columns is None:
        raise no_columns(read)
    return _of_tables(title, [(read, columns)], wish, None)


def _of_tables(
    title: str, tables: list[Table], wish: ColumnWish, cancelled: Cancel | None, over: tuple[str, ...] = ()
) -> ReadTexts:
    told = parts(stem(read) for read, _ in tables)
    of_files = told if is_split(told) else {}
    gathered = Gathered()
    several = len(tables) > 1 and not of_files and all(columns.group is None for _, columns in tables)
    for read, columns in sorted(tables, key=lambda one: (of_files.get(stem(one[0]), 3), natural(one[0].path))):
        check(cancelled)
        gathered.files.append(read.path)
        group = stem(read) if several else ""
        _gather(gathered, read, columns, of_files.get(stem(read), -1), group)
    if not wish.labelled:
        gathered.names = ["texts"] * len(gathered.texts)
    return _read(title, gathered, _words(tables, wish), (*over, *_doubts(tables)), labelled=wish.labelled)


def _gather(gathered: Gathered, read: TextTable, columns: Columns, part: int, group: str) -> None:
    header = bool(columns.names) and not read.names
    rows = read.rows[1:] if header else read.rows
    least, most = columns.width, len(columns.names) or MOST_CELLS
    at, of, under, within = columns.text, columns.label, columns.group, columns.part
    said = parts({row[within] for row in rows if within < len(row)}) if within is not None else {}
    for number, row in enumerate(rows, 2 if header else 1):
        if not least <= len(row) <= most:
            gathered.leave_out(number, TOO_MANY if len(row) > most else CUT_SHORT)
            continue
        text, name = row[at], row[of] if of is not None else ""
        if not text or (of is not None and not name):
            nested = {at, of} & read.nested
            gathered.leave_out(number, NESTED if nested else NO_CLASS if text else EMPTY)
        elif name.casefold() in OUTSIDE:
            gathered.outside.append(text)
        else:
            gathered.add(
                text, name, row[under] if under is not None else group,
                said.get(row[within], -1) if within is not None else part, number,
            )  # fmt: skip
    for line in read.broken:
        gathered.leave_out(line, NO_JSON)


def _words(tables: list[Table], wish: ColumnWish) -> str:
    """ "texts from “text” and classes from “category” of 2 files"."""
    columns = tables[0][1]
    said = [f"texts from {columns.called(columns.text)}"]
    said += [f"classes from {columns.called(columns.label)}"] if columns.label is not None else []
    said += [f"groups from {columns.called(columns.group)}"] if columns.group is not None else []
    said += [f"parts from {columns.called(columns.part)}"] if columns.part is not None else []
    files = f"“{tables[0][0].path}”" if len(tables) == 1 else f"{len(tables)} files"
    codings = sorted({read.coding for read, _ in tables if read.coding})
    return f"{', '.join(said)} of {files}" + (f", read as {' and '.join(codings)}" if codings else "")


def _doubts(tables: list[Table]) -> tuple[str, ...]:
    zeros = sum(read.zeros for read, _ in tables)
    said = f"{zeros:,} zero bytes stood in the files and were taken out."
    of_zeros = ("1 zero byte stood in the files and was taken out." if zeros == 1 else said,) if zeros else ()
    return (*_rivals(tables[0][1]), *of_zeros)


def _rivals(columns: Columns) -> tuple[str, ...]:
    """A sentence about other columns that may hold the classes; none where there are no others."""
    if not columns.rivals or columns.label is None:
        return ()
    others = [columns.called(place) for place in columns.rivals[:NAMED]]
    return (f"Classes may also stand in {' or '.join(others)}, not in {columns.called(columns.label)}. {CHOOSE}",)


def _read(title: str, found: Gathered, layout: str, doubts: tuple[str, ...], labelled: bool = True) -> ReadTexts:
    found.of_parts()
    keys = _class_names(title, found, labelled)
    cut = {_shown(name) for name in dict.fromkeys(found.names) if len(name) > LONGEST_NAME}
    place = {name: number for number, name in enumerate(keys)}
    shown = {name: place[_shown(name)] for name in dict.fromkeys(found.names)}
    outside = f"; {len(found.outside):,} texts of no class kept apart" if found.outside else ""
    return ReadTexts(
        texts=found.texts,
        labels=np.array([shown[name] for name in found.names], dtype=np.int64),
        class_names=tuple([f"{name}…" if name in cut else name for name in keys]),
        keys=keys,
        groups=found.groups if any(found.groups) else None,
        parts=np.array(found.parts, dtype=np.int8) if len(set(found.parts) - {-1}) > 1 else None,
        outside=tuple(found.outside),
        files=tuple(found.files),
        file=np.array(found.file, dtype=np.int32),
        row=np.array(found.row, dtype=np.int32),
        layout=layout + outside,
        skipped=tuple(found.skipped),
        doubts=doubts,
    )


def _class_names(title: str, found: Gathered, labelled: bool) -> tuple[str, ...]:
    """Raises `DataError` where they are no classes."""
    names = tuple(sorted({_shown(name) for name in dict.fromkeys(found.names)}, key=natural))
    if not found.texts:
        raise DataError(f"“{title}” holds no text with a class.", WANTED)
    if not labelled:
        return names
    if len({_one_line(name) for name in dict.fromkeys(found.names)}) > len(names):
        raise DataError(f"Some classes of “{title}” are the same but for what follows {LONGEST_NAME} letters.", CHOOSE)
    if len(names) < 2:
        raise DataError(f"All {len(found.texts):,} texts of “{title}” are of one class, “{names[0]}”.", CHOOSE)
    if 2 * len(names) > len(found.texts) + 2:
        raise DataError(
            f"“{title}” has {len(names):,} classes for {len(found.texts):,} texts: that is hardly a column of classes.",
            CHOOSE,
        )
    return names


def _shown(name: str) -> str:
    return _one_line(name[:LONGEST_NAME])


def _one_line(name: str) -> str:
    """The name of a class as it is shown: a label may go over several lines of a table."""
    return clean_part(" ".join(name.splitlines()))
