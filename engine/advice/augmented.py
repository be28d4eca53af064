"""Samples of a data set before and after an augmentation, as the window shows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.data.images import Cancel
from engine.data.shifts import shifted, shifted_background
from engine.data.sources import load
from engine.data.splits import choose_classes
from engine.experiment import DatasetChoice
from engine.preparation.augmentation import Augmentation

SHOWN = 8


@dataclass(frozen=True, eq=False)
class AugmentedSamples:
    """The same images twice, in the same order; each uint8 [side, side, channels]."""

    before: list[NDArray[np.uint8]]
    after: list[NDArray[np.uint8]]


def augmented_samples(
    choice: DatasetChoice, name: str, side: int, channels: int, draw: int, cancelled: Cancel | None = None
) -> AugmentedSamples:
    """A few images of different classes and one draw of the augmentation on each.

    side, channels: as the backbone reads them. draw: another number, another draw on the same images. Raises
    `DataError` and `InvalidExperiment` when the data cannot be read, `Cancelled` when asked to stop.
    """
    data = load(choice, cancelled=cancelled)
    rng = np.random.default_rng([choice.split_seed, 7])
    classes = rng.permutation(choose_classes(data, choice))
    indices = [int(rng.choice(np.flatnonzero(data.labels == classes[i % len(classes)]))) for i in range(SHOWN)]
    pixels, background = data.pixels(indices, side, channels, cancelled=cancelled), data.background
    if choice.shift is not None:
        pixels = shifted(pixels, choice.shift, np.array(indices))
        background = shifted_background(background, choice.shift)
    images = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))
    changed = Augmentation(name, background)(images, torch.Generator().manual_seed(draw))
    return AugmentedSamples(list(pixels), list(changed.permute(0, 2, 3, 1).numpy()))
