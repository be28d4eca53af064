"""What a folder says of itself that this program exported, and whether it is still as it was written. Torch-free."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import StorageError

CONFIG, WEIGHTS = "config.json", "model.safetensors"
KEY, FORMAT, FORMATS = "warmstart", 2, (1, 2)  # of the config, its version, and those that are read
AGAIN = "Export the run again, or take the folder as it was."


def digest(body: Mapping[str, Any]) -> str:
    """SHA-256 of all that the config says but for this."""
    said = {key: value for key, value in body.items() if key != "digest"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def hash_of(file: Path) -> str:
    """SHA-256; raises OSError."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def body_of(folder: Path) -> dict[str, Any]:
    """The config; raises `StorageError` for a folder that is none, of a newer version, or whose config was changed."""
    body = _read(folder)
    if KEY not in body:
        raise StorageError(f"“{folder}” is no exported folder.", f"Choose a folder with its {CONFIG}.")
    if body[KEY] not in FORMATS:
        raise StorageError(f"“{folder}” was exported by another version of Warmstart.", "Use that version.")
    if body.get("digest") != digest(body):
        raise changed(folder, CONFIG)
    return body


def is_exported(folder: Path) -> bool:
    """Whether it says that it is, be it whole or not."""
    return KEY in _read(folder)


def refuse_changed(folder: Path, files: Mapping[str, str]) -> None:
    """Raise `StorageError` for a file that is gone or not as it was written. files: name -> SHA-256."""
    try:
        for name, expected in files.items():
            if hash_of(folder / name) != expected:
                raise changed(folder, name)
    except OSError as error:
        what = f"{Path(str(error.filename)).name} cannot be read ({(error.strerror or str(error)).lower()})"
        raise StorageError(f"“{folder}” is not whole: {what}.", AGAIN) from None


def changed(folder: Path, name: str) -> StorageError:
    return StorageError(f"“{folder}” was edited: {name} is not as it was exported.", AGAIN)


def _read(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
