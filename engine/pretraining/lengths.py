"""Texts of a step passed in groups of like length: padding changes no number, but on a processor it takes as long as
words do."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.preparation.inputs import as_long, filled

TOGETHER = 16  # texts of a group; fewer keep a processor less busy


def by_length(texts: Tensor) -> list[Tensor]:
    """Places int64 [m] of each group, the longest texts first. texts: int64 [n, L], 0 is padding. On another device
    than a processor all are one group."""
    if texts.device.type != "cpu":
        return [torch.arange(len(texts), device=texts.device)]
    last = torch.arange(1, texts.shape[1] + 1) * (texts != 0)
    order = last.amax(1).argsort(descending=True, stable=True)
    return list(order.split(TOGETHER))


def trimmed(texts: Tensor) -> Tensor:
    """Without the places that are padding in all of them: [m, L] -> [m, longest of these]."""
    return texts[:, : filled(texts != 0)]


def in_order(parts: list[Tensor], groups: list[Tensor]) -> Tensor:
    """What groups gave, each [m, d] or [m, l, d], as one tensor in the order of the texts."""
    return torch.cat(as_long(parts))[torch.cat(groups).argsort()]
