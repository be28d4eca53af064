"""A strided 1x1 convolution on few channels gives torch's own numbers and its gradients, and ends no process."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from engine.backbones.kernels.thinned import ThinnedConv2d, without_a_crash


@pytest.mark.parametrize("channels", [2, 3, 12, 17, 16])
@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("bias", [True, False])
def test_outputs_and_gradients_are_those_of_the_convolution(channels: int, stride: int, bias: bool) -> None:
    """Against a product of matrices written out, in the memory order in which the library's own gradient crashes."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(channels, 5, 1, stride, bias=bias))
    without_a_crash(network)
    assert isinstance(network[0], ThinnedConv2d) == (stride > 1 and channels != 16)
    images = torch.randn(2, channels, 9, 9).contiguous(memory_format=torch.channels_last)
    outputs = network(images)
    seen = images[:, :, ::stride, ::stride]
    expected = torch.einsum("oc,nchw->nohw", network[0].weight.detach()[:, :, 0, 0], seen)
    expected = expected if network[0].bias is None else expected + network[0].bias.detach().view(1, -1, 1, 1)
    assert torch.allclose(outputs, expected, atol=1e-5)
    outputs.square().sum().backward()
    gradient = torch.einsum("nohw,nchw->oc", 2 * expected, seen)
    assert torch.allclose(network[0].weight.grad[:, :, 0, 0], gradient, atol=1e-3)


def test_others_stay_what_they_are() -> None:
    layers = [nn.Conv2d(3, 4, 3, 2), nn.Conv2d(4, 4, 1, 2, groups=2), nn.Conv2d(3, 4, 1, 2, padding=1)]
    network = nn.Sequential(*layers)
    without_a_crash(network)
    assert list(network) == layers
    assert F.relu(network[0](torch.randn(1, 3, 5, 5))).shape == (1, 4, 2, 2)
