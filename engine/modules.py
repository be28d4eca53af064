"""Finds what was added as a file: methods, data sets. Torch-free."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType


def below(package: str) -> Iterator[ModuleType]:
    """Every module of this package, its subpackages included."""
    for info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        yield importlib.import_module(info.name)
