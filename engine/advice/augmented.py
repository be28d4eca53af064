"""Samples of a data set before and after what is done to them while a network learns, as the window shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.backbones.backbone import Backbone
from engine.data.images import Cancel, images_of
from engine.data.shifts import shifted, shifted_background
from engine.data.sources import load
from engine.data.splits import choose_classes
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from engine.machine.draws import own_draws
from engine.preparation.augmentation import Augmentation
from engine.pretraining.method import PretrainMethod
from engine.pretraining.pool import Pool
from engine.registry import build_as

SHOWN = 8


@dataclass(frozen=True, eq=False)
class AugmentedSamples:
    """The same images in the same order, as they are and each row changed once; each uint8 [side, side, channels]."""

    before: list[NDArray[np.uint8]]
    after: list[list[NDArray[np.uint8]]]


def augmented_samples(
    choice: DatasetChoice, change: str | MethodChoice, side: int, channels: int, draw: int,
    cancelled: Cancel | None = None,
) -> AugmentedSamples:  # fmt: skip
    """A few images of different classes and one draw of the change on each.

    change: an augmentation by name, or a method that learns without labels, which may show two views of each.
    side, channels: as the backbone reads them. draw: another number, another draw on the same images. Raises
    `DataError` and `InvalidExperiment` when the data cannot be read, `Cancelled` when asked to stop.
    """
    data = images_of(load(choice, cancelled=cancelled))
    rng = np.random.default_rng([choice.split_seed, 7])
    classes = rng.permutation(choose_classes(data, choice))
    indices = [int(rng.choice(np.flatnonzero(data.labels == classes[i % len(classes)]))) for i in range(SHOWN)]
    pixels, background = data.pixels(indices, side, channels, cancelled=cancelled), data.background
    if choice.shift is not None:
        pixels = shifted(pixels, choice.shift, np.array(indices))
        background = shifted_background(background, choice.shift)
    images = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))
    changed = _changed(images, change, background, torch.Generator().manual_seed(draw))
    return AugmentedSamples(list(pixels), [list(one.permute(0, 2, 3, 1).numpy()) for one in changed])


def _changed(
    images: torch.Tensor, change: str | MethodChoice, background: int, draws: torch.Generator
) -> Sequence[torch.Tensor]:
    """images: uint8 [n, c, s, s]; the same once or more, changed."""
    if isinstance(change, str):
        return [Augmentation(change, background)(images, draws)]
    asking = build_as(PretrainMethod, Experiment(method=change))
    pool = Pool(len(images), images.shape[-1], images.shape[1], background, len(images))
    with own_draws(0):
        pretext = asking.pretext(Backbone({"none": torch.nn.Flatten()}, 1, None), pool)
    return pretext.shown(images, draws)
