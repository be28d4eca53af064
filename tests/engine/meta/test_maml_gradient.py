"""MAML's meta-gradient against references that share no code with it: closed form in NumPy, and a plain loop written
out with hand-made batch norm, both in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.meta.task import Task
from engine.methods.maml import MAML

ALPHA = 0.3


def maml(order: str, steps: int) -> MAML:
    return MAML.from_values({"order": order, "inner_rate": ALPHA, "inner_steps": steps, "gradient_clip": 1e9})


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def gradient(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """∇ of the mean cross-entropy of softmax(x wᵀ): (p - y)ᵀ x / n."""
    return (softmax(x @ w.T) - y).T @ x / len(x)


def hessian_times(w: np.ndarray, x: np.ndarray, v: np.ndarray) -> np.ndarray:
    """H v in closed form: dp = p ∘ (s - Σ p∘s) with s = x vᵀ."""
    p, s = softmax(x @ w.T), x @ v.T
    return (p * (s - (p * s).sum(1, keepdims=True))).T @ x / len(x)


def closed_form(w: np.ndarray, tasks: list[tuple[np.ndarray, ...]], steps: int, second: bool) -> np.ndarray:
    total = np.zeros_like(w)
    for xs, ys, xq, yq in tasks:
        path = [w]
        for _ in range(steps):
            path.append(path[-1] - ALPHA * gradient(path[-1], xs, ys))
        outer = gradient(path[-1], xq, yq)
        for point in reversed(path[:-1]) if second else ():
            outer = outer - ALPHA * hessian_times(point, xs, outer)
        total += outer / len(tasks)
    return total


def linear_tasks(rng: np.random.Generator, way: int = 3, features: int = 5) -> list[tuple[np.ndarray, ...]]:
    def part(per_class: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.repeat(np.arange(way), per_class)
        return np.c_[rng.normal(size=(len(labels), features)), np.ones(len(labels))], np.eye(way)[labels]

    return [(*part(2), *part(4)) for _ in range(3)]


def as_task(xs: np.ndarray, ys: np.ndarray, xq: np.ndarray, yq: np.ndarray) -> Task:
    """The same task without the column of ones that stands for the bias."""
    inputs, labels = (torch.tensor(x[:, :-1]) for x in (xs, xq)), (torch.tensor(y.argmax(1)) for y in (ys, yq))
    (support, query), (support_labels, query_labels) = inputs, labels
    return Task(support, support_labels, query, query_labels, ys.shape[1])


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("order", ["second order", "first order"])
def test_linear_softmax_equals_the_closed_form(order: str, steps: int) -> None:
    rng = np.random.default_rng(0)
    tasks = linear_tasks(rng)
    model = Backbone({"flat": nn.Flatten()}, 5, 3).double()
    w = np.c_[model.head.weight.detach().numpy(), model.head.bias.detach().numpy()]
    maml(order, steps).meta_gradient(model, [as_task(*task) for task in tasks])
    found = np.c_[model.head.weight.grad.numpy(), model.head.bias.grad.numpy()]
    expected = closed_form(w, tasks, steps, order == "second order")
    assert np.abs(found - expected).max() <= 1e-8 * np.abs(expected).max()


def plain_forward(p: list[torch.Tensor], images: torch.Tensor) -> torch.Tensor:
    """Convolution by unfold and a matrix product, batch norm by its formula, ReLU and pooling by maximum."""
    x = images
    for weight, bias, gamma, beta in (p[0:4], p[4:8]):
        n, _, h, w = x.shape
        columns = nn.functional.unfold(x, 3, padding=1)
        x = (weight.flatten(1) @ columns + bias[:, None]).view(n, -1, h, w)
        mean = x.mean((0, 2, 3), keepdim=True)
        variance = ((x - mean) ** 2).mean((0, 2, 3), keepdim=True)
        x = (x - mean) / (variance + 1e-5).sqrt() * gamma[:, None, None] + beta[:, None, None]
        x = x.clamp_min(0).view(n, -1, h // 2, 2, w // 2, 2).amax((3, 5))
    return x.flatten(1) @ p[8].T + p[9]


def plain_loss(p: list[torch.Tensor], images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    logits = plain_forward(p, images)
    return (logits.logsumexp(1) - logits[torch.arange(len(labels)), labels]).mean()


def plain_meta_gradient(p: list[torch.Tensor], tasks: list[Task], steps: int, second: bool) -> list[torch.Tensor]:
    adapted_ones = (0, 1, 4, 5, 8, 9)  # not the scales and shifts of batch norm
    total = [torch.zeros_like(value) for value in p]
    for task in tasks:
        start = [value.clone().requires_grad_() for value in p]
        phi = list(start)
        for _ in range(steps):
            loss = plain_loss(phi, task.support_inputs, task.support_targets)
            steps_down = torch.autograd.grad(loss, [phi[i] for i in adapted_ones], create_graph=second)
            for i, down in zip(adapted_ones, steps_down, strict=True):
                phi[i] = phi[i] - ALPHA * down
        outer = torch.autograd.grad(plain_loss(phi, task.query_inputs, task.query_targets), start)
        total = [t + g / len(tasks) for t, g in zip(total, outer, strict=True)]
    return total


def image_task(way: int = 3) -> Task:
    support, query = torch.arange(way).repeat_interleave(2), torch.arange(way).repeat_interleave(3)
    return Task(
        torch.randn(len(support), 1, 8, 8, dtype=torch.float64), support,
        torch.randn(len(query), 1, 8, 8, dtype=torch.float64), query, way,
    )  # fmt: skip


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("order", ["second order", "first order"])
def test_convolutions_with_batch_norm_equal_a_plain_loop(order: str, steps: int) -> None:
    torch.manual_seed(1)
    model = Backbone({"one": conv_block(1, 4), "two": conv_block(4, 4)}, 16, 3).double()
    tasks = [image_task() for _ in range(2)]
    p = [value.detach().clone() for value in model.parameters()]
    expected = plain_meta_gradient(p, tasks, steps, order == "second order")
    maml(order, steps).meta_gradient(model, tasks)
    for value, reference in zip(model.parameters(), expected, strict=True):
        # A bias before batch norm has gradient zero, so compare on the scale of the whole gradient.
        assert float((value.grad - reference).abs().max()) <= 1e-8 * float(max(e.abs().max() for e in expected))


def test_second_order_differs_from_first_order() -> None:
    torch.manual_seed(2)
    model = Backbone({"one": conv_block(1, 4), "two": conv_block(4, 4)}, 16, 3).double()
    tasks = [image_task()]
    maml("second order", 1).meta_gradient(model, tasks)
    second = model.head.weight.grad.clone()
    model.zero_grad()
    maml("first order", 1).meta_gradient(model, tasks)
    assert float((second - model.head.weight.grad).abs().max()) > 1e-3 * float(second.abs().max())


def test_clipping_bounds_every_value() -> None:
    torch.manual_seed(3)
    model = Backbone({"one": conv_block(1, 4), "two": conv_block(4, 4)}, 16, 3).double()
    MAML.from_values({"gradient_clip": 1e-3}).meta_gradient(model, [image_task()])
    assert max(float(p.grad.abs().max()) for p in model.parameters()) <= 1e-3


@pytest.mark.parametrize("mode", ["transductive", "running statistics"])
def test_adapting_leaves_the_model_as_it_was(mode: str) -> None:
    torch.manual_seed(4)
    model = Backbone({"one": conv_block(1, 4), "two": conv_block(4, 4)}, 16, 3)
    before = {k: v.clone() for k, v in model.state_dict().items() if "num_batches" not in k}
    task = image_task()
    classify = MAML.from_values({"batch_norm": mode}).adapt(model, task.support_inputs.float(), task.support_targets, 3)
    assert classify(task.query_inputs.float()).shape == (9, 3)
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items() if k in before)
