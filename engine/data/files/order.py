"""Files in the order of a person who counts, 9 before 10; of a hundred thousand as soon as of ten."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from engine.data.files.reading import Entry

NUMBERS, RUNS = re.compile(r"(\d+)"), re.compile(r"[0-9]+")
ALL_NOUGHT = str.maketrans("123456789", "000000000")


def natural(text: str) -> list[tuple[int, int, str]]:
    """Sort key that puts "image 9" before "image 10"."""
    folder, slash, name = text.rpartition("/")
    *before, (_, _, end) = _of_folder(folder + slash)  # which ends in "/", so that no number goes on behind it
    (_, _, start), *after = _pieces(name)
    return [*before, (1, 0, end + start), *after, (2, 0, text)]


def _pieces(text: str) -> tuple[tuple[int, int, str], ...]:
    """Words and numbers in turn, a word first and last."""
    pieces = NUMBERS.split(text.casefold())
    return tuple((0, int(piece), "") if piece.isdigit() and piece.isascii() else (1, 0, piece) for piece in pieces)


_of_folder = lru_cache(maxsize=256)(_pieces)  # once for all its files


def in_order(files: Sequence[Entry]) -> list[Entry]:
    """As sorted by `natural` of their paths, which is asked only where folders or names differ in more than numbers."""
    folders: dict[str, list[Entry]] = {}
    for entry in files:
        path = entry.path
        folders.setdefault(path[: path.rfind("/") + 1], []).append(entry)
    if len({folder.count("/") for folder in folders}) > 1:  # files of one folder may stand between folders in it
        return sorted(files, key=_of_entry)
    alike: dict[tuple[tuple[int, int, str], ...], list[str]] = {}
    for folder in folders:
        alike.setdefault(_pieces(folder), []).append(folder)  # "Cat" and "cat", "1" and "01"
    found: list[Entry] = []
    for _, names in sorted(alike.items()):
        inside = [entry for name in names for entry in folders[name]]
        found += _in_one_folder(inside, len(names[0])) if len(names) == 1 else sorted(inside, key=_of_entry)
    return found


def _of_entry(entry: Entry) -> list[tuple[int, int, str]]:
    return natural(entry.path)


def _in_one_folder(files: list[Entry], outside: int) -> list[Entry]:
    """outside: letters of the folder's path."""
    names = [entry.path[outside:] for entry in files]
    if len({name.translate(ALL_NOUGHT) for name in names}) == 1:  # as many digits in the same places
        return sorted(files, key=lambda entry: entry.path)
    if len(words := {RUNS.sub("0", name) for name in names}) == 1 and words.pop().isascii():
        return sorted(files, key=lambda entry: (_numbers(entry.path[outside:]), entry.path))
    return sorted(files, key=_of_entry)


def _numbers(name: str) -> list[int]:
    return [int(digits) for digits in RUNS.findall(name)]
