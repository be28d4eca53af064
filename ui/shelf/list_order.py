"""Which entries of a long list are shown, and in which order. No Qt, and fast enough to follow every key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ui.shelf.list_line import ListLine, Test

STAR = 0  # the column that sorts as at first: usual ones, favourites, then the others as they were given


class ListOrder:
    """misfits: why an entry does not suit what it is for, by key; those stand behind all others, however sorted."""

    def __init__(self) -> None:
        self.shown: list[ListLine] = []
        self.column, self.descending = STAR, False
        self.favourites: frozenset[str] = frozenset()
        self.misfits: Mapping[str, str] = {}
        self.words: tuple[str, ...] = ()
        self.tests: tuple[Test, ...] = ()
        self._all: Sequence[ListLine] = ()
        self._sorted: list[ListLine] = []

    def set_entries(self, entries: Sequence[ListLine]) -> None:
        self._all = entries
        self.sort()

    def all(self) -> Sequence[ListLine]:
        return self._all

    def sort(self) -> None:
        """Order all of them anew, by the column and what is set."""
        first = sorted(self._all, key=self._rank) if self.column == STAR else list(self._all)
        if self.column != STAR:
            place = self.column - 1
            first.sort(key=lambda entry: entry.order[place], reverse=self.descending)
        elif self.descending:
            first.reverse()
        self._sorted = sorted(first, key=lambda entry: entry.key in self.misfits)
        self.choose()

    def choose(self) -> None:
        """Leave those that every word and every test lets pass, in their order."""
        found = self._sorted
        for test in self.tests:
            found = [entry for entry in found if test(entry)]
        for word in self.words:
            found = [entry for entry in found if word in entry.words]
        self.shown = list(found)

    def _rank(self, entry: ListLine) -> int:
        return 0 if entry.usual else 1 if entry.key in self.favourites else 2
