"""Images as the network reads them: decoded once to uint8, in memory or on the disk, normalised batch by batch."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.backbones import catalog
from engine.data.examples import Examples
from engine.events import Preparing
from engine.experiment import BackboneChoice, Shift
from engine.machine.memory import room
from engine.machine.transfers import sent
from engine.preparation.held import Held
from engine.preparation.streamed import Streamed

BANDS_MEAN, BANDS_STD = 0.35, 0.15  # of land cover in every band
PHOTO_MEAN, PHOTO_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
READ_TOGETHER = 128

CPU = torch.device("cpu")

Inputs = Tensor | Held | Streamed


def to_pick(images: Inputs, places: Tensor) -> Tensor:
    """places: int64 [n], of images, where nobody waits to read them: beside a tensor, or where files are read."""
    return sent(places, images.device if isinstance(images, Tensor) else CPU)


def picked(images: Inputs, places: Tensor) -> Tensor:
    """The images at these places, int64 [n]."""
    return images[to_pick(images, places)]


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


def images(
    data: Examples, ids: np.ndarray, shape: Normaliser, device: torch.device, shift: Shift | None = None
) -> Held | Streamed:
    """uint8 [n, c, s, s], read when they are asked for; held from then on where memory has room for all of them."""
    fits = len(ids) * shape.channels * shape.size**2 <= room()
    return (Held if fits else Streamed)(data, ids, shape, device, shift)


def reading(inputs: Inputs, text: str) -> Generator[Preparing, None, None]:
    """Yields `Preparing` while all of them are read, for what needs all at once."""
    for start in range(0, len(inputs), READ_TOGETHER):
        yield Preparing(text, start / len(inputs))
        inputs[start : start + READ_TOGETHER]


def positions(labels: np.ndarray, classes: np.ndarray) -> Tensor:
    """Data-set labels -> positions in `classes`, as int64 [n]."""
    order = np.argsort(classes)
    return torch.from_numpy(order[np.searchsorted(classes, labels, sorter=order)].astype(np.int64))
