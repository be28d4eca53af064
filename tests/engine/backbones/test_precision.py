"""What is rounded in bfloat16, and what is not."""

import pytest
import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.backbones.precision import rounded


@pytest.fixture
def model() -> Backbone:
    torch.manual_seed(0)
    return Backbone({"one": conv_block(3, 8), "two": conv_block(8, 8).append(nn.AdaptiveAvgPool2d(1))}, 8, 4)


def kinds_of(model: Backbone, images: Tensor) -> dict[type[nn.Module], torch.dtype]:
    """What each kind of layer gives."""
    found: dict[type[nn.Module], torch.dtype] = {}
    listening = [
        layer.register_forward_hook(lambda layer, _, given: found.__setitem__(type(layer), given.dtype))
        for layer in model.modules()
    ]
    model(images)
    for one in listening:
        one.remove()
    return found


def test_products_are_rounded_and_batch_norm_is_not(model: Backbone) -> None:
    images = torch.rand(40, 3, 8, 8)
    before = model.eval()(images)
    with rounded(model):
        inside = kinds_of(model, images)
    assert inside[nn.Conv2d] == inside[nn.Linear] == torch.bfloat16
    assert inside[nn.BatchNorm2d] == torch.float32
    assert torch.equal(model(images), before), "and afterwards the network is as it was"
    assert not any(layer._forward_pre_hooks for layer in model.modules())


def test_nothing_is_rounded_where_it_is_not_asked_for(model: Backbone) -> None:
    with rounded(model, False):
        assert set(kinds_of(model, torch.rand(4, 3, 8, 8)).values()) == {torch.float32}


def test_training_learns_by_gradients_in_float32(model: Backbone) -> None:
    with rounded(model.train()):
        loss = model(torch.rand(40, 3, 8, 8)).float().square().mean()
    loss.backward()
    assert {parameter.grad.dtype for parameter in model.parameters() if parameter.grad is not None} == {torch.float32}
    assert {buffer.dtype for buffer in model.buffers() if buffer.is_floating_point()} == {torch.float32}
