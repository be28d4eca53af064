"""Statistics of the target: batch norm takes mean and variance of the images that are tested (Schneider et al. 2020).

Nothing is trained. Many a shift (noise, contrast, blur) moves mean and variance of what passes through a network, and
those of the new images undo much of it. It sees all test images, without their labels: every figure says so.
"""

from __future__ import annotations

from typing import ClassVar

from engine.layers import HEAD, Treatment
from engine.method import hyper
from engine.methods.tuning.as_is import AsIs, AsIsHyperparameters
from engine.tuning.method import FineTuneHyperparameters

SHARED = frozenset(FineTuneHyperparameters.model_fields) - {"batch_size", "layers"}


class TargetStatisticsHyperparameters(AsIsHyperparameters):
    batch_size: int = hyper(
        200, "Test images at once", "Whose mean and variance are taken; of few images they are uncertain.",
        low=16, high=1024,
    )  # fmt: skip


class TargetStatistics(AsIs):
    name = "target_statistics"
    order = 152
    title = "Statistics of the target"
    group = "At test time"
    idea = "Keep all weights, and let batch norm use the statistics of the images that are tested."
    paper = "Schneider et al. 2020, Improving robustness against common corruptions, arXiv 2006.16971"
    differs = "The statistics are those of the test batch alone, without a share of the old ones."
    Hyperparameters = TargetStatisticsHyperparameters
    follows = True
    keeps_network = False
    unused: ClassVar[frozenset[str]] = SHARED
    changed: ClassVar[Treatment] = "frozen"

    def treatments(self, blocks: tuple[str, ...]) -> dict[str, Treatment]:
        return {block: "frozen" if block == HEAD else self.changed for block in blocks}
