"""Reptile's difference of weights against NumPy: inner steps on batches, the classes in turn, and the mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.adaptation.inner_loop import in_turn
from engine.meta.roles import MetaRun
from engine.methods.meta.reptile import Reptile
from engine.registry import fields
from tests.engine.meta.by_hand import as_task, linear_network, linear_tasks, softmax_gradient
from tests.engine.meta.ways import meta_gradient

RATE, STEPS = 0.05, 5
BATCHES = ([0, 2, 4, 1], [3, 5])  # of six support examples with the classes 0 0 1 1 2 2, four at a time


def adapted(w: np.ndarray, x: np.ndarray, y: np.ndarray, adam: bool) -> np.ndarray:
    """φ by SGD, or by Adam with β1 = 0, β2 = 0.999 and the usual correction of its start."""
    squares = np.zeros_like(w)
    for step in range(STEPS):
        batch = BATCHES[step % 2]
        g = softmax_gradient(w, x[batch], y[batch])
        squares = 0.999 * squares + 0.001 * g**2
        w = w - RATE * (g / (np.sqrt(squares / (1 - 0.999 ** (step + 1))) + 1e-8) if adam else g)
    return w


def reptile(adam: bool) -> Reptile:
    optimiser = "Adam without momentum" if adam else "SGD"
    return Reptile.from_values(
        {"inner_optimiser": optimiser, "inner_rate": RATE, "inner_steps": STEPS, "inner_batch": 4}
    )


@pytest.mark.parametrize("adam", [True, False])
def test_the_outer_step_goes_to_the_mean_of_the_adapted_weights(adam: bool) -> None:
    tasks = linear_tasks(np.random.default_rng(0))
    model, w = linear_network()
    method = reptile(adam)
    meta_gradient(method, model, [as_task(*task) for task in tasks])
    expected = w - np.mean([adapted(w, xs, ys, adam) for xs, ys, _, _ in tasks], axis=0)
    found = np.c_[model.head.weight.grad.numpy(), model.head.bias.grad.numpy()]
    assert np.abs(found - expected).max() <= 1e-8 * np.abs(expected).max()

    run = MetaRun(progress=0.25)
    optimiser = method.optimiser(model)
    for group in optimiser.param_groups:
        group["lr"] = 0.8 * method.rate_factor(run) * group["factor"]
    optimiser.step()
    moved = np.c_[model.head.weight.detach().numpy(), model.head.bias.detach().numpy()]
    assert np.allclose(moved, w - 0.8 * 0.75 * expected, rtol=1e-12, atol=0)  # ε falls to 0 in a straight line


def test_meeting_a_new_task_takes_the_same_steps() -> None:
    xs, ys, xq, yq = linear_tasks(np.random.default_rng(1))[0]
    model, w = linear_network()
    task = as_task(xs, ys, xq, yq)
    *_, classify = reptile(True).classifiers(model, task.support_inputs, task.support_targets, 3, STEPS)
    assert np.allclose(classify(task.query_inputs).numpy(), xq @ adapted(w, xs, ys, True).T, rtol=1e-10, atol=1e-12)


def test_batches_take_the_classes_in_turn() -> None:
    assert [batch.tolist() for batch in in_turn(torch.tensor([0, 0, 1, 1, 2, 2]), 4)] == list(BATCHES)
    assert [batch.tolist() for batch in in_turn(torch.tensor([1, 1, 0, 0]), 2)] == [[2, 0], [3, 1]]
    assert [batch.tolist() for batch in in_turn(torch.rand(4, 1), 2)] == [[0, 1], [2, 3]]


def test_inner_gradients_are_clipped_and_the_difference_is_not() -> None:
    task = as_task(*linear_tasks(np.random.default_rng(2))[0])
    model, _ = linear_network()
    values = {"inner_optimiser": "SGD", "inner_rate": 1.0, "inner_steps": 1, "inner_batch": 100, "inner_clip": 1e-3}
    meta_gradient(Reptile.from_values(values), model, [task])
    found = np.c_[model.head.weight.grad.numpy(), model.head.bias.grad.numpy()]
    assert np.abs(found).max() == pytest.approx(1e-3, rel=1e-9)
    assert {"inner_clip"} < {field.name for field in fields(Reptile)}
    assert "gradient_clip" not in {field.name for field in fields(Reptile)}
