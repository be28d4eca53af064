"""What a long list is made of: columns, entries with a text for each, and what they are filtered by. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

DASH = "–"  # what is not known


@dataclass(frozen=True, slots=True)
class ListColumn:
    """width: letters it has room for at first. number: its texts stand at the right."""

    title: str
    width: int
    help: str = ""
    number: bool = False


@dataclass(frozen=True, slots=True)
class ListLine:
    """One line of a list of `item`s.

    cells: a text for each column; order: by what it is sorted in each. words: what is looked in for what is typed, in
    lower case. usual: among those that come first. here: can be used now. bytes: of its files, 0 if not known.
    fetch_key: of its download, "" without one.
    """

    key: str
    item: object
    cells: tuple[str, ...]
    order: tuple[Any, ...]
    words: str
    usual: bool
    here: bool
    bytes: int = 0
    fetch_key: str = ""


Test = Callable[[ListLine], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """A field with several answers, of which the first lets everything pass."""

    title: str
    options: tuple[tuple[str, Test], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What the panel at the side says of the line that is chosen. link: shown as text, never opened."""

    title: str
    lines: tuple[tuple[str, str], ...]
    link: str = ""


def anything(entry: ListLine) -> bool:
    return True


def kinds(title: str, first: str, entries: Iterable[ListLine], of: Callable[[ListLine], str]) -> Filter:
    """One answer for each kind there is among the entries, the most frequent first."""
    counts: dict[str, int] = {}
    for entry in entries:
        counts[of(entry)] = counts.get(of(entry), 0) + 1
    found = sorted((kind for kind in counts if kind), key=lambda kind: (-counts[kind], kind))
    options = tuple((kind, _is(of, kind)) for kind in found)
    return Filter(title, ((first, anything), *options))


def _is(of: Callable[[ListLine], str], kind: str) -> Test:
    return lambda entry: of(entry) == kind


def at_most(title: str, first: str, of: Callable[[ListLine], float], steps: Sequence[tuple[str, float]]) -> Filter:
    """steps: words and the most that passes; what is not known, 0, does not."""
    return Filter(title, ((first, anything), *((words, _below(of, most)) for words, most in steps)))


def _below(of: Callable[[ListLine], float], most: float) -> Test:
    return lambda entry: 0 < of(entry) <= most
