"""Which part of an image an answer hangs on.

Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391) on the last map that a network of convolutions makes; of every other
network, or where that map is too coarse, by covering parts of the image (Zeiler and Fergus 2014, arXiv 1311.2901).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from engine.artifacts.saved import TOGETHER, SavedModel

LEAST_SIDE = 5  # cells of a map; Conv-4 ends in one of 3 by 3
WINDOWS = 7  # places of the cover along a side: a quarter of the image wide, moved by an eighth
CAUTION = "Roughly what this one answer hangs on. It is no proof of why, and a right answer may hang on the background."
Classify = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Heat:
    """heat: float32 [s, s] over what the network saw, from 0 to 1 where the most hangs on it; all 0 where nothing
    spoke for the class. how: it was found."""

    heat: NDArray[np.float32]
    how: Literal["Grad-CAM", "by covering parts"]


def looked(model: SavedModel, pixels: Tensor, place: int) -> Heat:
    """Where in an image, uint8 [c, s, s], this class is seen. Raises `InvalidExperiment` for a meta-learner."""
    model.refuse_tasks()
    image = pixels.to(model.reader.device)[None]
    with torch.enable_grad(), last_map(model.network) as maps:
        _, logits = model.forward(image)
        if maps and maps[0].shape[-1] >= LEAST_SIDE and maps[0].requires_grad:
            (slope,) = torch.autograd.grad(logits[0, place], maps[0])
            return Heat(spread(weighted(maps[0], slope), image.shape[-1]), "Grad-CAM")
    return covered(lambda images: model.seen(images)[1], image[0], place)


@contextmanager
def last_map(network: nn.Module) -> Iterator[list[Tensor]]:
    """While open: the last square map [n, c, h, h] of a pass, in a list; nothing where tokens follow on it. What other
    threads compute with the network meanwhile is none of it."""
    held: list[Tensor] = []
    own = threading.get_ident()

    def look(_: nn.Module, __: object, output: object) -> None:
        if threading.get_ident() != own:
            return
        if isinstance(output, Tensor) and output.dim() in (3, 4) and output.shape[-1] > 1:
            is_map = output.dim() == 4 and output.shape[-1] == output.shape[-2]
            held[:] = [output] if is_map else []

    hooks = [part.register_forward_hook(look) for part in network.modules()]
    try:
        yield held
    finally:
        for hook in hooks:
            hook.remove()


def weighted(values: Tensor, slope: Tensor) -> Tensor:
    """[h, w] of a map [1, c, h, w] and the class's gradient by it: channels by their mean gradient, where positive."""
    return (slope.mean((2, 3), keepdim=True) * values).sum(1)[0].relu().detach().float()


def spread(heat: Tensor, side: int) -> NDArray[np.float32]:
    """A map [h, w] over the image [side, side], its largest value 1."""
    whole = F.interpolate(heat[None, None], (side, side), mode="bilinear", align_corners=False)[0, 0]
    largest = whole.max()
    return (whole / largest if largest > 0 else torch.zeros_like(whole)).cpu().numpy()


@torch.no_grad()
def covered(classify: Classify, pixels: Tensor, place: int) -> Heat:
    """How much less likely (in log odds) a class becomes on average where a cell of an image, uint8 [c, s, s], is
    covered with its mean colour. classify: uint8 [n, c, s, s] -> logits [n, classes]."""
    side = pixels.shape[-1]
    starts = np.linspace(0, side - max(1, side // 4), WINDOWS).round().astype(int)
    spots = [(y, x) for y in starts for x in starts]
    whole = odds(classify(pixels[None]), place)
    fell = []
    for begin in range(0, len(spots), TOGETHER):
        images = torch.stack([without(pixels, *spot) for spot in spots[begin : begin + TOGETHER]])
        fell.append((whole - odds(classify(images), place)).cpu())
    return Heat(spread(averaged(torch.cat(fell), spots, side).clamp_min(0), side), "by covering parts")


def without(pixels: Tensor, y: int, x: int) -> Tensor:
    """The image with a quarter of its width covered at this corner."""
    window = max(1, pixels.shape[-1] // 4)
    mean = pixels.float().mean((1, 2), keepdim=True).round().to(pixels.dtype)
    found = pixels.clone()
    found[:, y : y + window, x : x + window] = mean
    return found


def odds(logits: Tensor, place: int) -> Tensor:
    """Log odds of a class [n] by logits [n, classes]."""
    others = torch.cat([logits[:, :place], logits[:, place + 1 :]], dim=1)
    return logits[:, place] - others.logsumexp(1)


def averaged(values: Tensor, spots: list[tuple[int, int]], side: int) -> Tensor:
    """[side, side]: the mean of the values [n] of the covers over each pixel."""
    total, times, window = torch.zeros(side, side), torch.zeros(side, side), max(1, side // 4)
    for value, (y, x) in zip(values, spots, strict=True):
        total[y : y + window, x : x + window] += value
        times[y : y + window, x : x + window] += 1
    return total / times.clamp_min(1)
