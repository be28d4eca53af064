"""Inner steps by an optimiser with a state of its own, on small batches of the support set (first order)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import torch
from torch import Tensor, nn

from engine.adaptation.inner_loop import Parameters, clipped
from engine.adaptation.objective import loss
from engine.backbones.backbone import applied
from engine.data.batches import cuts
from engine.data.target import NUMBERS, asked

SECOND_MOMENT, TINY = 0.999, 1e-8  # Adam's β2 and ε


@dataclass(frozen=True)
class BatchSteps:
    """Steps of SGD, or of Adam with β1 = 0 that starts afresh on every task, on `batch` examples of the support set at
    a time (Nichol et al. 2018). adapts: says by name whether a parameter is adapted. clip: largest absolute value of a
    gradient."""

    rate: float
    steps: int
    batch: int
    adam: bool
    adapts: Callable[[str], bool]
    clip: float | None = None

    @property
    def is_elementwise(self) -> bool:
        """Whether a value's step depends on nothing but that value, so that many tasks may be stacked."""
        return type(self) is BatchSteps

    def path(
        self, model: nn.Module, parameters: Mapping[str, Tensor], inputs: Tensor, targets: Tensor
    ) -> Iterator[Parameters]:
        """The parameters after 0, 1, …, `steps` steps on batches that take the classes in turn."""

        def support_loss(now: Parameters, batch: Tensor) -> Tensor:
            return loss(applied(model, now, inputs[batch]), targets[batch])

        return self.descent(parameters, support_loss, in_turn(targets, self.batch))

    def descent(
        self,
        parameters: Mapping[str, Tensor],
        support_loss: Callable[[Parameters, Tensor], Tensor],
        batches: Sequence[Tensor],
    ) -> Iterator[Parameters]:
        """`path` down a scalar that is made of the parameters and a batch."""
        now = {name: value.detach().clone().requires_grad_() for name, value in parameters.items()}
        names = [name for name in now if self.adapts(name)]
        squares = {name: torch.zeros_like(now[name]) for name in names}
        yield now
        for number, batch in enumerate(islice(cycle(batches), self.steps), 1):
            found = torch.autograd.grad(support_loss(now, batch), [now[name] for name in names])
            now = dict(now)
            for name, gradient in zip(names, found, strict=True):
                step = self._scaled(clipped(gradient, self.clip), squares[name], number)
                now[name] = (now[name].detach() - self.rate * step).requires_grad_()
            yield now

    def _scaled(self, gradient: Tensor, squares: Tensor, number: int) -> Tensor:
        """Divided by the root of the mean square, which is kept up in `squares`; SGD leaves it as it is."""
        if not self.adam:
            return gradient
        squares.mul_(SECOND_MOMENT).add_((1 - SECOND_MOMENT) * gradient.square())
        return gradient / ((squares / (1 - SECOND_MOMENT**number)).sqrt() + TINY)


def in_turn(targets: Tensor, size: int) -> list[Tensor]:
    """Batches of `size` positions that go round all examples, one of each class after the other."""
    if asked(targets) == NUMBERS:
        order = torch.arange(len(targets), device=targets.device)
    else:
        seen = (targets[:, None] == targets[None, :]).tril(-1).sum(1)  # how many of its class come before
        order = torch.argsort(seen * (int(targets.max()) + 1) + targets)
    return [order[cut] for cut in cuts(len(order), size)]
