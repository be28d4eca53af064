"""Values for any method: those of a wish list that it has and allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.methods.base import Method
from engine.registry import fields


def fitting(kind: type[Method], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Of `wanted` the hyperparameters that this method has, where the value lies within its bounds."""
    rows = {row.name: row for row in fields(kind)}
    known = {name: value for name, value in wanted.items() if name in rows}
    return {n: v for n, v in known.items() if _least(rows[n].low) <= v <= _most(rows[n].high)}


def _least(low: float | None) -> float:
    return float("-inf") if low is None else low


def _most(high: float | None) -> float:
    return float("inf") if high is None else high
