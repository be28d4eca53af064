"""Inner steps by an optimiser with a state of its own, on small batches of the support set (first order)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

import torch
from torch import Tensor, nn

from engine.backbones.backbone import applied
from engine.meta.inner_loop import Parameters
from engine.meta.objective import loss

SECOND_MOMENT, TINY = 0.999, 1e-8  # Adam's β2 and ε


def steps_of(
    model: nn.Module,
    start: Parameters,
    inputs: Tensor,
    targets: Tensor,
    batches: Sequence[Tensor],
    steps: int,
    rate: float,
    adam: bool,
    clip: float | None = None,
) -> Iterator[Parameters]:
    """The parameters after 0, 1, …, `steps` steps of SGD or of Adam with β1 = 0 (Nichol et al. 2018). clip: largest
    absolute value of a gradient."""
    now, squares = dict(start), {name: torch.zeros_like(value) for name, value in start.items()}
    names = [name for name, value in now.items() if not name.startswith("meta.")]
    yield now
    for number, batch in enumerate(islice(cycle(batches), steps), 1):
        value = loss(applied(model, now, inputs[batch]), targets[batch])
        gradients = torch.autograd.grad(value, [now[name] for name in names])
        moved = dict(now)
        for name, gradient in zip(names, gradients, strict=True):
            step = clipped(gradient, clip)
            if adam:
                squares[name] = SECOND_MOMENT * squares[name] + (1 - SECOND_MOMENT) * step.square()
                step = step / ((squares[name] / (1 - SECOND_MOMENT**number)).sqrt() + TINY)
            moved[name] = (now[name].detach() - rate * step).requires_grad_()
        now = moved
        yield now


def clipped(gradient: Tensor, largest: float | None) -> Tensor:
    """Each value at most `largest` in size; None leaves it alone."""
    return gradient if largest is None else gradient.clamp(-largest, largest)
