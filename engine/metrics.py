"""What can be measured: one open table of metrics, asked by everything that orders, formats or draws figures.

A figure's name says where it was measured, and what: "test/accuracy", "val/loss before adaptation", "test/accuracy,
5-shot"; of each block "moved/block2". A new metric is one line: `register(Metric("perplexity", "Perplexity", "min"))`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

TEST = "test/"  # how the names of final figures begin
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
    """The metric in a figure's name, such as "accuracy" in "test/accuracy, 5-shot"; what nobody registered is a number,
    the more the better."""
    place, _, what = name.partition("/")
    key = what.partition(",")[0].removesuffix(BEFORE).strip()
    return _TABLE.get(place) or _TABLE.get(key) or Metric(key, key.capitalize())


def is_own(name: str) -> bool:
    """Whether a figure is a run's own test: "test/accuracy", not "test/accuracy, 5-shot"."""
    return name.removeprefix(TEST) in _TABLE and name.startswith(TEST)


register(
    Metric("accuracy", "Accuracy", unit="percent", digits=1),
    Metric("loss", "Loss", "min"),
    Metric("error", "Error", "min"),
    Metric("likelihood", "Likelihood"),
    Metric("moved", "Moved"),
    Metric("rate", "Learning rate"),
    Metric("bench", "Accuracy", unit="percent", digits=1),
    Metric("bench folds", "Accuracy in cross-validation", unit="percent", digits=1),
)
