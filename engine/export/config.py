"""What an exported folder says of itself, in its config.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.backbones.own.exported import CONFIG, FORMAT, KEY, body_of, digest, hash_of, refuse_changed
from engine.errors import InvalidExperiment
from engine.machine.files import write_text

PIECES = "tokenizer.json"  # of a network that reads texts, but for hashed words
CLASSES, LABELS, LEARNT = "classes.safetensors", "labels.txt", "learnt.safetensors"
GRAPH, PROGRAM, READER, CARD, TORCHS = "model.onnx", "predict.py", "reading.py", "README.md", "model.pt2"
Kind = Literal["classifier", "classes by example", "encoder"]


@dataclass(frozen=True)
class ExportConfig:
    """kind: how it answers; an encoder gives features alone. experiment: of the run, without where its data lie.
    preparation: what reading.py does with an image and the graph with its pixels. read_as: as the run's folder says it.
    classes: what the answers stand for, in order. temperature: by which the graph divides logits. bf16: whether the run
    computed in bfloat16; the export computes in float32. refusal: from where an image is none of the classes, and which
    share of how many validation images is; empty where that is not known. facts: what is told of it besides. files:
    name -> SHA-256.
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
    refusal: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the run was called."""
        return str(self.facts["name"])


def write(config: ExportConfig, folder: Path) -> None:
    """With a digest over itself; raises OSError."""
    body = {KEY: FORMAT, **asdict(config)}
    text = json.dumps(body | {"digest": digest(body)}, indent=2, ensure_ascii=False)
    write_text(folder / CONFIG, text + "\n")


def hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of those of the files that are there; raises OSError."""
    return {name: hash_of(folder / name) for name in names if (folder / name).is_file()}


def whole(folder: Path) -> ExportConfig:
    """Of a folder that answers, every file of it as it was written. Raises `StorageError`, and `InvalidExperiment` for
    an encoder, which has no classes."""
    said = read(folder)
    refuse_changed(folder, said.files)
    if said.kind == "encoder":
        raise InvalidExperiment(
            f"“{folder}” holds an encoder alone, which knows no classes.", "Export its run with --classes."
        )
    return said


def read(folder: Path) -> ExportConfig:
    """Raises `StorageError` for a folder that is none, of a newer version, or whose config was changed."""
    said = {key: value for key, value in body_of(folder).items() if key not in (KEY, "digest")}
    return ExportConfig(**said | {"classes": tuple(said["classes"])})
