"""How far one arm is from another, before anything is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.comparison.arms import Arm
from engine.comparison.crossed import TWO, Spread
from engine.comparison.intervals import Interval
from engine.comparison.wording import lower_is_better

Kind = Literal["better", "worse", "too close", "too few", "one seed", "not comparable"]


@dataclass(frozen=True)
class Gap:
    """How far a is from b (the base), paired over shared seeds and test items. values: of each shared seed, rising."""

    a: Arm
    b: Arm
    values: tuple[float, ...]
    spread: Spread
    interval: Interval
    items: Interval | None

    @property
    def counts(self) -> bool:
        """Whether it can be called at all, and so belongs to what is corrected for."""
        return len(self.values) >= TWO

    @property
    def ahead(self) -> bool:
        return self.spread.value < 0 if lower_is_better(self.a.metric) else self.spread.value > 0
