"""Batch norm by the statistics of a batch whose images several processes share.

torch's own (`SyncBatchNorm`) computes on CUDA alone and takes the place of layers; here every layer that normalises by
its batch does so by the whole one while the mode is open, whichever class it is of. Each process has the gradients of
scale and shift by its own images, as it has those of every other weight.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

Total = Callable[[Tensor], None]  # makes a tensor, in place, the sum of those of all processes
_open = threading.local()


def is_shared() -> bool:
    """Whether, in this thread, a batch is the whole of what several processes have of it."""
    return bool(getattr(_open, "now", False))


class WholeNorm(TorchFunctionMode):
    """While open, in this thread, batch norm normalises by the statistics of the images of all processes together. All
    of them compute the same layers meanwhile, backwards too."""

    def __init__(self, total: Total) -> None:
        super().__init__()
        self._total = total

    def __enter__(self) -> WholeNorm:
        _open.now = True
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *how: object) -> None:
        _open.now = False
        super().__exit__(*how)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # fmt: skip
        if func is F.batch_norm:
            return self._normed(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _normed(
        self, input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
        bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
    ) -> Tensor:  # fmt: skip
        """As `torch.nn.functional.batch_norm`, which has these names."""
        if not training:
            return F.batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
        values, mean, variance, count = NormedByAll.apply(input, weight, bias, eps, self._total)
        with torch.no_grad():
            if running_mean is not None and running_var is not None:
                running_mean.lerp_(mean.to(running_mean), momentum)
                running_var.lerp_((variance * count / (count - 1)).to(running_var), momentum)
        return values


class NormedByAll(Function):
    """input [n, c, …], this process's share -> normalised, scaled and shifted; mean, variance [c] and number of values
    per channel of all shares together."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float, total: Total
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        values = input if input.dtype == torch.float64 else input.float()
        over, shape = _besides_channels(values)
        sums = torch.cat([values.sum(over), values.new_full((1,), values[:, 0].numel())])
        total(sums)
        count = sums[-1]
        mean = sums[:-1] / count
        apart = values - mean.view(shape)
        variance = apart.square().sum(over)
        total(variance)
        variance /= count
        factor = (variance + eps).rsqrt()
        ctx.save_for_backward(input, weight, mean, factor, count)
        ctx.total = total
        apart.mul_((factor if weight is None else factor * weight).view(shape))
        if bias is not None:
            apart.add_(bias.view(shape))
        ctx.mark_non_differentiable(mean, variance, count)
        return apart.to(input.dtype), mean, variance, count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        input, weight, mean, factor, count = ctx.saved_tensors
        over, shape = _besides_channels(input)
        gradient = gradient.to(mean.dtype)
        normed = (input.to(mean.dtype) - mean.view(shape)).mul_(factor.view(shape))
        by_shift, by_scale = gradient.sum(over), (gradient * normed).sum(over)
        both = torch.stack([by_shift, by_scale])
        ctx.total(both)
        both /= count
        by_input = (gradient - both[0].view(shape)).sub_(normed.mul_(both[1].view(shape)))
        by_input.mul_((factor if weight is None else factor * weight).view(shape))
        own = (None, None) if weight is None else (by_scale, by_shift)
        return by_input.to(input.dtype), *own, None, None


def _besides_channels(values: Tensor) -> tuple[list[int], list[int]]:
    """The dimensions to sum over, and the shape [1, c, 1, …] of what is left."""
    over = [place for place in range(values.dim()) if place != 1]
    return over, [1, -1] + [1] * (values.dim() - 2)
