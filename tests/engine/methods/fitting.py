"""Values for any method: those of a wish list that it has and allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.method import Method
from engine.registry import HyperparameterField, fields


def fitting(kind: type[Method], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Of `wanted` the hyperparameters that this method has, where the value lies within its bounds."""
    rows = {row.name: row for row in fields(kind)}
    return {name: value for name, value in wanted.items() if name in rows and _allowed(rows[name], value)}


def _allowed(row: HyperparameterField, value: Any) -> bool:
    if row.choices:
        return value in row.choices
    return (row.low is None or value >= row.low) and (row.high is None or value <= row.high)
