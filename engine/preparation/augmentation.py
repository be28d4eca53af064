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
    erase: share of images that lose a rectangle of up to a quarter of the area. shear: either way. aspect: log of how
    much wider than high the part is, either way. pen: share of images whose strokes are made thicker or thinner. tint:
    of each colour channel, either way. grey, solarise: shares of images without colour, with bright pixels turned."""

    turn: float = 0.0
    shift: float = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)
    flip: bool = False
    colour: float = 0.0
    erase: float = 0.0
    shear: float = 0.0
    aspect: float = 0.0
    pen: float = 0.0
    tint: float = 0.0
    grey: float = 0.0
    solarise: float = 0.0


MIDDLE, WHITE = 128, 255

RECIPES = {
    "shift and turn": Recipe(turn=10.0, shift=0.15, zoom=(0.9, 1.1)),
    "flip and crop": Recipe(shift=0.0, zoom=(0.6, 1.0), flip=True),
    "flip, crop and colour": Recipe(turn=10.0, zoom=(0.5, 1.0), flip=True, colour=0.3, erase=0.25),
}


class Augmentation:
    """Callable on uint8 [n, c, s, s]; the same generator state gives the same images. what: a recipe, or the name of
    one. background: what lies outside."""

    def __init__(self, what: str | Recipe, background: int = 0) -> None:
        self.recipe = RECIPES[what] if isinstance(what, str) else what
        self.background = background

    def __call__(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """uint8 [n, c, s, s] -> uint8 [n, c, s, s]."""
        recipe = self.recipe
        images = self._moved(pixels.float() - self.background, generator)
        if recipe.pen:
            images = _drawn_anew(images, recipe.pen, self.background < MIDDLE, generator)
        images = images + self.background
        if recipe.colour:
            images = _coloured(images, recipe.colour, generator)
        if recipe.tint or recipe.grey or recipe.solarise:
            images = toned(images, recipe.tint, recipe.grey, recipe.solarise, generator)
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
        rows = torch.stack([cos * mirror, -sin, right, sin * mirror, cos, down], 1).view(count, 2, 3)
        return self._bent(rows, generator) if recipe.shear or recipe.aspect else rows

    def _bent(self, maps: Tensor, generator: torch.Generator) -> Tensor:
        """The maps with each image sheared and stretched first."""
        count, recipe = len(maps), self.recipe
        shear = _between(count, -recipe.shear, recipe.shear, generator)
        wider = _between(count, -recipe.aspect, recipe.aspect, generator).div(2).exp()
        zero = torch.zeros(count)
        bend = torch.stack([wider, shear, zero, 1 / wider], 1).view(count, 2, 2)
        return torch.cat([maps[:, :, :2] @ bend, maps[:, :, 2:]], 2)

    def _erased(self, images: Tensor, generator: torch.Generator) -> Tensor:
        count, _, side, _ = images.shape
        size = _between(count, 0.2, 0.5, generator) * side
        left, top = (_between(count, 0, 1, generator) * (side - size) for _ in range(2))
        hit = _between(count, 0, 1, generator) < self.recipe.erase
        place = torch.arange(side)
        inside = _inside(place, left, size)[:, None, :] & _inside(place, top, size)[:, :, None]
        lost = sent((inside & hit[:, None, None])[:, None], images.device)
        return images.masked_fill(lost, float(self.background))


def _drawn_anew(images: Tensor, share: float, bright: bool, generator: torch.Generator) -> Tensor:
    """Strokes thicker or half as strong at their edges, in this share of images [n, c, s, s] on a background of 0.
    bright: ink is brighter than what it is drawn on."""
    kind = sent(_between(len(images), 0, 1, generator).view(-1, 1, 1, 1), images.device)
    ink = images if bright else -images
    thick = F.max_pool2d(ink, 3, 1, 1)
    thin = (ink - F.max_pool2d(-ink, 3, 1, 1)) / 2
    drawn = torch.where(kind < share / 2, thick, torch.where(kind < share, thin, ink))
    return drawn if bright else -drawn


def toned(images: Tensor, tint: float, grey: float, solarise: float, generator: torch.Generator) -> Tensor:
    """float [n, c, s, s] in 0..255: each channel stronger or weaker, some images without colour, some solarised."""
    count, channels = images.shape[:2]
    factors = _between(count * channels, 1 - tint, 1 + tint, generator).view(count, channels, 1, 1)
    draws = _between(2 * count, 0, 1, generator).view(2, count, 1, 1, 1)
    factors, without, turned = (sent(one, images.device) for one in (factors, draws[0] < grey, draws[1] < solarise))
    images = images * factors if tint else images
    images = torch.where(without, images.mean(1, keepdim=True), images)
    return torch.where(turned & (images >= MIDDLE), WHITE - images, images)


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
