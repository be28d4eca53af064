"""What the trials of a search say together: the best setting, its uncertainty, and how many are as good. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.comparison.crossed import ENOUGH_SEEDS
from engine.comparison.intervals import Interval, mean_interval, wilson
from engine.comparison.wording import with_interval
from engine.events import TrialCompleted

COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"


def score(trial: TrialCompleted) -> Interval:
    """Mean accuracy over the finished folds with its 95 % interval: Student's, from three folds on, Wilson's where
    every fold is simply right or wrong (one image left out). ValueError when no fold was finished."""
    if set(trial.scores) <= {0.0, 1.0} and len(trial.scores) > 1:
        return wilson(round(sum(trial.scores)), len(trial.scores))
    found = mean_interval(trial.scores).within(0.0, 1.0)
    return found if found.n >= ENOUGH_SEEDS else replace(found, low=math.nan, high=math.nan)


def best(trials: Sequence[TrialCompleted]) -> TrialCompleted | None:
    """The trial with the best mean among those that finished every fold, the first of equals; None while there is
    none. A mean that is no number is never the best."""
    whole = [trial for trial in trials if trial.state == COMPLETE and trial.scores and math.isfinite(_mean(trial))]
    return max(whole, key=lambda trial: (_mean(trial), -trial.number), default=None)


def best_so_far(trials: Sequence[TrialCompleted]) -> list[float]:
    """The best mean after each trial, in order; NaN until one is complete."""
    values: list[float] = []
    for trial in sorted(trials, key=lambda one: one.number):
        before = values[-1] if values else float("nan")
        now = _mean(trial) if trial.state == COMPLETE and trial.scores else float("nan")
        values.append(before if not now > before and before == before else now)
    return values


@dataclass(frozen=True, slots=True)
class ChosenSetting:
    """The chosen setting. rivals: other complete settings whose mean lies within its interval; of so many others."""

    trial: TrialCompleted
    score: Interval
    rivals: int
    others: int

    def sentence(self) -> str:
        """How sure the choice is, in words."""
        said = f"{with_interval(self.score)} over {self.score.n} folds"
        if not self.others:
            return f"{said}; it is the only setting that was tried on all of them."
        if not self.score.known:
            others = "the other complete setting" if self.others == 1 else f"the {self.others} other complete settings"
            return f"{said}, too few to tell it from {others} by more than luck."
        if not self.rivals:
            return f"{said}, ahead of the noise of every other complete setting."
        if self.others == 1:
            return f"{said}. The one other complete setting is as good within the noise."
        which = f"{self.rivals} of the {self.others}" if self.rivals < self.others else f"All {self.others}"
        return (
            f"{said}. {which} other complete settings {'is' if self.rivals == 1 else 'are'} as good within the noise."
        )


def choose(trials: Sequence[TrialCompleted]) -> ChosenSetting | None:
    """The best setting with what it takes to believe it; None while no trial is complete."""
    found = best(trials)
    if found is None:
        return None
    interval = score(found)
    others = [one for one in trials if one.state == COMPLETE and one.scores and one.number != found.number]
    lowest = interval.low if interval.known else interval.value
    return ChosenSetting(found, interval, sum(_mean(one) >= lowest for one in others), len(others))


def _mean(trial: TrialCompleted) -> float:
    return sum(trial.scores) / len(trial.scores)
