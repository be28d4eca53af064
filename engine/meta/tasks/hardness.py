"""How hard each test episode is, whatever the method: the error of the nearest class mean on the plain pixels.

Dhillon et al. 2020 (arXiv 1909.02729) report accuracy against hardness; their measure reads features of one network,
this one reads small copies of the images, so that it is the same for all methods, backbones and seeds.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from engine.data.episodes import Episode
from engine.events import Evaluated
from engine.meta.task import ImageTasks, TaskImages, Tasks

SIDE = 16  # images are brought down to so many pixels
AT_ONCE = 256  # images


def hardness(tasks: Tasks) -> np.ndarray | None:
    """Share of query images that the nearest mean of the support images gets wrong, float64 [test episodes]; None for
    tasks that are not images in classes."""
    if not isinstance(tasks, ImageTasks) or not tasks.test:
        return None
    used = np.unique(np.concatenate([np.c_[one.support, one.query].ravel() for one in tasks.test]))
    small = torch.cat([small_copies(tasks.images, used[start : start + AT_ONCE])
                       for start in range(0, len(used), AT_ONCE)])  # fmt: skip
    return np.array([_error(small, used, episode) for episode in tasks.test], dtype=np.float64)


def hardness_of(images: TaskImages, episode: Episode) -> float:
    """The same of one episode."""
    used = np.unique(np.c_[episode.support, episode.query])
    return _error(small_copies(images, used), used, episode)


def small_copies(images: TaskImages, indices: np.ndarray) -> Tensor:
    """float [n, values]: the images, never turned, as vectors of at most SIDE x SIDE pixels per channel."""
    found = images.turned(indices, np.zeros(len(indices), dtype=np.int8))
    if found.shape[-1] > SIDE:
        found = adaptive_avg_pool2d(found, SIDE)
    return found.flatten(1)


def _error(small: Tensor, used: np.ndarray, episode: Episode) -> float:
    way, query = episode.query.shape
    support = small[torch.from_numpy(np.searchsorted(used, episode.support))]
    asked = small[torch.from_numpy(np.searchsorted(used, episode.query).ravel())]
    nearest = torch.cdist(asked, support.mean(1)).argmin(1)
    wanted = torch.arange(way, device=nearest.device).repeat_interleave(query)
    return float((nearest != wanted).double().mean())


def with_hardness(figure: Evaluated, values: np.ndarray | None) -> Evaluated:
    """The figure with the hardness of its episodes, and in words how it fares on the easier and the harder half."""
    if values is None or figure.scores is None or len(figure.scores) != len(values):
        return figure
    order = np.argsort(values, kind="stable")
    easier, harder = (float(figure.scores[half].mean()) for half in np.array_split(order, 2))
    words = f"easier half {100 * easier:.1f} %, harder half {100 * harder:.1f} %"
    return replace(figure, hardness=values).given(notes={"by hardness": words})
