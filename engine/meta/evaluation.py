"""Meta-validation and meta-test on a fixed list of episodes, so that every method meets the same tasks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

import numpy as np
import torch
from torch import Tensor

from engine.backbones.backbone import Backbone
from engine.data.episodes import Episode
from engine.events import Preparing
from engine.inputs import Normaliser
from engine.learners import batches
from engine.meta.task import TaskImages
from engine.methods.base import MetaLearner

PAUSE_EVERY = 10  # episodes between two chances to stop


def episode_scores(
    method: MetaLearner,
    model: Backbone,
    images: TaskImages,
    episodes: Sequence[Episode],
    text: str,
    stop: Callable[[], bool],
) -> Generator[Preparing, None, np.ndarray]:
    """Yields `Preparing`, returns the accuracy per episode, float64 [episodes] (fewer when stopped)."""
    if method.frozen_at_test:
        return (yield from _scores_from_features(method, model, images, episodes, text))
    scores: list[float] = []
    for index, episode in enumerate(episodes):
        if index % PAUSE_EVERY == 0:
            if stop():
                break
            yield Preparing(text, index / len(episodes))
        task = images.task(episode)
        classify = method.adapt(model, task.support_images, task.support_labels, task.way)
        scores.append(_accuracy(classify(task.query_images), task.query_labels))
    return np.asarray(scores)


def _scores_from_features(
    method: MetaLearner, model: Backbone, images: TaskImages, episodes: Sequence[Episode], text: str
) -> Generator[Preparing, None, np.ndarray]:
    """The embedding does not change between episodes: embed every image once."""
    used = np.unique(np.concatenate([np.r_[e.support.ravel(), e.query.ravel()] for e in episodes]))
    rows = images.rows[torch.from_numpy(used)]
    features = torch.empty(len(used), model.features)
    for part in batches(len(used), 256):
        yield Preparing(text, part.start / len(used))
        features[part] = embed_rows(model, images.pixels, rows[part], images.shape)
    place = torch.full((int(used.max()) + 1,), -1, dtype=torch.int64)
    place[torch.from_numpy(used)] = torch.arange(len(used))
    return np.asarray([_feature_score(method, features, place, episode) for episode in episodes])


@torch.no_grad()
def embed_rows(model: Backbone, pixels: Tensor, rows: Tensor, shape: Normaliser) -> Tensor:
    model.eval()
    return model.embed(shape(pixels[rows])).cpu()


def _feature_score(method: MetaLearner, features: Tensor, place: Tensor, episode: Episode) -> float:
    way, shot = episode.support.shape
    slots = torch.arange(way)
    support = features[place[torch.from_numpy(episode.support).flatten()]]
    query = features[place[torch.from_numpy(episode.query).flatten()]]
    classify = method.classify_features(support, slots.repeat_interleave(shot), way)  # type: ignore[attr-defined]
    return _accuracy(classify(query), slots.repeat_interleave(episode.query.shape[1]))


def _accuracy(logits: Tensor, labels: Tensor) -> float:
    return float((logits.argmax(1) == labels).float().mean())
