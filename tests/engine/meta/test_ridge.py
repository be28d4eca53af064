"""The ridge head against other forms of its solution, the authors' and a derivative written out, in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from engine.artifacts.weights import load_meta
from engine.backbones.backbone import Backbone
from engine.errors import WeightsError
from engine.experiment import BackboneChoice
from engine.meta.task import Task
from engine.methods.meta.ridge import MetaRidge, ridge_weights
from tests.engine.meta.ways import meta_gradient

SCALE, STRENGTH = 3.0, 0.7


def parts(shot: int = 2, way: int = 3, features: int = 7) -> tuple[np.ndarray, ...]:
    """Support and query images [n, 5], their labels, and the embedding's weights [features, 5]."""
    rng = np.random.default_rng(0)
    support, query = np.repeat(np.arange(way), shot), np.repeat(np.arange(way), 4)
    return rng.normal(size=(len(support), 5)), support, rng.normal(size=(len(query), 5)), query, rng.normal(
        size=(features, 5)
    )  # fmt: skip


def ones(x: np.ndarray) -> np.ndarray:
    return np.c_[x, np.ones(len(x))]


def primal(x: np.ndarray, y: np.ndarray, strength: float) -> np.ndarray:
    """W by the normal equations of the features: (XᵀX + nλI)⁻¹ XᵀY."""
    return np.linalg.solve(x.T @ x + len(x) * strength * np.eye(x.shape[1]), x.T @ y)


def by_hand(u: np.ndarray, support: np.ndarray, labels: np.ndarray, query: np.ndarray, wanted: np.ndarray,
            scale: float, strength: float) -> dict[str, np.ndarray]:  # fmt: skip
    """Derivatives of the query's cross-entropy by the embedding, where X = [S uᵀ, 1], and by a and log λ.

    With A = XᵀX + nλI and W = A⁻¹XᵀY: for G = dL/dW and H = A⁻¹G is dL/dX = Y Hᵀ - X (H Wᵀ + W Hᵀ), dL/dλ = -n Σ H∘W.
    """
    x, z, y = ones(support @ u.T), ones(query @ u.T), np.eye(3)[labels]
    w = primal(x, y, strength)
    logits = scale * z @ w
    p = np.exp(logits - logits.max(1, keepdims=True))
    wrong = (p / p.sum(1, keepdims=True) - np.eye(3)[wanted]) / len(wanted)
    h = np.linalg.solve(x.T @ x + len(x) * strength * np.eye(x.shape[1]), scale * z.T @ wrong)
    by_x = y @ h.T - x @ (h @ w.T + w @ h.T)
    by_z = scale * wrong @ w.T
    return {
        "embedding": by_x[:, :-1].T @ support + by_z[:, :-1].T @ query,
        "scale": (wrong * (z @ w)).sum(),
        "logarithm": strength * -len(x) * (h * w).sum(),
    }


@pytest.mark.parametrize("shot", [1, 2, 5])
def test_the_solution_is_the_authors(shot: int) -> None:
    """github.com/bertinetto/r2d2, fewshots/models/r2d2.py: X and Y are divided by √n before the plain ridge with λ."""
    support, labels, _, _, u = parts(shot)
    x, y = ones(support @ u.T), np.eye(3)[labels]
    found = ridge_weights(torch.tensor(x), torch.tensor(y), torch.tensor(STRENGTH, dtype=torch.float64)).numpy()
    assert np.abs(found - primal(x, y, STRENGTH)).max() <= 1e-10
    scaled, targets = x / np.sqrt(len(x)), y / np.sqrt(len(x))
    theirs = np.linalg.inv(scaled.T @ scaled + STRENGTH * np.eye(x.shape[1])) @ scaled.T @ targets
    assert np.abs(found - theirs).max() <= 1e-10


@pytest.mark.anchors("ridge")
def test_two_numbers_worked_out_by_hand() -> None:
    """Features 1 and 3 of two classes, λ = 1/2, so nλ = 1: X Xᵀ + I = [[3, 4], [4, 11]] of determinant 17, its inverse
    [[11, -4], [-4, 3]] / 17, W = Xᵀ times that = [[-1, 5], [7, -1]] / 17. A query of 2: [5, 9] / 17, times a = 10."""
    method, model = MetaRidge.from_values({"strength": 0.5}), Backbone({"flat": nn.Flatten()}, 1, None)
    method.prepare(model, 2)
    classify = method.adapt(model, torch.tensor([[1.0], [3.0]]), torch.tensor([0, 1]), 2)
    assert classify(torch.tensor([[2.0]]))[0].tolist() == pytest.approx([50 / 17, 90 / 17])


def test_support_images_that_come_twice_change_nothing() -> None:
    """λ counts per image, so what is learnt with few of them serves where there are more."""
    support, labels, _, _, u = parts(1)
    strength = torch.tensor(STRENGTH, dtype=torch.float64)
    x, y = torch.tensor(ones(support @ u.T)), torch.tensor(np.eye(3)[labels])
    twice = ridge_weights(torch.cat([x, x]), torch.cat([y, y]), strength)
    assert torch.allclose(ridge_weights(x, y, strength), twice, rtol=1e-10)


def test_the_meta_gradient_equals_the_derivative_by_hand() -> None:
    support, labels, query, wanted, u = parts()
    linear = nn.Linear(5, 7, bias=False).double()
    linear.weight.data = torch.tensor(u)
    model, method = Backbone({"linear": linear}, 7, None), MetaRidge.from_values({"scale": SCALE})
    method.prepare(model, 3)
    model.double()
    model.meta.strength.logarithm.data.fill_(np.log(STRENGTH))
    model.meta.scale.data.fill_(SCALE)
    task = Task(torch.tensor(support), torch.tensor(labels), torch.tensor(query), torch.tensor(wanted), 3)
    meta_gradient(method, model, [task])
    expected = by_hand(u, support, labels, query, wanted, SCALE, STRENGTH)
    largest = max(np.abs(value).max() for value in expected.values())
    found = {
        "embedding": linear.weight.grad,
        "scale": model.meta.scale.grad,
        "logarithm": model.meta.strength.logarithm.grad,
    }
    for name, value in expected.items():
        assert np.abs(value).max() > 1e-3
        assert np.abs(found[name].numpy() - value).max() <= 1e-8 * largest


def test_the_two_numbers_learn_faster_than_the_embedding() -> None:
    model, method = Backbone({"flat": nn.Linear(5, 5)}, 5, None), MetaRidge.from_values({})
    method.prepare(model, 3)
    groups = method.optimiser(model).param_groups
    assert [(len(group["params"]), group["factor"]) for group in groups] == [(2, 1.0), (2, 10.0)]


def test_what_was_learnt_for_another_head_is_refused_in_words(tmp_path: Path) -> None:
    """Until 0.3 λ did not count per image and there was a shift: those numbers mean something else here."""
    model, method = Backbone({"flat": nn.Linear(5, 5)}, 5, None), MetaRidge.from_values({})
    method.prepare(model, 3)
    old = {f"meta.{name}": torch.tensor(0.0) for name in ("strength.logarithm", "scale", "shift")}
    (tmp_path / "a").mkdir()
    save_file(old, tmp_path / "a" / "best.safetensors")
    choice = BackboneChoice(name="conv4", weights="run:a", head="kept")
    with pytest.raises(WeightsError, match="does not fit this method"):
        load_meta(model, choice, tmp_path)
