"""The figures of a meta-test: mean and interval over tasks, median, how many tasks diverged, how hard they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, normalize, one_hot

from engine import metrics
from engine.comparison.intervals import episode_interval
from engine.data.episodes import Episode
from engine.data.target import NUMBERS, Target
from engine.events import Evaluated
from engine.machine.devices import doubled
from engine.machine.transfers import sent
from engine.meta.task import ImageTasks, TaskImages, Tasks
from engine.metrics import STEPS
from engine.preparation.inputs import Pieces

LARGEST_ERROR = 25.0  # squared error from which a task counts as diverged, and with which it enters the mean
SIDE = 16  # pixels that images are brought down to, to tell how hard an episode is
AT_ONCE = 256  # images
BAGS = 512  # numbers that the pieces of a text are counted under


def settled(scores: np.ndarray, target: Target) -> np.ndarray:
    """Scores [tasks] that a mean can be taken of: a diverged task counts as no answer right, or as an error of 25."""
    if target == NUMBERS:
        return np.minimum(np.nan_to_num(scores, nan=LARGEST_ERROR), LARGEST_ERROR)
    return np.nan_to_num(scores, nan=0.0)


def diverged(scores: np.ndarray, target: Target) -> int:
    """Tasks [tasks] on which adapting went wrong: not a number, or a squared error of 25 and more."""
    wrong = ~np.isfinite(scores)
    return int((wrong | (scores >= LARGEST_ERROR)).sum() if target == NUMBERS else wrong.sum())


def mean_score(scores: np.ndarray, target: Target) -> float:
    return float(settled(scores, target).mean())


def figure(scores: np.ndarray, target: Target, at: Mapping[str, str | int] = {}) -> Evaluated:
    """One figure over tasks [tasks]; the interval is 1.96 standard errors over tasks, as in the papers."""
    kept = settled(scores, target)
    found = episode_interval(kept).within(*metrics.of(target.metric).limits)
    notes: dict[str, str | float] = {
        "interval": "95 %, 1.96 standard errors over test episodes",
        "median": float(np.median(kept)),
        "diverged": f"{diverged(scores, target)} of {len(kept)}",
    }
    return Evaluated(
        target.metric, found.value, found.low, found.high, len(kept), "episodes", at, notes=notes, scores=kept
    )


def over_steps(scores: np.ndarray, own: int, target: Target) -> Iterator[Evaluated]:
    """scores [tasks, inner steps + 1]: the test's figure (after `own` steps) first, then each other number of steps."""
    last = scores.shape[1] - 1
    yield figure(scores[:, min(own, last)], target)
    for steps in range(last + 1 if last else 0):
        if steps != own:
            yield figure(scores[:, steps], target, {STEPS: steps}).given(notes={STEPS: steps})


def hardness(tasks: Tasks) -> np.ndarray | None:
    """Share of query images that the nearest mean of the support images gets wrong, float64 [test episodes]; None for
    tasks that are not images in classes. The same whatever the method, backbone and seed, as it reads plain pixels;
    Dhillon et al. 2020 (arXiv 1909.02729) report accuracy against one that reads the features of a network."""
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
    """float [n, values]: the images, never turned, as vectors of at most SIDE x SIDE pixels per channel; texts as how
    often each of their pieces occurs, whatever the order."""
    if isinstance(images.shape, Pieces):
        pieces = images.turned(indices, np.zeros(len(indices), dtype=np.int8))
        return normalize(one_hot(pieces % BAGS, BAGS)[..., 1:].sum(1).float())
    found = images.turned(indices, np.zeros(len(indices), dtype=np.int8))
    if found.shape[-1] > SIDE:
        found = adaptive_avg_pool2d(found, SIDE)
    return found.flatten(1)


def _error(small: Tensor, used: np.ndarray, episode: Episode) -> float:
    way, query = episode.query.shape
    places = (np.searchsorted(used, part) for part in (episode.support, episode.query.ravel()))
    support, asked = (small[sent(torch.from_numpy(part), small.device)] for part in places)
    nearest = torch.cdist(asked, support.mean(1)).argmin(1)
    wanted = torch.arange(way, device=nearest.device).repeat_interleave(query)
    return float(doubled(nearest != wanted).mean())


def with_hardness(figure: Evaluated, values: np.ndarray | None) -> Evaluated:
    """The figure with the hardness of its episodes, and in words how it fares on the easier and the harder half."""
    if values is None or figure.scores is None or len(figure.scores) != len(values):
        return figure
    order = np.argsort(values, kind="stable")
    easier, harder = (float(figure.scores[half].mean()) for half in np.array_split(order, 2))
    words = f"easier half {100 * easier:.1f} %, harder half {100 * harder:.1f} %"
    return replace(figure, hardness=values).given(notes={"by hardness": words})
