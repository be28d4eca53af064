"""Features of many dimensions in the plane: principal components, and a layout that keeps neighbours together.

The layout is t-SNE (van der Maaten and Hinton 2008) with the repulsion summed exactly and every image drawn to its 15
nearest alike, which gives the same pictures as a perplexity does (Böhm, Berens and Kobak 2022). scikit-learn's cannot
be watched or given up, and holds the window's thread for a tenth of a second at a time while it works.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes
from scipy.sparse import coo_matrix
from torch import Tensor

from engine.heads.nearest_mean import unit

Places = NDArray[np.float32]
NEIGHBOURS, FEWER = 15, 3  # of each image, and at most one of so many others: if all were, nothing would be told
MOST_STEP, SMALLER = 50.0, 6  # of the rate; images for each part of it, where there are few: larger steps burst apart
TOGETHER, STEPS = 125, 500  # steps in which neighbours are drawn together more, and all
MORE = 12.0  # times
START = 1e-4  # standard deviation of the places that are begun with
BLOCK = 256  # rows of distances at a time


def directions(features: np.ndarray) -> Places:
    """float32 [n, d]: which way each image lies from the mean of all; cosines of these are what nearness means here."""
    values = np.asarray(features, np.float64)
    return np.asarray(unit(values - values.mean(0)), np.float32)


def principal(points: Places) -> tuple[Places, float]:
    """The first two principal components, float32 [n, 2], and the share of the variance that they hold."""
    from sklearn.decomposition import PCA

    if points.shape[1] < 2 or not points.var(0).any():
        return np.column_stack([points[:, 0] - points[:, 0].mean(), np.zeros(len(points))]).astype(np.float32), 1.0
    found = PCA(2, random_state=0)
    places = found.fit_transform(points)
    return places.astype(np.float32), float(found.explained_variance_ratio_.sum())


def turned(places: Places, like: Places) -> Places:
    """Turned and mirrored so that every image lies as near as can be to where it is in another picture of them."""
    centred = places - places.mean(0)
    turn, _ = orthogonal_procrustes(centred, like - like.mean(0))
    return (centred @ turn).astype(np.float32)


def nearest(points: Places, place: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The images nearest to one, itself left out, and how far they are: 1 - cosine, in all dimensions."""
    away = np.float32(1) - points @ points[place]
    away[place] = np.inf
    found = np.argsort(away, kind="stable")[: min(count, len(points) - 1)]
    return found, away[found]


# Neighbours together


def layout(points: Places, start: Places) -> Generator[tuple[float, Places], None, Places]:
    """Yields (share of the work done, places as they are now), returns the last; the same for the same input.

    start: [n, 2], where each image begins; what is alike in two layouts stays where it is if the second begins with
    the first.
    """
    rows, columns, pull = _graph(points)
    places = torch.from_numpy(start / max(float(start.std()), 1e-12) * START).float()
    moved, gains = torch.zeros_like(places), torch.ones_like(places)
    rate = max(len(points) / MORE / 4, min(MOST_STEP, len(points) / SMALLER))
    for step in range(STEPS):
        slope = 4 * (_drawn(places, rows, columns, pull * (MORE if step < TOGETHER else 1.0)) - _pushed(places))
        gains = torch.where(slope * moved < 0, gains + 0.2, gains * 0.8).clamp_(min=0.01)
        moved = (0.5 if step < TOGETHER else 0.8) * moved - rate * gains * slope
        places = places + moved
        yield (step + 1) / STEPS, places.numpy()
    return places.numpy()


def _graph(points: Places) -> tuple[Tensor, Tensor, Tensor]:
    """(rows, columns, weights) of who is a neighbour of whom; the weights are the same both ways and sum to 1."""
    count = min(NEIGHBOURS, max(1, (len(points) - 1) // FEWER))
    all_points = torch.from_numpy(points)
    near = []
    for begin in range(0, len(points), BLOCK):
        alike = all_points[begin : begin + BLOCK] @ all_points.T
        alike[range(len(alike)), range(begin, begin + len(alike))] = -torch.inf
        near.append(alike.topk(count, dim=1).indices)
    columns = torch.cat(near).flatten().numpy()
    rows = np.repeat(np.arange(len(points)), count)
    one_way = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(points),) * 2)
    both = (one_way + one_way.T).tocoo()
    weights = torch.from_numpy(both.data / both.data.sum()).float()
    return torch.from_numpy(both.row.astype(np.int64)), torch.from_numpy(both.col.astype(np.int64)), weights


def _drawn(places: Tensor, rows: Tensor, columns: Tensor, pull: Tensor) -> Tensor:
    """How neighbours draw on each other, [n, 2]."""
    apart = places[rows] - places[columns]
    weights = pull / (1 + apart.square().sum(1))
    return torch.zeros_like(places).index_add_(0, rows, apart * weights[:, None])


def _pushed(places: Tensor) -> Tensor:
    """How all push each other away, [n, 2]; every pair is looked at once, a block of rows at a time."""
    lengths = places.square().sum(1)
    known = torch.cat([places, torch.ones(len(places), 1)], 1)
    sums = torch.zeros(len(places), 3)  # of the others' places and of 1, by squared nearness
    total = 0.0
    for begin in range(0, len(places), BLOCK):
        end = min(begin + BLOCK, len(places))
        near = torch.addmm(lengths[begin:], places[begin:end], places[begin:].T, alpha=-2)
        near.add_(lengths[begin:end, None]).clamp_(min=0).add_(1).reciprocal_()
        beyond = near[:, end - begin :]
        total += float(near[:, : end - begin].sum()) + 2 * float(beyond.sum())
        near.square_()
        sums[begin:end] += near @ known[begin:]
        sums[end:] += beyond.T @ known[begin:end]
    pushed = places * sums[:, 2:] - sums[:, :2]
    return pushed / max(total - len(places), 1e-12)
