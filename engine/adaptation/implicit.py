"""The implicit meta-gradient: what a task's solution φ* changes by when θ does, without going through the inner steps.

At φ* = argmin L(φ, support) + λ/2 ‖φ - θ‖² the gradient ∇L + λ (φ - θ) is 0, whence dφ*/dθ = (I + H/λ)⁻¹ with the
Hessian H of L at φ* (Rajeswaran et al. 2019). For what stays fixed in the task, ψ, dφ*/dψ = -(H + λI)⁻¹ ∂²L/∂φ∂ψ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

ENOUGH = 1e-20  # squared residual, as a share of the first one, at which conjugate gradients stop


def implicit_gradient(
    support_loss: Tensor, query_loss: Tensor, adapted: Sequence[Tensor], fixed: Sequence[Tensor], pull: float,
    steps: int,
) -> tuple[list[Tensor], list[Tensor | None]]:  # fmt: skip
    """Gradients of the query loss at φ* by θ's adapted and by its fixed parameters. adapted: φ*; fixed: ψ; both losses
    hang on them. pull: λ. steps: of conjugate gradients."""
    by_all = torch.autograd.grad(query_loss, [*adapted, *fixed], allow_unused=True)
    by_adapted = _flat([_or_zero(g, p) for g, p in zip(by_all, adapted, strict=False)])
    downhill = _flat(torch.autograd.grad(support_loss, adapted, create_graph=True))

    def times(vector: Tensor) -> Tensor:
        product = torch.autograd.grad(downhill, adapted, vector, retain_graph=True)
        return _flat(product) + pull * vector

    solved = conjugate_gradients(times, by_adapted, steps)
    mixed = torch.autograd.grad(downhill, fixed, solved, allow_unused=True) if fixed else ()
    direct = by_all[len(adapted) :]
    return _unflat(pull * solved, adapted), [_less(own, via) for own, via in zip(direct, mixed, strict=True)]


def conjugate_gradients(times: Callable[[Tensor], Tensor], wanted: Tensor, steps: int) -> Tensor:
    """x with A x = wanted after at most `steps` iterations from 0; `times` multiplies by the symmetric A. Nothing moves
    any more once it is solved, or where A curves the wrong way, as it may before the inner problem is solved. No value
    is asked for: a GPU would have to be waited for."""
    x, residual = torch.zeros_like(wanted), wanted.clone()
    direction, length = residual.clone(), residual @ residual
    least, moves = ENOUGH * length, torch.ones_like(length, dtype=torch.bool)
    for _ in range(steps):
        product = times(direction)
        curvature = direction @ product
        moves = moves & (length > least) & (curvature > 0)
        x = torch.where(moves, x + length / curvature * direction, x)
        residual = torch.where(moves, residual - length / curvature * product, residual)
        length, before = residual @ residual, length
        direction = torch.where(moves, residual + length / before * direction, direction)
    return torch.where(x.any(), x, wanted)


def _flat(parts: Sequence[Tensor]) -> Tensor:
    return torch.cat([part.flatten() for part in parts])


def _unflat(vector: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    parts = vector.split([value.numel() for value in like])
    return [part.view(value.shape) for part, value in zip(parts, like, strict=True)]


def _or_zero(gradient: Tensor | None, parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if gradient is None else gradient


def _less(direct: Tensor | None, via: Tensor | None) -> Tensor | None:
    if direct is None or via is None:
        return direct if via is None else -via
    return direct - via
