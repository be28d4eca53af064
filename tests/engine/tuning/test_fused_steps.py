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


@pytest.mark.parametrize("optimiser", ["AdamW", "SGD"])
@pytest.mark.parametrize("laid_out", [torch.contiguous_format, torch.channels_last])
def test_what_is_kept_has_the_parameters_own_shape_and_goes_on(optimiser: str, laid_out: torch.memory_format) -> None:
    """Whatever the memory layout of weights and gradients, before and after: the same steps."""
    settings = SimpleNamespace(optimiser=optimiser, momentum=0.9, schedule="constant", clip_norm=0.5)
    start, gradients = torch.randn(4, 3, 3, 5), torch.randn(4, 4, 3, 3, 5)
    plain = nn.Parameter(start.clone())
    weight = nn.Parameter(start.clone().to(memory_format=laid_out))
    one, other = (Rates(settings, Stage(1, RATE, DECAY)) for _ in range(2))
    one.extend([Part("stem", [plain], 1.0)])
    other.extend([Part("stem", [weight], 1.0)])
    for step, gradient in enumerate(gradients):
        plain.grad, weight.grad = gradient.clone(), gradient.clone()
        one.step(0.0)
        other.step(0.0)
        kept = other.state({weight: "stem.weight"})
        moments = kept["moments"]["parameters"][0]
        assert all(value.shape == weight.shape for value in moments.values() if value.dim())
        if step == 1:  # goes on in another layout
            weight = nn.Parameter(weight.detach().clone(memory_format=torch.channels_last))
            other = Rates(settings, Stage(1, RATE, DECAY))
            other.load_state(kept, {"stem.weight": weight})
        other.zero_grad()
        assert weight.grad is None
    assert float((plain - weight).detach().abs().max()) < 1e-6
