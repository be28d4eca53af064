"""What an exported folder says of itself, in its config.json, and whether it is still as it was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.errors import StorageError
from engine.machine.files import write_text

CONFIG, WEIGHTS, CLASSES, LABELS = "config.json", "model.safetensors", "classes.safetensors", "labels.txt"
GRAPH, PROGRAM, CARD, TORCHS = "model.onnx", "predict.py", "README.md", "model.pt2"
KEY, FORMAT = "warmstart", 1  # of the config, and its version
AGAIN = "Export the run again, or take the folder as it was."
Kind = Literal["classifier", "classes by example", "encoder"]


@dataclass(frozen=True)
class ExportConfig:
    """kind: how it answers; an encoder gives features alone. experiment: of the run, without where its data lie.
    preparation: what predict.py does with an image and the graph with its pixels. read_as: as the run's folder says it.
    classes: what the answers stand for, in order. temperature: by which the graph divides logits. bf16: whether the run
    computed in bfloat16; the export computes in float32. facts: what is told of it besides. files: name -> SHA-256.
    """

    architecture: str
    kind: Kind
    experiment: Mapping[str, Any]
    preparation: Mapping[str, Any]
    read_as: Mapping[str, Any]
    classes: tuple[str, ...] = ()
    temperature: float = 1.0
    bf16: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def write(config: ExportConfig, folder: Path) -> None:
    """With a digest over itself; raises OSError."""
    body = {KEY: FORMAT, **asdict(config)}
    text = json.dumps(body | {"digest": digest(body)}, indent=2, ensure_ascii=False)
    write_text(folder / CONFIG, text + "\n")


def digest(body: Mapping[str, Any]) -> str:
    """SHA-256 of all that the config says but for this."""
    said = {key: value for key, value in body.items() if key != "digest"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of those of the files that are there; raises OSError."""
    return {name: hash_of(folder / name) for name in names if (folder / name).is_file()}


def hash_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def is_exported(folder: Path) -> bool:
    """Whether this is a folder that was exported, be it whole or not."""
    return KEY in _body(folder)


def read(folder: Path) -> ExportConfig:
    """Raises `StorageError` for a folder that is none, of a newer version, or changed since it was written."""
    body = _body(folder)
    if KEY not in body:
        raise StorageError(f"“{folder}” is no exported folder.", f"Choose a folder with its {CONFIG}.")
    if body[KEY] != FORMAT:
        raise StorageError(f"“{folder}” was exported by another version of Warmstart.", "Use that version.")
    if body.get("digest") != digest(body):
        raise changed(folder, CONFIG)
    said = {key: value for key, value in body.items() if key not in (KEY, "digest")}
    return ExportConfig(**said | {"classes": tuple(said["classes"])})


def refuse_changed(config: ExportConfig, folder: Path) -> None:
    """Raise `StorageError` for a file that is gone or not as it was written; reads every file."""
    try:
        for name, expected in config.files.items():
            if hash_of(folder / name) != expected:
                raise changed(folder, name)
    except OSError as error:
        what = f"{Path(str(error.filename)).name} cannot be read ({(error.strerror or str(error)).lower()})"
        raise StorageError(f"“{folder}” is not whole: {what}.", AGAIN) from None


def changed(folder: Path, name: str) -> StorageError:
    return StorageError(f"“{folder}” was edited: {name} is not as it was exported.", AGAIN)


def _body(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
