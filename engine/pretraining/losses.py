"""The losses of pretraining without labels. Rows are images: views a and b of the same image stand in the same row.

Every one is a scalar, computed in the type of what it is given.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

VARIANCE, LEAST = 1e-4, 1e-6  # added under the root of VICReg's deviation; to a patch's variance


def nt_xent(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    """SimCLR's normalised cross-entropy over the 2n anchors of two views [n, d] (Chen et al. 2020, arXiv 2002.05709):
    each is to be found among all others by its other view. ln(2n - 1) where all are alike."""
    both = F.normalize(torch.cat([a, b]), dim=1)
    near = both @ both.T / temperature
    near = near.masked_fill(torch.eye(len(both), dtype=torch.bool, device=both.device), -torch.inf)
    partner = torch.arange(len(both), device=both.device).roll(len(a))
    return F.cross_entropy(near, partner)


def in_batch(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    """SimCSE's (Gao et al. 2021, arXiv 2104.08821): each of a is to find its own among all of b, both [n, d], by
    cosine. ln n where all are alike."""
    near = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T / temperature
    return F.cross_entropy(near, torch.arange(len(a), device=a.device))


def sup_con(a: Tensor, b: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """SupCon's (Khosla et al. 2020, arXiv 2004.11362, their L_out) over the 2n anchors of two views [n, d], labels
    int64 [n]: the mean over all others of an anchor's class. NT-Xent where no two labels are the same."""
    both, classes = F.normalize(torch.cat([a, b]), dim=1), labels.repeat(2)
    near = both @ both.T / temperature
    itself = torch.eye(len(both), dtype=torch.bool, device=both.device)
    shares = near - near.masked_fill(itself, -torch.inf).logsumexp(1, keepdim=True)
    alike = (classes[:, None] == classes[None]) & ~itself
    return -(shares.masked_fill(~alike, 0).sum(1) / alike.sum(1)).mean()


def info_nce(query: Tensor, key: Tensor, queue: Tensor, temperature: float) -> Tensor:
    """MoCo's (He et al. 2020, arXiv 1911.05722): queries and keys [n, d], and earlier keys [q, d], which are wrong for
    every query. ln(1 + q) where all are alike."""
    query, key, queue = (F.normalize(one, dim=1) for one in (query, key, queue))
    right = (query * key).sum(1, keepdim=True)
    near = torch.cat([right, query @ queue.T], 1) / temperature
    return F.cross_entropy(near, torch.zeros(len(query), dtype=torch.int64, device=query.device))


def away(guess: Tensor, target: Tensor) -> Tensor:
    """Mean of minus the cosine between guesses and targets [n, d]; nothing is learnt through the target."""
    return -F.cosine_similarity(guess, target.detach(), dim=1).mean()


def barlow_twins(a: Tensor, b: Tensor, off_diagonal: float) -> Tensor:
    """Of two views [n, d] (Zbontar et al. 2021, arXiv 2103.03230): their cross-correlation is to be the identity."""
    correlation = _standardised(a).T @ _standardised(b) / len(a)
    diagonal = correlation.diagonal()
    rest = correlation.square().sum() - diagonal.square().sum()
    return (1 - diagonal).square().sum() + off_diagonal * rest


def _standardised(views: Tensor) -> Tensor:
    deviation = views.var(0, unbiased=False).add(1e-12).sqrt()
    return (views - views.mean(0)) / deviation


def vicreg(a: Tensor, b: Tensor, alike: float = 25.0, spread: float = 25.0, apart: float = 1.0) -> Tensor:
    """Of two views [n, d] (Bardes et al. 2022, arXiv 2105.04906): alike in pairs, each dimension spread over the batch,
    no two of them saying the same. The hinge of both views is halved as in the authors' code, not in the paper."""
    hinge = (_hinge(a) + _hinge(b)) / 2
    return alike * F.mse_loss(a, b) + spread * hinge + apart * (_covariance(a) + _covariance(b))


def _hinge(views: Tensor) -> Tensor:
    return F.relu(1 - views.var(0).add(VARIANCE).sqrt()).mean()


def _covariance(views: Tensor) -> Tensor:
    """Sum of the squared covariances of different dimensions, by dimension."""
    centred = views - views.mean(0)
    covariance = centred.T @ centred / (len(views) - 1)
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / views.shape[1]


def self_distillation(student: Tensor, teacher: Tensor, centre: Tensor, sharp: float, sharper: float) -> Tensor:
    """DINO's cross-entropy (Caron et al. 2021, arXiv 2104.14294): the student's logits [n, p] at temperature `sharp`
    against the teacher's, less their centre [p], at `sharper`. ln p where both are level."""
    wanted = F.softmax((teacher - centre) / sharper, dim=1).detach()
    return -(wanted * F.log_softmax(student / sharp, dim=1)).sum(1).mean()


def hidden_error(rebuilt: Tensor, truth: Tensor, hidden: Tensor) -> Tensor:
    """Mean squared error [n, c, s, s] on hidden pixels only; hidden: bool [n, 1, s, s]."""
    wrong = (rebuilt - truth).square() * hidden
    return wrong.sum() / (hidden.sum() * truth.shape[1]).clamp_min(1)


def patches(images: Tensor, side: int) -> Tensor:
    """[n, c, s, s] -> [n, patches, c * side * side]; the sides divide evenly."""
    return F.unfold(images, side, stride=side).transpose(1, 2)


def standardised_patches(images: Tensor, side: int) -> Tensor:
    """The patches [n, patches, values], each with mean 0 and deviation 1 (MAE's norm_pix; the unbiased variance)."""
    cut = patches(images, side)
    return (cut - cut.mean(2, keepdim=True)) / cut.var(2, keepdim=True).add(LEAST).sqrt()
