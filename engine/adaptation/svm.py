"""The support vector machine of Crammer and Singer (2001) for many classes, solved for several tasks at once and
differentiated through the conditions of its optimum, as MetaOptNet does (Lee et al. 2019, arXiv 1904.03758).

With the kernel K of the support images, their labels Y as one-hot rows and the bound C the dual is

    min ½ tr(αᵀ K α) - tr(αᵀ Y),  α ≤ C Y,  every row of α sums to 0,

an image being a class's support vector where α is not 0. Written in b = C Y - α ≥ 0, whose rows sum to C, it has a
start inside its bounds, from which a primal-dual interior point method (Mehrotra 1992) goes to the end in some ten
steps. At the end F(b, θ) = 0 holds for the conditions F of the optimum, so that db = -F_b⁻¹ F_θ dθ: one more system.
The classes meet in the sums of the rows alone: a system is one of n equations for each class, and one for the sums.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.machine.devices import doubled

STEPS = 40  # at the most; some ten are the rule
GAP = 1e-13  # of b · z, on the scale of C: where a solution counts as reached
INSIDE = 0.995  # how far towards the bound a step goes


def svm_duals(kernel: Tensor, targets: Tensor, way: int, bound: float) -> Tensor:
    """α float64 [e, n, way] for kernels [e, n, n], positive definite, and targets int64 [n] in 0..way-1.

    bound: C, the most that an image can weigh. Differentiable by the kernels, once. NaN for a kernel with values that
    are no numbers, or too large to be told from a singular one.
    """
    kernel, labels = doubled(kernel), doubled(F.one_hot(targets, way)).T
    with torch.no_grad():
        rest, prices = _solved(kernel, labels, bound)
        duals = bound * labels - rest
        system = System(kernel, prices / rest)
    downhill = labels - duals @ kernel  # of the objective by b, all that depends on the kernel
    change = system.step(downhill.detach() - downhill)  # zero, with the derivative of the solution
    return (duals - change).mT


def _solved(kernel: Tensor, labels: Tensor, bound: float) -> tuple[Tensor, Tensor]:
    """(b, z), each [e, way, n] and positive: the solution and the prices of b ≥ 0. labels: [way, n]."""
    rest = torch.full((len(kernel), *labels.shape), bound / len(labels), dtype=kernel.dtype, device=kernel.device)
    slope = labels - (bound * labels - rest) @ kernel
    prices = slope - slope.amin(1, keepdim=True) + 1.0 + slope.std(1, keepdim=True)
    for _ in range(STEPS):
        gap = (rest * prices).mean((1, 2), keepdim=True)
        open_yet = (gap >= GAP * bound).any()  # a task that is no number is not waited for
        if kernel.device.type == "cpu" and not bool(open_yet):
            break
        closer = _closer(kernel, rest, prices, gap)  # elsewhere all steps are taken, rather than asked for a value
        rest, prices = (torch.where(open_yet, new, old) for new, old in zip(closer, (rest, prices), strict=True))
    return rest, prices


def _closer(kernel: Tensor, rest: Tensor, prices: Tensor, gap: Tensor) -> tuple[Tensor, Tensor]:
    """One step: first straight to the optimum, then corrected by how far that got and how it curved.

    Both (b, z) fulfil all conditions but b · z = 0, and go on to do so.
    """
    system = System(kernel, prices / rest)
    moved = system.step(-prices)
    priced = -prices - prices / rest * moved
    length = _room(rest, moved, prices, priced)
    reached = ((rest + length * moved) * (prices + length * priced)).mean((1, 2), keepdim=True)
    wanted = (reached / gap) ** 3 * gap - moved * priced
    moved = system.step(wanted / rest - prices)
    priced = (wanted - prices * moved) / rest - prices
    length = INSIDE * _room(rest, moved, prices, priced)
    return rest + length * moved, prices + length * priced


def _room(rest: Tensor, moved: Tensor, prices: Tensor, priced: Tensor) -> Tensor:
    """[e, 1, 1]: how much of the step, at most all, leaves everything positive."""
    shrinking = torch.cat([-moved / rest, -priced / prices], 2).amax((1, 2), keepdim=True)
    return 1 / shrinking.clamp_min(1.0)


class System:
    """For each class the curvature K + diag, of kernels [e, n, n] and diagonals [e, way, n]; and what ties them."""

    def __init__(self, kernel: Tensor, diagonal: Tensor) -> None:
        curvature = kernel[:, None] + torch.diag_embed(diagonal)
        self._inverse = torch.cholesky_inverse(factor(curvature))
        self._sums = factor(self._inverse.sum(1))

    def step(self, right: Tensor) -> Tensor:
        """db [e, way, n]: the curvature times db is `right` but for a shift of each image, and no image's sum over the
        classes changes."""
        free = (self._inverse @ right[..., None]).squeeze(3)
        shift = torch.cholesky_solve(free.sum(1)[..., None], self._sums)
        return free - (self._inverse @ shift[:, None]).squeeze(3)


def factor(matrices: Tensor) -> Tensor:
    """Cholesky's of each, NaN where there is none: features that are no numbers any more are told as a loss that is
    none, not as a failed factorisation."""
    found, failed = torch.linalg.cholesky_ex(matrices)
    return found.masked_fill(failed.bool()[..., None, None], torch.nan)
