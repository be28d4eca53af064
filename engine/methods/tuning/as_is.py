"""No adaptation: the saved network with its own head is tested on the new images as it is.

The baseline of every shift: how much does the network lose before anything is trained?
"""

from __future__ import annotations

from engine.layers import LayerRow
from engine.method import hyper
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod, Stage


class AsIsHyperparameters(FineTuneHyperparameters):
    epochs: int = hyper(0, "Epochs", "None: nothing is trained.", low=0, high=0, advanced=True)


class AsIs(FineTuneMethod):
    name = "as_is"
    order = 150
    title = "No adaptation"
    group = "Baselines"
    idea = "Test a saved network with its own head, without training anything."
    paper = "Baseline"
    Hyperparameters = AsIsHyperparameters
    searched = ()
    presets = {"Usual values": {}}

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        return dict.fromkeys(blocks, self.row(rate=0.0))

    def stages(self) -> tuple[Stage, ...]:
        return ()
