"""MAML++ against a loop written out: a loss after every step, rates and norms of each step, and what time changes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from engine.meta.roles import MetaRun
from engine.meta.task import Task
from engine.methods.meta.maml_pp import MAMLPlusPlus, step_weights
from tests.engine.meta.by_hand import (
    BODY,
    HEAD,
    assert_equal,
    image_task,
    leaves,
    plain_forward,
    plain_loss,
    tiny_network,
)
from tests.engine.meta.ways import meta_gradient

STEPS, NORMS = 3, (2, 3, 6, 7)
ADAPTED = (*BODY, *HEAD)


def method_and_network(**values: object) -> tuple[MAMLPlusPlus, torch.nn.Module]:
    method = MAMLPlusPlus.from_values(
        {"inner_rate": 0.3, "inner_steps": STEPS, "test_steps": STEPS, "gradient_clip": 1e9} | values
    )
    model = tiny_network()
    method.prepare(model, 3)
    torch.manual_seed(9)
    for value in model.meta.parameters():  # as after some training: every rate and norm is another
        value.data += 0.1 * torch.rand_like(value)
    return method, model.double()


def key(model: torch.nn.Module, place: int) -> str:
    return [name for name, _ in model.named_parameters()][place].replace(".", "/")


def by_hand(
    p: list[Tensor], rates: dict[int, Tensor], norms: dict[int, Tensor], task: Task, weights: list[float]
) -> tuple[Tensor, ...]:
    """Gradients by θ, by rates [steps] and by norms [steps - 1, channels]; θ's own norms are those of step 0."""
    start, rates = leaves(p), dict(zip(rates, leaves(list(rates.values())), strict=True))
    norms = dict(zip(norms, leaves(list(norms.values())), strict=True))
    phi, total = list(start), torch.zeros((), dtype=torch.float64)
    for step in range(STEPS):
        for i in norms if step else ():
            phi[i] = norms[i][step - 1]  # of this step: for the support set before it and for the query set after it
        loss = plain_loss(phi, task.support_inputs, task.support_targets)
        downhill = torch.autograd.grad(loss, [phi[i] for i in rates], create_graph=True)
        for i, down in zip(rates, downhill, strict=True):
            phi[i] = phi[i] - rates[i][step] * down
        total = total + weights[step] * plain_loss(phi, task.query_inputs, task.query_targets)
    return torch.autograd.grad(total, [*start, *rates.values(), *norms.values()])


@pytest.mark.parametrize("progress,weights", [(0.0, [1 / 3] * 3), (0.05, [1 / 6, 1 / 6, 2 / 3]), (0.5, [0, 0, 1])])
def test_gradients_by_start_rates_and_norms(progress: float, weights: list[float]) -> None:
    method, model = method_and_network()
    task = image_task()
    p = list(model.parameters())[:10]
    meta = model.meta
    rates = {i: meta.rates[key(model, i)] for i in ADAPTED}
    norms = {i: meta.norms[key(model, i)] for i in NORMS}
    expected = by_hand(p, rates, norms, task, weights)
    meta_gradient(method, model, [task], MetaRun(progress=progress))
    assert_equal([value.grad for value in (*p, *rates.values(), *norms.values())], expected)


def test_weights_of_the_steps_go_from_even_to_the_last() -> None:
    assert step_weights(5, 0.0, 0.1) == pytest.approx([0.2] * 5)
    assert step_weights(5, 0.099, 0.1) == pytest.approx([0.006] * 4 + [0.976])  # a small rest: 3 % of a fifth
    assert step_weights(5, 0.1, 0.1) == [0, 0, 0, 0, 1]
    assert step_weights(1, 0.0, 0.1) == [1]
    assert step_weights(5, 0.0, 0.0) == [0, 0, 0, 0, 1]


def test_order_and_outer_rate_follow_the_progress() -> None:
    method, _ = method_and_network(first_order_until=0.4, final_rate=0.01)
    runs = [MetaRun(progress=share) for share in (0.0, 0.39, 0.4, 0.5, 1.0)]
    seen = [(method.second_order(run), method.rate_factor(run)) for run in runs]
    assert [order for order, _ in seen] == [False, False, True, True, True]
    expected = [0.01 + 0.99 * (1 + math.cos(math.pi * share)) / 2 for share in (0.0, 0.39, 0.4, 0.5, 1.0)]
    assert [factor for _, factor in seen] == pytest.approx(expected)


def test_first_order_takes_the_gradients_as_constants() -> None:
    method, model = method_and_network(first_order_until=1.0, every_step_until=0.0)
    task = image_task()
    meta_gradient(method, model, [task])
    first = model.head.weight.grad.clone()
    meta_gradient(method, model, [task], MetaRun(progress=1.0))
    assert float((first - model.head.weight.grad).abs().max()) > 1e-3 * float(first.abs().max())


def test_each_step_at_test_has_its_own_norms_and_further_ones_those_of_the_last() -> None:
    method, model = method_and_network()
    task = image_task()
    path = list(method.classifiers(model, task.support_inputs, task.support_targets, 3, STEPS + 2))
    assert len(path) == STEPS + 3
    names = [name for name, _ in model.named_parameters()]
    phi = leaves(list(model.parameters())[:10])
    own, expected = [path[0](task.query_inputs)], [plain_forward(phi, task.query_inputs).detach()]
    for step in range(STEPS + 2):
        for i in NORMS if step else ():
            norms = model.meta.norms[names[i].replace(".", "/")]
            phi[i] = norms[min(step, STEPS - 1) - 1].detach().requires_grad_()
        loss = plain_loss(phi, task.support_inputs, task.support_targets)
        downhill = torch.autograd.grad(loss, [phi[i] for i in ADAPTED])
        for i, down in zip(ADAPTED, downhill, strict=True):
            rate = model.meta.rates[names[i].replace(".", "/")][min(step, STEPS - 1)].detach()
            phi[i] = (phi[i] - rate * down).detach().requires_grad_()
        own.append(path[step + 1](task.query_inputs))
        expected.append(plain_forward(phi, task.query_inputs).detach())
    assert_equal(own, expected)


def test_rates_are_told_by_block_and_one_step_needs_no_further_norms() -> None:
    method, model = method_and_network()
    mean = torch.cat([model.meta.rates[f"head/{name}"] for name in ("weight", "bias")]).detach().mean()
    assert method.inner_rates(model) == {"one": pytest.approx(0.35, abs=0.05), "two": pytest.approx(0.35, abs=0.05),
                                         "head": pytest.approx(float(mean))}  # fmt: skip
    _, model = method_and_network(inner_steps=1)
    assert not any(name.startswith("meta.norms") for name, _ in model.named_parameters())
