"""iMAML against the exact implicit gradient: softmax regression with a pull, its Hessian written out and
solved in full; and the same formula with a dense Hessian where there are convolutions and batch norm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from engine.adaptation.implicit import conjugate_gradients
from engine.meta.task import Task
from engine.methods.meta.imaml import ImplicitMAML
from tests.engine.meta.by_hand import (
    BODY,
    HEAD,
    as_task,
    assert_equal,
    image_task,
    leaves,
    linear_network,
    linear_tasks,
    plain_loss,
    softmax_gradient,
    softmax_hessian_times,
    tiny_network,
)
from tests.engine.meta.ways import meta_gradient

PULL, STRONG = 2.0, 30.0  # the strong one is beyond the most negative curvature of batch norm, here -8
NORMS = (2, 3, 6, 7)


def full_hessian(w: np.ndarray, x: np.ndarray) -> np.ndarray:
    columns = [softmax_hessian_times(w, x, unit.reshape(w.shape)).ravel() for unit in np.eye(w.size)]
    return np.stack(columns, axis=1)


def solution(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """argmin of the mean cross-entropy + λ/2 ‖φ - w‖² by Newton's method."""
    phi = w.copy()
    for _ in range(30):
        uphill = softmax_gradient(phi, x, y) + PULL * (phi - w)
        phi = phi - np.linalg.solve(full_hessian(phi, x) + PULL * np.eye(w.size), uphill.ravel()).reshape(w.shape)
    assert np.abs(softmax_gradient(phi, x, y) + PULL * (phi - w)).max() < 1e-15
    return phi


def exact(w: np.ndarray, tasks: list[tuple[np.ndarray, ...]]) -> np.ndarray:
    total = np.zeros_like(w)
    for xs, ys, xq, yq in tasks:
        phi = solution(w, xs, ys)
        outer = softmax_gradient(phi, xq, yq).ravel()
        inverse = np.linalg.solve(np.eye(w.size) + full_hessian(phi, xs) / PULL, outer)
        total += inverse.reshape(w.shape) / len(tasks)
    return total


def found_with(steps: int, cg_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """(iMAML's gradient, the exact one) on three tasks of softmax regression."""
    tasks = linear_tasks(np.random.default_rng(0))
    model, w = linear_network()
    method = ImplicitMAML.from_values(
        {"pull": PULL, "inner_rate": 0.3, "inner_steps": steps, "cg_steps": cg_steps, "gradient_clip": 1e9}
    )
    meta_gradient(method, model, [as_task(*task) for task in tasks])
    return np.c_[model.head.weight.grad.numpy(), model.head.bias.grad.numpy()], exact(w, tasks)


def test_a_solved_inner_problem_gives_the_exact_implicit_gradient() -> None:
    own, expected = found_with(steps=100, cg_steps=18)
    assert np.abs(own - expected).max() <= 1e-8 * np.abs(expected).max()


def test_what_is_left_unsolved_shows_as_an_error() -> None:
    for steps, cg_steps, least in ((2, 18, 1e-3), (100, 1, 1e-3)):
        own, expected = found_with(steps, cg_steps)
        assert least < np.abs(own - expected).max() / np.abs(expected).max() < 0.5


def dense_formula(p: list[torch.Tensor], task: Task, rate: float, steps: int) -> list[torch.Tensor]:
    """At where the inner steps end: λ (H + λI)⁻¹ g for what adapts, and for batch norm's scale and shift ψ the direct
    gradient less (∂²L/∂ψ∂φ) (H + λI)⁻¹ g, every second derivative row by row."""
    adapted, phi = (*BODY, *HEAD), leaves(p)
    for _ in range(steps):
        loss = plain_loss(phi, task.support_inputs, task.support_targets)
        uphill = torch.autograd.grad(loss, [phi[i] for i in adapted])
        for i, up in zip(adapted, uphill, strict=True):
            phi[i] = (phi[i] - rate * (up + STRONG * (phi[i] - p[i]))).detach().requires_grad_()
    order = [*adapted, *NORMS]
    loss = plain_loss(phi, task.support_inputs, task.support_targets)
    uphill = flat(torch.autograd.grad(loss, [phi[i] for i in adapted], create_graph=True))
    values = [phi[i] for i in order]
    rows = [flat(torch.autograd.grad(u, values, retain_graph=True, materialize_grads=True)) for u in uphill]
    second, count = torch.stack(rows), len(uphill)
    outer = flat(torch.autograd.grad(plain_loss(phi, task.query_inputs, task.query_targets), values))
    solved = torch.linalg.solve(second[:, :count] + STRONG * torch.eye(count, dtype=torch.float64), outer[:count])
    found = torch.cat([STRONG * solved, outer[count:] - second[:, count:].T @ solved])
    parts = found.split([phi[i].numel() for i in order])
    by_place = {i: part.view(phi[i].shape) for i, part in zip(order, parts, strict=True)}
    return [by_place[i] for i in range(len(p))]


def flat(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.cat([part.flatten() for part in parts])


def test_convolutions_and_batch_norm_by_a_dense_hessian() -> None:
    model, task = tiny_network(), image_task()
    expected = dense_formula([value.detach() for value in model.parameters()], task, rate=0.025, steps=4)
    method = ImplicitMAML.from_values(
        {"pull": STRONG, "inner_rate": 0.025, "inner_steps": 4, "cg_steps": 100, "gradient_clip": 1e9}
    )
    meta_gradient(method, model, [task])
    assert_equal([value.grad for value in model.parameters()], expected)


def test_conjugate_gradients_solve_and_stop_at_negative_curvature() -> None:
    rng = np.random.default_rng(1)
    root = rng.normal(size=(6, 6))
    matrix, wanted = root @ root.T + np.eye(6), rng.normal(size=6)
    found = conjugate_gradients(lambda v: torch.tensor(matrix) @ v, torch.tensor(wanted), 12)
    assert np.allclose(found.numpy(), np.linalg.solve(matrix, wanted), rtol=1e-9)
    same = conjugate_gradients(lambda v: -v, torch.tensor(wanted), 5)
    assert np.allclose(same.numpy(), wanted)  # no step can be taken: the gradient as it is
