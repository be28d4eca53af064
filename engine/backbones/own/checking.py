"""Whether matched weights are a trained network's: what it makes of images differs from what random weights make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from engine.backbones.backbone import batch_norms
from engine.backbones.own.sources import SavedNetwork
from engine.backbones.own.word_pieces import LEAST
from engine.errors import WeightsError

IMAGES = 8
ALIKE = 1e-3  # relative distance from a random network's features up to which they are its own
SAME = 1e-6  # of the features of different images up to which they are one
STEPS = (torch.int8, torch.uint8, torch.bool)  # which mean something together with a scale alone
LEARNT = "Choose weights that were saved after training, or the averaged ones."


def refuse_numberless(values: Mapping[str, Tensor]) -> None:
    """Raises `WeightsError` where some of the values are no numbers, or steps without their scale."""
    for name, value in values.items():
        if value.dtype in STEPS:
            kind = str(value.dtype).removeprefix("torch.")
            raise WeightsError(f"“{name}” is of the kind {kind}: those weights were made smaller to be run.", LEARNT)
        if value.is_floating_point() and not bool(torch.isfinite(value.float()).all()):
            raise WeightsError(f"“{name}” has values that are not numbers: that training diverged.", LEARNT)


@torch.no_grad()
def doubts(source: SavedNetwork, values: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Why these weights cannot be a trained network's, in sentences; none where they may be."""
    return tuple(_doubts(source, values))


def _doubts(source: SavedNetwork, values: Mapping[str, Tensor]) -> Iterator[str]:
    if not values:
        yield "Nothing of the file fits this network."
        return
    if all(bool((value == value.flatten()[0]).all()) for value in values.values() if value.numel()):
        yield "Every tensor of the file has one value throughout."
    random, loaded = source.network({}).eval(), source.network(values).eval()
    norms = [(norm.running_mean, norm.running_var) for norm in batch_norms(loaded)]
    if norms and all(_is_fresh(mean, variance) for mean, variance in norms):
        yield "The running statistics of batch norm are those of a network that has seen no image."
    images = _images(source)
    ours, theirs = loaded.embed(images), random.embed(images)
    if not bool(torch.isfinite(ours).all()):
        yield f"The features of {IMAGES} images are not numbers."
    elif float((ours - theirs).norm()) <= ALIKE * float(theirs.norm()):
        yield f"The features of {IMAGES} images are those of the random network."
    elif float((ours - ours.mean(0)).norm()) <= SAME * float(ours.norm()):
        yield f"The features of {IMAGES} different images are the same."


def _is_fresh(mean: Tensor | None, variance: Tensor | None) -> bool:
    return mean is None or variance is None or bool((mean == 0).all() and (variance == 1).all())


def _images(source: SavedNetwork) -> Tensor:
    """Patches of bright and dark from coarse to fine, in the range that prepared pixels have; of texts any words."""
    form = source.info.form
    draws = torch.Generator().manual_seed(0)
    if form.kind == "texts":
        return torch.randint(1, LEAST, (IMAGES, form.size), generator=draws)
    if form.kind != "images":
        return torch.linspace(-2, 2, IMAGES).view(IMAGES, 1, 1, 1)
    side = form.size if form.fixed else max(form.least, min(form.size, 64))
    parts = [torch.randn(1, form.channels, 2 + place, 2 + place, generator=draws) for place in range(IMAGES)]
    return torch.cat([torch.nn.functional.interpolate(part, (side, side), mode="bilinear") for part in parts])
