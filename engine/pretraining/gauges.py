"""Whether a representation is alive: the loss does not tell. All of them read features or projections [n, d]."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def spread(projections: Tensor) -> float:
    """Mean over dimensions of the deviation of unit-length projections, times √d: 0 where all are one, 1 where they
    point everywhere alike."""
    if len(projections) < 2:
        return math.nan
    unit = F.normalize(projections.double(), dim=1)
    return float(unit.std(0).mean() * math.sqrt(projections.shape[1]))


def effective_rank(features: Tensor) -> float:
    """exp of the entropy of the singular values' shares (RankMe, Garrido et al. 2023, arXiv 2210.02885); 1 to d."""
    values = torch.linalg.svdvals(features.double())
    if not float(values.sum()) > 0:
        return 0.0
    shares = values / values.sum()
    return float(torch.exp(-torch.special.xlogy(shares, shares).sum()))


def alignment(a: Tensor, b: Tensor) -> float:
    """Mean squared distance of the two views of an image on the sphere (Wang & Isola 2020, arXiv 2005.10242)."""
    return float((F.normalize(a, dim=1) - F.normalize(b, dim=1)).square().sum(1).mean())


def uniformity(projections: Tensor) -> float:
    """Log of the mean of exp(-2 ‖z_i - z_j‖²) over pairs: the lower, the more evenly they fill the sphere."""
    unit = F.normalize(projections.double(), dim=1)
    return float(torch.pdist(unit).square().mul(-2).exp().mean().log())
