"""Fused optimisers on channels-last weights take the steps of the formulas."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from engine.tuning.method import Stage
from engine.tuning.rates import Rates
from engine.tuning.trainable import Part

RATE, DECAY, STEPS = 0.01, 0.1, 3


@pytest.fixture
def layer() -> nn.Conv2d:
    torch.manual_seed(0)
    return nn.Conv2d(3, 4, 3, bias=False).to(memory_format=torch.channels_last)


def stepped(layer: nn.Conv2d, optimiser: str) -> tuple[Tensor, list[Tensor]]:
    """The weights after some steps, and the gradient of each step; both in the plain order of dimensions."""
    settings = SimpleNamespace(optimiser=optimiser, momentum=0.9, schedule="constant", clip_norm=0.0)
    rates = Rates(settings, Stage(1, RATE, DECAY))
    rates.extend([Part("stem", [layer.weight], 1.0)])
    gradients = []
    for step in range(STEPS):
        rates.zero_grad()
        images = torch.randn(2, 3, 6, 6).to(memory_format=torch.channels_last)
        layer(images).square().mean().backward()
        assert layer.weight.grad is not None
        gradients.append(layer.weight.grad.clone(memory_format=torch.contiguous_format).double())
        rates.step(step / STEPS)
    return layer.weight.detach().contiguous().double(), gradients


def test_adamw(layer: nn.Conv2d) -> None:
    """Loshchilov & Hutter 2019: decay first, then the bias-corrected step."""
    expected = layer.weight.detach().contiguous().double()
    found, gradients = stepped(layer, "AdamW")
    mean = square = torch.zeros_like(expected)
    for step, gradient in enumerate(gradients, 1):
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        expected = expected * (1 - RATE * DECAY)
        unbiased = (square / (1 - 0.999**step)).sqrt() + 1e-8
        expected = expected - RATE * mean / (1 - 0.9**step) / unbiased
    assert float((found - expected).abs().max()) < 1e-6


def test_sgd_with_momentum(layer: nn.Conv2d) -> None:
    expected = layer.weight.detach().contiguous().double()
    found, gradients = stepped(layer, "SGD")
    speed = torch.zeros_like(expected)
    for gradient in gradients:
        speed = 0.9 * speed + gradient + DECAY * expected
        expected = expected - RATE * speed
    assert float((found - expected).abs().max()) < 1e-6
