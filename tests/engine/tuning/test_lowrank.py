"""Low-rank changes: by hand, and as peft puts them beside a layer, on every kind of layer."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from engine.backbones import catalog
from engine.backbones.backbone import Backbone
from engine.backbones.networks import random_backbone
from engine.errors import InvalidExperiment
from engine.layers import LayerRow
from engine.tuning.lowrank import LowRank, low_rank_weights
from engine.tuning.trainable import check_table


def with_layer(layer: nn.Module) -> Backbone:
    return Backbone({"one": layer}, 4, 2)


def test_a_change_by_hand() -> None:
    """Rank 2 and scale 3: half the product of the factors, times three."""
    model = with_layer(nn.Linear(3, 2))
    with torch.no_grad():
        model.block("one").weight.copy_(torch.tensor([[0.5, -0.2, 0.1], [-0.4, 0.6, 0.2]]))
    name = "blocks.one.weight"
    change = LowRank(model, [name], rank=2, scale=3.0, seed=0)
    assert torch.equal(change.merged()[name], model.state_dict()[name])  # the network starts as it was
    with torch.no_grad():
        change.up[name].copy_(torch.tensor([[1.0, 0.0], [0.5, -1.0]]))
        change.down[name].copy_(torch.tensor([[0.2, 0.0, 0.4], [0.0, 0.1, 0.0]]))
    change.settle()
    # B A = [[0.2, 0, 0.4], [0.1, -0.1, 0.2]], times 1.5.
    assert torch.allclose(model.state_dict()[name], torch.tensor([[0.8, -0.2, 0.7], [-0.25, 0.45, 0.5]]))


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 5, 1),
        nn.Conv2d(3, 5, 3, padding=1, bias=False),
        nn.Conv2d(3, 5, (2, 3), stride=2, padding=1),
        nn.Conv2d(3, 5, 3, dilation=2),
    ],
)
def test_a_convolution_s_change_is_two_convolutions(layer: nn.Conv2d) -> None:
    """peft: A convolves to `rank` channels as the layer does, B mixes them with 1x1, and their sum is scaled."""
    model, images = with_layer(layer), torch.randn(2, 3, 9, 9)
    change = LowRank(model, ["blocks.one.weight"], rank=2, scale=5.0, seed=0)
    up, down = change.up["blocks.one.weight"], change.down["blocks.one.weight"]
    assert (up.shape, down.shape) == ((5, 2), (2, layer.weight[0].numel()))
    with torch.no_grad():
        up.normal_()
        narrow = F.conv2d(
            images, down.view(2, *layer.weight.shape[1:]), None, layer.stride, layer.padding, layer.dilation
        )
        expected = layer(images) + 5.0 / 2 * F.conv2d(narrow, up.view(5, 2, 1, 1))
        merged: Tensor = functional_call(layer, {"weight": change.merged()["blocks.one.weight"]}, (images,))
    assert torch.allclose(merged, expected, atol=1e-5)


def test_layers_in_groups_are_left_out() -> None:
    block = nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 8, 3), nn.BatchNorm2d(8), nn.Linear(8, 2))
    assert list(low_rank_weights(block)) == ["1.weight", "3.weight"]
    with pytest.raises(InvalidExperiment, match="no linear or convolution layers to train"):
        check_table(with_layer(block[0]), {"one": LayerRow(trains="low-rank")})


@pytest.mark.parametrize("name", [info.name for info in catalog.backbones()])
def test_every_block_of_every_backbone_has_something_to_adapt(name: str) -> None:
    """A table of words is looked up, and multiplied with nothing."""
    tables = {"embeddings"} if catalog.backbone(name).form.kind == "texts" else set()
    for title, block in random_backbone(name, 3).named_blocks():
        assert bool(low_rank_weights(block)) == (title not in tables), title
