"""Batch norm's running statistics of a network that was meta-trained with the statistics of each batch."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from engine.backbones.backbone import Backbone, batch_norms

BATCHES = 8  # tasks whose images the statistics are averaged over


@torch.no_grad()
def refresh_statistics(model: Backbone, batches: Iterable[Tensor]) -> None:
    """Average mean and variance over these inputs [n, …], so that others may use the trunk with running statistics.

    The network itself, not an adapted one, sees the inputs; its mode and momentum are left as they were.
    """
    norms = [(norm, norm.training, norm.momentum) for norm in batch_norms(model)]
    if not norms:
        return
    for norm, _, _ in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over the batches
        norm.train()
    for inputs in batches:
        model.embed(inputs)
    for norm, training, momentum in norms:
        norm.momentum = momentum
        norm.train(training)
