"""Images that a small network learns within a few epochs, and that network."""

from __future__ import annotations

import numpy as np
import torch

from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.preparation.inputs import Labelled


def stripes(count: int = 12, seed: int = 1, in_order: bool = False) -> Labelled:
    """Horizontal against vertical stripes with noise, in turn or sorted by class."""
    draw = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 100, (count, 1, 8, 8), generator=draw, dtype=torch.uint8)
    labels = torch.arange(count) * 2 // count if in_order else torch.arange(count) % 2
    images[labels == 0, :, ::2] += 150
    images[labels == 1, :, :, ::2] += 150
    return Labelled(images, labels, np.arange(count))


def small_network() -> Backbone:
    torch.manual_seed(0)
    return Backbone({"one": conv_block(1, 4), "two": conv_block(4, 4)}, 16, 2)
