"""Images as the network reads them: decoded once to uint8, in memory or on the disk, normalised batch by batch."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.backbones import catalog
from engine.data.examples import Examples
from engine.data.shifts import shifted
from engine.events import Preparing
from engine.experiment import BackboneChoice, Shift
from engine.machine.memory import room
from engine.machine.transfers import sent
from engine.preparation.streamed import Inputs, Streamed, to_pick

BANDS_MEAN, BANDS_STD = 0.35, 0.15  # of land cover in every band
PHOTO_MEAN, PHOTO_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
DECODE_CHUNK = 128


@dataclass(frozen=True)
class Normaliser:
    """uint8 [n, c, s, s] -> float32 [n, c, s, s] as the backbone was pretrained on it."""

    size: int
    channels: int

    def __call__(self, pixels: Tensor) -> Tensor:
        images = pixels.float().div_(255)
        if self.channels == 3:
            mean, std = (sent(torch.tensor(one).view(1, 3, 1, 1), pixels.device) for one in (PHOTO_MEAN, PHOTO_STD))
            images = (images - mean) / std
        elif self.channels > 3:
            images = (images - BANDS_MEAN) / BANDS_STD
        return images.contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class Labelled:
    """inputs: uint8 [n, c, s, s] of images. labels: int64 [n], places in the run's classes. ids: in the data set."""

    inputs: Inputs
    labels: Tensor
    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        return self.inputs.device

    def in_order(self, order: Tensor) -> Tensor:
        """order: int64 [n], places of these images, to be asked for in turn; where nobody waits to read it."""
        return to_pick(self.inputs, order)

    def labels_of(self, places: Tensor) -> Tensor:
        """int64 [n], of the images at these places."""
        return self.labels[sent(places, self.device)]


def normaliser(choice: BackboneChoice) -> Normaliser:
    """For images of the chosen size, or of the backbone's own; raises `InvalidExperiment` for one it cannot read."""
    return Normaliser(catalog.image_size(choice), catalog.backbone(choice.name).form.channels)


def decode(
    data: Examples, indices: np.ndarray, shape: Normaliser, device: torch.device, text: str, shift: Shift | None = None
) -> Generator[Preparing, None, Inputs]:
    """Yields `Preparing` while images are read, returns the uint8 tensor [n, c, s, s]; never held twice. More than
    memory has room for are read when they are asked for."""
    if len(indices) * shape.channels * shape.size**2 > room():
        return Streamed(data, indices, shape, device, shift)
    pixels = torch.empty(len(indices), shape.channels, shape.size, shape.size, dtype=torch.uint8)
    for start in range(0, len(indices), DECODE_CHUNK):
        yield Preparing(text, start / len(indices))
        chunk = indices[start : start + DECODE_CHUNK]
        found = data.read(chunk, shape)
        if shift is not None:
            found = shifted(found, shift, chunk)
        pixels[start : start + DECODE_CHUNK] = torch.from_numpy(found.transpose(0, 3, 1, 2))
    return pixels.to(device)


def positions(labels: np.ndarray, classes: np.ndarray) -> Tensor:
    """Data-set labels -> positions in `classes`, as int64 [n]."""
    order = np.argsort(classes)
    return torch.from_numpy(order[np.searchsorted(classes, labels, sorter=order)].astype(np.int64))
