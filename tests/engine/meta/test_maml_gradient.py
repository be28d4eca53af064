"""MAML's meta-gradient against references that share no code with it: closed form in NumPy, and a plain loop written
out with hand-made batch norm, both in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.backbones.backbone import Backbone
from engine.meta.task import Task
from engine.methods.meta.maml import MAML
from tests.engine.meta.by_hand import (
    BODY,
    HEAD,
    as_task,
    assert_equal,
    image_task,
    linear_network,
    linear_tasks,
    plain_first_order,
    plain_meta_gradient,
    softmax_gradient,
    softmax_hessian_times,
    tiny_network,
)
from tests.engine.meta.ways import meta_gradient

ALPHA = 0.3


def maml(order: str, steps: int) -> MAML:
    return MAML.from_values({"order": order, "inner_rate": ALPHA, "inner_steps": steps, "gradient_clip": 1e9})


def closed_form(w: np.ndarray, tasks: list[tuple[np.ndarray, ...]], steps: int, second: bool) -> np.ndarray:
    total = np.zeros_like(w)
    for xs, ys, xq, yq in tasks:
        path = [w]
        for _ in range(steps):
            path.append(path[-1] - ALPHA * softmax_gradient(path[-1], xs, ys))
        outer = softmax_gradient(path[-1], xq, yq)
        for point in reversed(path[:-1]) if second else ():
            outer = outer - ALPHA * softmax_hessian_times(point, xs, outer)
        total += outer / len(tasks)
    return total


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("order", ["second order", "first order"])
def test_linear_softmax_equals_the_closed_form(order: str, steps: int) -> None:
    tasks = linear_tasks(np.random.default_rng(0))
    model, w = linear_network()
    meta_gradient(maml(order, steps), model, [as_task(*task) for task in tasks])
    found = np.c_[model.head.weight.grad.numpy(), model.head.bias.grad.numpy()]
    expected = closed_form(w, tasks, steps, order == "second order")
    assert np.abs(found - expected).max() <= 1e-8 * np.abs(expected).max()


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("order", ["second order", "first order"])
def test_convolutions_with_batch_norm_equal_a_plain_loop(order: str, steps: int) -> None:
    model = tiny_network()
    tasks = [image_task() for _ in range(2)]
    reference = plain_meta_gradient if order == "second order" else plain_first_order
    expected = reference(list(model.parameters()), tasks, steps, (*BODY, *HEAD), ALPHA)
    meta_gradient(maml(order, steps), model, tasks)
    assert_equal([value.grad for value in model.parameters()], expected)


def test_second_order_differs_from_first_order() -> None:
    model = tiny_network(2)
    tasks = [image_task()]
    meta_gradient(maml("second order", 1), model, tasks)
    second = model.head.weight.grad.clone()
    model.zero_grad()
    meta_gradient(maml("first order", 1), model, tasks)
    assert float((second - model.head.weight.grad).abs().max()) > 1e-3 * float(second.abs().max())


def test_clipping_bounds_every_value() -> None:
    model = tiny_network(3)
    meta_gradient(MAML.from_values({"gradient_clip": 1e-3}), model, [image_task()])
    assert max(float(p.grad.abs().max()) for p in model.parameters()) <= 1e-3


def test_regression_equals_the_closed_form() -> None:
    """Least squares: ∇L = A w - b with A = 2 XᵀX / n, so that the outer gradient is (I - αA) ∇L(φ, query) per step."""
    rng = np.random.default_rng(5)
    xs, xq = (np.c_[rng.normal(size=(n, 2)), np.ones(n)] for n in (4, 6))
    ys, yq = (rng.normal(size=n) for n in (4, 6))
    model = Backbone({"flat": nn.Flatten()}, 2, 1).double()
    w = np.r_[model.head.weight.detach().numpy()[0], model.head.bias.detach().numpy()]
    curvature, phi = 2 * xs.T @ xs / 4, w
    for _ in range(3):
        phi = phi - 0.1 * 2 * xs.T @ (xs @ phi - ys) / 4
    shrunk = np.linalg.matrix_power(np.eye(3) - 0.1 * curvature, 3)
    expected = shrunk @ (2 * xq.T @ (xq @ phi - yq) / 6)
    parts = (torch.tensor(part) for part in (xs[:, :-1], ys[:, None], xq[:, :-1], yq[:, None]))
    meta_gradient(MAML.from_values({"inner_rate": 0.1, "inner_steps": 3}), model, [Task(*parts, 1)])
    found = np.r_[model.head.weight.grad.numpy()[0], model.head.bias.grad.numpy()]
    assert np.abs(found - expected).max() <= 1e-8 * np.abs(expected).max()
