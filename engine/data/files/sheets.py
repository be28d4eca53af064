"""A file of texts cut into rows: a table with or without names of its columns, JSON lines, a JSON list. Torch-free."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from engine.data.files.kinds import ending
from engine.data.files.names import is_text
from engine.data.files.reading import Entry
from engine.data.files.text import Cells, coded, lines_of, plain_lines, sign_of
from engine.errors import DataError

TABLES, JSON_LINES, JSON = (".csv", ".tsv", ".tab"), (".jsonl", ".ndjson"), (".json",)
LONGEST_CELL = 2**20  # letters
ALONE = "\x1f"  # a sign between cells that no sentence has
KEYS_FROM = 200  # objects whose keys are the columns
FLAT = 'Write each text as a line {"text": "…", "label": "…"}, or save a CSV.'
NO_TEXT = 0.02  # share of control characters from which on a file is no text


@dataclass(frozen=True)
class TextTable:
    """rows: in the file's order, without blank ones; the first may name the columns unless `names` does. names: keys
    of JSON objects, else empty. numbers: of each row in the file, from 1. coding: "" for UTF-8. zeros: zero bytes that
    were taken out. broken: numbers of lines that are no JSON. nested: columns of JSON objects in which lists or objects
    stand, whose cells are empty."""

    entry: Entry
    rows: list[Cells]
    names: Cells = ()
    coding: str = ""
    zeros: int = 0
    broken: tuple[int, ...] = ()
    nested: frozenset[int] = frozenset()

    @property
    def path(self) -> str:
        return self.entry.path


def sheet(entry: Entry, body: bytes, cut: bool = False) -> TextTable:
    """cut: the file goes on behind `body`. Raises `DataError` for what is no text, or a quote that is never closed."""
    text, coding = coded(body)
    zeros = text.count("\0")
    text = plain_lines(text)
    head = text[:4096]
    if sum(letter < " " and letter not in "\n\t\f\v\x1b" for letter in head) > NO_TEXT * max(1, len(head)):
        raise DataError(f"“{entry.path}” is no text.", "Choose a CSV, a TSV or a file of JSON lines.")
    if ending(entry.path) in JSON_LINES + JSON or text.lstrip()[:1] == "{":
        names, objects, rows, broken = _of_objects(entry, text)
        return TextTable(entry, rows, names, coding, zeros, broken, _nested(names, objects))
    return TextTable(entry, _of_table(entry, text, cut), (), coding, zeros)


def _of_table(entry: Entry, text: str, cut: bool) -> list[Cells]:
    sign = sign_of(text)
    if sign is None:
        return [(line.strip(),) for line in text.split("\n") if line.strip()]
    rows = _cut(entry, text, sign, csv.QUOTE_MINIMAL)
    if sign == "\t" and any("\n" in cell and sign in cell for row in rows for cell in row):
        plain = _cut(entry, text, sign, csv.QUOTE_NONE)  # quotes that quote nothing swallow lines
        if len({len(row) for row in plain}) == 1:
            return plain
    last = rows[-1] if rows else ()
    if not cut and any(cell.count("\n") > 2 and cell.count(sign) > 2 for cell in last) and len(last) < len(rows[0]):
        raise DataError(
            f"A quote in “{entry.path}” is never closed: it begins “{_begin(last)}”.", "Close it, or take it out."
        )
    return rows


def uncut(entry: Entry, body: bytes) -> list[Cells]:
    """Rows of one cell, quoted or not, whatever signs stand in them. Raises `DataError`."""
    text = plain_lines(coded(body)[0])
    return _cut(entry, text, ALONE, csv.QUOTE_NONE if text.count('"') % 2 else csv.QUOTE_MINIMAL)


def _cut(entry: Entry, text: str, sign: str, quoting: Literal[0, 3]) -> list[Cells]:
    csv.field_size_limit(LONGEST_CELL)
    read = csv.reader(lines_of(text), delimiter=sign, quoting=quoting, skipinitialspace=sign != "\t")
    try:
        return [row for cells in read if any(row := tuple([cell.strip() for cell in cells]))]
    except csv.Error as error:
        if "field limit" in str(error):
            raise DataError(
                f"A cell of “{entry.path}” near line {read.line_num:,} has more than {LONGEST_CELL:,} letters.",
                "Close its quote if one is open, or shorten it: a network reads some hundred words of a text.",
            ) from None
        raise DataError(
            f"“{entry.path}” cannot be cut into cells near row {read.line_num:,}.",
            "Look for a quote that is not closed.",
        ) from None


def _begin(row: Cells) -> str:
    cell = next(cell for cell in row if "\n" in cell)
    return cell.strip()[:40].replace("\n", " ")


Objects = list[dict[str, object]]


def _of_objects(entry: Entry, text: str) -> tuple[Cells, Objects, list[Cells], tuple[int, ...]]:
    """(columns, objects, rows, lines that are no JSON) of JSON lines, or of a list of objects. Raises `DataError`."""
    found, broken = _values(entry, text)
    objects: Objects = [one for _, one in found if isinstance(one, dict)]
    names = tuple(dict.fromkeys(str(key) for one in objects[:KEYS_FROM] for key in one))
    rows = [tuple([_cell(one.get(name)) for name in names]) for one in objects]
    if not objects:
        rows = [tuple([_cell(cell) for cell in one]) for _, one in found if isinstance(one, list)]
    return names, objects, rows, tuple(broken)


def _values(entry: Entry, text: str) -> tuple[list[tuple[int, object]], list[int]]:
    """(number, value) of each line or of each member of a list, and the lines that are no JSON."""
    if text.lstrip()[:1] != "[":
        found, broken = _lines(text)
        if broken and not any(isinstance(one, dict) for _, one in found) and _whole(text) is not None:
            raise DataError(f"“{entry.path}” is one JSON object over many lines, not one a text.", FLAT)
        return found, broken
    members = _whole(text)
    if not isinstance(members, list):
        raise DataError(f"“{entry.path}” is no JSON.", "Save it again as JSON lines, or as a CSV.")
    return list(enumerate(members, 1)), []


def _whole(text: str) -> object:
    """None where all of it together is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _nested(names: Cells, objects: Objects) -> frozenset[int]:
    """Columns in which lists or objects stand."""
    found = {str(key) for one in objects for key, value in one.items() if isinstance(value, list | dict)}
    return frozenset(place for place, name in enumerate(names) if name in found)


def _lines(text: str) -> tuple[list[tuple[int, object]], list[int]]:
    found, broken = list[tuple[int, object]](), list[int]()
    for number, line in _numbered(text):
        try:
            found.append((number, json.loads(line)))
        except (ValueError, RecursionError):
            broken.append(number)
    return found, broken


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _cell(value: object) -> str:
    """What a JSON value is in a table; "" of what is no single thing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return str(value).lower() if isinstance(value, bool) else ""
    if not isinstance(value, str):
        return str(value)
    whole = value if is_text(value) else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "").strip()
