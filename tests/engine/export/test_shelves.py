"""Every network that libraries list can be taken elsewhere, for any number of images: torch.export carries it whole."""

from __future__ import annotations

import pytest
import torch

from engine.backbones import catalog
from engine.backbones.networks import random_backbone
from engine.backbones.plain import without_kernels
from engine.experiment import BackboneChoice
from engine.export.graph import WholeGraph, exported
from engine.preparation.inputs import normaliser
from tests.engine.backbones import test_timm_shelf, test_torchvision_shelf

QUICK = ("squeezenet1_1", "mobilenet_v3_small", "conv4")
NAMES = [
    *(info.name for info in catalog.image_backbones()),
    *(name for name in test_torchvision_shelf.NETWORKS if name not in test_torchvision_shelf.HUGE),
    *(f"timm/{name}" for name in (*test_timm_shelf.QUICK, *test_timm_shelf.HEAVY)),
]
ALL = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in dict.fromkeys(NAMES)]
ROUNDING = 1e-5  # of the largest output


@pytest.mark.parametrize("name", ALL)
@torch.no_grad()
def test_the_whole_graph_is_exported(name: str) -> None:
    torch.manual_seed(0)
    form = normaliser(BackboneChoice(name=name))
    network = random_backbone(name, 3).eval()
    copy = without_kernels(network)
    graph = WholeGraph(copy, form, copy.embed, copy.head)
    whole = exported(graph).module()
    for count in (1, 3):
        images = torch.randint(256, (count, form.size, form.size, form.channels), dtype=torch.uint8)
        expected = network(form(images.permute(0, 3, 1, 2)))
        found, shares, _ = whole(images)
        torch.testing.assert_close(found, expected, rtol=0, atol=ROUNDING * float(expected.abs().max().clamp_min(1)))
        torch.testing.assert_close(shares.sum(1), torch.ones(count))
