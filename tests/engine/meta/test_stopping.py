"""Meeting a list of tasks when the run is asked to stop before the first of them, or between two parts."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np

from engine.data.target import CLASSES
from engine.meta.evaluation import PAUSE_EVERY
from engine.methods.meta.maml import MAML
from tests.engine.meta.by_hand import as_task, linear_network, linear_tasks
from tests.engine.meta.ways import task_scores


def test_a_stop_leaves_the_tasks_that_were_met() -> None:
    model, _ = linear_network()
    items = [as_task(*task) for task in linear_tasks(np.random.default_rng(0))] * PAUSE_EVERY
    tasks = SimpleNamespace(target=CLASSES, task=lambda item: item)
    method = MAML.from_values({"test_steps": 2})
    for parts in (0, 1):
        asked = itertools.count()
        path = task_scores(method, model, tasks, items, "Validating", lambda asked=asked, n=parts: next(asked) >= n)  # type: ignore[arg-type, misc]
        while True:
            try:
                next(path)
            except StopIteration as end:
                scores = end.value
                break
        assert scores.shape == (parts * PAUSE_EVERY, 3)
