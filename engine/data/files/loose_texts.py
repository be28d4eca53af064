"""Texts that a person hands in without labels: typed, or in tables, lists and files of texts. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar
from zipfile import is_zipfile

from engine.data.files.columns import CHOOSE, ColumnWish, columns_of
from engine.data.files.kinds import TEXT_ENDINGS, ending
from engine.data.files.loose import Look, LooseExamples, Read, Ways
from engine.data.files.names import clean
from engine.data.files.order import in_order
from engine.data.files.read_texts import NO_JSON, TOO_MANY
from engine.data.files.reading import Entry, Files
from engine.data.files.sheets import JSON, JSON_LINES, TABLES, TextTable, sheet, uncut
from engine.data.files.text import Cells, coded, plain_lines
from engine.data.files.text_tables import LARGEST, PROSE
from engine.data.files.tree import Listing, list_files
from engine.data.images import Cancel, check
from engine.data.labelled_set import Form
from engine.errors import DataError
from engine.given import is_file, person_path
from engine.machine.files import Unread
from engine.texts.tokens import tokens

EMPTY = "no text"
NAME = "Name a CSV, TSV or text file, JSON lines, or a folder or zip of such files."
KINDS = (TABLES + JSON_LINES, JSON, (".txt", ""))  # of a folder those of the first kind that is there are read


@dataclass(frozen=True, slots=True)
class LooseText:
    """where: it was found, "reviews.csv, row 12". reason: why it cannot be read, and has no text."""

    where: str
    text: str
    reason: str = EMPTY


class LooseTexts(LooseExamples):
    """Read when they are handed in. All is as in `engine.data.files.loose.LooseImages`."""

    what: ClassVar[str] = "texts"

    def __init__(
        self, paths: Sequence[str | Path], cancelled: Cancel | None = None, whole: bool = False, column: str = ""
    ) -> None:
        """whole: a .txt file is one text; else each line of it is one, and in a folder or zip each file. column: of
        tables, with the texts; "" to find it. Raises `DataError` for what is there not or holds no texts,
        `Cancelled`."""
        self._texts: list[LooseText] = []
        for path in paths:
            found = list(_below(path, whole, column, cancelled))
            if not found:
                raise DataError(f"“{clean(str(path))}” holds no texts.", NAME)
            self._texts += found

    @classmethod
    def held(cls, texts: Sequence[str], called: str = "typed text") -> LooseTexts:
        """Texts in memory, numbered from 1."""
        made = cls(())
        made._texts = [LooseText(f"{called} {number:,}", tidy(text)) for number, text in enumerate(texts, 1)]
        return made

    def add(self, more: LooseTexts) -> None:
        """Behind those that are there."""
        self._texts += more._texts

    def close(self) -> None:
        """Nothing is held open."""

    def __len__(self) -> int:
        return len(self._texts)

    def name(self, place: int) -> str:
        return self._texts[place].where

    def text(self, place: int) -> str:
        return self._texts[place].text

    def read(self, places: Sequence[int], form: Form) -> list[Read]:
        """Each int32 [form.size] as a network of this form reads it, or why it is not read."""
        texts = [self._texts[place].text for place in places]
        rows = iter(tokens(form.tokenizer, [text for text in texts if text], form.size))
        return [next(rows) if text else self._texts[place].reason for place, text in zip(places, texts, strict=True)]

    def look(self, places: Sequence[int], ways: Ways) -> list[Look | str]:
        read = [self.read(places, form) for _, form in ways]
        return [_seen(self._texts[place].text, rows) for place, *rows in zip(places, *read, strict=True)]

    def body(self, place: int) -> bytes:
        return self._texts[place].text.encode("utf-8", "surrogatepass")


def tidy(text: str) -> str:
    """As texts of files are read: without zero bytes, halves of characters and what surrounds it."""
    return plain_lines(text).encode("utf-8", "replace").decode("utf-8").strip()


def lines_of(body: bytes, whole: bool = False) -> list[str]:
    """The texts of a plain file: each line that is not blank, or all of it."""
    text = plain_lines(coded(body)[0])
    return [text.strip()] if whole else [line.strip() for line in text.split("\n") if line.strip()]


def _seen(text: str, rows: Sequence[Read]) -> Look | str:
    why = next((row for row in rows if isinstance(row, str)), "")
    return why or Look(tuple(row for row in rows if not isinstance(row, str)), text)


def _below(path: str | Path, whole: bool, column: str, cancelled: Cancel | None) -> Iterator[LooseText]:
    if not str(path).strip():  # as of a variable that is not set; it would be the folder one is in
        raise DataError("The path of the texts is empty.", "Name a file, a folder or a zip; “.” is this folder.")
    around = clean(str(path)).rstrip("/\\")
    if is_file(path) and ending(around) not in {".zip", *TEXT_ENDINGS} and not is_zipfile(person_path(path)):
        raise DataError(f"“{around}” is no file of texts.", NAME)
    listing = list_files(path, cancelled)
    with closing(listing.open()) as files:
        for entry in _entries(listing, around):
            check(cancelled)
            name = around if listing.alone else f"{around}/{entry.path}"
            if ending(entry.path) in TABLES + JSON_LINES + JSON:
                yield from _rows(files, entry, name, column)
            else:
                yield from _plain(files, entry, name, whole or not listing.alone)


def _entries(listing: Listing, around: str) -> list[Entry]:
    if listing.alone:
        return list(listing.files)
    usable = [one for one in listing.others if not _is_prose(one.path)]
    for kinds in KINDS:
        if found := [one for one in usable if ending(one.path) in kinds]:
            return list(in_order(found))
    raise DataError(f"“{around}” holds no texts.", NAME)


def _is_prose(path: str) -> bool:
    return path.rpartition("/")[2].partition(".")[0].casefold() in PROSE


def _body(files: Files, entry: Entry, name: str) -> bytes:
    try:
        return files.whole(entry, LARGEST)
    except Unread as error:
        raise DataError(f"“{name}” cannot be read: {error}.", "Copy it again.") from None


def _plain(files: Files, entry: Entry, name: str, whole: bool) -> Iterator[LooseText]:
    texts = lines_of(_body(files, entry, name), whole)
    if whole:
        return iter([LooseText(name, texts[0])])
    return (LooseText(f"{name}, line {number:,}", text) for number, text in enumerate(texts, 1))


def _is_heading(rows: Sequence[Cells]) -> bool:
    """Whether the first row stands above numbers and is none itself: names that nobody knows."""
    first, rest = rows[0], rows[1:]
    below = [{row[place] for row in rest if place < len(row)} for place in range(len(first))]
    return any(
        not cell.isdecimal() and cells and all(map(str.isdecimal, cells))
        for cell, cells in zip(first, below, strict=True)
    )


def _rows(files: Files, entry: Entry, name: str, column: str) -> Iterator[LooseText]:
    read = _table(entry, _body(files, entry, name))
    columns = columns_of(read, ColumnWish(text=column, labelled=False))
    if columns is None:
        raise DataError(f"“{name}” holds no column of texts.", CHOOSE if read.rows else NAME)
    header = not read.names and (bool(columns.names) or _is_heading(read.rows))
    width = len(read.rows[0]) if header else None
    for number, row in enumerate(read.rows[header:], 2 if header else 1):
        if any(row[width:] if width else ()):  # which of the cells a sentence was cut into is not known
            yield LooseText(f"{name}, row {number:,}", "", TOO_MANY)
        else:
            yield LooseText(f"{name}, row {number:,}", row[columns.text] if columns.text < len(row) else "")
    for line in read.broken:
        yield LooseText(f"{name}, line {line:,}", "", NO_JSON)


def _table(entry: Entry, body: bytes) -> TextTable:
    """One cell stands above nothing but texts: the signs that cut the other rows are those of sentences."""
    read = sheet(entry, body)
    alone = ending(entry.path) in TABLES and not read.names and read.rows and len(read.rows[0]) == 1
    return replace(read, rows=uncut(entry, body)) if alone else read
