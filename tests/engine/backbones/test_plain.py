"""A plain network gives the same numbers and has no part that is ours."""

from __future__ import annotations

import pytest
import torch

from engine.adaptation.film import hang_film
from engine.backbones import catalog
from engine.backbones.kernels.convolution import QuickConv2d, with_quick_gradients
from engine.backbones.networks import random_backbone
from engine.backbones.plain import plain

LOOPS = {"text_bilstm"}  # over the words of a text, which cannot be traced
NAMES = [info.name for info in catalog.backbones() if info.name not in LOOPS]


@pytest.mark.parametrize("name", NAMES)
def test_every_backbone_becomes_plain(name: str) -> None:
    """At the smallest images that it reads, where our convolutions are matrix products; they add up in another order,
    so 1e-5 of the largest output. One of its layers has a context hung on it."""
    torch.manual_seed(0)
    info, model = catalog.backbone(name), random_backbone(name, 5)
    with_quick_gradients(model)
    hang_film(model, 4)
    images = (info.form.channels, info.form.least, info.form.least)
    inputs = torch.randn(3, *{"numbers": (1,), "states": (2,)}.get(info.form.kind, images))
    if info.form.kind == "texts":
        inputs = torch.randint(1, 1000, (3, info.form.least))
    other = plain(model)
    with torch.no_grad():
        expected = model.eval()(inputs)
        found = other(inputs)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))
    assert {type(part).__module__.partition(".")[0] for part in other.modules()} <= {"torch", "torchvision"}
    assert not any(part._forward_hooks for part in other.modules())


def test_a_plain_network_shares_nothing_with_the_one_it_is_of() -> None:
    model = random_backbone("resnet18", 5)
    with_quick_gradients(model)
    other, quick = plain(model), [part for part in model.modules() if isinstance(part, QuickConv2d)]
    assert quick
    assert {id(part) for part in model.parameters()}.isdisjoint(id(part) for part in other.parameters())
    assert {key for key, _ in other.named_parameters()} == {key for key, _ in model.named_parameters()}
