"""Reads a file or folder of weights: tensors alone are taken from it, no code in it is ever run, nothing is written."""

from __future__ import annotations

import argparse
import json
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.backbones import encoders
from engine.backbones.bert import in_blocks, named
from engine.backbones.info import StatedCut, stated_cut
from engine.backbones.own.exported import KEY, WEIGHTS, body_of, is_exported, refuse_changed
from engine.backbones.own.hub_folders import of_hub
from engine.backbones.own.transformers_names import KINDS, kind_of, prepared, renamed
from engine.backbones.own.unwrapping import tensors
from engine.backbones.own.word_pieces import check_pieces
from engine.errors import WeightsError
from engine.machine.files import Unread, open_regular

MOST_TENSORS = 100_000
FOLDER = "Choose the file of the weights itself, or a folder of an image model or a text encoder as hubs hold it."
SAVE = "Save the network's state_dict and choose that file."
ANOTHER = "Choose another file, or get it again."
CHANNELS, LARGEST = 3, 1000.0  # of a mean and a deviation that are stated
BERT, OF_HUB = "bert", "of a hub"  # kinds of text encoders: built here, or by transformers
PIECES = "tokenizer.json"
HEADER = 8  # bytes before the JSON of a safetensors file
FOLDER_FILES = ("model.safetensors", "pytorch_model.bin", "model.pth")
CODE = ("unsupported global", "unsupported class", "torchscript", "blocked by", "getattr")
PLAIN = [argparse.Namespace, np.dtype, np.dtypes.Float64DType, np.dtypes.Float32DType, np.dtypes.Int64DType]


@dataclass(frozen=True, slots=True)
class Brought:
    """What a file held. content: nested, of tensors and other values. network, mean, std: as a folder's config.json
    states them, empty where there is none; cut: interpolation, crop and mode likewise. kind: of transformers' models,
    whose tensors have been named anew, or what this program exported, whose tensors have its own names. pieces: text of
    a text encoder's tokenizer.json."""

    file: Path
    content: Mapping[str, Any]
    network: str = ""
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    cut: StatedCut = ()
    kind: str = ""
    pieces: str = ""


def read(path: Path) -> Brought:
    """Of a file, or of a folder of an image model or a text encoder with its config.json; raises `WeightsError`."""
    return _folder(path) if path.is_dir() else Brought(path, _content(path))


def _folder(folder: Path) -> Brought:
    if is_exported(folder):
        return _of_this_program(folder)
    config = _config(folder)
    file = next((folder / name for name in FOLDER_FILES if (folder / name).is_file()), None)
    if file is None:
        raise WeightsError(
            f"{folder.name} holds no weights.", f"One of these has to be in it: {', '.join(FOLDER_FILES)}."
        )
    if config.get("model_type") == BERT:
        return _of_bert(folder, file, config)
    if (folder / PIECES).is_file() and config.get("model_type") not in KINDS:
        pieces = _pieces(folder)
        name, state = of_hub(folder, config, pieces)
        return Brought(file, state, name, kind=OF_HUB, pieces=pieces)
    network = config.get("architecture")
    if not isinstance(network, str):
        return _of_transformers(folder, file, config)
    stated = config.get("pretrained_cfg")
    given = stated if isinstance(stated, dict) else {}
    cut = tuple(given.get(key) for key in ("interpolation", "crop_pct", "crop_mode"))
    return Brought(file, _content(file), f"timm/{network}", *_mean_and_std(given, "mean", "std"), stated_cut(*cut))


def _of_this_program(folder: Path) -> Brought:
    """What a run was exported as; raises `StorageError` where it was edited."""
    body = body_of(folder)
    refuse_changed(folder, {WEIGHTS: str(body["files"][WEIGHTS])})
    given = body["preparation"]
    file, network = folder / WEIGHTS, str(body["architecture"])
    if "cut" not in given:  # texts are cut into pieces, as the network itself says
        return Brought(file, _content(file), network, kind=KEY)
    cut = tuple(given["cut"][key] for key in ("interpolation", "crop", "mode"))
    return Brought(file, _content(file), network, *_mean_and_std(given, "mean", "std"), stated_cut(*cut), KEY)


