"""All classification networks of torchvision's: every parameter is in a block, and the features are torchvision's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.backbones import catalog, listed
from engine.backbones.backbone import Backbone, digest
from engine.backbones.networks import random_backbone
from engine.backbones.published import torchvision_network, unfilled, with_state
from engine.backbones.vision_transformer import resampled
from engine.registry import method
from tests.lazily import lazily

torchvision = lazily("torchvision")

NETWORKS = {name: one for name, one in listed.networks().items() if one.library == "torchvision"}
QUICK = (
    "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2",
    "mobilenet_v3_small", "regnet_y_400mf", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t", "swin_v2_t",
)  # fmt: skip
HUGE = ("regnet_y_128gf", "vit_h_14")  # gigabytes, and a minute each
ADAPTED_QUICKLY = ("mobilenet_v3_small", "squeezenet1_1")
EVERY = [pytest.param(name, marks=() if name in ADAPTED_QUICKLY else pytest.mark.slow) for name in NETWORKS]
WAY = 3
ALL = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NETWORKS if name not in HUGE]
CLASSIFIERS = ("head", "heads", "fc", "classifier")
SIDE_BRANCHES = ("aux1.", "aux2.", "AuxLogits.")


def test_all_of_torchvisions_are_listed_with_all_their_weights() -> None:
    """But for VGG-16's without its dense layers, in whose file these are not numbers."""
    names = torchvision.models.list_models(module=torchvision.models)
    assert set(NETWORKS) == set(names)
    assert len(names) >= 80
    theirs = sum(len(torchvision.models.get_model_weights(name)) for name in names)
    assert sum(len(one.weights) for one in NETWORKS.values()) == theirs - 1


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_is_kept_in_a_block(name: str) -> None:
    """Against torchvision's own network, whose classifier and training's side branches are left out, and its own count
    where it has no such branches."""
    with unfilled():
        theirs = torchvision_network(name)
    classifier = last_layer(theirs)
    left_out = {id(parameter) for parameter in classifier.parameters()}
    count = sum(
        value.numel() for key, value in theirs.named_parameters()
        if not key.startswith(SIDE_BRANCHES) and id(value) not in left_out
    )  # fmt: skip
    info = catalog.backbone(name)
    assert info.parameters == count
    classes = sum(parameter.numel() for parameter in classifier.parameters())
    stated = next(one.meta for one in torchvision.models.get_model_weights(name) if "E2E" not in one.name)
    assert name == "inception_v3" or info.parameters + classes == stated["num_params"]


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b0", "mobilenet_v3_small"])
def test_what_is_unfilled_has_no_memory_and_draws_nothing(name: str) -> None:
    before = torch.get_rng_state()
    with unfilled():
        network = torchvision_network(name)
    assert all(parameter.is_meta for parameter in network.parameters())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", ["alexnet", "regnet_x_400mf", "squeezenet1_0", "vit_b_16"])
def test_the_list_is_what_the_libraries_hold(name: str) -> None:
    pytest.importorskip("timm")  # which the script writes down too
    from docs import catalogue

    again = catalogue.torchvision_row(name)
    assert listed._network("torchvision", again) == NETWORKS[name]


@pytest.mark.parametrize("name", ALL)
@torch.no_grad()
def test_features_are_torchvisions(name: str) -> None:
    """With the same state, through the loader of published weights, on random images."""
    info = catalog.backbone(name)
    theirs = torchvision_network(name).eval()
    state = theirs.state_dict()
    side = info.form.size if name.startswith("vit") else info.form.least  # torchvision's ViT reads no other
    images = torch.randn(1, 3, side, side)
    model = Backbone(with_state(NETWORKS[name], state), info.features, None).eval()
    found = model.embed(images)
    expected = features_of(theirs, images)
    assert found.shape == (1, info.features)
    assert float((found - expected).abs().max()) <= 1e-4 * float(expected.abs().max().clamp_min(1))


@pytest.mark.parametrize("name", ALL)
def test_it_learns_and_draws_nothing_while_it_does(name: str) -> None:
    """Two passes in training mode give the same, and a step changes every block."""
    info = catalog.backbone(name)
    model = random_backbone(name, 3).train()
    side = max(info.form.least, 64)
    images = torch.randn(2, 3, side, side)
    assert model.block_names == info.block_names
    outputs = model(images)
    assert torch.equal(outputs, model(images))
    outputs.square().sum().backward()
    for block in info.block_names:
        assert any(learns(parameter) for parameter in model.block(block).parameters()), block


@pytest.mark.parametrize("name", EVERY)
def test_its_head_is_adapted_to_a_task_and_the_network_stays(name: str) -> None:
    """As ANIL does it: one inner step of the head alone, for which nothing of the network changes."""
    form = catalog.backbone(name).form
    model = random_backbone(name, WAY).eval()
    before = digest(model.state_dict())
    learner = method("anil").from_values({"test_steps": 1, "inner_rate": 0.5})
    side = max(form.least, 64)
    images, targets = torch.randn(WAY + 1, 3, side, side), torch.arange(WAY)
    with torch.no_grad():
        plain = model(images)
    adapted = learner.adapt(model, images[:WAY], targets, WAY)(images).detach()
    assert adapted.shape == (WAY + 1, WAY)
    assert bool(torch.isfinite(adapted).all())
    assert not torch.allclose(adapted, plain)
    assert digest(model.state_dict()) == before


def learns(parameter: Tensor) -> bool:
    return parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)


def last_layer(network: Any) -> nn.Module:
    """The layer that tells the classes apart."""
    part = next(getattr(network, name) for name in CLASSIFIERS if hasattr(network, name))
    layers = [layer for layer in part.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    return layers[-1]


def features_of(network: Any, images: Tensor) -> Tensor:
    """What torchvision's own forward hands to that layer."""
    given: list[Tensor] = []
    last = last_layer(network)

    def keep(layer: nn.Module, inputs: tuple[Tensor]) -> None:
        given.append(inputs[0])

    last.register_forward_pre_hook(keep)
    network(images)
    features = given[0].mean((2, 3)) if isinstance(last, nn.Conv2d) else given[0]
    return features.flatten(1)


@pytest.fixture(autouse=True)
def _same_draws() -> None:
    torch.manual_seed(0)


@torch.no_grad()
def test_a_transformer_reads_other_sizes_by_resampling_its_positions() -> None:
    """At its own size nothing is resampled; positions that grow evenly along the rows still do at twice the size."""
    rows = torch.arange(4.0).repeat_interleave(4).view(1, 16, 1)
    position = torch.cat([torch.full((1, 1, 1), 9.0), rows], 1)
    assert resampled(position, 4, (4, 4)) is position
    found = resampled(position, 4, (8, 8))
    assert found.shape == (1, 65, 1)
    assert found[0, 0] == 9
    square = found[0, 1:, 0].view(8, 8)
    assert torch.allclose(square, square[:, :1].expand(8, 8), atol=1e-6)
    assert torch.allclose(square[2:6, 0], torch.tensor([0.75, 1.25, 1.75, 2.25]), atol=0.1)
    model = random_backbone("vit_b_32", None).eval()
    assert model.embed(torch.randn(1, 3, 96, 96)).shape == (1, 768)
