"""When a stage of several tasks ends early: after so many epochs without a better mean validation accuracy."""

from __future__ import annotations

from torch import nn

from engine.artifacts.bookmark import State
from engine.backbones.backbone import snapshot
from engine.comparison.wording import count, percent


class StagePatience:
    """epochs: how many without a gain; 0 never ends a stage, and keeps nothing. Of equal accuracies the weights with
    the lower loss are the better ones, which is no gain by itself."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.begin_again()

    def begin_again(self) -> None:
        """With a new stage."""
        self._best: dict[str, object] | None = None
        self._rank = (-1.0, 0.0)
        self._without = 0

    @property
    def is_out(self) -> bool:
        return bool(self.epochs) and self._without >= self.epochs

    @property
    def has_best(self) -> bool:
        return self._best is not None

    @property
    def early(self) -> str:
        return f"early, {count(self.epochs, 'epochs')} without gain"

    @property
    def words(self) -> str:
        without = f"{count(self.epochs, 'epochs')} without a better mean validation accuracy than"
        return f"The stage ended early: {without} {percent(self._rank[0])}."

    def look(self, network: nn.Module, accuracy: float, loss: float) -> None:
        """After an epoch."""
        if not self.epochs:
            return
        self._without = 0 if accuracy > self._rank[0] else self._without + 1
        if (accuracy, -loss) > self._rank:
            self._rank, self._best = (accuracy, -loss), dict(snapshot(network))

    def restore(self, network: nn.Module) -> None:
        """The best weights of the stage, where there are any."""
        if self._best is not None:
            network.load_state_dict(self._best)

    def state(self) -> State:
        return {"best": self._best, "rank": self._rank, "without": self._without}

    def load_state(self, state: State) -> None:
        self._best, self._rank, self._without = state["best"], tuple(state["rank"]), state["without"]
