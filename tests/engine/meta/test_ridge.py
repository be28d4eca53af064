"""The ridge head against another form of its solution and a derivative written out by hand, in float64."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from engine.backbones.backbone import Backbone
from engine.meta.task import Task
from engine.methods.ridge import Ridge, ridge_weights

SCALE, SHIFT, STRENGTH = 3.0, 0.2, 0.7


def parts(shot: int = 2, way: int = 3, features: int = 7) -> tuple[np.ndarray, ...]:
    """Support and query images [n, 5], their labels, and the embedding's weights [features, 5]."""
    rng = np.random.default_rng(0)
    support, query = np.repeat(np.arange(way), shot), np.repeat(np.arange(way), 4)
    return rng.normal(size=(len(support), 5)), support, rng.normal(size=(len(query), 5)), query, rng.normal(
        size=(features, 5)
    )  # fmt: skip


def primal(x: np.ndarray, y: np.ndarray, strength: float) -> np.ndarray:
    """W by the normal equations of the features: (XᵀX + λI)⁻¹ XᵀY."""
    return np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ y)


def by_hand(u: np.ndarray, support: np.ndarray, labels: np.ndarray, query: np.ndarray, wanted: np.ndarray,
            scale: float, shift: float, strength: float) -> dict[str, np.ndarray]:  # fmt: skip
    """Derivatives of the query's cross-entropy by the embedding X = S uᵀ and by a, b and log λ.

    With A = XᵀX + λI and W = A⁻¹XᵀY: for G = dL/dW and H = A⁻¹G is dL/dX = Y Hᵀ - X (H Wᵀ + W Hᵀ), dL/dλ = -Σ H∘W.
    """
    x, z, y = support @ u.T, query @ u.T, np.eye(3)[labels]
    w = primal(x, y, strength)
    logits = scale * z @ w + shift
    p = np.exp(logits - logits.max(1, keepdims=True))
    wrong = (p / p.sum(1, keepdims=True) - np.eye(3)[wanted]) / len(wanted)
    h = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), scale * z.T @ wrong)
    by_x = y @ h.T - x @ (h @ w.T + w @ h.T)
    by_z = scale * wrong @ w.T
    return {
        "embedding": by_x.T @ support + by_z.T @ query,
        "scale": (wrong * (z @ w)).sum(),
        "shift": wrong.sum(),
        "logarithm": strength * -(h * w).sum(),
    }


def test_the_solution_equals_the_normal_equations() -> None:
    support, labels, _, _, u = parts()
    x, y = support @ u.T, np.eye(3)[labels]
    found = ridge_weights(torch.tensor(x), torch.tensor(y), torch.tensor(STRENGTH, dtype=torch.float64)).numpy()
    assert np.abs(found - primal(x, y, STRENGTH)).max() <= 1e-10


def test_the_meta_gradient_equals_the_derivative_by_hand() -> None:
    support, labels, query, wanted, u = parts()
    linear = nn.Linear(5, 7, bias=False).double()
    linear.weight.data = torch.tensor(u)
    model, method = Backbone({"linear": linear}, 7, None), Ridge.from_values({"scale": SCALE})
    method.prepare(model, 3)
    model.double()
    model.meta.shift.data.fill_(SHIFT)
    model.meta.strength.logarithm.data.fill_(np.log(STRENGTH))
    model.meta.scale.data.fill_(SCALE)
    task = Task(torch.tensor(support), torch.tensor(labels), torch.tensor(query), torch.tensor(wanted), 3)
    method.meta_gradient(model, [task])
    expected = by_hand(u, support, labels, query, wanted, SCALE, SHIFT, STRENGTH)
    largest = max(np.abs(value).max() for value in expected.values())
    found = {
        "embedding": linear.weight.grad,
        "scale": model.meta.scale.grad,
        "shift": model.meta.shift.grad,
        "logarithm": model.meta.strength.logarithm.grad,
    }
    for name, value in expected.items():
        assert np.abs(found[name].numpy() - value).max() <= 1e-8 * largest


def test_the_three_numbers_learn_faster_than_the_embedding() -> None:
    model, method = Backbone({"flat": nn.Linear(5, 5)}, 5, None), Ridge.from_values({})
    method.prepare(model, 3)
    groups = method.optimiser(model).param_groups
    assert [(len(group["params"]), group["factor"]) for group in groups] == [(2, 1.0), (3, 10.0)]
