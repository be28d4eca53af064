"""What a person types to find runs: words that must all occur, and "tag:x" for runs that have this tag. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from storage.rows import RunRow

TAG = "tag:"


@dataclass(frozen=True)
class WordSearch:
    """words and tags are in lower case; the tag "" stands for any."""

    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def finds(self, row: RunRow, text: str) -> bool:
        """Whether it means this run. text: what is looked in for the words, in lower case."""
        if self.tags:
            had = {tag.casefold() for tag in row.tags}
            if not all(tag in had if tag else had for tag in self.tags):
                return False
        return self.finds_words(text)

    def finds_words(self, text: str) -> bool:
        return all(word in text for word in self.words)


def search(typed: str) -> WordSearch:
    """ "lp-ft tag:paper": runs with this tag in which "lp-ft" occurs."""
    parts = typed.casefold().split()
    tags = tuple(part.removeprefix(TAG) for part in parts if part.startswith(TAG))
    return WordSearch(tuple(part for part in parts if not part.startswith(TAG)), tags)


def known_tags(rows: Iterable[RunRow]) -> list[str]:
    """Every tag of these runs once, whatever its capitals, in the order of the alphabet."""
    found: dict[str, str] = {}
    for row in rows:
        for tag in row.tags:
            found.setdefault(tag.casefold(), tag)
    return [found[key] for key in sorted(found)]
