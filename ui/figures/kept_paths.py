"""Old classes against new ones while a run learns: what is drawn and said of it. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.comparison.wording import percent
from engine.metrics import FORGOTTEN, FRESH_PROBE, OLD_HEAD, SOURCE, VALIDATION

if TYPE_CHECKING:
    from engine.work.recorder import SavedCurve

TARGET = VALIDATION + "accuracy"
READERS = {OLD_HEAD: "By the old head", FRESH_PROBE: "By a fresh probe"}
CURVES = (TARGET, *(SOURCE + reader for reader in READERS))
TITLE = "What it keeps"
HOW_TO_READ = "Up and to the right is good. The ring is the start, each dot an epoch."


@dataclass(frozen=True, slots=True)
class KeptPath:
    """One recipe's way. points: (share of the new task's validation images told right, share of the old classes' test
    images told right), fractions, the start first, then one for each epoch. tint: index of its colour."""

    title: str
    points: Sequence[tuple[float, float]]
    tint: int
    dashed: bool = False

    def words(self, place: int) -> str:
        """ "LP-FT, epoch 3: new classes 81.2 %, old classes 64.0 %"."""
        new, old = self.points[place]
        when = f"epoch {place}" if place else "at the start"
        named = ", ".join(part for part in (self.title, when) if part)
        return f"{named}: new classes {percent(new)}, old classes {percent(old)}"


def is_kept(metric: str) -> bool:
    """Whether a figure is of what a run keeps of its source."""
    return metric.startswith((SOURCE, FORGOTTEN))


def points_of(curves: Mapping[str, SavedCurve], reader: str) -> list[tuple[float, float]]:
    """Where both were measured at the same step, in order; empty where they were not."""
    new, old = curves.get(TARGET), curves.get(SOURCE + reader)
    if new is None or old is None:
        return []
    known = dict(zip(old.steps.tolist(), old.values.tolist(), strict=True))
    pairs = zip(new.steps.tolist(), new.values.tolist(), strict=True)
    return [(value, known[step]) for step, value in pairs if step in known]


def mean_path(paths: Sequence[Sequence[tuple[float, float]]]) -> list[tuple[float, float]]:
    """The mean of several seeds, epoch by epoch, as far as all of them came."""
    shortest = min(map(len, paths), default=0)
    if not shortest:
        return []
    return [(float(x), float(y)) for x, y in np.mean([path[:shortest] for path in paths], axis=0)]
