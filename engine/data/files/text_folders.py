"""Class folders of text files, one text a file, with or without folders of parts around them. Torch-free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from engine.data.files.kinds import ending
from engine.data.files.order import in_order
from engine.data.files.parts import is_split, parts
from engine.data.files.reading import Entry, Files
from engine.data.files.sheets import JSON_LINES, TABLES
from engine.data.files.text import coded, plain_lines
from engine.data.files.tree import Listing
from engine.data.images import Cancel, check
from engine.machine.files import MEBIBYTE, Unread

CLASS_FOLDERS = "class folders of text files"
LARGEST_TEXT = 4 * MEBIBYTE
STEP = 256  # files between two looks at whether to stop
LEAST = 2  # texts of a class on average, below which folders are no classes
Found = tuple[str, str, str, int]  # path, text, class, part


def from_folders(listing: Listing, files: Files | None, cancelled: Cancel | None) -> Iterator[Found] | None:
    """(path, text, class, part or -1) of each file; None where fewer than two folders hold such, or a table lies there
    too. files: None to ask only whether there are."""
    if any(ending(one.path) in TABLES + JSON_LINES for one in listing.companions):
        return None
    entries = [one for one in in_order(listing.companions) if ending(one.path) == ".txt" and "/" in one.path]
    counted = Counter(_folder(one.path) for one in entries)
    if len(counted) < 2 or len(entries) < LEAST * len(counted):
        return None
    return _texts(entries, files, cancelled) if files else iter(())


def _folder(path: str) -> str:
    return path.split("/")[-2]


def _texts(entries: list[Entry], files: Files, cancelled: Cancel | None) -> Iterator[Found]:
    of_folders = parts({name for one in entries for name in one.path.split("/")[:-2]})
    split = of_folders if is_split(of_folders) else {}
    for number, entry in enumerate(entries):
        if number % STEP == 0:
            check(cancelled)
        part = next((split[name] for name in entry.path.split("/")[:-2] if name in split), -1)
        yield entry.path, _text(files, entry), _folder(entry.path), part


def _text(files: Files, entry: Entry) -> str:
    """ "" of a file that cannot be read, is empty or too large to be one text."""
    try:
        return plain_lines(coded(files.whole(entry, LARGEST_TEXT))[0]).strip()
    except Unread:
        return ""
