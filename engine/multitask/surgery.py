"""PCGrad and UPGrad as torchjd has them, by the inner products of the gradients alone."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor
from torchjd.aggregation import PCGradWeighting, UPGradWeighting
from torchjd.linalg import DualConeProjector, PSDMatrix

from engine.multitask.balance import Weighing


class ByLeastSquares(DualConeProjector):
    """The least v'Gv with v >= u, as non-negative least squares: SciPy is here, torchjd's own solver is not."""

    def __call__(self, U: Tensor, G: PSDMatrix) -> Tensor:
        values, vectors = np.linalg.eigh(G.numpy())
        root = np.sqrt(np.clip(values, 0, None))[:, None] * vectors.T  # root' root = G
        return torch.from_numpy(np.stack([u + nnls(root, -root @ u)[0] for u in U.numpy()]))


def pcgrad() -> Weighing:
    """Each gradient without its part along those that oppose it, in random order; then their sum."""
    return PCGradWeighting()


def upgrad(tasks: int) -> Weighing:
    """Each gradient moved to the nearest that opposes none, then their sum."""
    return UPGradWeighting(torch.ones(tasks, dtype=torch.float64), projector=ByLeastSquares())
