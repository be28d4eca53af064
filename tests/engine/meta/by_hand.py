"""References for meta-gradients that share no code with the methods: a network of two blocks written out with batch
norm by its formula, tasks for it in float64, and softmax regression in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.meta.task import Task

WAY = 3
BODY, HEAD = (0, 1, 4, 5), (8, 9)  # places of weight and bias among the parameters; 2, 3, 6, 7 are batch norm's


def tiny_network(seed: int = 1) -> Backbone:
    """Two convolution blocks of four channels for images of 8x8 pixels, float64."""
    torch.manual_seed(seed)
    model = Backbone({"one": conv_block(1, 4), "two": conv_block(4, 4)}, 16, WAY).double()
    for name, value in model.named_parameters():
        if ".1." in name:  # scales and shifts of batch norm that are not all alike
            value.data += 0.3 * torch.randn_like(value)
    return model


def image_task(way: int = WAY) -> Task:
    support, query = torch.arange(way).repeat_interleave(2), torch.arange(way).repeat_interleave(3)
    return Task(
        torch.randn(len(support), 1, 8, 8, dtype=torch.float64), support,
        torch.randn(len(query), 1, 8, 8, dtype=torch.float64), query, way,
    )  # fmt: skip


def plain_forward(p: Sequence[Tensor], images: Tensor) -> Tensor:
    """Convolution by unfold and a matrix product, batch norm by its formula, ReLU and pooling by maximum."""
    return plain_features(p, images) @ p[8].T + p[9]


def plain_features(p: Sequence[Tensor], images: Tensor, film: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """film: scale and shift of the second block's channels after batch norm."""
    x = images
    for weight, bias, gamma, beta in (p[0:4], p[4:8]):
        n, _, h, w = x.shape
        columns = nn.functional.unfold(x, 3, padding=1)
        x = (weight.flatten(1) @ columns + bias[:, None]).view(n, -1, h, w)
        mean = x.mean((0, 2, 3), keepdim=True)
        variance = ((x - mean) ** 2).mean((0, 2, 3), keepdim=True)
        x = (x - mean) / (variance + 1e-5).sqrt() * gamma[:, None, None] + beta[:, None, None]
        if film is not None and weight is p[4]:
            x = x * film[0][:, None, None] + film[1][:, None, None]
        x = x.clamp_min(0).view(n, -1, h // 2, 2, w // 2, 2).amax((3, 5))
    return x.flatten(1)


def plain_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.logsumexp(1) - logits[torch.arange(len(labels)), labels]).mean()


def plain_loss(p: Sequence[Tensor], images: Tensor, labels: Tensor) -> Tensor:
    return plain_cross_entropy(plain_forward(p, images), labels)


def leaves(values: Sequence[Tensor]) -> list[Tensor]:
    return [value.detach().clone().requires_grad_() for value in values]


def plain_meta_gradient(
    p: Sequence[Tensor], tasks: Sequence[Task], steps: int, adapted: Sequence[int], rate: float
) -> list[Tensor]:
    """Mean gradient of the query losses by θ, through every inner step. adapted: places of what the steps change."""
    total = [torch.zeros_like(value) for value in p]
    for task in tasks:
        start = leaves(p)
        phi = list(start)
        for _ in range(steps):
            loss = plain_loss(phi, task.support_inputs, task.support_targets)
            downhill = torch.autograd.grad(loss, [phi[i] for i in adapted], create_graph=True)
            for i, down in zip(adapted, downhill, strict=True):
                phi[i] = phi[i] - rate * down
        outer = torch.autograd.grad(plain_loss(phi, task.query_inputs, task.query_targets), start)
        total = [t + g / len(tasks) for t, g in zip(total, outer, strict=True)]
    return total


def plain_first_order(
    p: Sequence[Tensor], tasks: Sequence[Task], steps: int, adapted: Sequence[int], rate: float
) -> list[Tensor]:
    """Mean gradient of the query losses by φ, taken at φ."""
    total = [torch.zeros_like(value) for value in p]
    for task in tasks:
        phi = leaves(p)
        for _ in range(steps):
            loss = plain_loss(phi, task.support_inputs, task.support_targets)
            downhill = torch.autograd.grad(loss, [phi[i] for i in adapted])
            for i, down in zip(adapted, downhill, strict=True):
                phi[i] = (phi[i] - rate * down).detach().requires_grad_()
        outer = torch.autograd.grad(plain_loss(phi, task.query_inputs, task.query_targets), phi)
        total = [t + g / len(tasks) for t, g in zip(total, outer, strict=True)]
    return total


def assert_equal(found: Sequence[Tensor | None], expected: Sequence[Tensor], within: float = 1e-8) -> None:
    """Every value, on the scale of the largest: a bias before batch norm has gradient zero."""
    largest = max(float(value.abs().max()) for value in expected)
    assert largest > 1e-3
    for own, reference in zip(found, expected, strict=True):
        own = torch.zeros_like(reference) if own is None else own
        assert float((own - reference).abs().max()) <= within * largest


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def softmax_gradient(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """∇ of the mean cross-entropy of softmax(x wᵀ): (p - y)ᵀ x / n."""
    return (softmax(x @ w.T) - y).T @ x / len(x)


def softmax_hessian_times(w: np.ndarray, x: np.ndarray, v: np.ndarray) -> np.ndarray:
    """H v in closed form: dp = p ∘ (s - Σ p∘s) with s = x vᵀ."""
    p, s = softmax(x @ w.T), x @ v.T
    return (p * (s - (p * s).sum(1, keepdims=True))).T @ x / len(x)


def linear_network() -> tuple[Backbone, np.ndarray]:
    """Softmax regression on five features in float64, and its weights with the bias as the last column."""
    model = Backbone({"flat": nn.Flatten()}, 5, WAY).double()
    return model, np.c_[model.head.weight.detach().numpy(), model.head.bias.detach().numpy()]


def linear_tasks(rng: np.random.Generator, way: int = WAY, features: int = 5) -> list[tuple[np.ndarray, ...]]:
    """Three tasks (xs, ys, xq, yq): x with a last column of ones for the bias, y one-hot."""

    def part(per_class: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.repeat(np.arange(way), per_class)
        return np.c_[rng.normal(size=(len(labels), features)), np.ones(len(labels))], np.eye(way)[labels]

    return [(*part(2), *part(4)) for _ in range(3)]


def as_task(xs: np.ndarray, ys: np.ndarray, xq: np.ndarray, yq: np.ndarray) -> Task:
    """The same task without the column of ones that stands for the bias."""
    inputs, labels = (torch.tensor(x[:, :-1]) for x in (xs, xq)), (torch.tensor(y.argmax(1)) for y in (ys, yq))
    (support, query), (support_labels, query_labels) = inputs, labels
    return Task(support, support_labels, query, query_labels, ys.shape[1])