def _of_bert(folder: Path, file: Path, config: Mapping[str, Any]) -> Brought:
    """A text encoder of any size, with its own word pieces."""
    pieces = _pieces(folder)
    encoder = encoders.of_config(folder.name, config, pieces)
    check_pieces(folder.name, pieces, encoder.numbers)
    _, found = tensors(_content(file))
    state = in_blocks(named(found), encoder.layers)
    return Brought(file, state, encoders.look_at(encoder), kind=BERT, pieces=pieces)


def _pieces(folder: Path) -> str:
    try:
        return (folder / PIECES).read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise WeightsError(f"{folder.name} has no {PIECES}, so no text can be cut for it.", encoders.FOLDER) from None


def _of_transformers(folder: Path, file: Path, config: Mapping[str, Any]) -> Brought:
    """Named as other libraries name it; what it says of its images stands in a file of its own."""
    kind = kind_of(folder.name, config)
    given = _json(folder / "preprocessor_config.json") or {}
    how = stated_cut(*prepared(given)) if given else ()
    _, found = tensors(_content(file))
    return Brought(file, renamed(kind, found), "", *_mean_and_std(given, "image_mean", "image_std"), how, kind)


def _config(folder: Path) -> dict[str, Any]:
    found = _json(folder / "config.json")
    if found is None:
        raise WeightsError(f"{folder.name} has no config.json that says which network it holds.", FOLDER)
    return found


def _json(file: Path) -> dict[str, Any] | None:
    """The object that a file holds, None where it holds none or cannot be read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _mean_and_std(given: Mapping[str, Any], *keys: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    mean, std = (_numbers(given.get(key)) for key in keys)
    return (mean, std) if mean and std and min(std) > 0 else ((), ())


def _numbers(value: object) -> tuple[float, ...]:
    """Of three channels; empty for anything else."""
    if not isinstance(value, list) or len(value) != CHANNELS:
        return ()
    whole = all(isinstance(one, int | float) and abs(one) <= LARGEST for one in value)
    return tuple(float(one) for one in value) if whole else ()


def _content(path: Path) -> Mapping[str, Any]:
    try:
        with open_regular(path) as file:
            begin = file.read(HEADER + 1)
        found = _safetensors(path) if begin[HEADER:] == b"{" else _pickled(path)
    except (OSError, Unread) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise WeightsError(f"{path.name} cannot be read: {reason}.", "Check the file's name and place.") from None
    if not isinstance(found, Mapping):
        raise WeightsError(f"{path.name} holds no weights by name.", SAVE)
    return found


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            if len(names) > MOST_TENSORS:
                raise WeightsError(f"{path.name} holds {len(names)} tensors, more than any network.", ANOTHER)
            return {name: file.get_tensor(name) for name in names}
    except (SafetensorError, RuntimeError, ValueError):
        raise _damaged(path) from None


def _damaged(path: Path) -> WeightsError:
    return WeightsError(f"{path.name} is damaged, or no file of weights.", ANOTHER)


def _pickled(path: Path) -> Any:
    """By torch's reader that makes tensors and plain values alone; settings that were saved with them are plain too."""
    try:
        with torch.serialization.safe_globals([*PLAIN, *_scalars()]):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except (pickle.UnpicklingError, RuntimeError) as error:
        if any(word in str(error).lower() for word in CODE):
            raise WeightsError(
                f"{path.name} holds program code, not only weights.", "Ask for a .safetensors file."
            ) from None
        raise _damaged(path) from None
    except (EOFError, ValueError, LookupError, TypeError, AttributeError, MemoryError, OverflowError, AssertionError):
        raise _damaged(path) from None


def _scalars() -> list[Any]:
    """What a NumPy number is saved as, by the names that old and new versions give it."""
    from numpy._core.multiarray import scalar

    return [scalar, (scalar, "numpy.core.multiarray.scalar")]
