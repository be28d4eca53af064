"""What is kept of the training images besides the weights: batch norm's running statistics of a network that was
meta-trained with the statistics of each batch, or whatever else a method wants before it is judged."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from engine.backbones.backbone import Backbone, batch_norms
from engine.meta.learner import MetaLearner
from engine.meta.task import Tasks


@torch.no_grad()
def refreshed(method: MetaLearner, model: Backbone, tasks: Tasks, step: int) -> None:
    """Bring up to date what the method keeps of the training images and its training does not; the same at the same
    step."""
    draw = np.random.default_rng([step, 7])
    drawn = (tasks.task(tasks.draw(draw)) for _ in range(method.refresh_batches))
    method.refresh(model, (torch.cat([task.support_inputs, task.query_inputs]) for task in drawn))


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
