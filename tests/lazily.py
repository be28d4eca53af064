"""A library that a few tests stand on, imported by the first of them that runs, not by each process that collects."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import pytest


def lazily(name: str) -> Any:
    """Stands for the library; where it is not installed, the tests of the file that asks are skipped."""
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"needs {name}", allow_module_level=True)
    return _Lazily(name)


class _Lazily:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, part: str) -> Any:
        if part.startswith(("_", "pytest")):  # which pytest asks of everything that a file holds
            raise AttributeError(part)
        return getattr(importlib.import_module(self._name), part)
