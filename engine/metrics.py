"""What can be measured: one open table of metrics, asked by everything that orders, formats or draws figures.

A metric's name says on what it was measured, and what: "test/accuracy", "val/loss before adaptation"; of each block
"moved/block2". A new metric is one line: `register(Metric("perplexity", "Perplexity", "min"))`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

STEPS, SHOTS, SHIFT, HEAD, LABELS = "inner steps", "shots", "shift", "head", "labels"  # where a figure may be measured
BEFORE = "before adaptation"  # how names end that were measured before the inner steps


@dataclass(frozen=True)
class Metric:
    """key: as in names. goal: which of two figures is the better one. unit: "percent" of a fraction in [0, 1], else
    "number". digits: behind the point, where a figure is told in words."""

    key: str
    title: str
    goal: Literal["min", "max"] = "max"
    unit: Literal["percent", "number"] = "number"
    digits: int = 3

    @property
    def is_share(self) -> bool:
        """Whether it is a fraction, told in percent."""
        return self.unit == "percent"

    @property
    def lower_is_better(self) -> bool:
        return self.goal == "min"


_TABLE: dict[str, Metric] = {}


def register(*metrics: Metric) -> None:
    """Make metrics known by their keys; a later one replaces an earlier one."""
    _TABLE.update({metric.key: metric for metric in metrics})
    of.cache_clear()


@cache
def of(name: str) -> Metric:
    """The metric in a name, such as "accuracy" in "test/accuracy"; what nobody registered is a number, the more the
    better."""
    place, _, what = name.partition("/")
    key = what.removesuffix(BEFORE).strip()
    return _TABLE.get(place) or _TABLE.get(key) or Metric(key, key.capitalize())


def named(metric: str, at: Mapping[str, str | int]) -> str:
    """A figure's name with where it was measured: "test/accuracy, 5-shot", "test/accuracy, Nearest mean, 1 label"."""
    return ", ".join([metric, *(place(key, value) for key, value in at.items())])


def place(key: str, value: str | int) -> str:
    """ "5-shot" of {"shots": 5}, "1 inner step" of {"inner steps": 1}; what is no number speaks for itself."""
    if isinstance(value, str):
        return value
    return f"{value}-shot" if key == SHOTS else f"{value} {key.removesuffix('s') if value == 1 else key}"


register(
    Metric("accuracy", "Accuracy", unit="percent", digits=1),
    Metric("balanced accuracy", "Balanced accuracy", unit="percent", digits=1),
    Metric("loss", "Loss", "min"),
    Metric("error", "Error", "min"),
    Metric("likelihood", "Likelihood"),
    Metric("moved", "Moved"),
    Metric("rate", "Learning rate"),
    Metric("bench", "Accuracy", unit="percent", digits=1),
    Metric("bench folds", "Accuracy in cross-validation", unit="percent", digits=1),
)
