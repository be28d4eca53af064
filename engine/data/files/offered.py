"""Which columns and files of a person's texts there are to choose from, told from their beginnings. Torch-free."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass

from engine.data.files.columns import ColumnWish, name_key, names_of
from engine.data.files.reading import Entry
from engine.data.files.sheets import sheet
from engine.data.files.text import Cells
from engine.data.files.text_folders import from_folders
from engine.data.files.text_tables import SMALL_JSON, Beginnings, candidates
from engine.data.files.tree import Listing
from engine.errors import DataError
from engine.machine.files import Unread

LETTERS = 30  # of a cell that stands for a column without a name
MOST = 200  # columns and files that a list has room for

Option = tuple[str, str]


@dataclass(frozen=True)
class Offered:
    """(what a setting is set to, words for it) of each column and each file; no files where there is only one."""

    columns: tuple[Option, ...] = ()
    files: tuple[Option, ...] = ()


def offered(listing: Listing, only: str) -> Offered:
    """Of a folder, zip or file of texts. only: the file whose columns are asked for, "" for the first."""
    if from_folders(listing, None, None) is not None:
        return Offered()
    entries = candidates(listing, "")
    files = tuple((one.path, one.path) for one in entries[:MOST]) if len(entries) > 1 else ()
    chosen = candidates(listing, only) or entries
    with closing(listing.open()) as reader:
        return Offered(_columns(Beginnings(reader), chosen[0]) if chosen else (), files)


def _columns(reader: Beginnings, entry: Entry) -> tuple[Option, ...]:
    """None of a file that is no table: what is wrong with it is said where it is read."""
    with suppress(DataError, Unread):
        read = sheet(entry, reader.whole(entry, SMALL_JSON), cut=True)
        names = names_of(read, ColumnWish())
        row = next(iter(read.rows), ())
        width = max(map(len, read.rows), default=0)
        return tuple(option(names, row, place) for place in range(min(width, MOST)))
    return ()


def option(names: Cells, row: Cells, place: int) -> Option:
    """By its name, where that leads to it and not to one before it, else by its number."""
    known = [name_key(name) for name in names]
    if place < len(names) and names[place] and known.index(known[place]) == place:
        return names[place], names[place]
    cell = " ".join(row[place].split()) if place < len(row) else ""
    begins = f": {cell[:LETTERS]}{'…' * (len(cell) > LETTERS)}" if cell else ""
    return str(place + 1), f"Column {place + 1}{begins}"
