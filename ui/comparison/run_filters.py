"""Filters on single columns of the run table: two bounds for numbers, a list of values for words. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from storage.rows import RunRow
from ui.comparison.run_columns import COLUMNS, NOTHING, PLACES, Quantity, Words


@dataclass(frozen=True)
class Bounds:
    """Numbers from low to high, both included; None: no bound. What has no number does not pass."""

    low: float | None = None
    high: float | None = None

    def words(self, unit: str) -> str:
        after = f" {unit}" if unit else ""
        if self.low is None:
            return f"at most {self.high:g}{after}"
        return f"at least {self.low:g}{after}" if self.high is None else f"{self.low:g} to {self.high:g}{after}"

    def hold(self, value: float | None) -> bool:
        if value is None or not isfinite(value):
            return False
        shown = round(value, 6)  # 80 % is 80, whatever the float says
        return (self.low is None or shown >= self.low) and (self.high is None or shown <= self.high)


@dataclass(frozen=True)
class OneOf:
    """One of these words."""

    values: frozenset[str]


Filter = Bounds | OneOf


def filtered(key: str) -> Words | Quantity | None:
    """What a column is filtered by; None where it is not, or this version has no such column."""
    return COLUMNS[PLACES[key]].filtered if key in PLACES else None


def passes(run: RunRow, filters: Mapping[str, Filter]) -> bool:
    """Whether a run passes the filter of every column."""
    return all(_passes(run, filtered(key), wanted) for key, wanted in filters.items())


def _passes(run: RunRow, by: Words | Quantity | None, wanted: Filter) -> bool:
    if isinstance(by, Quantity):
        return isinstance(wanted, Bounds) and wanted.hold(by.value(run))
    return isinstance(wanted, OneOf) and by is not None and not wanted.values.isdisjoint(by(run))


def values_of(rows: Iterable[RunRow], by: Words) -> list[tuple[str, int]]:
    """Every word that occurs in a column with how many runs have it, by the alphabet."""
    found = Counter(word for row in rows for word in by(row))
    return sorted(found.items(), key=lambda pair: (pair[0] == NOTHING, pair[0].casefold()))


def range_of(rows: Iterable[RunRow], by: Quantity) -> tuple[float, float] | None:
    """The smallest and the largest number of a column."""
    numbers = [value for row in rows if (value := by.value(row)) is not None and isfinite(value)]
    return (min(numbers), max(numbers)) if numbers else None


def words(key: str, wanted: Filter) -> str:
    """A filter in words: "Test at least 80 %", "Method: LP-FT, From scratch"."""
    by, title = filtered(key), COLUMNS[PLACES[key]].called
    if isinstance(wanted, Bounds):
        return f"{title} {wanted.words(by.unit if isinstance(by, Quantity) else '')}"
    named = sorted(wanted.values, key=str.casefold)
    more = f" and {len(named) - 3:,} more" if len(named) > 3 else ""
    return f"{title}: {', '.join(named[:3])}{more}"


def as_json(filters: Mapping[str, Filter]) -> dict[str, Any]:
    return {key: sorted(one.values) if isinstance(one, OneOf) else [one.low, one.high] for key, one in filters.items()}


def from_json(found: Any) -> dict[str, Filter]:
    """The filters that `as_json` wrote; what this version does not know is left out."""
    made = {key: _filter(key, value) for key, value in found.items()} if isinstance(found, dict) else {}
    return {key: one for key, one in made.items() if one is not None}


def _filter(key: str, value: Any) -> Filter | None:
    if not isinstance(value, list) or not value:
        return None
    by = filtered(key)
    if not isinstance(by, Quantity):
        return OneOf(frozenset(value)) if by and all(isinstance(word, str) for word in value) else None
    numbers = [None if part is None else float(part) for part in value if part is None or _is_number(part)]
    return Bounds(*numbers) if len(numbers) == len(value) == 2 and numbers != [None, None] else None


def _is_number(part: Any) -> bool:
    return isinstance(part, int | float) and not isinstance(part, bool) and isfinite(part)
