"""A few fixed tasks as a picture: their images, and what the model says of the query images before and after adapting.

Written into the run's folder at every validation and at test, whole or not at all, so that it may be read at any time.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.backbones.backbone import Backbone
from engine.data.curves import DIGITS, GivenCurve
from engine.data.episodes import Episode
from engine.events import CheckpointSaved, Notice
from engine.machine.devices import doubled
from engine.machine.files import write_text
from engine.meta.learner import MetaLearner
from engine.meta.results import hardness_of
from engine.meta.task import ImageTasks, Tasks
from engine.meta.tasks.curves import CurveTasks
from engine.method import Classifier

KIND, FILE = "tasks", "tasks.json"
SHOWN = 4  # tasks
NOTHING = -1  # the slot of an answer that is not a number


def show_tasks(
    method: MetaLearner, model: Backbone, tasks: Tasks, items: Sequence[Any], split: str, step: int, directory: Path
) -> Iterator[CheckpointSaved | Notice]:
    """Meet the first few of `items` and write what came out. split: "validation" or "test", for the window."""
    found = gallery(method, model, tasks, items[:SHOWN])
    if found is None:
        return
    try:
        write_text(directory / FILE, json.dumps({"step": step, "split": split, **found}))
    except OSError as error:
        yield Notice(f"The picture of the tasks was not saved: {(error.strerror or str(error)).lower()}.", "warning")
    else:
        yield CheckpointSaved(KIND, FILE, step)


def gallery(method: MetaLearner, model: Backbone, tasks: Tasks, items: Sequence[Any]) -> dict[str, Any] | None:
    """{"kind": "images" or "curves", "tasks": one entry each}; None for tasks that there is no picture of."""
    if isinstance(tasks, CurveTasks):
        return {"kind": "curves", "tasks": [curve_task(method, model, tasks, item) for item in items]}
    if not all(isinstance(item, Episode) for item in items):
        return None
    return {"kind": "images", "tasks": [image_task(method, model, tasks, item) for item in items]}


def image_task(method: MetaLearner, model: Backbone, tasks: Tasks, episode: Episode) -> dict[str, Any]:
    """support, query: indices of images [way][n]. before, after: the slot that each query image goes to, before is None
    for a method without inner steps; sure: its probability; entropy: of all slots, in nats; both after adapting;
    hardness: of the task, in engine/meta/results.py."""
    task = tasks.task(episode)
    path = method.classifiers(model, task.support_inputs, task.support_targets, task.way, method.test_steps)
    first = next(path)
    before = first(task.query_inputs) if method.meets.each else None
    rest = deque(path, maxlen=1)
    last = rest[0] if rest else first
    slots, sure, entropy = answers(last(task.query_inputs), task.way)
    return {
        "classes": episode.classes.tolist(),
        "turns": episode.turns.tolist(),
        "support": episode.support.tolist(),
        "query": episode.query.tolist(),
        "before": None if before is None else answers(before, task.way)[0],
        "after": slots,
        "sure": sure,
        "entropy": entropy,
        "hardness": hardness_of(tasks.images, episode) if isinstance(tasks, ImageTasks) else None,
    }


@torch.no_grad()
def answers(outputs: Tensor, way: int) -> tuple[list[list[int]], list[list[float]], list[list[float]]]:
    """outputs [way · n, way] logits, in the order of the slots -> slot chosen, its probability, entropy [way][n]."""
    shares = doubled(outputs.detach()).softmax(1).cpu().numpy()
    known = np.isfinite(shares).all(1)
    shares = np.where(known[:, None], shares, 0.0)
    entropy = -(shares * np.log(np.maximum(shares, 1e-300))).sum(1)
    chosen = np.where(known, shares.argmax(1), NOTHING)
    found = (chosen, shares.max(1).round(4), np.maximum(entropy, 0.0).round(4))
    slots, sure, unsure = (values.reshape(way, -1).tolist() for values in found)
    return slots, sure, unsure


def curve_task(method: MetaLearner, model: Backbone, tasks: CurveTasks, item: GivenCurve) -> dict[str, Any]:
    """{"x", "truth", "support_x", "support_y", "predictions": [{"steps", "y", "deviation"}]}, after each inner step;
    "deviation" is None where the method does not say how sure it is."""
    drawing = tasks.source.drawing(item)
    task, points = tasks.task(item), torch.tensor(drawing["x"], dtype=torch.float32, device=tasks.device)[:, None]
    path = method.classifiers(model, task.support_inputs, task.support_targets, task.way, method.test_steps)
    return {
        **drawing,
        "predictions": [{"steps": steps, **prediction(classify, points)} for steps, classify in enumerate(path)],
    }


@torch.no_grad()
def prediction(classify: Classifier, points: Tensor) -> dict[str, list[float | None] | None]:
    """{"y": …, "deviation": … or None} at these points [n, 1]; None in place of what is not a number."""
    deviation: Callable[[Tensor], Tensor] | None = getattr(classify, "deviation", None)
    return {"y": rounded(classify(points)), "deviation": None if deviation is None else rounded(deviation(points))}


def rounded(values: Tensor | np.ndarray | Sequence[float]) -> list[float | None]:
    """As JSON: four digits, None for what is not a number."""
    flat = np.asarray(values.cpu() if isinstance(values, Tensor) else values, dtype=np.float64).ravel()
    return [round(float(value), DIGITS) if np.isfinite(value) else None for value in flat]
