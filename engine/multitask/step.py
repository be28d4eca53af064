"""One step of the network on several tasks: one mixed forward pass, the losses, and the gradients that they leave.

One pass for all tasks, so that batch norm takes its statistics from the images of all; a head's outputs are cut in
parts, one for each task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.backbones.backbone import Backbone
from engine.multitask.balance import OfGradients, Weighting
from engine.multitask.conflict import Gradients, by_block


@dataclass(frozen=True)
class MixedBatch:
    """images: float [n, c, s, s], of all tasks one after the other, or once where all ask of the same. Of each task:
    its rows of them, its outputs of the head, its labels int64."""

    images: Tensor
    rows: Sequence[slice]
    outputs: Sequence[slice]
    labels: Sequence[Tensor]


@dataclass(frozen=True)
class StepFound:
    """losses: of each task, float [tasks], detached. products: inner products of the tasks' gradients in each block,
    where they were computed."""

    losses: Tensor
    products: dict[str, Tensor]


class Shared:
    """The parameters that tasks share, by block, and those of the head."""

    def __init__(self, model: Backbone) -> None:
        self.trunk: list[nn.Parameter] = []
        self.blocks: dict[str, list[int]] = {}
        for name in model.block_names[:-1]:
            own = [one for one in model.block(name).parameters() if one.requires_grad]
            self.blocks[name] = list(range(len(self.trunk), len(self.trunk) + len(own)))
            self.trunk += own
        self.head = list(model.head.parameters())

    @property
    def last(self) -> list[nn.Parameter]:
        """Of the last block that has any."""
        places = [found for found in self.blocks.values() if found][-1]
        return [self.trunk[place] for place in places]


def losses_of(model: Backbone, batch: MixedBatch) -> Tensor:
    """The cross-entropy of each task, float [tasks]."""
    said = model(batch.images)
    each = zip(batch.rows, batch.outputs, batch.labels, strict=True)
    return torch.stack([F.cross_entropy(said[rows, outputs], labels) for rows, outputs, labels in each])


def learn(model: Backbone, shared: Shared, balance: Weighting, batch: MixedBatch, compared: bool) -> StepFound:
    """Leave in `grad` of every parameter what this batch says. compared: tell how the tasks' gradients agree."""
    losses = losses_of(model, batch)
    if len(losses) == 1:
        losses[0].backward()
        return StepFound(losses.detach(), {})
    if isinstance(balance, OfGradients):
        return _weighed(shared, balance, losses)
    found = by_block(gradients(losses, shared.trunk), shared.blocks) if compared else {}
    norms = _norms(gradients(losses, shared.last)) if balance.of_last else None
    balance.total(losses).backward()
    balance.stepped(losses, norms)
    return StepFound(losses.detach(), found)


def gradients(losses: Tensor, parameters: Sequence[nn.Parameter]) -> Gradients:
    """Of each task's loss, in each of these parameters; the graph stays."""
    return [torch.autograd.grad(one, parameters, retain_graph=True, materialize_grads=True) for one in losses]


def _norms(found: Gradients) -> Tensor:
    """float [tasks]."""
    return torch.stack([torch.stack([one.norm() for one in task]).norm() for task in found])


def _weighed(shared: Shared, balance: OfGradients, losses: Tensor) -> StepFound:
    """The trunk gets the weighted gradients, each head its own."""
    each = gradients(losses, shared.trunk)
    found = by_block(each, shared.blocks)
    weights = balance.weigh(torch.stack(list(found.values())).sum(0)).tolist()
    for place, parameter in enumerate(shared.trunk):
        parameter.grad = combined([task[place] for task in each], weights)
    for parameter, own in zip(shared.head, torch.autograd.grad(losses.sum(), shared.head), strict=True):
        parameter.grad = own
    return StepFound(losses.detach(), found)


def combined(parts: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The weighted sum of one parameter's gradients, in the tasks' order."""
    total = weights[0] * parts[0]
    for weight, part in zip(weights[1:], parts[1:], strict=True):
        total = total + weight * part
    return total
