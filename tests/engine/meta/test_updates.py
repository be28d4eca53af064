"""Outer updates are those of the plain optimisers, and ANIL's inner step is the one written out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.artifacts.weights import build_backbone
from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.experiment import BackboneChoice
from engine.meta.learner import MetaLearner
from engine.meta.task import Task
from engine.registry import methods
from tests.engine.meta.ways import meta_gradient

WAY = 3
CLASSIFIERS = [m for m in methods() if issubclass(m, MetaLearner) and "classification" in m.suits]


def prepared(kind: type[MetaLearner]) -> tuple[Any, Backbone]:
    torch.manual_seed(0)
    method = kind.from_values({"way": WAY, "shot": 2})
    blocks = {"one": conv_block(1, 4), "two": conv_block(4, 16).append(nn.AdaptiveAvgPool2d(1))}
    model = Backbone(blocks, 16, WAY if method.meets.head else None)
    method.prepare(model, WAY)
    return method, model


def task() -> Task:
    draw = torch.Generator().manual_seed(1)
    support, query = torch.arange(WAY).repeat_interleave(2), torch.arange(WAY).repeat_interleave(4)
    images = [torch.randn(len(labels), 1, 8, 8, generator=draw) for labels in (support, query)]
    return Task(images[0], support, images[1], query, WAY)


def real(kind: type[MetaLearner], network: str, query: int) -> tuple[Any, Backbone, list[Task]]:
    """A network as runs build it, channels last in memory, and two tasks: of few images, which are stacked, or many."""
    method = kind.from_values({"way": WAY, "shot": 1})
    model = build_backbone(BackboneChoice(name=network), WAY if method.meets.head else None, 0)
    method.prepare(model, WAY)
    draw, labels = torch.Generator().manual_seed(1), torch.arange(WAY)
    channels, side = (1, 28) if network == "conv4" else (4, 8)
    asked = labels.repeat_interleave(query)

    def images(count: int) -> Tensor:
        drawn = torch.rand(count, channels, side, side, generator=draw)
        return drawn.contiguous(memory_format=torch.channels_last)

    if method.trains.share:
        return method, model, [Task(images(0), labels[:0], images(len(asked)), asked, WAY)]
    return method, model, [Task(images(WAY), labels, images(len(asked)), asked, WAY) for _ in range(2)]


@pytest.mark.parametrize(("network", "query"), [("conv4", 10), ("bands_cnn", 2)])
@pytest.mark.parametrize("kind", CLASSIFIERS, ids=lambda kind: kind.name)
def test_an_update_is_what_the_plain_optimiser_makes_of_the_gradient(
    kind: type[MetaLearner], network: str, query: int
) -> None:
    """The fused one takes a gradient's memory for its parameter's, in whatever order it lies there."""
    method, model, tasks = real(kind, network, query)
    fused = method.optimiser(model)
    meta_gradient(method, model, tasks)
    others = {id(p): nn.Parameter(p.detach().clone()) for group in fused.param_groups for p in group["params"]}
    for group in fused.param_groups:
        for p in group["params"]:
            others[id(p)].grad = None if p.grad is None else torch.empty_like(p).copy_(p.grad)
    rates = [([others[id(p)] for p in group["params"]], group["lr"]) for group in fused.param_groups]
    plain = type(fused)([{"params": parameters, "lr": rate} for parameters, rate in rates], lr=0.1)
    before = {id(p): p.detach().clone() for p in model.parameters()}
    fused.step()
    plain.step()
    moved = [p for group in fused.param_groups for p in group["params"]]
    assert any(not torch.equal(p, before[id(p)]) for p in moved)
    for p in moved:
        assert torch.allclose(p, others[id(p)], rtol=1e-4, atol=1e-6)


def test_the_head_of_a_linear_network_is_the_only_thing_anil_moves() -> None:
    method, model = prepared(next(m for m in CLASSIFIERS if m.name == "anil"))
    met = task()
    first, last = method.classifiers(model, met.support_inputs, met.support_targets, WAY, 1)
    weight, bias = (
        model.head.weight.detach().clone().requires_grad_(),
        model.head.bias.detach().clone().requires_grad_(),
    )
    model.train()
    with torch.no_grad():
        support, query = model.embed(met.support_inputs), model.embed(met.query_inputs)
    loss = nn.functional.cross_entropy(support @ weight.T + bias, met.support_targets)
    down = torch.autograd.grad(loss, (weight, bias))
    rate = method.hyperparameters.inner_rate
    expected = query @ (weight - rate * down[0]).T + bias - rate * down[1]
    assert torch.allclose(first(met.query_inputs), query @ weight.T + bias, atol=1e-5)
    assert torch.allclose(last(met.query_inputs), expected, atol=1e-5)
