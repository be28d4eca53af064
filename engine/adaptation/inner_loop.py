"""The one inner loop: which parameters adapt, at which rates, for how many steps, first or second order.

φ = θ - α ∇L(φ, support), repeated. In second order the result stays differentiable through the steps (Finn et al.
2017); in first order the gradients are taken as constants, so that ∂φ/∂θ is the identity.
Plain autograd on purpose: the gradient of a summed vmap through batch norm is silently wrong at second order where its
scale and shift adapt per task (torch 2.15; tests/engine/meta/test_batch_norm_trap.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import cycle, islice

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from engine.adaptation.objective import loss
from engine.backbones.backbone import applied
from engine.backbones.kernels.conv_block import second_derivative
from engine.data.batches import cuts
from engine.data.target import NUMBERS, asked

Parameters = dict[str, Tensor]
Rate = Callable[[str, int], "Tensor | float"]
AtStep = Callable[[Parameters, int], Parameters]
SECOND_MOMENT, TINY = 0.999, 1e-8  # Adam's β2 and ε


def same(parameters: Parameters, step: int) -> Parameters:
    return parameters


@dataclass(frozen=True)
class InnerLoop:
    """rate: step size α of a parameter, by its name and the number of the step (from 0): a number, or a tensor that is
    learnt. adapts: says by name whether a parameter is adapted. clip: largest absolute gradient value. at_step: the
    parameters the network is run with in the step of this number, made from the adapted ones: on the support set before
    the step and on the query set after it (MAML++ has its own batch-norm weights for each). pull: strength λ of
    λ/2 ‖φ - θ‖² in the inner loss (iMAML); never clipped."""

    rate: Rate
    steps: int
    second_order: bool
    adapts: Callable[[str], bool] = lambda name: True
    clip: float | None = None
    at_step: AtStep = same
    pull: float = 0.0

    @property
    def is_elementwise(self) -> bool:
        """Whether a value's step depends on nothing but that value, so that many tasks may be stacked."""
        return type(self) is InnerLoop and self.at_step is same

    def path(self, model: nn.Module, parameters: Parameters, inputs: Tensor, targets: Tensor) -> Iterator[Parameters]:
        """The parameters after 0, 1, …, `steps` steps on the support set; `parameters` need a gradient."""
        return self.descent(parameters, lambda now: loss(applied(model, now, inputs), targets))

    def descent(self, parameters: Parameters, support_loss: Callable[[Parameters], Tensor]) -> Iterator[Parameters]:
        """`path` down a scalar that is made of the parameters the network is run with."""
        adapted = dict(parameters)
        names = [name for name in adapted if self.adapts(name)]
        yield self.at_step(adapted, 0)
        for step in range(self.steps):
            with twice_differentiable() if self.second_order else nullcontext():
                value = support_loss(self.at_step(adapted, step))
            found = torch.autograd.grad(value, [adapted[name] for name in names], create_graph=self.second_order)
            adapted = self.stepped(adapted, parameters, dict(zip(names, found, strict=True)), step)
            yield self.at_step(adapted, step)

    def stepped(self, here: Parameters, start: Parameters, gradients: Parameters, step: int) -> Parameters:
        """After the step of this number along the support loss's gradients and the pull to `start`. A new mapping, so
        that what was yielded before stays as it was."""
        moved = {}
        for name, gradient in gradients.items():
            uphill = clipped(gradient, self.clip)
            uphill = uphill + self.pull * (here[name] - start[name]) if self.pull else uphill
            moved[name] = descended(here[name], self.rate(name, step), uphill)
        return here | moved

    def run(self, model: nn.Module, parameters: Parameters, inputs: Tensor, targets: Tensor) -> Parameters:
        """The parameters after the last step."""
        *_, last = self.path(model, parameters, inputs, targets)
        return last


def clipped(gradient: Tensor, largest: float | None) -> Tensor:
    """Each value at most `largest` in size; None leaves it alone."""
    return gradient if largest is None else gradient.clamp(-largest, largest)


def descended(value: Tensor, rate: Tensor | float, gradient: Tensor) -> Tensor:
    """value - rate * gradient, by a plain number in one operation."""
    return value - rate * gradient if isinstance(rate, Tensor) else torch.sub(value, gradient, alpha=rate)


@contextmanager
def twice_differentiable() -> Iterator[None]:
    """Attention by plain matrix products, as the fused kernels have no second derivative; Conv-4 in the way in which a
    second derivative is cheap."""
    with sdpa_kernel(SDPBackend.MATH), second_derivative():
        yield


def norm_parameters(model: nn.Module) -> frozenset[str]:
    """Names of the scale and shift of batch norm, which the reference implementation does not adapt."""
    return frozenset(
        f"{name}.{key}" if name else key
        for name, module in model.named_modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm)
        for key, _ in module.named_parameters(recurse=False)
    )


def start_of(model: nn.Module) -> Parameters:
    """The network's parameters as leaves of their own, to adapt at test time without touching the model."""
    return {name: p.detach().requires_grad_() for name, p in model.named_parameters()}


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

    def path(self, model: nn.Module, parameters: Parameters, inputs: Tensor, targets: Tensor) -> Iterator[Parameters]:
        """The parameters after 0, 1, …, `steps` steps on batches that take the classes in turn."""

        def support_loss(now: Parameters, batch: Tensor) -> Tensor:
            return loss(applied(model, now, inputs[batch]), targets[batch])

        return self.descent(parameters, support_loss, in_turn(targets, self.batch))

    def descent(
        self, parameters: Parameters, support_loss: Callable[[Parameters, Tensor], Tensor],
        batches: Sequence[Tensor],
    ) -> Iterator[Parameters]:  # fmt: skip
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
        order = torch.argsort(seen * (targets.max() + 1) + targets)
    return [order[cut] for cut in cuts(len(order), size)]
