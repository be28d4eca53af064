"""The outer gradients of MAML's kin and of the prototypical network, each against a loop written out in float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.meta.task import Task
from engine.methods.meta.anil import ANIL
from engine.methods.meta.boil import BOIL
from engine.methods.meta.fomaml import FOMAML
from engine.methods.meta.meta_sgd import MetaSGD
from engine.methods.meta.protonet import ProtoNet
from tests.engine.meta.by_hand import (
    BODY,
    HEAD,
    assert_equal,
    image_task,
    leaves,
    plain_cross_entropy,
    plain_features,
    plain_first_order,
    plain_loss,
    plain_meta_gradient,
    tiny_network,
)
from tests.engine.meta.ways import meta_gradient, one_by_one

ALPHA, STEPS = 0.3, 2
VALUES = {"inner_rate": ALPHA, "inner_steps": STEPS, "gradient_clip": 1e9}
SECOND, FIRST = {"order": "second order"}, {"order": "first order"}


@pytest.mark.parametrize(
    "kind,order,reference,adapted",
    [
        (FOMAML, {}, plain_first_order, (*BODY, *HEAD)),
        (ANIL, SECOND, plain_meta_gradient, HEAD),
        (ANIL, FIRST, plain_first_order, HEAD),
        (BOIL, SECOND, plain_meta_gradient, BODY),
        (BOIL, FIRST, plain_first_order, BODY),
    ],
)
def test_what_adapts_and_in_which_order(kind: Any, order: dict[str, str], reference: Any, adapted: Any) -> None:
    model = tiny_network()
    tasks = [image_task() for _ in range(2)]
    expected = reference(list(model.parameters()), tasks, STEPS, adapted, ALPHA)
    meta_gradient(kind.from_values(VALUES | order), model, tasks)
    assert_equal([value.grad for value in model.parameters()], expected)


def plain_meta_sgd(p: list[Tensor], rates: dict[int, Tensor], task: Task) -> tuple[tuple[Tensor, ...], ...]:
    """Gradients of the query loss by θ and by the rates, which are used again in the second step."""
    start, steps = leaves(p), dict(zip(rates, leaves(list(rates.values())), strict=True))
    phi = list(start)
    for _ in range(STEPS):
        loss = plain_loss(phi, task.support_inputs, task.support_targets)
        downhill = torch.autograd.grad(loss, [phi[i] for i in rates], create_graph=True)
        for i, down in zip(rates, downhill, strict=True):
            phi[i] = phi[i] - steps[i] * down
    outer = plain_loss(phi, task.query_inputs, task.query_targets)
    by_both = torch.autograd.grad(outer, [*start, *steps.values()])
    return by_both[: len(p)], by_both[len(p) :]


def test_meta_sgd_learns_the_start_and_every_rate() -> None:
    model, task = tiny_network(), image_task()
    p, names = list(model.parameters()), [name for name, _ in model.named_parameters()]
    method = MetaSGD.from_values(VALUES)
    method.prepare(model, 3)
    model.double()
    rates = {i: model.meta.of(names[i]).detach() for i in (*BODY, *HEAD)}
    by_start, by_rates = plain_meta_sgd(p, rates, task)
    meta_gradient(method, model, [task])
    assert_equal([value.grad for value in p], by_start)
    assert_equal([model.meta.of(names[i]).grad for i in rates], by_rates)


def test_a_clipped_inner_step_equals_clipping_by_hand() -> None:
    model, task = tiny_network(), image_task()
    largest = 0.01
    phi = leaves(list(model.parameters()))
    adapted = (*BODY, *HEAD)
    for _ in range(STEPS):
        loss = plain_loss(phi, task.support_inputs, task.support_targets)
        for i, down in zip(adapted, torch.autograd.grad(loss, [phi[i] for i in adapted]), strict=True):
            assert i != 8 or float(down.abs().max()) > largest
            phi[i] = (phi[i] - ALPHA * down.clamp(-largest, largest)).detach().requires_grad_()
    expected = torch.autograd.grad(plain_loss(phi, task.query_inputs, task.query_targets), phi)
    meta_gradient(FOMAML.from_values(VALUES | {"inner_clip": largest}), model, [task])
    assert_equal([value.grad for value in model.parameters()], expected)


def test_protonet_by_squared_distances_to_class_means() -> None:
    model, task = tiny_network(), image_task()
    p = leaves(list(model.parameters()))
    features = plain_features(p, torch.cat([task.support_inputs, task.query_inputs]))
    support, query = features[: len(task.support_targets)], features[len(task.support_targets) :]
    means = torch.stack([support[task.support_targets == k].mean(0) for k in range(3)])
    distances = torch.stack([torch.stack([((q - mean) ** 2).sum() for mean in means]) for q in query])
    expected = torch.autograd.grad(plain_cross_entropy(-distances, task.query_targets), p[:8])
    meta_gradient(ProtoNet.from_values({}), model, [task])
    assert_equal([value.grad for value in list(model.parameters())[:8]], expected)


def test_the_gradient_of_a_batch_is_the_mean_over_its_tasks() -> None:
    model, tasks = tiny_network(), [image_task() for _ in range(3)]
    method = ANIL.from_values(VALUES)
    model.train()
    alone = []
    for task in tasks:
        one_by_one(method, model, [task])
        alone.append([value.grad.clone() for value in model.parameters()])
    one_by_one(method, model, tasks)
    assert_equal(
        [value.grad for value in model.parameters()], [torch.stack(g).mean(0) for g in zip(*alone, strict=True)]
    )


def test_classifiers_of_earlier_steps_stay_as_they_were() -> None:
    model, task = tiny_network(), image_task()
    path = ANIL.from_values(VALUES).classifiers(model, task.support_inputs, task.support_targets, 3, 2)
    at_once = [classify(task.query_inputs) for classify in path]
    path = ANIL.from_values(VALUES).classifiers(model, task.support_inputs, task.support_targets, 3, 2)
    later = [classify(task.query_inputs) for classify in list(path)]
    assert all(torch.equal(one, other) for one, other in zip(at_once, later, strict=True))
    assert not torch.equal(later[0], later[2])
