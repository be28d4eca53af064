"""How often a run on a cluster is begun again before it has failed: by itself, not by what befell the cluster."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events import RunFailed
from engine.remote.cluster import MachineState

MOST_LOST = 3  # machines that a run may lose in a row without getting further
MOST_REFUSALS = 10  # in a row


class Patience:
    """What a followed run has lost so far."""

    def __init__(self) -> None:
        self._losses = self._refusals = self._furthest = 0

    def reached(self, number: int) -> None:
        """An event of its journal was heard. What gets further than ever before begins with all patience."""
        if number > self._furthest:
            self._furthest, self._losses, self._refusals = number, 0, 0

    def lost(self) -> RunFailed | None:
        """A machine was lost; what the run has failed with, if it has."""
        self._losses += 1
        if self._losses < MOST_LOST:
            return None
        return RunFailed(
            "experiment", f"{self._losses} machines of the cluster were lost at the same place of this run.",
            "It may need more memory than they have: try a smaller batch, or machines with more.",
        )  # fmt: skip

    def refused(self, message: str, advice: str = "") -> RunFailed | None:
        """A machine has refused; what the run has failed with, if it has."""
        self._refusals += 1
        if self._refusals < MOST_REFUSALS:
            return None
        return RunFailed("experiment", message, advice or "Look at that machine, then resume the run.")


def with_more_memory(there: Sequence[MachineState], at: str) -> tuple[str, ...]:
    """The addresses of those that have more than the one at this address; none where that is not there."""
    had = max((one.memory for one in there if one.address == at), default=0)
    return tuple(one.address for one in there if one.memory > had > 0)
