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
from engine.data.target import NUMBERS
from engine.events import Preparing
from engine.machine.devices import doubled
from engine.machine.transfers import sent
from engine.meta.batch.sharing import Crew
from engine.meta.batch.stacked import StackedAdaptation, stacked_at_test
from engine.meta.learner import MetaLearner
from engine.meta.roles import Embeds, knows
from engine.meta.task import ImageTasks, Task, Tasks
from engine.tuning.learners import batches

PAUSE_EVERY = 10  # tasks between two chances to stop
CURVES = 100  # tasks of numbers that are met at once
EMBEDDED = (
    32  # images in one pass, on each thread: with 256 the maps of Conv-4 took 570 MB, so 115, as quick within 20 %
)
TOGETHER = 50  # episodes of embedded images that are met at once


class Meeting:
    """A method on a network before tasks, in the way that its role, the network and the tasks allow. threads: over
    which tasks are shared out where each is met by itself, and the images where each is embedded once."""

    def __init__(self, method: MetaLearner, model: Backbone, tasks: Tasks, threads: int = 1) -> None:
        self.method, self.model, self.tasks, self.threads = method, model, tasks, threads

    def scores(
        self, items: Sequence[Any], text: str, stop: Callable[[], bool], steps: int | None = None,
        rows: list[list[float]] | None = None,
    ) -> Generator[Preparing, None, np.ndarray]:  # fmt: skip
        """Yields `Preparing`, returns each task's accuracy or error, float64 [tasks, inner steps + 1] (fewer tasks when
        stopped). A method without inner steps has one column. NaN where what came out is not a number.

        steps: inner steps to go to; the method's own at test if None. rows: scores of the first of these tasks where
        they were met before; gets those of the others, unless all are met at once.
        """
        if isinstance(self.tasks, ImageTasks) and embeds_once(self.method):
            crew = Crew(self.model, self.threads)
            return (yield from _scores_from_features(self.method, crew, self.tasks, items, text))
        last = self.method.test_steps if steps is None else steps
        together = stacked_at_test(self.method, self.model, last) if self.tasks.target == NUMBERS else None
        if together is not None:
            return (yield from self._together(together, items, text, stop, last))
        return (yield from self._alone(items, text, stop, last, [] if rows is None else rows))

    def _together(
        self, stacked: StackedAdaptation, items: Sequence[Any], text: str, stop: Callable[[], bool], steps: int
    ) -> Generator[Preparing, None, np.ndarray]:
        """Tasks of equal shapes, many at once."""
        found = []
        for part in batches(len(items), CURVES):
            if stop():
                break
            yield Preparing(text, part.start / len(items))
            chosen = [self.tasks.task(item) for item in items[part]]
            found.append(doubled(stacked.scores(self.model, chosen)).cpu().numpy())
        return np.concatenate(found) if found else np.empty((0, steps + 1))

    def _alone(
        self, items: Sequence[Any], text: str, stop: Callable[[], bool], steps: int, rows: list[list[float]]
    ) -> Generator[Preparing, None, np.ndarray]:
        meet, crew = partial(_meet, self.method, steps), Crew(self.model, self.threads)
        for part in batches(len(items), PAUSE_EVERY):
            if part.stop <= len(rows):
                continue
            if stop():
                break
            yield Preparing(text, part.start / len(items))
            met = list(crew.in_order(meet, [self.tasks.task(item) for item in items[part]]))
            rows += torch.stack(met).tolist()  # of all at once: a GPU is waited for
        return np.asarray(rows, dtype=np.float64) if rows else np.empty((0, steps + 1))


def embeds_once(method: MetaLearner) -> bool:
    """Whether `classify_features` is all that becomes of an embedded task."""
    return isinstance(method.meets, Embeds) and knows(type(method), "meets", "adapt", "classifiers")


def _meet(method: MetaLearner, steps: int, model: Backbone, task: Task) -> Tensor:
    """Accuracy or error after each number of steps, [steps + 1]."""
    path = method.classifiers(model, task.support_inputs, task.support_targets, task.way, steps)
    return torch.stack([_judged(classify(task.query_inputs), task.query_targets) for classify in path])


def _judged(outputs: Tensor, targets: Tensor) -> Tensor:
    return torch.where(torch.isfinite(outputs).all(), score(outputs, targets), torch.nan)


def _scores_from_features(
    method: MetaLearner, crew: Crew, tasks: ImageTasks, episodes: Sequence[Episode], text: str
) -> Generator[Preparing, None, np.ndarray]:
    """The embedding does not change between episodes: embed every image once (with its turn, where it is turned)."""
    keys = np.concatenate([_keys(episode).ravel() for episode in episodes])
    used = np.unique(keys)
    parts: list[Tensor] = []
    several = [used[part] for part in batches(len(used), EMBEDDED)]
    for embedded in crew.in_order(partial(_embedded, method, tasks), several):
        yield Preparing(text, len(parts) / len(several))
        parts.append(embedded)
    features, scores = torch.cat(parts), []
    for part in batches(len(episodes), TOGETHER):
        yield Preparing(text, 1.0)
        scores.append(_feature_scores(method, crew.model, features, used, episodes[part]))
    return np.concatenate(scores)[:, None]


def _keys(episode: Episode) -> np.ndarray:
    """Which image, turned how: int64 [way, shot + query]."""
    return 4 * np.c_[episode.support, episode.query] + episode.turns[:, None].astype(np.int64)


@torch.no_grad()
def _embedded(method: MetaLearner, tasks: ImageTasks, model: Backbone, keys: np.ndarray) -> Tensor:
    model.eval()
    return method.embed(model, tasks.images.turned(keys // 4, keys % 4))


@torch.no_grad()
def _feature_scores(
    method: MetaLearner, model: Backbone, features: Tensor, used: np.ndarray, episodes: Sequence[Episode]
) -> np.ndarray:
    """Accuracy of each of these episodes, float64 [episodes]; NaN where what came out is not a number."""
    way, shot = episodes[0].support.shape
    places = np.searchsorted(used, np.stack([_keys(episode) for episode in episodes]))
    rows = sent(torch.from_numpy(places), features.device)
    slots = torch.arange(way, device=features.device)
    support, query = features[rows[:, :, :shot].flatten(1)], features[rows[:, :, shot:].flatten(1)]
    at_once = knows(type(method), "classify_episodes", "classify_features")
    classify = method.classify_episodes if at_once else partial(MetaLearner.classify_episodes, method)
    logits = classify(model, support, slots.repeat_interleave(shot), query, way)
    right = doubled(logits.argmax(2) == slots.repeat_interleave(query.shape[1] // way)).mean(1)
    lost = ~logits.isfinite().all(2).all(1)
    return right.masked_fill(lost.to(right.device), torch.nan).cpu().numpy()


@torch.no_grad()
def refreshed(method: MetaLearner, model: Backbone, tasks: Tasks, step: int) -> None:
    """Bring up to date what the method keeps of the training images and its training does not; the same at the same
    step."""
    draw = np.random.default_rng([step, 7])
    new = tasks.minibatch if method.trains.share == 1 else lambda rng: tasks.task(tasks.draw(rng))
    drawn = (new(draw) for _ in range(method.refresh_batches))
    method.refresh(model, (torch.cat([task.support_inputs, task.query_inputs]) for task in drawn))
