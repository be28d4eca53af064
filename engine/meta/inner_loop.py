"""The one inner loop: which parameters adapt, at which rate, for how many steps, first or second order.

φ = θ - α ∇L(φ, support), repeated. In second order the result stays differentiable through the steps (Finn et al.
2017); in first order the gradients are taken as constants, so that ∂φ/∂θ is the identity.
Plain autograd on purpose: a gradient over a summed vmap through batch norm is silently wrong at second order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class InnerLoop:
    """rate: step size α. adapts: says by name whether a parameter is adapted. clip: largest absolute gradient value."""

    rate: float
    steps: int
    second_order: bool
    adapts: Callable[[str], bool] = lambda name: True
    clip: float | None = None

    def run(self, model: nn.Module, parameters: Mapping[str, Tensor], images: Tensor, labels: Tensor) -> Parameters:
        """Adapted copy of `parameters` after learning from the support images [n, C, H, W] and labels [n]."""
        adapted = dict(parameters)
        names = [name for name in adapted if self.adapts(name)]
        for _ in range(self.steps):
            with twice_differentiable() if self.second_order else nullcontext():
                loss = F.cross_entropy(functional_call(model, adapted, (images,)), labels)
            gradients = torch.autograd.grad(
                loss, [adapted[name] for name in names], create_graph=self.second_order, allow_unused=False
            )
            for name, gradient in zip(names, gradients, strict=True):
                adapted[name] = adapted[name] - self.rate * self._clipped(gradient)
        return adapted

    def _clipped(self, gradient: Tensor) -> Tensor:
        return gradient if self.clip is None else gradient.clamp(-self.clip, self.clip)


def twice_differentiable() -> AbstractContextManager[None]:
    """Attention by plain matrix products: the fused kernels have no second derivative."""
    return sdpa_kernel(SDPBackend.MATH)


def adaptable(model: nn.Module) -> Callable[[str], bool]:
    """All parameters but the scale and shift of batch norm, which the reference implementation does not adapt."""
    norms = {
        f"{name}.{key}" if name else key
        for name, module in model.named_modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm)
        for key, _ in module.named_parameters(recurse=False)
    }
    return lambda name: name not in norms
