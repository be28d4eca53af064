"""Conv-4's block against torch's own layers one after the other: values, first and second derivatives, statistics."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from engine.backbones.backbone import still_statistics
from engine.backbones.kernels.bilinear import Convolved
from engine.backbones.kernels.conv_block import MANY_IMAGES, ConvBlock, second_derivative
from engine.backbones.kernels.pooled_norm import Largest, Moments

CLOSE = 1e-8


@pytest.fixture(autouse=True)
def _twice() -> Iterator[None]:
    with second_derivative():
        yield


def plain(block: ConvBlock) -> nn.Sequential:
    """The same layers in a container that runs them one by one."""
    return nn.Sequential(*block)


def block(inputs: int, outputs: int = 5) -> ConvBlock:
    torch.manual_seed(0)
    made = ConvBlock(inputs, outputs).double()
    nn.init.uniform_(made[1].weight, 0.5, 1.5)
    nn.init.normal_(made[1].bias)
    return made


def derivatives(network: nn.Module, p: dict[str, Tensor], images: Tensor) -> list[Tensor]:
    """Values; their first derivative along fixed directions; the derivative of a function of that."""
    values = functional_call(network, p, (images,))
    draw = torch.Generator().manual_seed(1)
    along = torch.randn(values.shape, dtype=values.dtype, generator=draw)
    wanted = [*p.values(), images] if images.requires_grad else list(p.values())
    first = torch.autograd.grad((values * along).sum(), wanted, create_graph=True)
    bent = sum((part * torch.randn(part.shape, dtype=part.dtype, generator=draw)).tanh().sum() for part in first)
    second = torch.autograd.grad(bent, wanted, allow_unused=True)
    return [values, *first, *(torch.zeros_like(w) if s is None else s for w, s in zip(wanted, second, strict=True))]


@pytest.mark.parametrize("inputs,wanted", [(1, False), (3, True), (20, True), (20, False)])
@pytest.mark.parametrize("size", [8, 7])
def test_values_and_both_derivatives_are_torchs_own(inputs: int, wanted: bool, size: int) -> None:
    ours = block(inputs)
    images = torch.randn(4, inputs, size, size, dtype=torch.float64).requires_grad_(wanted)
    p = dict(ours.named_parameters())
    found, expected = derivatives(ours, p, images), derivatives(plain(ours), p, images)
    largest = max(float(value.detach().abs().max()) for value in expected)
    for a, b in zip(found, expected, strict=True):
        assert float((a - b).detach().abs().max()) <= CLOSE * largest


@pytest.mark.parametrize("still", [True, False])
def test_running_statistics_are_kept_as_batch_norm_keeps_them(still: bool) -> None:
    ours, images = block(1), torch.randn(6, 1, 8, 8, dtype=torch.float64)
    theirs = nn.Sequential(*(type(layer)(*given) for layer, given in zip(ours, LAYERS, strict=True))).double()
    theirs.load_state_dict(ours.state_dict())
    for network in (ours, theirs):
        if still:
            with still_statistics(network):
                network(images)
        else:
            network(images)
    for name in ("running_mean", "running_var"):
        assert torch.allclose(getattr(ours[1], name), getattr(theirs[1], name), rtol=CLOSE, atol=0)
    assert still or ours[1].num_batches_tracked == theirs[1].num_batches_tracked == 1


LAYERS = ((1, 5, 3, 1, 1), (5,), (), (2,))


@pytest.mark.parametrize("case", ["eval", "negative scale", "another norm", "vmap"])
def test_where_it_does_not_suit_the_layers_run_one_by_one(case: str) -> None:
    ours, images = block(2), torch.randn(4, 2, 8, 8, dtype=torch.float64)
    if case == "another norm":
        ours[1] = nn.GroupNorm(5, 5).double()
    if case == "negative scale":
        ours[1].weight.data[2] = -0.7
    ours.train(case != "eval")
    expected = plain(ours)(images)
    if case == "vmap":
        ours[1].track_running_stats, ours[1].running_mean, ours[1].running_var = False, None, None
        found = vmap(lambda values: functional_call(ours, dict(ours.named_parameters()), (values,)))(images[None])[0]
    else:
        found = ours(images)
    assert torch.allclose(found, expected, rtol=CLOSE, atol=1e-12)


def test_further_layers_follow() -> None:
    ours, images = block(1), torch.randn(3, 1, 8, 8, dtype=torch.float64)
    ours.append(nn.AdaptiveAvgPool2d(1))
    assert torch.allclose(ours(images), plain(ours)(images), rtol=CLOSE, atol=1e-12)


def test_many_images_take_the_same_way_elsewhere() -> None:
    ours, images, found = block(1), torch.randn(MANY_IMAGES, 1, 8, 8, dtype=torch.float64), []
    thread = threading.Thread(target=lambda: found.append([ours(images), ours(images[:4])]))
    thread.start()
    thread.join()
    assert torch.equal(found[0][0], ours(images))  # another thread has a mark of its own
    assert torch.allclose(found[0][1], ours(images[:4]), rtol=CLOSE, atol=1e-12)


@pytest.mark.parametrize("by", [(1, 1), (2, 0)])
def test_the_convolution_has_numerical_derivatives(by: tuple[int, int]) -> None:
    torch.manual_seed(2)
    images, weights = torch.randn(4, 2, 5, 5), torch.randn(2, 3, 2, 3, 3)
    given = [value.double().requires_grad_() for value in (images, weights)]
    assert torch.autograd.gradgradcheck(lambda x, w: Convolved.apply(x, w, by), given)
    shared = given[1][:1].detach().requires_grad_()
    assert torch.autograd.gradgradcheck(
        lambda x, w: Convolved.apply(x, w.expand(2, -1, -1, -1, -1), by), [given[0], shared]
    )


@pytest.mark.parametrize("size", [(4, 4), (5, 3)])
def test_the_largest_of_what_is_seen_have_numerical_derivatives(size: tuple[int, int]) -> None:
    torch.manual_seed(4)
    seen = torch.randn(2, 2 * size[0] * size[1], 3, dtype=torch.float64)
    weight = torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True)
    maps = (seen @ weight.mT).view(4, *size, 4).permute(0, 3, 1, 2)
    expected = nn.functional.max_pool2d(maps, 2)  # of products that some processors add up in another order
    assert torch.allclose(Largest.apply(weight, seen, size, None), expected, rtol=CLOSE, atol=1e-12)
    assert torch.autograd.gradcheck(lambda w: Largest.apply(w, seen, size, None), [weight])
    # Linear between changes of place: the second derivative is seen only behind something that bends.
    assert torch.autograd.gradgradcheck(lambda w: Largest.apply(w, seen, size, None).square(), [weight])


@pytest.mark.parametrize("tasks", [1, 2])
def test_the_moments_have_numerical_derivatives(tasks: int) -> None:
    torch.manual_seed(3)
    maps = torch.randn(4, 2, 5, 4, dtype=torch.float64, requires_grad=True)
    _, mean, variance = Moments.apply(maps, tasks)
    first = maps[: 4 // tasks].transpose(0, 1).flatten(1)
    assert torch.allclose(mean[0], first.mean(1))
    assert torch.allclose(variance[0], first.var(1, unbiased=False))
    assert torch.autograd.gradcheck(Moments.apply, (maps, tasks))
    assert torch.autograd.gradgradcheck(Moments.apply, (maps, tasks))
