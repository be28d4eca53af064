"""CAVIA against a loop written out, in which a context vector scales and shifts one layer and nothing else adapts."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from engine.adaptation.film import hang_film
from engine.backbones.backbone import Backbone
from engine.backbones.networks import random_backbone
from engine.errors import WeightsError
from engine.meta.task import Task
from engine.methods.meta.cavia import CAVIA
from tests.engine.meta.by_hand import (
    assert_equal,
    image_task,
    leaves,
    plain_cross_entropy,
    plain_features,
    tiny_network,
)
from tests.engine.meta.ways import meta_gradient

SIZE, STEPS, ALPHA = 5, 2, 0.7
VALUES = {"context": SIZE, "inner_rate": ALPHA, "inner_steps": STEPS, "gradient_clip": 1e9}


def network(**values: object) -> tuple[CAVIA, Backbone]:
    model = tiny_network()
    method = CAVIA.from_values(VALUES | values)
    method.prepare(model, 3)
    return method, model.double()


def loss(p: Sequence[Tensor], context: Tensor, images: Tensor, labels: Tensor) -> Tensor:
    """p: the network's ten parameters and weight [8, 5] and bias [8] of what the context goes through."""
    scale_and_shift = p[10] @ context + p[11]
    features = plain_features(p, images, (1 + scale_and_shift[:4], scale_and_shift[4:]))
    return plain_cross_entropy(features @ p[8].T + p[9], labels)


def adapted_context(p: Sequence[Tensor], task: Task, second: bool) -> Tensor:
    context = torch.zeros(SIZE, dtype=torch.float64, requires_grad=True)
    for _ in range(STEPS):
        value = loss(p, context, task.support_inputs, task.support_targets)
        (down,) = torch.autograd.grad(value, context, create_graph=second)
        context = context - ALPHA * down
    return context


@pytest.mark.parametrize("order", ["second order", "first order"])
def test_the_gradient_goes_through_the_steps_of_the_context_alone(order: str) -> None:
    method, model = network(order=order)
    task = image_task()
    p = leaves(list(model.parameters()))
    context = adapted_context(p, task, order == "second order")
    context = context if order == "second order" else context.detach()
    expected = torch.autograd.grad(loss(p, context, task.query_inputs, task.query_targets), p)
    meta_gradient(method, model, [task])
    assert_equal([value.grad for value in model.parameters()], expected)
    assert not model.meta.context.any()


def test_a_new_task_starts_without_context_and_ends_with_its_own() -> None:
    method, model = network()
    task = image_task()
    p = [value.detach() for value in model.parameters()]
    first, *_, last = method.classifiers(model, task.support_inputs, task.support_targets, 3, STEPS)
    before = plain_cross_entropy(first(task.query_inputs), task.query_targets)
    after = plain_cross_entropy(last(task.query_inputs), task.query_targets)
    assert_equal([before], [loss(p, torch.zeros(SIZE).double(), task.query_inputs, task.query_targets)])
    context = adapted_context(p, task, False).detach()
    assert_equal([after], [loss(p, context, task.query_inputs, task.query_targets)])
    assert after != before


def test_a_copy_steers_by_its_own_context() -> None:
    _, model = network()
    images = image_task().query_inputs
    other = copy.deepcopy(model)
    other.meta.context.fill_(1.0)
    with torch.no_grad():
        assert not torch.allclose(model.eval()(images), other.eval()(images))
        model.meta.context.fill_(1.0)
        assert torch.allclose(model(images), other(images))


def test_the_blocks_keep_their_names_and_the_context_is_not_saved() -> None:
    plain = tiny_network()
    _, model = network()
    assert set(model.trunk_state()) == set(plain.trunk_state())
    assert set(model.state_dict()) - set(plain.state_dict()) == {"meta.weights.weight", "meta.weights.bias"}


@pytest.mark.parametrize(
    "name,place,channels",
    [
        ("conv4", "blocks.conv3.1", 64),
        ("resnet_small", "blocks.stage2.1.body.4", 64),
        ("sine_mlp", "blocks.layer2.0", 40),
    ],
)
def test_the_context_enters_before_a_non_linearity(name: str, place: str, channels: int) -> None:
    model = random_backbone(name, 5)
    hang_film(model, 3)
    assert [key for key, module in model.named_modules() if module._forward_hooks] == [place]
    assert model.meta.weights.out_features == 2 * channels


def test_a_context_counts_from_the_start_where_values_are_normalised_and_without_one_nothing_changes() -> None:
    """Kaiming's uniform law has the bound √(3 / 100) for 100 values; times √10 it is 0.5477."""
    model, plain = random_backbone("conv4", 5).eval(), random_backbone("conv4", 5).eval()
    plain.load_state_dict(model.state_dict())
    hang_film(model, 100)
    assert 0.53 < float(model.meta.weights.weight.detach().abs().max()) <= 0.5478
    assert not model.meta.weights.bias.any()
    images = torch.rand(2, 1, 28, 28)
    assert torch.allclose(model(images), plain(images))


def test_the_papers_values_are_those_of_its_authors() -> None:
    """github.com/lmzintgraf/cavia, classification/arguments.py."""
    values = CAVIA.from_values(CAVIA.presets["Paper's values, mini-ImageNet"]).hyperparameters
    found = (values.inner_rate, values.meta_batch, values.query, values.inner_steps, values.test_steps, values.context)
    assert found == (1.0, 16, 15, 2, 2, 100)
    assert (values.learning_rate, values.steps, values.order) == (1e-3, 60_000, "second order")


def test_a_network_without_layers_is_a_sentence() -> None:
    with pytest.raises(WeightsError, match="Block flat has no layer"):
        hang_film(Backbone({"flat": nn.Flatten()}, 5, 3), 3)
