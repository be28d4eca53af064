"""The one supervised training loop. What differs between methods is in their layer tables, see `engine/methods`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from engine.artifacts.bookmark import State, generator_state, load_generator
from engine.backbones.backbone import changed
from engine.events import Event
from engine.tuning.course import Course
from engine.tuning.method import FineTuneMethod
from engine.tuning.stages import StageTraining


@dataclass(frozen=True)
class Phase:
    """Consecutive epochs that train the same blocks at the same rates."""

    first: int
    epochs: int
    groups: dict[str, float]


def phases(method: FineTuneMethod, blocks: tuple[str, ...]) -> list[Phase]:
    per_epoch = [(epoch, method.groups(blocks, epoch)) for epoch in range(method.epochs)]
    runs = [list(part) for _, part in groupby(per_epoch, key=lambda pair: pair[1])]
    return [Phase(part[0][0], len(part), part[0][1]) for part in runs]


class FineTuning(Course):
    """Trains `model` in place and says what happens; afterwards `step` and `epoch` tell how far it came.

    Raises `Diverged` while training.
    """

    _under_way: StageTraining | None = None
    _kept: State | None = None  # of the stage to go on with

    def events(self) -> Iterator[Event]:
        """Train from where it is: from the start, or where `load_state` has put it."""
        stages, kept = self.method.stages(), self._kept
        if not self.step:
            yield from self.point(now=True)
        while self.stage < len(stages):
            stage, first = stages[self.stage], sum(before.epochs for before in stages[: self.stage])
            endless = self.limits.only_time and stage is stages[-1]
            self._under_way, kept = StageTraining(self, stage, first, endless, kept), None
            yield from self._under_way.events()
            if self.limits.asked_to_stop:
                return
            self.stage = len(stages) if self.limits.out_of_time else self.stage + 1
        self._under_way = None
        yield from self.point(now=True)

    def state(self) -> State:
        """Everything that training reads; of the weights what differs from those it began with."""
        kept = self.checkpoints.state()
        best = None if kept["best"] is None else changed(kept["best"], self.initial)
        return {
            "model": changed(self.model.state_dict(), self.initial), "checkpoints": {**kept, "best": best},
            "step": self.step, "epoch": self.epoch, "stopped early": self.stopped_early, "used": self.limits.used,
            "order": generator_state(self.order), "objective": self.objective.state(), "stage": self.stage,
            "within": None if self._under_way is None else self._under_way.state(),
        }  # fmt: skip

    def load_state(self, state: State) -> None:
        """Go on from there: `events()` says what comes afterwards."""
        kept = state["checkpoints"]
        best = None if kept["best"] is None else self.initial | kept["best"]
        self.checkpoints.load_state({**kept, "best": best})
        self.model.load_state_dict(self.initial | state["model"])
        self.step, self.epoch, self.stopped_early = state["step"], state["epoch"], state["stopped early"]
        self.used, self.stage, self._kept = state["used"], state["stage"], state["within"]
        load_generator(self.order, state["order"])
        self.objective.load_state(state["objective"])
