"""torchvision's networks as ours: attention, what is drawn, and weights in torchvision's cache."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.adaptation.inner_loop import InnerLoop
from engine.artifacts.weights import build_backbone, published_trunk
from engine.backbones import catalog, located
from engine.backbones.published import torchvision_network
from engine.backbones.vision_transformer import SelfAttention
from engine.experiment import BackboneChoice
from tests.engine.backbones.publishing import publish_as


def test_attention_is_the_formula() -> None:
    """One head of width 2, three tokens, against softmax(q k / sqrt 2) v written out."""
    theirs = nn.MultiheadAttention(2, 1, batch_first=True)
    tokens = torch.randn(1, 3, 2)
    query, key, value = (tokens[0] @ theirs.in_proj_weight.T + theirs.in_proj_bias).split(2, 1)
    expected = theirs.out_proj(F.softmax(query @ key.T / 2**0.5, 1) @ value)
    assert torch.allclose(SelfAttention(theirs)(tokens)[0], expected, atol=1e-6)


def test_attention_can_be_differentiated_twice() -> None:
    """Second-order MAML goes through the inner step: φ = θ - ∇L(θ), then dL(φ)/dθ against a central difference."""
    torch.manual_seed(0)
    model = nn.Sequential(SelfAttention(nn.MultiheadAttention(4, 2, batch_first=True)), nn.Flatten(), nn.Linear(8, 2))
    model = model.double()
    tokens, labels = torch.randn(3, 2, 4, dtype=torch.float64), torch.tensor([0, 1, 1])
    start = {name: value.detach().requires_grad_() for name, value in model.named_parameters()}
    weight = "0.queries_keys_values.weight"

    def after(parameters: dict[str, Tensor]) -> Tensor:
        adapted = InnerLoop(lambda name, step: 1.0, 1, second_order=True).run(model, parameters, tokens, labels)
        return F.cross_entropy(torch.func.functional_call(model, adapted, (tokens,)), labels)

    (gradient,) = torch.autograd.grad(after(start), start[weight])
    nudge = torch.zeros_like(start[weight])
    nudge[5, 2] = 1e-5
    up, down = (after({**start, weight: start[weight] + sign * nudge}) for sign in (1, -1))
    assert float(gradient[5, 2]) == pytest.approx(float((up - down).detach()) / 2e-5, rel=1e-5)


def test_convnext_draws_nothing_while_it_trains() -> None:
    """Its stochastic depth is off: the same batch gives the same gradient, whatever torch's random state is."""
    model = build_backbone(BackboneChoice(name="convnext_tiny"), 3, 0).train()
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(model(images), model(images))


def test_published_weights_are_cut_into_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert [catalog.weights(name)[1].state for name in ("convnext_tiny", "vit_b_16")] == ["download"] * 2
    network = torchvision_network("convnext_tiny")
    located.hub_checkpoints().mkdir(parents=True)
    torch.save(network.state_dict(), located.hub_checkpoints() / "convnext_tiny.pth")  # promises nothing
    publish_as(monkeypatch, "convnext_tiny", located.hub_checkpoints() / "convnext_tiny.pth")
    assert catalog.weights("convnext_tiny")[1].state == "on this machine"
    trunk = published_trunk("convnext_tiny")
    assert len(trunk) == len(network.state_dict()) - 2
    assert torch.equal(trunk["blocks.stage2.1.0.block.0.weight"], network.features[3][0].block[0].weight)
