"""Which network kept classes are of, as their folder says it. Torch-free."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from engine.errors import StorageError
from engine.experiment import BackboneChoice
from engine.given import decode

FORMAT = 1
WORDS = "classes.json"


def is_kept(folder: Path) -> bool:
    return (folder / WORDS).is_file()


def network_of(folder: Path) -> tuple[str, BackboneChoice | None]:
    """(uid of a saved run, None), or ("", the backbone). Raises `StorageError` for a folder of something else."""
    try:
        said = decode((folder / WORDS).read_text(encoding="utf-8"))["answering"]
        run, backbone = str(said["run"]), said["backbone"]
        return (run, None) if run else ("", BackboneChoice.model_validate(backbone))
    except (OSError, ValueError, LookupError, TypeError, ValidationError) as error:
        raise damaged(folder) from error


def damaged(folder: Path) -> StorageError:
    return StorageError(f"“{folder}” holds no kept classes, or damaged ones.", "Choose another folder.")
