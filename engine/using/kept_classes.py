"""Classes made by hand, kept as a model: a folder with the examples as the network reads them, and which network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from engine.backbones.backbone import digest
from engine.errors import StorageError, WeightsError
from engine.experiment import Experiment
from engine.given import decode
from engine.machine.files import replacing, write_text
from engine.using.answering import Answering, open_answering
from engine.using.bins import Bin, Bins, HandedImage
from engine.using.by_hand import HeadLearner, TaskLearner
from engine.using.kept_words import FORMAT, WORDS, damaged

EXAMPLES = "examples.safetensors"
SHAPES = ((np.dtype(np.uint8), 4), (np.dtype(np.int32), 2))  # of images, of texts


@dataclass(frozen=True, eq=False)
class KeptClasses:
    """answering: which network answers. weights: digest of what it had. bins: pixels are as that network reads them.
    title: what it was called."""

    title: str
    answering: Answering
    weights: str
    bins: Bins

    def open(self, runs: Path, experiment: Experiment | None = None) -> TaskLearner | HeadLearner:
        """The network that the classes were made with; raises `WeightsError` where it has other weights now,
        `ExperimentError` where it cannot be had."""
        by = open_answering(self.answering, runs, experiment, self.title)
        if weights_of(by) != self.weights:
            raise WeightsError(
                "The network has other weights than when these classes were kept.", "Make the classes again."
            )
        return by


def weights_of(by: TaskLearner | HeadLearner) -> str:
    """Digest of its network."""
    network = by.model.network if isinstance(by, TaskLearner) else by.network
    return digest(network.state_dict())


def keep_classes(folder: Path, answering: Answering, by: TaskLearner | HeadLearner, bins: Bins, title: str) -> None:
    """Write those that have images; files that are there are replaced whole, the words last. Raises `StorageError`."""
    shown = bins.filled
    names = [[image.name for image in one.images] for one in shown.bins]
    told = {
        "format": FORMAT, "title": title, "answering": answering.model_dump(mode="json"), "weights": weights_of(by),
        "classes": [{"name": one.name, "images": each} for one, each in zip(shown.bins, names, strict=True)],
        **told_texts(shown),
    }  # fmt: skip
    pixels = torch.from_numpy(np.stack([image.pixels for image in shown.images]))
    try:
        with replacing(folder / EXAMPLES) as part:
            save_file({"pixels": pixels, "targets": torch.from_numpy(shown.targets)}, part)
        write_text(folder / WORDS, json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    except (OSError, SafetensorError) as error:
        raise StorageError(f"The classes cannot be written to {folder}.", "Free some disk space.") from error


def told_texts(shown: Bins) -> dict[str, list[str]]:
    """What the examples say, where they are texts."""
    return {"texts": [one.text for one in shown.images]} if any(one.text for one in shown.images) else {}


def kept_classes(folder: Path) -> KeptClasses:
    """As they were kept, to the last bit; raises `StorageError` for a folder of something else, or a damaged one."""
    try:
        told = decode((folder / WORDS).read_text(encoding="utf-8"))
        with safe_open(folder / EXAMPLES, framework="np") as file:
            pixels, targets = file.get_tensor("pixels"), file.get_tensor("targets")
        return _as_told(told, pixels, targets)
    except (OSError, SafetensorError, ValueError, LookupError, TypeError) as error:
        raise damaged(folder) from error


def _as_told(told: dict[str, Any], pixels: np.ndarray, targets: np.ndarray) -> KeptClasses:
    if told["format"] != FORMAT or (pixels.dtype, pixels.ndim) not in SHAPES:
        raise ValueError("of another version")
    found, start, texts = [], 0, list(map(str, told.get("texts", [""] * len(pixels))))
    for place, one in enumerate(told["classes"]):
        name, count = str(one["name"]), len(one["images"])
        images = [
            HandedImage(str(file), shown, name, text=text)
            for file, shown, text in zip(
                one["images"], pixels[start : start + count], texts[start : start + count], strict=True
            )
        ]
        found.append(Bin(name, tuple(images)))
        if (targets[start : start + count] != place).any():
            raise ValueError("other classes than told")
        start += count
    answering = Answering.model_validate(told["answering"])
    return KeptClasses(str(told["title"]), answering, str(told["weights"]), Bins(tuple(found)))
