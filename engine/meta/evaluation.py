"""Meeting a fixed list of tasks, so that every method is tried on the same ones, after each number of inner steps."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.adaptation.objective import score
from engine.backbones.backbone import Backbone
from engine.data.episodes import Episode
from engine.events import Preparing
from engine.meta.batch.sharing import Crew
from engine.meta.batch.stacked import stacked_scores, stacks_at_test
from engine.meta.learner import MetaLearner, knows
from engine.meta.roles import Embeds
from engine.meta.task import ImageTasks, Task, Tasks
from engine.tuning.learners import batches

PAUSE_EVERY = 10  # tasks between two chances to stop
CURVES = 100  # tasks of numbers that are met at once
TOGETHER = 50  # episodes of embedded images that are met at once


def task_scores(
    method: MetaLearner,
    model: Backbone,
    tasks: Tasks,
    items: Sequence[Any],
    text: str,
    stop: Callable[[], bool],
    steps: int | None = None,
    rows: list[list[float]] | None = None,
) -> Generator[Preparing, None, np.ndarray]:
    """Yields `Preparing`, returns each task's accuracy or error, float64 [tasks, inner steps + 1] (fewer tasks when
    stopped). A method without inner steps has one column. NaN where what came out is not a number.

    steps: inner steps to go to; the method's own at test if None. rows: scores of the first of these tasks where they
    were met before; gets those of the others, unless all are met at once.
    """
    if isinstance(tasks, ImageTasks) and embeds_once(method):
        return (yield from _scores_from_features(method, model, tasks, items, text))
    last = method.test_steps if steps is None else steps
    if tasks.regression and stacks_at_test(method, model):
        return (yield from _scores_together(method, model, tasks, items, text, stop, last))
    scores = [] if rows is None else rows
    meet = partial(_meet, method, last)
    crew = Crew(model, getattr(method.formulation, "threads", 1))
    for part in batches(len(items), PAUSE_EVERY):
        if part.stop <= len(scores):
            continue
        if stop():
            break
        yield Preparing(text, part.start / len(items))
        scores += crew.in_order(meet, [tasks.task(item) for item in items[part]])
    return np.asarray(scores, dtype=np.float64) if scores else np.empty((0, last + 1))


def embeds_once(method: MetaLearner) -> bool:
    """Whether `classify_features` is all that becomes of an embedded task."""
    return isinstance(method.meets, Embeds) and knows(type(method), "meets", "adapt", "classifiers")


def _scores_together(
    method: MetaLearner,
    model: Backbone,
    tasks: Tasks,
    items: Sequence[Any],
    text: str,
    stop: Callable[[], bool],
    steps: int,
) -> Generator[Preparing, None, np.ndarray]:
    """Tasks of equal shapes, many at once."""
    found = []
    for part in batches(len(items), CURVES):
        if stop():
            break
        yield Preparing(text, part.start / len(items))
        chosen = [tasks.task(item) for item in items[part]]
        found.append(stacked_scores(method, model, chosen, steps).double().cpu().numpy())
    return np.concatenate(found) if found else np.empty((0, steps + 1))


def _meet(method: MetaLearner, steps: int, model: Backbone, task: Task) -> list[float]:
    path = method.classifiers(model, task.support_inputs, task.support_targets, task.way, steps)
    return [_judged(classify(task.query_inputs), task.query_targets) for classify in path]


def _judged(outputs: Tensor, targets: Tensor) -> float:
    return float(score(outputs, targets)) if bool(torch.isfinite(outputs).all()) else float("nan")


def _scores_from_features(
    method: MetaLearner, model: Backbone, tasks: ImageTasks, episodes: Sequence[Episode], text: str
) -> Generator[Preparing, None, np.ndarray]:
    """The embedding does not change between episodes: embed every image once (with its turn, where it is turned)."""
    keys = np.concatenate([_keys(episode).ravel() for episode in episodes])
    used = np.unique(keys)
    parts = []
    for part in batches(len(used), 256):
        yield Preparing(text, part.start / len(used))
        parts.append(_embedded(method, model, tasks, used[part]))
    features, scores = torch.cat(parts), []
    for part in batches(len(episodes), TOGETHER):
        yield Preparing(text, 1.0)
        scores.append(_feature_scores(method, model, features, used, episodes[part]))
    return np.concatenate(scores)[:, None]


def _keys(episode: Episode) -> np.ndarray:
    """Which image, turned how: int64 [way, shot + query]."""
    return 4 * np.c_[episode.support, episode.query] + episode.turns[:, None].astype(np.int64)


@torch.no_grad()
def _embedded(method: MetaLearner, model: Backbone, tasks: ImageTasks, keys: np.ndarray) -> Tensor:
    model.eval()
    return method.embed(model, tasks.images.turned(keys // 4, keys % 4))


@torch.no_grad()
def _feature_scores(
    method: MetaLearner, model: Backbone, features: Tensor, used: np.ndarray, episodes: Sequence[Episode]
) -> np.ndarray:
    """Accuracy of each of these episodes, float64 [episodes]; NaN where what came out is not a number."""
    way, shot = episodes[0].support.shape
    rows = torch.from_numpy(np.searchsorted(used, np.stack([_keys(episode) for episode in episodes])))
    slots = torch.arange(way, device=features.device)
    support, query = features[rows[:, :, :shot].flatten(1)], features[rows[:, :, shot:].flatten(1)]
    at_once = knows(type(method), "classify_episodes", "classify_features")
    classify = method.classify_episodes if at_once else partial(MetaLearner.classify_episodes, method)
    logits = classify(model, support, slots.repeat_interleave(shot), query, way)
    right = (logits.argmax(2) == slots.repeat_interleave(query.shape[1] // way)).double().mean(1)
    right[~logits.isfinite().all(2).all(1)] = float("nan")
    return right.cpu().numpy()
