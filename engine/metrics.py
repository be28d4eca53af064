"""What can be measured: one open table of metrics, asked by everything that orders, formats or draws figures.

A metric's name says on what it was measured, and what: "test/accuracy", "val/loss before adaptation"; of each block
"moved/block2". A new metric is one line: `register(Metric("perplexity", "Perplexity", "min"))`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import Literal

STEPS, SHOTS, SHIFT, HEAD, LABELS = "inner steps", "shots", "shift", "head", "labels"  # where a figure may be measured
TASK = "task"  # the same; and a condition of a figure, of several tasks all of them
SINGLE = frozenset(("images", "texts"))  # units of figures over single examples, each right or wrong
TESTED = "test images"  # condition of a figure: stands for the images that were tested, in their order, and classes
TEST_SET = "test set"  # other images than the run came with
TRAINING, VALIDATION = "train/", "val/"  # how the names of curves begin
SOURCE, FORGOTTEN = "source/", "forgotten/"  # how names begin of what is left of what the weights knew, and what not
OLD_HEAD, FRESH_PROBE = "old head", "fresh probe"  # what tells the source's classes
COLLAPSED = "collapsed/"  # how the names of values begin that a network has which says the same of everything
IGNORANT = "ignorant/"  # and of what one has that knows nothing at all
AT_THRESHOLD = "at the threshold"  # the note of what a threshold makes of the examples behind a figure
BEFORE = "before adaptation"  # how names end that were measured before the inner steps


@dataclass(frozen=True)
class Metric:
    """key: as in names. goal: which of two figures is the better one. unit: "percent" of a fraction in [0, 1],
    "points" of a difference of two such, else "number". digits: behind the point, where a figure is told in words.
    main: a run may be known by it, and is then watched by it while it learns; before it come those that were
    registered earlier. least: what no figure is below."""

    key: str
    title: str
    goal: Literal["min", "max"] = "max"
    unit: Literal["percent", "points", "number"] = "number"
    digits: int = 3
    main: bool = True
    least: float = -inf

    @property
    def is_share(self) -> bool:
        """Whether it is a fraction, told in percent."""
        return self.unit == "percent"

    @property
    def scale(self) -> int:
        """What a figure is told in: hundredths of a share, or of a difference of two."""
        return 1 if self.unit == "number" else 100

    @property
    def words(self) -> str:
        """Its title inside a sentence: "accuracy", but "F1"."""
        return self.title[:1].lower() + self.title[1:] if self.title[1:2].islower() else self.title

    def told(self, value: float) -> str:
        """ "81.2 %" of a share, "12.3 points" of a difference of shares, else "0.352"."""
        if self.unit == "points":
            return f"{round(100 * value, self.digits) + 0.0:.{self.digits}f} points".replace("-", "−")
        return f"{100 * value:.{self.digits}f} %" if self.is_share else f"{value:.{self.digits}f}"

    @property
    def limits(self) -> tuple[float, float]:
        """What no figure, and no end of an interval, is outside of."""
        if self.unit == "points":
            return (-1.0, 1.0)
        return (0.0, 1.0) if self.is_share else (self.least, inf)

    @property
    def lower_is_better(self) -> bool:
        return self.goal == "min"


_PARTS = {"val": "validation", "train": "training"}
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


def measured(names: Iterable[str]) -> str:
    """The key of what curves are about besides the loss: of the first main metric in validation, else in training,
    which may be of another question (puzzles that are solved); "loss" where there is none."""
    names = tuple(names)
    parts = [{name.partition("/")[2] for name in names if name.startswith(part)} for part in (VALIDATION, TRAINING)]
    found = (one.key for keys in parts for one in _TABLE.values() if one.main and one.key in keys)
    return next(found, "loss")


def watched(names: Collection[str], tested: str = "") -> str:
    """The curve among these that a run is watched by: of what it was tested by, else of the first main metric that was
    validated, else the loss in validation."""
    own = VALIDATION + of(tested).key
    return own if own in names else VALIDATION + measured(name for name in names if name.startswith(VALIDATION))


def usual() -> str:
    """The curve that is watched where nothing is known yet."""
    return watched([VALIDATION + one.key for one in _TABLE.values() if one.main])


def title(name: str, at: Mapping[str, str | int] = {}) -> str:
    """ "Test accuracy, 5-shot", "Validation loss before adaptation"; of each block "Moved: block2"."""
    said = words(name, at)
    return said[:1].upper() + said[1:]


def words(name: str, at: Mapping[str, str | int] = {}) -> str:
    """The same inside a sentence: "test accuracy, 5-shot"."""
    part, _, what = name.partition("/")
    metric = of(name)
    if metric.key == part:
        return f"{metric.words}: {what}" if what else metric.words
    before = f" {BEFORE}" if what.endswith(BEFORE) else ""
    return named(f"{_PARTS.get(part, part)} {metric.words}{before}", at)


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
    Metric("neighbours", "Nearest neighbours", unit="percent", digits=1),
    Metric("error", "Error", "min", least=0.0),
    Metric("return", "Return", digits=2),
    Metric("balanced accuracy", "Balanced accuracy", unit="percent", digits=1, main=False),
    Metric("loss", "Loss", "min", main=False, least=0.0),
    Metric("perplexity", "Perplexity", "min", digits=1, main=False, least=1.0),
    Metric("likelihood", "Likelihood", main=False),
    Metric("spread", "Spread", digits=2, main=False, least=0.0),
    Metric("rank", "Effective rank", digits=1, main=False, least=0.0),
    Metric("moved", "Moved", main=False),
    Metric("rate", "Learning rate", main=False),
    Metric(OLD_HEAD, "Accuracy by its old head", unit="percent", digits=1, main=False),
    Metric(FRESH_PROBE, "Accuracy by a fresh probe", unit="percent", digits=1, main=False),
    Metric("forgotten", "Forgotten", "min", unit="points", digits=1, main=False),
    Metric("task accuracy", "Validation accuracy", unit="percent", digits=1, main=False),
    Metric("task loss", "Training loss", "min", main=False, least=0.0),
    Metric("task weight", "Weight", digits=2, main=False),
    Metric("conflict", "Cosine of gradients", digits=2, main=False, least=-1.0),
    Metric("bench", "Accuracy", unit="percent", digits=1, main=False),
    Metric("none of these", "None of these told apart (AUROC)", unit="percent", digits=1, main=False),
    Metric("bench folds", "Accuracy in cross-validation", unit="percent", digits=1, main=False),
)
