"""How long a run still trains and how much of it is over, by time and not by steps. Qt-free, for the terminal too."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

LEAST_STEPS, LEAST_SECONDS = 5, 0.5  # that a phase has worked before its own pace counts


class Remaining:
    """A phase goes by its own steps once some of them are done, before that by the seconds it was timed at.

    total_steps: planned. phases: (steps, timed seconds) of each, as `RunStarted` tells them; empty for one phase.
    """

    def __init__(self, total_steps: int, phases: Sequence[tuple[int, float]] = ()) -> None:
        self._phases = list(phases) or [(total_steps, 0.0)]
        self._ends = list(accumulate(steps for steps, _ in self._phases))
        self._timed = bool(phases)
        self._step, self._place = 0, 0
        self._first: tuple[int, float] | None = None  # step and seconds at which the phase was first seen at work

    def reach(self, step: int, seconds: float) -> None:
        """So many steps are done after so many seconds of training."""
        place = min(bisect_right(self._ends, step - 1), len(self._ends) - 1)
        if place != self._place or self._first is None:
            self._place, self._first = place, (step, seconds)
        self._step = max(self._step, step)

    def seconds_left(self, seconds: float) -> float | None:
        """After so many seconds of training; None while nothing is known."""
        if self._step >= self._ends[-1]:
            return 0.0
        own = self._own_pace(seconds)
        steps, timed = self._phases[self._place]
        if own is None and not self._timed:
            return None
        pace = timed / max(1, steps) if own is None else own
        later = sum(timed for _, timed in self._phases[self._place + 1 :])
        return pace * (self._ends[self._place] - self._step) + later

    def _own_pace(self, seconds: float) -> float | None:
        """Seconds per step of the phase at work."""
        if self._first is None:
            return None
        step, since = self._first
        done, took = self._step - step, seconds - since
        if done < (LEAST_STEPS if self._timed else 1) or took < LEAST_SECONDS:
            return None
        return took / done

    def fraction(self, seconds: float) -> float | None:
        """Share of the training time that is over, 0..1; by steps while nothing is known of the time."""
        left = self.seconds_left(seconds)
        if left is None or seconds <= 0:
            return min(1.0, self._step / self._ends[-1]) if self._ends[-1] else None
        return seconds / (seconds + left)
