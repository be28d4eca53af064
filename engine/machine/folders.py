"""A folder that is there once it is whole, and not at all before. Torch-free."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import StorageError
from engine.given import person_path

TAKEN = "Name a folder that is not there yet."


def target_of(text: str | Path) -> Path:
    """The folder that a person named, whole; raises `StorageError` where something is there already."""
    target = person_path(text).absolute()
    if os.path.lexists(target):
        raise StorageError(f"“{target}” is there already.", TAKEN)
    return target


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """The folder to fill, beside the one that it becomes, to which it is renamed at the end; removed where anything
    goes wrong. Raises `StorageError` where it cannot be made or something took its name meanwhile."""
    with told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")  # others may fill one for the same name
        part.mkdir()
    try:
        yield part
        if os.path.lexists(target):
            raise StorageError(f"“{target}” is there already.", TAKEN)
        with told(target):
            part.rename(target)
    finally:
        if part.exists():
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def told(target: Path) -> Iterator[None]:
    """An `OSError` as a sentence."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(
            f"“{target}” cannot be written ({reason}).", "Free some disk space or choose another place."
        ) from error
