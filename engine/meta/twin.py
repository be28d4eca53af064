"""The inductive twin of a transductive method: the same network on the same episodes, each query image for itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from engine.backbones.backbone import Backbone
from engine.comparison.intervals import episode_interval
from engine.comparison.wording import interval_text, points
from engine.events import Evaluated, Preparing
from engine.meta.evaluation import task_scores
from engine.meta.results import base_metric, figure, settled
from engine.meta.task import Tasks
from engine.methods.meta_learner import MetaLearner

QUERIES = "query images"  # of a protocol
TOGETHER = "classified together (transductive), as many of each class"
ALONE = "each for itself"


def beside_twin(
    method: MetaLearner, model: Backbone, tasks: Tasks, said: Mapping[str, str], own: np.ndarray
) -> Iterator[Preparing | Evaluated]:
    """The twin's figure, and what the other query images bring. own: the method's scores on the same episodes."""
    if method.twin is None:
        return
    text, metric = "Testing the inductive twin", base_metric(tasks.regression)
    plain = (yield from task_scores(method.twin, model, tasks, tasks.test, text, lambda: False))[:, -1]
    gain = episode_interval(settled(own, tasks.regression) - settled(plain, tasks.regression))
    words = {**said, QUERIES: ALONE, "gained by the others": f"{points(gain.value)}, {interval_text(gain)}"}
    yield figure(f"{metric}, inductive twin", plain, tasks.regression, words)
