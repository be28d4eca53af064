"""Quick convolutions give the library's results and gradients, once and twice, and leave other layers alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.backbones.kernels import convolution
from engine.backbones.kernels.convolution import (
    Geometry,
    MatrixConvolution,
    QuickConv2d,
    folded,
    unfolded,
    weight_gradient,
    with_quick_gradients,
)
from engine.backbones.networks import random_backbone

SHAPES = [(3, 5, 1), (3, 5, 2), (3, 2, 1), (3, 3, 2), (5, 6, 1), (7, 9, 2)]  # side of the kernel and the map, stride


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two images at a time, so that the sum over parts is tested too."""
    monkeypatch.setattr(convolution, "UNFOLDED_BYTES", 4000)


def test_unfolding_by_hand() -> None:
    """A 2x2 image of one channel, kernel 3, padding 1: the centre position of each row's nine values."""
    image = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    seen = unfolded(image, Geometry(3, 1, 1))
    assert seen.tolist() == [
        [0, 0, 0, 0, 1, 2, 0, 3, 4],
        [0, 0, 0, 1, 2, 0, 3, 4, 0],
        [0, 1, 2, 0, 3, 4, 0, 0, 0],
        [1, 2, 0, 3, 4, 0, 0, 0, 0],
    ]
    assert folded(seen, image.shape, Geometry(3, 1, 1)).flatten().tolist() == [4, 8, 12, 16]


@pytest.mark.parametrize("side,length,stride", SHAPES)
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_results_and_gradients_are_the_librarys(
    side: int, length: int, stride: int, layout: torch.memory_format
) -> None:
    torch.manual_seed(0)
    by = Geometry(side, stride, side // 2)
    images = torch.randn(5, 4, length, length, dtype=torch.float64).to(memory_format=layout).requires_grad_()
    weight = torch.randn(6, 4, side, side, dtype=torch.float64).to(memory_format=layout).requires_grad_()
    quick = MatrixConvolution.apply(images, weight, by)
    expected = F.conv2d(images, weight, None, stride, side // 2)
    assert torch.allclose(quick, expected)
    gradient = torch.randn_like(expected)
    for own, theirs in zip(
        both(quick, gradient, images, weight), both(expected, gradient, images, weight), strict=True
    ):
        assert torch.allclose(own, theirs)
    assert weight_gradient(images.detach(), gradient, by).is_contiguous(memory_format=torch.channels_last)


def both(maps: Tensor, gradient: Tensor, images: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(maps, [images, weight], gradient)


@pytest.mark.parametrize("side,length,stride", SHAPES[:3])
def test_second_derivatives(side: int, length: int, stride: int) -> None:
    """Against finite differences, in float64."""
    torch.manual_seed(0)
    by = Geometry(side, stride, 1)
    images = torch.randn(2, 2, length, length, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 2, side, side, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x, w: MatrixConvolution.apply(x, w, by), (images, weight))


def test_a_network_keeps_its_parameters_and_learns_the_same() -> None:
    """ResNet-18's gradients with quick convolutions against the same network with torch's own."""
    model = random_backbone("resnet18", 3)
    with_quick_gradients(model)
    quick = [layer for layer in model.modules() if isinstance(layer, QuickConv2d)]
    assert len(quick) == 16  # all 3x3 convolutions; not the stem of three channels, not the 1x1 shortcuts
    images, labels = torch.randn(4, 3, 64, 64), torch.tensor([0, 1, 2, 0])
    own = gradients(model, images, labels)
    for name, layer in list(model.named_modules()):
        if isinstance(layer, QuickConv2d):
            plain = nn.Conv2d(layer.in_channels, layer.out_channels, 3, layer.stride, 1, bias=False)
            plain.weight = layer.weight
            model.set_submodule(name, plain)
    theirs = gradients(model, images, labels)
    assert own.keys() == theirs.keys()
    for name, gradient in theirs.items():
        assert float((own[name] - gradient).norm()) <= 1e-3 * float(gradient.norm()), name


@pytest.mark.parametrize(("capability", "own"), [("AVX2", True), ("AVX512", False), ("DEFAULT", False)])
def test_the_librarys_are_kept_where_they_are_as_quick(
    capability: str, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    model = random_backbone("resnet18", 3)
    assert any(isinstance(layer, QuickConv2d) for layer in model.modules()) is own


def gradients(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
    model.train()
    model.zero_grad(set_to_none=True)
    F.cross_entropy(model(images), labels).backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def test_bias_mode_and_random_state_stay() -> None:
    network = nn.Sequential(nn.Conv2d(16, 128, 3, padding=1), nn.Conv2d(128, 128, 3, groups=2), nn.Conv2d(3, 128, 3))
    network.eval()
    images, tiny = torch.randn(2, 16, 6, 6), torch.randn(2, 16, 2, 2)
    weight, expected, expected_tiny = network[0].weight, network[0](images), network[0](tiny)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    with_quick_gradients(network)
    assert torch.equal(torch.get_rng_state(), before)
    assert [type(layer) is QuickConv2d for layer in network] == [True, False, False]
    assert network[0].weight is weight
    assert not network[0].training
    assert torch.allclose(network[0](images), expected, atol=1e-5)
    with torch.no_grad():
        assert torch.allclose(network[0](tiny), expected_tiny, atol=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        assert network[0](images).dtype is torch.bfloat16
