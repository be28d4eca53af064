"""Fine-tuning a network on one support set under a prototype classifier, as P>M>F does at test.

Prototypes are means of the clean support images, which are shown again in changed copies to be classified; without
copies a single image per class would teach nothing, as it is its own prototype. Blocks before the first tuned one are
passed once: for the clean images and for each copy.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.adaptation.comparing import class_means
from engine.backbones.backbone import Backbone
from engine.machine.transfers import sent
from engine.preparation.augmentation import Augmentation

CHANGES = "shift and turn"
LOST = 0.15  # share of the pieces of a text


@dataclass(frozen=True)
class SupportMaterial:
    """A support set as it is before the first tuned block, number `start`, or before the last block in front
    of it where the network can be cut, `cut`. clean and each of `copies`: [n, …]; targets: int64 [n]."""

    clean: Tensor
    copies: Sequence[Tensor]
    targets: Tensor
    way: int
    start: int
    cut: int


@torch.no_grad()
def material(model: Backbone, inputs: Tensor, targets: Tensor, way: int, start: int, copies: int) -> SupportMaterial:
    """start: number of the first tuned block. copies: changed ones of each image, the same wherever it stands."""
    model.eval()
    draws, cut = [draws_of(image) for image in inputs.cpu()] if copies else [], model.cut_at(start)
    changed = [model.through(other(inputs, draws), 0, cut) for _ in range(copies)]
    return SupportMaterial(model.through(inputs, 0, cut), changed, targets, way, start, cut)


def draws_of(image: Tensor) -> torch.Generator:
    """An image's own random numbers, so that nothing depends on the order of the support set."""
    return torch.Generator().manual_seed(zlib.crc32(image.contiguous().numpy().tobytes()))


def other(inputs: Tensor, draws: Sequence[torch.Generator]) -> Tensor:
    """A changed copy of each: images shifted, turned and scaled a little, what comes in from outside is 0; texts
    without some of their pieces."""
    return moved(inputs, draws) if inputs.is_floating_point() else thinned(inputs, draws)


def thinned(pieces: Tensor, draws: Sequence[torch.Generator]) -> Tensor:
    """int64 [n, L]: each piece is 0, which counts as padding, with odds of `LOST`; the first never is."""
    kept = torch.stack([torch.rand(pieces.shape[1], generator=own) >= LOST for own in draws])
    kept[:, 0] = True
    return pieces * sent(kept, pieces.device)


def moved(inputs: Tensor, draws: Sequence[torch.Generator]) -> Tensor:
    """float [n, c, h, w]."""
    maps = torch.cat([Augmentation(CHANGES).maps(1, own) for own in draws])
    grid = F.affine_grid(sent(maps.to(inputs.dtype), inputs.device), list(inputs.shape), align_corners=False)
    return F.grid_sample(inputs, grid, align_corners=False)


def tuned(model: Backbone, support: SupportMaterial, scale: Tensor, rate: float, steps: int) -> Backbone:
    """A copy of the network after `steps` steps of Adam on the blocks from `support.start` on."""
    network = deepcopy(model).eval().requires_grad_(False)
    parts = list(network.blocks.values())[support.start :]
    weights = [value for part in parts for value in part.requires_grad_(True).parameters()]
    adam = torch.optim.Adam(weights, lr=rate)
    with torch.enable_grad():
        for step in range(steps):
            known = network.embed(support.clean, support.cut)
            seen = network.embed(support.copies[step % len(support.copies)], support.cut) if support.copies else known
            centres = class_means(known, support.targets, support.way)
            loss = F.cross_entropy(cosine_logits(seen, centres, scale), support.targets)
            adam.zero_grad()
            loss.backward()
            adam.step()
    return network.requires_grad_(False)


def cosine_logits(features: Tensor, centres: Tensor, scale: Tensor) -> Tensor:
    """s · cos(feature, prototype): features [m, d], centres [way, d] -> [m, way]."""
    return scale * F.normalize(features, dim=1) @ F.normalize(centres, dim=1).T


@torch.no_grad()
def outputs(network: Backbone, support: SupportMaterial, queries: Tensor, scale: Tensor) -> Tensor:
    """Logits [m, way] of queries as the first tuned block reads them [m, …]."""
    centres = class_means(network.embed(support.clean, support.cut), support.targets, support.way)
    return cosine_logits(network.embed(queries, support.cut), centres, scale)
