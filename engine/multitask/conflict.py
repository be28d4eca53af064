"""Where the gradients of tasks disagree: their cosine in each block of the trunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import torch
from torch import Tensor

Gradients = Sequence[Sequence[Tensor]]  # of each task, of each parameter


def products(gradients: Gradients) -> Tensor:
    """Inner products of the tasks' gradients, float [tasks, tasks]."""
    rows = [torch.cat([one.reshape(-1) for one in task]) for task in gradients]
    stacked = torch.stack(rows)
    return stacked @ stacked.T


def by_block(gradients: Gradients, blocks: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """The products of each block. blocks: the places of its parameters among the gradients; those without any are
    left out."""
    return {
        name: products([[task[place] for place in places] for task in gradients])
        for name, places in blocks.items()
        if places
    }


def cosines(found: Mapping[str, Tensor], titles: Sequence[str]) -> dict[str, Tensor]:
    """ "conv1" -> the cosine of two tasks' gradients; of more than two "conv1: a, b" for each pair. 0 where a gradient
    is 0."""
    pairs = list(combinations(range(len(titles)), 2))
    said: dict[str, Tensor] = {}
    for block, inner in found.items():
        lengths = inner.diagonal().clamp_min(0).sqrt()
        for a, b in pairs:
            name = block if len(pairs) == 1 else f"{block}: {titles[a]}, {titles[b]}"
            size = lengths[a] * lengths[b]
            said[name] = torch.where(size > 0, inner[a, b] / size.clamp_min(1e-30), torch.zeros_like(size))
    return said
