"""Finds what was added as a file: methods, data sets, backbones. Torch-free."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any, TypeVar

Found = TypeVar("Found", bound=Any)  # with `order` and `name`


def below(package: str) -> Iterator[ModuleType]:
    """Every module of this package, its subpackages included."""
    for info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        yield importlib.import_module(info.name)


def constants(package: str, name: str) -> Iterator[Any]:
    """What the files of this package call by this name, or several in one file by its plural; raises `ValueError` for a
    file without it."""
    for module in below(package):
        found = vars(module)
        if name not in found and f"{name}S" not in found:
            refuse(module, name, package)
        yield from (found[name],) if name in found else found.get(f"{name}S", ())


def refuse(module: ModuleType, wanted: str, package: str) -> None:
    """Raises `ValueError` for a file that adds nothing, as what it holds would be missing without a word."""
    if not hasattr(module, "__path__"):  # a folder may be there for its files
        raise ValueError(f"{module.__file__} has no {wanted}. Give it one, or move the file out of {package}.")


def hold_all(package: str, listed: Iterable[str]) -> None:
    """Raises `ValueError` where a list of a package's files and what lies there are not the same, for the first one."""
    folder = importlib.import_module(package)
    files, names = {info.name for info in pkgutil.iter_modules(folder.__path__)}, set(listed)
    for name in sorted(files - names):
        raise ValueError(f"{package}.{name} is in no list of {package}. List it, or move the file out of there.")
    for name in sorted(names - files):
        raise ValueError(f"{package} lists “{name}”, but has no file {name}.py. Add it, or strike it off the list.")


def in_order(found: Iterable[Found], package: str) -> tuple[Found, ...]:
    """By order and name; raises `ValueError` where two have one name, since one would hide the other."""
    listed = sorted(found, key=lambda one: (one.order, one.name))
    if twice := [name for name, count in Counter(one.name for one in listed).items() if count > 1]:
        raise ValueError(f"Two in {package} are called “{twice[0]}”. Give one of them another name.")
    return tuple(listed)
