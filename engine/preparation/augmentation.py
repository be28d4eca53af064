"""Changes to training images that leave their class as it is, drawn for every image by itself.

One affine map and one look-up per batch do crop, flip, turn, shift and scale together; torchvision's batch transforms
would draw the same change for the whole batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.machine.transfers import sent


@dataclass(frozen=True, slots=True)
class Recipe:
    """turn: degrees either way. shift: of half the side, either way. zoom: smallest and largest part of the image that
    fills the frame. flip: mirrored left to right half of the time. colour: brightness and contrast, either way.
    erase: share of images that lose a rectangle of up to a quarter of the area."""

    turn: float = 0.0
    shift: float = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)
    flip: bool = False
    colour: float = 0.0
    erase: float = 0.0


RECIPES = {
    "shift and turn": Recipe(turn=10.0, shift=0.15, zoom=(0.9, 1.1)),
    "flip and crop": Recipe(shift=0.0, zoom=(0.6, 1.0), flip=True),
    "flip, crop and colour": Recipe(turn=10.0, zoom=(0.5, 1.0), flip=True, colour=0.3, erase=0.25),
}


class Augmentation:
    """Callable on uint8 [n, c, s, s]; the same generator state gives the same images. background: what lies outside."""

    def __init__(self, name: str, background: int = 0) -> None:
        self.recipe = RECIPES[name]
        self.background = background

    def __call__(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """uint8 [n, c, s, s] -> uint8 [n, c, s, s]."""
        recipe = self.recipe
        images = self._moved(pixels.float() - self.background, generator) + self.background
        if recipe.colour:
            images = _coloured(images, recipe.colour, generator)
        if recipe.erase:
            images = self._erased(images, generator)
        return images.round_().clamp_(0, 255).to(torch.uint8)

    def _moved(self, images: Tensor, generator: torch.Generator) -> Tensor:
        maps = sent(self.maps(len(images), generator), images.device)
        grid = F.affine_grid(maps, list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, align_corners=False)

    def maps(self, count: int, generator: torch.Generator) -> Tensor:
        """[count, 2, 3]: from each place in the new image to a place in the old one, both in -1..1."""
        recipe = self.recipe
        angle = _between(count, -recipe.turn, recipe.turn, generator).deg2rad()
        zoom = _between(count, *recipe.zoom, generator)
        mirror = torch.where(_between(count, 0, 1, generator) < 0.5 if recipe.flip else angle.isnan(), -1.0, 1.0)
        reach = recipe.shift + (1 - zoom).clamp_min(0)
        right, down = (_between(count, -1, 1, generator) * reach for _ in range(2))
        cos, sin = angle.cos() * zoom, angle.sin() * zoom
        rows = torch.stack([cos * mirror, -sin, right, sin * mirror, cos, down], 1)
        return rows.view(count, 2, 3)

    def _erased(self, images: Tensor, generator: torch.Generator) -> Tensor:
        count, _, side, _ = images.shape
        size = _between(count, 0.2, 0.5, generator) * side
        left, top = (_between(count, 0, 1, generator) * (side - size) for _ in range(2))
        hit = _between(count, 0, 1, generator) < self.recipe.erase
        place = torch.arange(side)
        inside = _inside(place, left, size)[:, None, :] & _inside(place, top, size)[:, :, None]
        lost = sent((inside & hit[:, None, None])[:, None], images.device)
        return images.masked_fill(lost, float(self.background))


def _between(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def _inside(place: Tensor, start: Tensor, size: Tensor) -> Tensor:
    return (place[None] >= start[:, None]) & (place[None] < (start + size)[:, None])


def _coloured(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    count = len(images)
    light, contrast = (
        sent(_between(count, 1 - strength, 1 + strength, generator).view(-1, 1, 1, 1), images.device) for _ in range(2)
    )
    mean = images.mean((1, 2, 3), keepdim=True)
    return ((images - mean) * contrast + mean) * light
