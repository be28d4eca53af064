"""bfloat16 in pretraining: of every objective the network alone is rounded, and nothing changes where it is not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.backbones.networks import random_backbone
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.preflight.problems import problems
from engine.preparation.inputs import Normaliser
from engine.pretraining.method import PretrainMethod
from engine.pretraining.pool import Pool
from engine.registry import methods

POOL, SHAPE = Pool(images=64, size=28, channels=1, background=0, batch=8), Normaliser(28, 1)
OBJECTIVES = [one for one in methods() if issubclass(one, PretrainMethod) and one.reads == "images"]


def learnt(kind: type[PretrainMethod], bf16: bool) -> tuple[float, dict[str, torch.dtype], list[torch.dtype]]:
    """(the loss of a step, types that its heads were given, of all gradients)."""
    torch.manual_seed(0)
    model = random_backbone("conv4", None).train()
    method = kind.from_values({})
    pretext = method.pretext(model, POOL)
    pretext.bf16 = bf16
    seen: dict[str, torch.dtype] = {}
    for name, layer in pretext.named_modules():
        if isinstance(layer, nn.Linear) and "trunk" not in name:
            layer.register_forward_pre_hook(lambda _, given, name=name: seen.update({name: given[0].dtype}))
    pixels = torch.randint(0, 256, (8, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    draws, labels = torch.Generator().manual_seed(0), torch.arange(8) % 2
    taught = method.learns_labels
    told = pretext.taught(model, SHAPE, pixels, labels, draws) if taught else pretext.told(model, SHAPE, pixels, draws)
    told["loss"].backward()
    gradients = [one.grad.dtype for one in model.parameters() if one.grad is not None]
    return float(told["loss"].detach()), seen, gradients


@pytest.mark.parametrize("kind", OBJECTIVES, ids=lambda kind: kind.name)
def test_the_network_alone_is_rounded(kind: type[PretrainMethod]) -> None:
    full, rough = learnt(kind, False), learnt(kind, True)
    assert rough[0] == pytest.approx(full[0], rel=0.1, abs=0.05)
    for _, heads, gradients in (full, rough):
        assert set(heads.values()) <= {torch.float32}
        assert set(gradients) == {torch.float32}


@torch.no_grad()
def test_it_is_rounded_where_it_is_asked_for_alone() -> None:
    model = random_backbone("conv4", None).eval()
    pretext = OBJECTIVES[0].from_values({}).pretext(model, POOL)
    images = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    full = pretext.embedded(model, images)
    assert torch.equal(full, model.embed(images))
    pretext.bf16 = True
    rough = pretext.embedded(model, images)
    assert rough.dtype == torch.float32
    assert not torch.equal(rough, full)
    torch.testing.assert_close(rough, full, rtol=0.1, atol=0.05)


def test_it_may_be_asked_for() -> None:
    asked = Experiment(
        dataset=DatasetChoice(name="digits"), backbone=BackboneChoice(name="conv4"),
        method=MethodChoice(name="simclr"), precision="bfloat16",
    )  # fmt: skip
    assert not [fault for fault in problems(asked) if fault.field == "precision"]
