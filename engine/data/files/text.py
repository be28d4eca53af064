"""Texts that other programs wrote: in whatever code, with whatever ends of lines, cut into cells by whatever sign."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator

SIGNS = ("\t", ",", ";", "|")  # a sign in sentences comes after one that is in none
LOOKED_AT = 50  # lines from which the sign is told
TALLEST = 6  # lines of a row
HEAD = 2**20  # letters in which these are looked for
PIECE = 2**18  # letters that are worked on at a time
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
Cells = tuple[str, ...]


def decoded(body: bytes) -> str:
    """The text of a file: as its mark says, UTF-16 where every second byte is zero, UTF-8, else as Windows wrote it."""
    return coded(body)[0]


def coded(body: bytes) -> tuple[str, str]:
    """As `decoded`, and the code it was read by, in words; "" for UTF-8."""
    for mark, code in BOMS:
        if body.startswith(mark):
            return body.decode(code, "replace"), "UTF-16" if code == "utf-16" else ""
    head = body[:1000]
    for first, code in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 3 and head[first::2].count(0) > 0.4 * len(head) and not head[1 - first :: 2].count(0):
            return body.decode(code, "replace"), "UTF-16"
    try:
        return body.decode("utf-8"), ""
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace"), "Windows-1252"


def plain_lines(text: str) -> str:
    """Without zero bytes, each line ended by one sign."""
    return "".join(one.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n") for one in _pieces(text))


def lines_of(text: str) -> Iterator[str]:
    """Each line of plain lines with its end."""
    for one in _pieces(text):
        yield from io.StringIO(one)


def _pieces(text: str) -> Iterator[str]:
    """Some lines at a time: no other thread has its turn while one call works on a large text."""
    begin = 0
    while begin < len(text):
        end = text.find("\n", begin + PIECE) + 1 or len(text)
        yield text[begin:end]
        begin = end


def sign_of(text: str) -> str | None:
    """The sign that cuts the lines of a text into cells; None where nothing does."""
    head = text[:HEAD].split("\n")
    return _sign([line for line in head if line.strip()][:LOOKED_AT])


def rows_of(body: bytes) -> list[Cells]:
    """Rows of a table, or lines where nothing cuts them; without blank ones. A row may lack cells."""
    text = plain_lines(decoded(body))
    sign = sign_of(text)
    if sign is None:
        return [(line.strip(),) for line in text.split("\n") if line.strip()]
    csv.field_size_limit(2**20)
    read = csv.reader(lines_of(text), delimiter=sign, skipinitialspace=True)
    try:
        return [row for cells in read if any(row := tuple(cell.strip() for cell in cells))]
    except csv.Error:
        return []


def _sign(lines: list[str]) -> str | None:
    """The sign that cuts most lines into equally many cells; None where none cuts more than half. Quoted line breaks
    make one row of several lines."""
    best, sign = 0, None
    for one in SIGNS:
        try:
            widths = _widths(lines, one)
        except csv.Error:
            continue
        agreeing = max((found for width, found in widths.items() if width > 1), default=0)
        needed = 0.5 * widths.total()
        if one == "\t":  # quotes there may quote nothing
            plain = Counter(line.count(one) + 1 for line in lines if one in line)
            agreeing, needed = max((agreeing, needed), (max(plain.values(), default=0), 0.5 * len(lines)))
        if agreeing > max(best, needed):
            best, sign = agreeing, one
    return sign


def _widths(lines: list[str], sign: str) -> Counter[int]:
    """Number of cells of a row -> lines of such rows, of a long row no more than `TALLEST`. A last row of several
    lines is left out: it is cut, or a quote that quotes nothing has swallowed it."""
    read, rows, before = csv.reader(lines, delimiter=sign), list[tuple[int, int]](), 0
    for cells in read:
        rows.append((len(cells), read.line_num - before))
        before = read.line_num
    found = Counter[int]()
    for width, height in rows[:-1] if rows and rows[-1][1] > 1 else rows:
        found[width] += min(TALLEST, height)
    return found
