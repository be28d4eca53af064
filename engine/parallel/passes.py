"""A network's pass over a batch: whole in this process, or in shares by several.

The leader is the run's own process, and has all that a run is: images, changes, heads, loss, optimiser, averages,
queues, generators, checkpoints. The others have a copy of the network and no memory: with each pass they are told the
weights, which layers are in training mode and what learns. What the network makes of their rows, and their gradients of
the weights, go to the leader, whose loss is of the whole batch. So a run on several devices is the run on one, but for
rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call

from engine.backbones.backbone import Backbone
from engine.parallel.ranks import Ranks

Weights = Mapping[str, Tensor]


class Passes:
    """By this process alone."""

    def __call__(
        self, model: Backbone, values: Tensor, start: int = 0, answers: bool = True, weights: Weights | None = None
    ) -> Tensor:
        """What the network makes of all values, from block number `start` on, as `Backbone.forward`. weights: by name,
        in place of its own."""
        given = (values, start, answers)
        found: Tensor = (
            model(*given) if weights is None else functional_call(model, dict(weights), given, tie_weights=False)
        )
        return found


ALONE = Passes()


BACK = "back"  # the line that asks for the gradients of the last pass


@dataclass(frozen=True)
class PassOrder:
    """What a process needs to know of a pass besides its tensors. shape, kind: of the values. trains: of each module in
    turn whether it is in training mode, "1" or "0". fresh, learns: places among the `tensors_of` of those that are sent
    with it and of those that have gradients; None where none are asked for. seed: of what layers draw."""

    shape: list[int]
    kind: str
    start: int
    answers: bool
    trains: str
    fresh: list[int]
    learns: list[int] | None
    bf16: bool
    seed: int


def tensors_of(model: Backbone, start: int, answers: bool) -> dict[str, Tensor]:
    """By name, all that a pass from this block on reads."""
    parts = [f"blocks.{name}" for name in list(model.blocks)[start:]] + ["head"] * answers
    found: dict[str, Tensor] = {}
    for part in parts:
        own = model.get_submodule(part)
        found |= {f"{part}.{name}": one for name, one in (*own.named_parameters(), *own.named_buffers())}
    return found


def sent_together(group: Ranks, tensors: Sequence[Tensor]) -> None:
    """In place: the leader's values of all of them, those of one kind in one message."""
    for kind in dict.fromkeys(one.dtype for one in tensors):
        own = [one.detach() for one in tensors if one.dtype == kind]
        flat = torch.cat([one.reshape(-1) for one in own])
        group.broadcast(flat)
        if not group.leads:
            for one, values in zip(own, flat.split([one.numel() for one in own]), strict=True):
                one.copy_(values.view(one.shape))


def as_it_lies(values: Tensor) -> Tensor:
    """Maps [n, c, h, w] as they lie in memory, [n, h, w, c]; anything else as it is; contiguous."""
    return (values.movedim(1, -1) if values.dim() == 4 else values).contiguous()


def as_it_was(values: Tensor) -> Tensor:
    """The inverse."""
    return values.movedim(-1, 1) if values.dim() == 4 else values


def in_full(values: Tensor) -> Tensor:
    """In float32 what is rounded to less, so that sums of it are not rounded."""
    return values.float() if values.element_size() < torch.float32.itemsize else values


def collected(group: Ranks, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
    """At the leader the sums over all processes; where one has no gradient, none has."""
    known = [one for one in gradients if one is not None]
    flat = torch.cat([one.reshape(-1) for one in known])
    group.collect(flat)
    parts = iter(flat.split([one.numel() for one in known]))
    return [None if one is None else next(parts).view(one.shape) for one in gradients]
