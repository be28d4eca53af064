"""New heads on frozen features, fitted for many episodes at once: linear and cosine, by gradients written out."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

MOMENTUM, DECAY = 0.9, 1e-3
TINY = 1e-12


@torch.no_grad()
def linear_heads(features: Tensor, targets: Tensor, way: int, iterations: int) -> tuple[Tensor, Tensor]:
    """Weights [e, way, d] and biases [e, way] of softmax regression on features [e, n, d] with targets [n].

    From zero, by full-batch gradient steps with momentum; features are centred and scaled to length 1 on the mean for
    the steps, which then suit any backbone, and the head is given back for the features as they were.
    """
    middle = features.mean(1, keepdim=True)
    length = (features - middle).norm(dim=2).mean(1).clamp_min(TINY)[:, None, None]
    points = (features - middle) / length
    wanted = F.one_hot(targets, way).to(points)
    weights, bias = points.new_zeros(len(points), way, points.shape[2]), points.new_zeros(len(points), 1, way)
    moved, shifted = torch.zeros_like(weights), torch.zeros_like(bias)
    for _ in range(iterations):
        wrong = ((points @ weights.mT + bias).softmax(2) - wanted) / len(targets)
        moved = MOMENTUM * moved + wrong.mT @ points + DECAY * weights
        shifted = MOMENTUM * shifted + wrong.sum(1, keepdim=True)
        weights, bias = weights - moved, bias - shifted
    weights = weights / length
    return weights, (bias - middle @ weights.mT).squeeze(1)


@torch.no_grad()
def cosine_heads(features: Tensor, targets: Tensor, way: int, iterations: int, scale: Tensor) -> Tensor:
    """Directions [e, way, d] of length 1, scores scale · cos(feature, direction), on features [e, n, d] with targets
    [n]. From the class means, by gradient steps along the sphere with momentum. scale: a scalar."""
    points = F.normalize(features, dim=2)
    wanted = F.one_hot(targets, way).to(points)
    directions = F.normalize(wanted.T @ points, dim=2)
    moved = torch.zeros_like(directions)
    for _ in range(iterations):
        wrong = ((scale * points @ directions.mT).softmax(2) - wanted) / len(targets)
        down = wrong.mT @ points / scale  # steps of 1/scale², as the curvature grows with the square of the scale
        moved = MOMENTUM * moved + down - (down * directions).sum(2, keepdim=True) * directions
        directions = F.normalize(directions - moved, dim=2)
    return directions


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
