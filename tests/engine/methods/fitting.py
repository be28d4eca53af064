"""Values for any method: those of a wish list that it has, within what it allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.method import Method
from engine.registry import HyperparameterField, fields


def fitting(kind: type[Method], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Of `wanted` the hyperparameters that this method has, each the nearest value that it allows: one that was left
    out for being too small left hundreds of episodes in its place."""
    rows = {row.name: row for row in fields(kind)}
    return {
        name: _nearest(rows[name], value)
        for name, value in wanted.items()
        if name in rows and _known(rows[name], value)
    }


def _known(row: HyperparameterField, value: Any) -> bool:
    return not row.choices or value in row.choices


def _nearest(row: HyperparameterField, value: Any) -> Any:
    if row.low is not None and value < row.low:
        return type(value)(row.low)
    return type(value)(row.high) if row.high is not None and value > row.high else value
