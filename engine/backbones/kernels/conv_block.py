"""The block of Conv-4: convolution, batch norm, ReLU, max-pooling, computed in the way that is cheapest twice over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from engine.backbones.kernels.bilinear import Convolved
from engine.backbones.kernels.convolution import LEAST_CHANNELS
from engine.backbones.kernels.pooled_norm import pooled_norm, pooled_norm_of_seen, seen_of
from engine.backbones.kernels.whole_norm import is_shared

MANY_IMAGES = 30  # with fewer, what is differentiated once is quicker layer by layer
_now = threading.local()


@contextmanager
def second_derivative() -> Iterator[None]:
    """While open, in this thread, what blocks compute will be differentiated twice."""
    before, _now.twice = getattr(_now, "twice", False), True
    try:
        yield
    finally:
        _now.twice = before


class ConvBlock(nn.Sequential):
    """Convolution 3x3, batch norm, ReLU, max-pooling 2x2 (Vinyals et al. 2016).

    float [n, inputs, h, w] -> [n, outputs, h // 2, w // 2]. On a CPU, where batch norm uses the batch's own statistics
    and its scale is positive, pooling comes before scale and shift: the same values and gradients but for rounding. So
    it is done for a second derivative, and for many images at once.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        convolution = nn.Conv2d(inputs, outputs, 3, padding=1)
        super().__init__(convolution, nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2))

    def forward(self, input: Tensor) -> Tensor:
        convolution, norm = self[0], self[1]
        if not (_suits(input) and isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)):
            return super().forward(input)
        if convolution.bias is None or not _is_usual(convolution, norm):
            return super().forward(input)
        # The convolution's bias is taken away again with the mean: it counts in the running mean alone.
        shift = norm.bias + 0.0 * convolution.bias
        values, mean, variance = _pooled(input, convolution, norm.weight, shift, norm.eps)
        remember(self, mean[0].detach(), variance[0].detach(), input[:, 0].numel())
        for layer in list(self)[4:]:
            values = layer(values)
        return values


def _pooled(
    images: Tensor, convolution: nn.Conv2d, scale: Tensor, shift: Tensor, tiny: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`pooled_norm` of the convolution without its bias; of few channels without its maps."""
    weight = convolution.weight[None]
    if images.shape[1] < LEAST_CHANNELS and not images.requires_grad:
        return pooled_norm_of_seen(seen_of(images, 1), weight, images.shape[2:], scale, shift, tiny)
    return pooled_norm(Convolved.apply(images, weight, (1, 1)), scale, shift, tiny)


def _suits(images: Tensor) -> bool:
    """On a CPU, in full precision, outside of torch.func's transforms, with all of the batch and something to pool."""
    gains = getattr(_now, "twice", False) or len(images) >= MANY_IMAGES
    return (
        gains
        and images.device.type == "cpu"
        and min(images.shape[2:]) > 1
        and not torch.is_autocast_enabled("cpu")
        and not is_shared()
        and not torch._C._are_functorch_transforms_active()
    )


def _is_usual(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> bool:
    """Whether nobody listens to them, and batch norm normalises by the batch's own statistics."""
    if type(norm) is not nn.BatchNorm2d or convolution._forward_hooks or norm._forward_hooks:
        return False
    counts = norm.momentum is not None or not norm.track_running_stats
    return norm.training and counts and bool((norm.weight > 0).all())


def remember(block: nn.Sequential, mean: Tensor, variance: Tensor, count: int) -> None:
    """Keep the running statistics up as batch norm does: with the unbiased variance. mean, variance: of `count` values
    per channel of the convolution without its bias [c]."""
    convolution, norm = block[0], block[1]
    assert isinstance(norm, nn.BatchNorm2d)
    if not norm.track_running_stats:
        return
    assert isinstance(convolution.bias, Tensor)
    assert norm.momentum is not None
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    norm.num_batches_tracked.add_(1)
    norm.running_mean.lerp_(mean + convolution.bias.detach(), norm.momentum)
    norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)
