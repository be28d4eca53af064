"""What every meta-learner promises: it is prepared, meets a task, takes its inner steps and survives being copied."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.meta.task import Task
from engine.methods.meta_learner import MetaLearner, learnt
from engine.registry import methods

WAY = 3
CLASSIFIERS = [m for m in methods() if issubclass(m, MetaLearner) and "classification" in m.suits]


def prepared(kind: type[MetaLearner]) -> tuple[Any, Backbone]:
    torch.manual_seed(0)
    method = kind.from_values({"way": WAY, "shot": 2})
    blocks = {"one": conv_block(1, 4), "two": conv_block(4, 16).append(nn.AdaptiveAvgPool2d(1))}
    model = Backbone(blocks, 16, WAY if method.has_head else None)
    method.prepare(model, WAY)
    return method, model


def task() -> Task:
    draw = torch.Generator().manual_seed(1)
    support, query = torch.arange(WAY).repeat_interleave(2), torch.arange(WAY).repeat_interleave(4)
    images = [torch.randn(len(labels), 1, 8, 8, generator=draw) for labels in (support, query)]
    return Task(images[0], support, images[1], query, WAY)


@pytest.mark.parametrize("kind", CLASSIFIERS, ids=lambda kind: kind.name)
def test_it_says_whether_it_learns_something_besides_the_network(kind: type[MetaLearner]) -> None:
    _, model = prepared(kind)
    assert kind.has_meta == bool(list(model.meta.parameters()))


@pytest.mark.parametrize("kind", CLASSIFIERS, ids=lambda kind: kind.name)
def test_it_meets_a_task_and_leaves_the_network_as_it_was(kind: type[MetaLearner]) -> None:
    method, model = prepared(kind)
    before = copy.deepcopy(model.state_dict())
    met = task()
    steps = 2 if method.has_steps else 0
    path = list(method.classifiers(model, met.support_inputs, met.support_targets, WAY, steps))
    assert len(path) == steps + 1
    for classify in path:
        assert classify(met.query_inputs).shape == (len(met.query_targets), WAY)
    after = model.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before if "num_batches" not in key)


@pytest.mark.parametrize("kind", CLASSIFIERS, ids=lambda kind: kind.name)
def test_a_copy_with_the_same_parameters_gives_the_same_gradient(kind: type[MetaLearner]) -> None:
    method, model = prepared(kind)
    shared = {id(tensor): tensor for tensor in [*model.parameters(), *model.buffers()]}
    copied = copy.deepcopy(model, shared)
    assert all(one is other for one, other in zip(learnt(model), learnt(copied), strict=True))
    met = task()
    found = [method.task_gradient(network.train(), met).gradients for network in (model, copied)]
    for one, other in zip(*found, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.equal(one, other)


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
