"""What a drawn curve task says: which predictions, their errors, in arrays and in words. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.comparison.wording import number

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Prediction:
    """After so many inner steps: y and its standard deviation (or None) at the task's x, NaN where not a number."""

    steps: int
    y: Values
    deviation: Values | None


@dataclass(frozen=True, eq=False)
class CurveTask:
    """A task of the gallery, see `engine/meta/tasks/gallery.py`."""

    x: Values
    truth: Values
    support_x: Values
    support_y: Values
    predictions: tuple[Prediction, ...]

    @property
    def errors(self) -> tuple[float, ...]:
        """Mean squared error of each prediction over the whole curve."""
        return tuple(float(np.mean((one.y - self.truth) ** 2)) for one in self.predictions)


def curve_task_of(task: Mapping[str, Any]) -> CurveTask:
    """From the gallery's JSON; KeyError where something is missing."""
    found = tuple(
        Prediction(
            int(one["steps"]), numbers(one["y"]), None if one.get("deviation") is None else numbers(one["deviation"])
        )
        for one in task["predictions"]
    )
    return CurveTask(
        numbers(task["x"]), numbers(task["truth"]), numbers(task["support_x"]), numbers(task["support_y"]), found
    )


def numbers(values: Sequence[float | None]) -> Values:
    """None is what was not a number."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def error_words(task: CurveTask) -> str:
    """ "squared error 3.12 → 0.41 after 10 steps", or the one there is."""
    if not task.predictions:
        return ""
    first, last = task.errors[0], task.errors[-1]
    if len(task.predictions) == 1:
        return f"squared error {number(last, 2)}"
    return f"squared error {number(first, 2)} → {number(last, 2)} {after_words(task.predictions[-1].steps)}"


def after_words(steps: int) -> str:
    """ "before", "after 1 step", "after 10 steps"."""
    if steps == 0:
        return "before"
    return f"after {steps} step{'' if steps == 1 else 's'}"


def shown(predictions: Sequence[Prediction], most: int = 6) -> list[Prediction]:
    """Those that are drawn where there are many: the first and the last, and between them more where they differ more,
    which is at the beginning."""
    if len(predictions) <= most:
        return list(predictions)
    places = np.unique(np.round((np.linspace(0, 1, most) ** 1.7) * (len(predictions) - 1)).astype(int))
    return [predictions[place] for place in places]
