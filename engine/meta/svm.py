"""The support vector machine of Crammer and Singer (2001) for many classes, solved for several tasks at once and
differentiated through the conditions of its optimum, as MetaOptNet does (Lee et al. 2019, arXiv 1904.03758).

With the kernel K of the support images, their labels Y as one-hot rows and the bound C the dual is

    min ½ tr(αᵀ K α) - tr(αᵀ Y),  α ≤ C Y,  every row of α sums to 0,

an image being a class's support vector where α is not 0. Written in b = C Y - α ≥ 0, whose rows sum to C, it has a
start inside its bounds, from which a primal-dual interior point method (Mehrotra 1992) goes to the end in some ten
steps. At the end F(b, θ) = 0 holds for the conditions F of the optimum, so that db = -F_b⁻¹ F_θ dθ: one more system.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

STEPS = 40  # at the most; some ten are the rule
GAP = 1e-13  # of b · z, on the scale of C: where a solution counts as reached
INSIDE = 0.995  # how far towards the bound a step goes


def svm_duals(kernel: Tensor, targets: Tensor, way: int, bound: float) -> Tensor:
    """α float64 [e, n, way] for kernels [e, n, n], positive definite, and targets int64 [n] in 0..way-1.

    bound: C, the most that an image can weigh. Differentiable by the kernels, once.
    """
    kernel, labels = kernel.double(), F.one_hot(targets, way).double()
    with torch.no_grad():
        rest, prices = _solved(kernel, labels, bound)
        duals = bound * labels - rest
        system = _system(kernel, prices / rest)
    downhill = labels - kernel @ duals  # of the objective by b, all that depends on the kernel
    change = _step(system, downhill.detach() - downhill)  # zero, with the derivative of the solution
    return duals - change


def _solved(kernel: Tensor, labels: Tensor, bound: float) -> tuple[Tensor, Tensor]:
    """(b, z), each [e, n, way] and positive: the solution and the prices of b ≥ 0."""
    rest = torch.full((len(kernel), *labels.shape), bound / labels.shape[1], dtype=kernel.dtype, device=kernel.device)
    slope = labels - kernel @ (bound * labels - rest)
    prices = slope - slope.amin(2, keepdim=True) + 1.0 + slope.std(2, keepdim=True)
    for _ in range(STEPS):
        gap = (rest * prices).mean((1, 2), keepdim=True)
        if bool((gap < GAP * bound).all()):
            break
        rest, prices = _closer(kernel, rest, prices, gap)
    return rest, prices


def _closer(kernel: Tensor, rest: Tensor, prices: Tensor, gap: Tensor) -> tuple[Tensor, Tensor]:
    """One step: first straight to the optimum, then corrected by how far that got and how it curved.

    Both (b, z) fulfil all conditions but b · z = 0, and go on to do so.
    """
    factors = torch.linalg.lu_factor(_system(kernel, prices / rest))
    moved = _step(factors, -prices)
    priced = -prices - prices / rest * moved
    length = _room(rest, moved, prices, priced)
    reached = ((rest + length * moved) * (prices + length * priced)).mean((1, 2), keepdim=True)
    wanted = (reached / gap) ** 3 * gap - moved * priced
    moved = _step(factors, wanted / rest - prices)
    priced = (wanted - prices * moved) / rest - prices
    length = INSIDE * _room(rest, moved, prices, priced)
    return rest + length * moved, prices + length * priced


def _room(rest: Tensor, moved: Tensor, prices: Tensor, priced: Tensor) -> Tensor:
    """[e, 1, 1]: how much of the step, at most all, leaves everything positive."""
    shrinking = torch.cat([-moved / rest, -priced / prices], 2).amax((1, 2), keepdim=True)
    return 1 / shrinking.clamp_min(1.0)


def _system(kernel: Tensor, diagonal: Tensor) -> Tensor:
    """[e, n·way + n, n·way + n]: the curvature K ⊗ 1 + diag, bordered by the sums of the rows."""
    episodes, images, way = diagonal.shape
    one = torch.eye(way, dtype=kernel.dtype, device=kernel.device)
    curvature = torch.einsum("eij,ab->eiajb", kernel, one).reshape(episodes, images * way, images * way)
    curvature = curvature + torch.diag_embed(diagonal.flatten(1))
    sums = torch.eye(images, dtype=kernel.dtype, device=kernel.device).repeat_interleave(way, 1)
    sums = sums.expand(episodes, -1, -1)
    corner = sums.new_zeros(episodes, images, images)
    return torch.cat([torch.cat([curvature, -sums.mT], 2), torch.cat([sums, corner], 2)], 1)


def _step(system: Tensor | tuple[Tensor, Tensor], right: Tensor) -> Tensor:
    """db [e, n, way] of the system, or of its factors: the curvature times db is `right`, and no row's sum changes."""
    column = F.pad(right.flatten(1), (0, right.shape[1]))[:, :, None]
    if isinstance(system, Tensor):
        found = torch.linalg.solve(system, column)
    else:
        found = torch.linalg.lu_solve(*system, column)
    return found[:, : right[0].numel(), 0].view_as(right)
