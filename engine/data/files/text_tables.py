"""Which files of a folder or zip are tables of texts, and which of these belong together. Torch-free."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from engine.data.files.columns import CHOOSE, Columns, ColumnWish, columns_of, names_only
from engine.data.files.kinds import ending
from engine.data.files.order import natural
from engine.data.files.parts import is_split, parts
from engine.data.files.reading import Entry, Files
from engine.data.files.sheets import FLAT, JSON, JSON_LINES, TABLES, TextTable, sheet
from engine.data.files.text_folders import from_folders
from engine.data.files.tree import Listing
from engine.data.images import Cancel, check
from engine.errors import DataError
from engine.machine.files import MEBIBYTE, Unread

LARGEST, MOST_FILES = 512 * MEBIBYTE, 200
FEW, HEAD = 3, 64 * 1024  # files and bytes of each, from which it is told whether there are texts
PROSE = frozenset(("readme", "license", "licence", "source", "notice", "copying", "changelog", "citation", "authors"))
OUTSIDE = frozenset(("oos", "out_of_scope", "out of scope", "out-of-scope", "ood", "none of these", "none_of_these"))
WANTED = (
    "Give a CSV or TSV with a column of texts and one of classes, JSON lines, or a folder of text files for each class."
)
Table = tuple[TextTable, Columns]
SMALL_JSON = MEBIBYTE  # a larger one is not looked into only to say that it was passed over
NAMED = 3  # tables that a sentence names
OTHER_COLUMNS, NO_PART_OF_IT, APART = (
    "other columns", "no part of the division that the other names say", "another kind of file, or deeper in folders"
)  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """found: of the best kind that is there. faults: (path, what is wrong) of others of that kind. apart: paths of what
    would be tables too, but are of another kind or at another depth of folders."""

    found: list[Table]
    faults: list[tuple[str, DataError]]
    apart: list[str]

    def passed_over(self, kept: list[Table]) -> tuple[str, ...]:
        """A sentence that names the tables that are not read and says why; empty where all are."""
        read = {id(one) for one, _ in kept}
        divided = is_split(parts(stem(one) for one, _ in kept))
        why = NO_PART_OF_IT if divided else OTHER_COLUMNS
        over = [f"“{one.path}” ({why})" for one, _ in self.found if id(one) not in read]
        over += [f"“{path}” ({_short(fault)})" for path, fault in self.faults]
        over += [f"“{path}” ({APART})" for path in self.apart]
        if not over:
            return ()
        more = f" and {len(over) - NAMED:,} more" if len(over) > NAMED else ""
        tables = "1 table was" if len(over) == 1 else f"{len(over):,} tables were"
        return (f"{tables} passed over: {', '.join(over[:NAMED])}{more}. “Only the file” reads one alone.",)


def _short(fault: DataError) -> str:
    """ "it has one column: there are no classes beside the texts"."""
    words = re.sub(r"“[^”]*”", "it", fault.message, count=1).rstrip(".")
    return words[:1].lower() + words[1:]


def holds_texts(listing: Listing) -> bool:
    """Whether a folder, zip or file is of texts, told without reading more than the beginnings of its files. A table
    that cannot be followed counts, so that it is said why."""
    if listing.alone:
        return True
    if listing.images:
        return False
    if from_folders(listing, None, None) is not None or any(_rank(one)[0] == 0 for one in candidates(listing, "")):
        return True
    with closing(listing.open()) as files:
        return bool(tables_of(listing, Beginnings(files), ColumnWish(), "", None, most=FEW).found)


@dataclass
class Beginnings:
    """The first whole lines of files."""

    files: Files

    def whole(self, entry: Entry, most: int) -> bytes:
        if ending(entry.path) in JSON:  # a list cannot be cut
            return self.files.whole(entry, most)
        body = self.files.beginning(entry, HEAD)
        return body if len(body) < HEAD else body[: body.rfind(b"\n") + 1]


Reader = Files | Beginnings


def candidates(listing: Listing, only: str) -> list[Entry]:
    """Files that may hold texts: tables and JSON lines; where there are none, others; never what is called as prose
    is."""
    usable = [one for one in listing.others if one.size and not _is_prose(one.path)]
    if only:
        return [one for one in usable if only in (one.path, one.path.rpartition("/")[2])]
    kinds: list[Callable[[str], bool]] = [
        lambda kind: kind in TABLES + JSON_LINES, lambda kind: kind in JSON, lambda kind: kind in (".txt", ""),
    ]  # fmt: skip
    found = [[one for one in usable if fits(ending(one.path))] for fits in kinds]
    return [one for some in found for one in sorted(some, key=lambda one: (one.path.count("/"), natural(one.path)))]


def _is_prose(path: str) -> bool:
    return path.rpartition("/")[2].partition(".")[0].casefold() in PROSE


def tables_of(
    listing: Listing, files: Reader, wish: ColumnWish, only: str, cancelled: Cancel | None, most: int = MOST_FILES
) -> Tables:
    """The tables that are there."""
    found, faults, apart = list[Table](), list[tuple[str, DataError]](), list[str]()
    entries = candidates(listing, only)
    if only and not entries:
        raise DataError(f"There is no file “{only}” in “{listing.root.name}”.", "Leave the file empty to read all.")
    for entry in entries[:most]:
        check(cancelled)
        if found and _rank(entry) > _rank(found[0][0].entry):
            apart += [entry.path] if _would_be(listing, entry, wish) else []
            continue
        try:
            found.append(_table(files, entry, wish))
        except DataError as error:
            faults.append((entry.path, error))
    return Tables(found, faults, apart)


def _would_be(listing: Listing, entry: Entry, wish: ColumnWish) -> bool:
    """Whether the beginning of a file that is not read looks like a table of texts."""
    kind = ending(entry.path)
    if kind not in TABLES + JSON_LINES and (kind not in JSON or entry.size > SMALL_JSON):
        return False
    with closing(listing.open()) as files:
        try:
            return bool(_table(Beginnings(files), entry, wish))
        except DataError:
            return False


def _table(files: Reader, entry: Entry, wish: ColumnWish) -> Table:
    """Raises `DataError` for what is no table of texts."""
    try:
        body = files.whole(entry, LARGEST)
    except Unread as error:
        raise DataError(f"“{entry.path}” cannot be read: {error}.", "Copy it again.") from None
    read = sheet(entry, body, cut=isinstance(files, Beginnings))
    columns = columns_of(read, wish)
    if columns is None:
        raise no_columns(read)
    return read, columns


def _rank(entry: Entry) -> tuple[int, int]:
    """What is read together: files of one kind at one depth of folders beside those of the first."""
    kind = ending(entry.path)
    return (0 if kind in TABLES + JSON_LINES else 1 if kind in JSON else 2), entry.path.count("/")


def no_columns(read: TextTable) -> DataError:
    """Why a file that was read is no table of texts."""
    width = max(map(len, read.rows), default=0)
    if read.nested:
        names = ", ".join(f"“{read.names[place][:30]}”" for place in sorted(read.nested)[:6])
        return DataError(f"In “{read.path}” {names} hold lists or objects instead of one value.", FLAT)
    if not read.rows:
        return DataError(f"“{read.path}” holds no rows.", WANTED)
    if names_only(read):
        return DataError(f"“{read.path}” holds names of columns and no rows below them.", WANTED)
    if width < 2:
        return DataError(f"“{read.path}” has one column: there are no classes beside the texts.", WANTED)
    names = ", ".join(f"“{cell[:30]}”" for cell in (read.names or read.rows[0])[:6])
    return DataError(f"No column of “{read.path}” ({names}) looks like classes of texts.", CHOOSE)


def belonging(tables: list[Table]) -> list[Table]:
    """The tables that are read together: parts of a split with what is out of scope, else all with the columns of the
    first."""
    told = parts(stem(read) for read, _ in tables)
    if is_split(told):
        return [one for one in tables if stem(one[0]) in told or stem(one[0]).casefold() in OUTSIDE]
    first = tables[0][1]
    return [one for one in tables if len(one[1].names) == len(first.names) and one[1].text == first.text]


def stem(read: TextTable) -> str:
    name = read.path.rpartition("/")[2]
    return name.rpartition(".")[0] or name
