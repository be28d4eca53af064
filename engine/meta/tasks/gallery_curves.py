"""Curve tasks to look at: the truth, the points that are given, and the prediction after each inner step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from engine.backbones.backbone import Backbone
from engine.data.curves import DIGITS, Curve
from engine.meta.tasks.curves import CurveTasks, column

if TYPE_CHECKING:
    from engine.meta.learner import MetaLearner
    from engine.method import Classifier


def curve_tasks(method: MetaLearner, model: Backbone, tasks: CurveTasks, count: int) -> list[dict[str, Any]]:
    """The first `count` validation tasks as JSON: {"x", "truth", "support_x", "support_y", "predictions": [{"steps",
    "y", "deviation"}]}; "deviation" is None where the method does not say how sure it is."""
    return [curve_task(method, model, tasks, item) for item in tasks.validation[:count]]


def curve_task(method: MetaLearner, model: Backbone, tasks: CurveTasks, item: Curve) -> dict[str, Any]:
    """One of them."""
    drawing = tasks.source.drawing(item)
    task, points = tasks.task(item), column(np.array(drawing["x"]), tasks.device)
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
