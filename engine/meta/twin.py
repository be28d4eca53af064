"""The inductive twin of a transductive method: the same network on the same episodes, each query image for itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.comparison.intervals import episode_interval
from engine.comparison.wording import interval_text, points
from engine.events import Event
from engine.meta.exam import Exam
from engine.meta.results import figure, settled

QUERIES = "query images"  # of the conditions
TOGETHER = "classified together (transductive), as many of each class"
ALONE = "each for itself"


def beside_twin(exam: Exam, own: np.ndarray) -> Iterator[Event]:
    """The twin's figure, and what the other query images bring. own: the method's scores on the same episodes."""
    twin, tasks = exam.method.twin, exam.tasks
    if twin is None:
        return
    plain = (yield from exam.scores(twin, tasks.test, "Testing the inductive twin"))[:, -1]
    gain = episode_interval(settled(own, tasks.target) - settled(plain, tasks.target))
    found = figure(plain, tasks.target, {"method": "inductive twin"})
    yield found.given(
        {QUERIES: ALONE},
        {"gained by the others": f"{points(gain.value, found.metric)}, {interval_text(gain, found.metric)}"},
    )
