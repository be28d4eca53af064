"""How well a few-shot task tells texts that are of none of its classes, where the source has set such apart."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.backbones.backbone import Backbone
from engine.comparison.intervals import episode_interval
from engine.comparison.unlike import Learnt, told_apart
from engine.data.episodes import Episode
from engine.data.text_set import TextSet
from engine.events import Evaluated, Preparing
from engine.heads.nearest_mean import unit
from engine.meta.task import ImageTasks, TaskImages, Tasks
from engine.preparation.inputs import images
from engine.tuning.learners import batches
from engine.tuning.outside import METRIC, TEXT, of_none

TOLD_BY = "by how unlike the nearest labelled text of the task a text is, before the network adapts to the task"
Rows = NDArray[np.float32]


def none_of_these(model: Backbone, tasks: Tasks) -> Generator[Preparing | Evaluated, None, None]:
    """The mean over the test tasks of how often a text of no class is the more unlike one. Nothing where no text is
    known to be of none of the classes."""
    if not isinstance(tasks, ImageTasks) or tasks.divided is None or not tasks.test:
        return
    data = tasks.divided[0]
    if not isinstance(data, TextSet) or len(data.outside) < 2:
        return
    apart, shape = of_none(data), tasks.images.shape
    every = np.arange(len(apart.texts))
    device = tasks.images.pixels.device
    others = TaskImages(images(apart, every, shape, device), torch.from_numpy(every), shape)
    outside = yield from _seen(model, others, every)
    used = np.unique(np.concatenate([np.c_[one.support, one.query].ravel() for one in tasks.test]))
    known = yield from _seen(model, tasks.images, used)
    yield _figure(list(_areas(tasks.test, used, known, outside)), len(outside), data.what)


def _areas(episodes: Sequence[Episode], used: NDArray[np.int64], known: Rows, outside: Rows) -> Iterator[float]:
    """Of each task the area under its curve. known: features of the images `used`."""
    for episode in episodes:
        support, query = (known[np.searchsorted(used, part.ravel())] for part in (episode.support, episode.query))
        learnt = Learnt(support)
        yield told_apart(learnt.unlikeness(query), learnt.unlikeness(outside)).value


def _figure(areas: Sequence[float], count: int, what: str) -> Evaluated:
    found = episode_interval(areas).within(0, 1)
    interval = f"95 %, 1.96 standard errors over test episodes, each with {count:,} {what} of none of the classes"
    notes = {"interval": interval, "told": TOLD_BY}
    return Evaluated(METRIC, found.value, found.low, found.high, found.n, "episodes", notes=notes)


@torch.no_grad()
def _seen(model: Backbone, texts: TaskImages, places: NDArray[np.int64]) -> Generator[Preparing, None, Rows]:
    """float32 [n, d] of length 1."""
    model.eval()
    found: list[Tensor] = []
    for part in batches(len(places)):
        yield Preparing(TEXT, part.start / len(places))
        chosen = places[part]
        found.append(model.embed(texts.turned(chosen, np.zeros(len(chosen), np.int8))).float().cpu())
    return unit(torch.cat(found).numpy()).astype(np.float32)
