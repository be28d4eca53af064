"""Unfolded images and the gradient of a convolution's weights as a matrix product are what the library has."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from engine.backbones.kernels import convolution
from engine.backbones.kernels.convolution import Geometry, as_matrix, unfolded, weight_gradient

SHAPES = [(3, 5, 1), (3, 5, 2), (3, 2, 1), (3, 3, 2), (5, 6, 1), (7, 9, 2)]  # side of the kernel and the map, stride


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two images at a time, so that the sum over parts is tested too."""
    monkeypatch.setattr(convolution, "UNFOLDED_BYTES", 4000)


def test_unfolding_by_hand() -> None:
    """A 2x2 image of one channel, kernel 3, padding 1: each row the nine values around a position."""
    image = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert unfolded(image, Geometry(3, 1, 1)).tolist() == [
        [0, 0, 0, 0, 1, 2, 0, 3, 4],
        [0, 0, 0, 1, 2, 0, 3, 4, 0],
        [0, 1, 2, 0, 3, 4, 0, 0, 0],
        [1, 2, 0, 3, 4, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize("side,length,stride", SHAPES)
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_maps_and_weight_gradients_are_the_librarys(
    side: int, length: int, stride: int, layout: torch.memory_format
) -> None:
    torch.manual_seed(0)
    by = Geometry(side, stride, side // 2)
    images = torch.randn(5, 4, length, length, dtype=torch.float64).to(memory_format=layout)
    weight = torch.randn(6, 4, side, side, dtype=torch.float64).to(memory_format=layout).requires_grad_()
    maps = F.conv2d(images, weight, None, stride, side // 2)
    rows = maps.permute(0, 2, 3, 1).reshape(-1, 6)
    torch.testing.assert_close(unfolded(images, by) @ as_matrix(weight).t(), rows)
    gradient = torch.randn_like(maps)
    own = weight_gradient(images, gradient, by)
    torch.testing.assert_close(own, torch.autograd.grad(maps, weight, gradient)[0])
    assert own.is_contiguous(memory_format=torch.channels_last)
