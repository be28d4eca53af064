"""Filters on single columns of the run table: two bounds for numbers, a list of values for words. No Qt."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from engine.comparison.wording import is_share
from storage.rows import RunRow
from ui.comparison.run_columns import (
    COLUMNS,
    PLACES,
    Metric,
    best_value,
    last_value,
    seconds,
    state_text,
    test_value,
    tested,
    watched,
)

NOTHING = "(none)"  # stands for no tag, no study


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


@dataclass(frozen=True)
class OneOf:
    """One of these words."""

    values: frozenset[str]


Filter = Bounds | OneOf


def in_percent(value: Callable[[RunRow], float | None], metric: Metric = watched) -> Callable[[RunRow], float | None]:
    """As the table shows it: accuracies in percent, errors as they are."""

    def shown(run: RunRow) -> float | None:
        found = value(run)
        return 100 * found if found is not None and is_share(metric(run)) else found

    return shown


def day(run: RunRow) -> tuple[str, ...]:
    return (time.strftime("%Y-%m-%d", time.localtime(run.created)),)


def said(key: str) -> Callable[[RunRow], tuple[str, ...]]:
    text = COLUMNS[PLACES[key]].text
    return lambda run: (text(run) or NOTHING,)


# key -> (the number a run has there, its unit)
NUMBERS: dict[str, tuple[Callable[[RunRow], float | None], str]] = {
    "best": (in_percent(best_value), "%"), "last": (in_percent(last_value), "%"),
    "test": (in_percent(test_value, tested), "%"),
    "seed": (lambda run: run.experiment.seed, ""), "took": (seconds, "s"),
}  # fmt: skip
# key -> the words a run has there
WORDS: dict[str, Callable[[RunRow], tuple[str, ...]]] = {
    "star": lambda run: ("starred" if run.starred else "not starred",),
    "state": lambda run: (state_text(run).split()[0],),
    "tags": lambda run: run.tags or (NOTHING,),
    "date": day,
    **{
        key: said(key)
        for key in ("data", "backbone", "weights", "method", "labels", "study", "device", "note", "ending")
    },
}
KEYS = tuple(column.key for column in COLUMNS if column.key in NUMBERS or column.key in WORDS)


def title(key: str) -> str:
    """What a column is called where it is filtered."""
    return {"star": "Star", "test": "Test", "took": "Time taken"}.get(key, COLUMNS[PLACES[key]].title)


def passes(run: RunRow, filters: Mapping[str, Filter]) -> bool:
    """Whether a run passes the filter of every column."""
    return all(_passes(run, key, wanted) for key, wanted in filters.items())


def _passes(run: RunRow, key: str, wanted: Filter) -> bool:
    if isinstance(wanted, OneOf):
        return not wanted.values.isdisjoint(WORDS[key](run))
    value = NUMBERS[key][0](run)
    if value is None or not isfinite(value):
        return False
    shown = round(value, 6)  # 80 % is 80, whatever the float says
    return (wanted.low is None or shown >= wanted.low) and (wanted.high is None or shown <= wanted.high)


def values_of(rows: Iterable[RunRow], key: str) -> list[tuple[str, int]]:
    """Every word that occurs in a column with how many runs have it, by the alphabet."""
    found = Counter(word for row in rows for word in WORDS[key](row))
    return sorted(found.items(), key=lambda pair: (pair[0] == NOTHING, pair[0].casefold()))


def range_of(rows: Iterable[RunRow], key: str) -> tuple[float, float] | None:
    """The smallest and the largest number of a column."""
    numbers = [value for row in rows if (value := NUMBERS[key][0](row)) is not None and isfinite(value)]
    return (min(numbers), max(numbers)) if numbers else None


def words(key: str, wanted: Filter) -> str:
    """A filter in words: "Test at least 80 %", "Method: LP-FT, From scratch"."""
    if isinstance(wanted, Bounds):
        return f"{title(key)} {wanted.words(NUMBERS[key][1])}"
    named = sorted(wanted.values, key=str.casefold)
    more = f" and {len(named) - 3:,} more" if len(named) > 3 else ""
    return f"{title(key)}: {', '.join(named[:3])}{more}"


def as_json(filters: Mapping[str, Filter]) -> dict[str, Any]:
    return {key: sorted(one.values) if isinstance(one, OneOf) else [one.low, one.high] for key, one in filters.items()}


def from_json(found: Any) -> dict[str, Filter]:
    """The filters that `as_json` wrote; what this version does not know is left out."""
    made = {key: _filter(key, value) for key, value in found.items()} if isinstance(found, dict) else {}
    return {key: one for key, one in made.items() if one is not None}


def _filter(key: str, value: Any) -> Filter | None:
    if not isinstance(value, list) or not value:
        return None
    if key in WORDS and all(isinstance(word, str) for word in value):
        return OneOf(frozenset(value))
    numbers = [None if part is None else float(part) for part in value if part is None or _is_number(part)]
    if key in NUMBERS and len(numbers) == len(value) == 2 and numbers != [None, None]:
        return Bounds(*numbers)
    return None


def _is_number(part: Any) -> bool:
    return isinstance(part, int | float) and not isinstance(part, bool) and isfinite(part)
