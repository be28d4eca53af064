"""MetaOptNet's machine against what can be worked out by hand, another solver's numbers, and its derivative."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.adaptation.svm import svm_duals
from engine.backbones.backbone import Backbone
from engine.methods.meta.metaoptnet import MetaOptNet

POINTS = np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 3.0], [-1.0, 1.0], [1.0, -2.0]])
TARGETS = np.array([0, 0, 1, 1, 2])
QUERIES = np.array([[1.0, 0.5], [0.0, -1.0]])
# By SciPy's SLSQP to 1e-15 on the dual with the kernel X Xᵀ + 1, once, for C = 0.1 and C = 0.5.
DUALS = {
    0.1: [[0.1, 0, -0.1], [0.1, -0.1, 0], [-0.089189, 0.089189, 0], [-0.038739, 0.1, -0.061261], [-0.1, 0, 0.1]],
    0.5: [
        [0.115442, 0, -0.115442], [0.269865, -0.269865, 0], [-0.175037, 0.175037, 0], [-0.053223, 0.053223, 0],
        [-0.20015, 0, 0.20015],
    ],
}  # fmt: skip
SCORES = {
    0.1: [[0.235586, -0.066216, -0.169369], [0.006306, -0.267568, 0.261261]],
    0.5: [[0.399738, -0.168853, -0.230885], [-0.091829, -0.308471, 0.4003]],
}


@pytest.mark.parametrize("bound,expected", [(0.1, 0.1), (1.0, 0.25)])
def test_two_images_of_two_classes(bound: float, expected: float) -> None:
    """α = a [[1, -1], [-1, 1]] makes the dual 2 a² (k - c) - 2 a, least at 1 / (2 (k - c)) or at the bound."""
    kernel = torch.tensor([[[3.0, 1.0], [1.0, 3.0]]])
    found = svm_duals(kernel, torch.tensor([0, 1]), 2, bound)[0].numpy()
    assert found == pytest.approx(expected * np.array([[1, -1], [-1, 1]]), abs=1e-8)


@pytest.mark.parametrize("bound", [0.1, 0.5])
def test_the_solution_is_that_of_another_solver(bound: float) -> None:
    kernel = torch.tensor(POINTS @ POINTS.T + np.eye(5))
    both = torch.stack([kernel, 7 * kernel])  # another task beside it changes nothing
    assert svm_duals(both, torch.tensor(TARGETS), 3, bound)[0].numpy() == pytest.approx(
        np.array(DUALS[bound]), abs=1e-6
    )


@pytest.mark.anchors("metaoptnet")
@pytest.mark.parametrize("bound", [0.1, 0.5])
def test_scores_are_weighed_products_with_the_support_images(bound: float) -> None:
    model = Backbone({"flat": nn.Flatten()}, 2, None)
    method = MetaOptNet.from_values({"bound": bound, "scale": 2.0})
    method.prepare(model, 3)
    model.double()
    classify = method.adapt(model, torch.tensor(POINTS), torch.tensor(TARGETS), 3)
    expected = 2 * np.array(SCORES[bound])
    assert classify(torch.tensor(QUERIES)).detach().numpy() == pytest.approx(expected, abs=4e-6)


@pytest.mark.parametrize("bound", [0.1, 2.0])
def test_its_derivative_is_that_of_the_solution(bound: float) -> None:
    """Against differences of solutions; at the smaller bound many weights lie on it."""
    points = torch.randn(6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)

    def duals(x: torch.Tensor) -> torch.Tensor:
        return svm_duals((x @ x.T + torch.eye(6))[None], torch.arange(6) % 3, 3, bound)

    assert torch.autograd.gradcheck(duals, points)


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_features_of_any_size_are_solved_within_the_bounds(size: float) -> None:
    points = size**0.5 * torch.randn(3, 20, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    labels = nn.functional.one_hot(torch.arange(20) % 5, 5)
    kernel = points @ points.mT + torch.eye(20)
    duals = svm_duals(kernel, torch.arange(20) % 5, 5, 0.1)
    assert duals.sum(2).abs().max() < 1e-12
    assert (duals <= 0.1 * labels + 1e-12).all()
    slope = labels - kernel @ duals  # the duality gap: what each image's free weight costs above its cheapest class
    gap = ((0.1 * labels - duals) * (slope - slope.amin(2, keepdim=True))).sum((1, 2))
    assert gap.abs().max() < 1e-7 * max(1.0, size)


def test_kernels_that_are_no_numbers_or_too_large_give_nan_and_leave_the_others_alone() -> None:
    """So that training ends with what went wrong, not in the factorisation; ones and 1 are 1e30 and 1e30."""
    good = torch.tensor(POINTS @ POINTS.T + np.eye(5))
    bad = [torch.full_like(good, value) for value in (torch.nan, torch.inf, 1e30)]
    kernels = torch.stack([good, *bad]).requires_grad_()
    found = svm_duals(kernels, torch.tensor(TARGETS), 3, 0.5)
    assert found[0].detach().numpy() == pytest.approx(np.array(DUALS[0.5]), abs=1e-6)
    assert found[1:].isnan().all()
    assert found.requires_grad
