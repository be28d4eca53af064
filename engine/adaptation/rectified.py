"""Class means corrected by the query images of the same episode (Liu et al. 2020), for several episodes at once."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def episode_means(features: Tensor, targets: Tensor, way: int) -> Tensor:
    """[e, way, d]: class means of features [e, n, d] with targets [n] in 0..way-1."""
    members = F.one_hot(targets, way).to(features)
    return (members / members.sum(0)).mT @ features


def rectified(
    support: Tensor, targets: Tensor, query: Tensor, centres: Tensor, confident: int, sharpness: float
) -> tuple[Tensor, Tensor]:
    """(corrected means [e, way, d], query images moved onto the support's mean [e, m, d]).

    support, query: [e, n, d] and [e, m, d]; targets: [n]; centres: the means to correct. confident: how many of those
    taken for a class join its mean, the most like it first; 0 is all.
    """
    moved = query + support.mean(1, keepdim=True) - query.mean(1, keepdim=True)
    known, asked = (F.normalize(part, dim=2) @ F.normalize(centres, dim=2).mT for part in (support, moved))
    joins = F.one_hot(asked.argmax(2), asked.shape[2]).bool()
    if 0 < confident < asked.shape[1]:
        likeness = asked.masked_fill(~joins, -torch.inf)
        joins = joins & (likeness >= likeness.topk(confident, dim=1).values[:, -1:])
    belongs = F.one_hot(targets, asked.shape[2]).bool().expand_as(known)
    both, members = torch.cat([known, asked], 1), torch.cat([belongs, joins], 1)
    weights = (sharpness * both).masked_fill(~members, -torch.inf).softmax(1)
    return weights.mT @ torch.cat([support, moved], 1), moved
