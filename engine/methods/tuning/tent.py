"""TENT: at test, scale and shift of batch norm learn to make the answers sure (Wang et al. 2021, arXiv 2006.10726).

Batch by batch: batch norm uses the batch's own statistics, the batch is answered, and one step of Adam goes down the
mean entropy of the answers. One pass; more of them destroy the network. It sees all test images, without their labels:
every figure says so.
"""

from __future__ import annotations

from engine.method import hyper
from engine.methods.tuning.target_statistics import SHARED, TargetStatistics, TargetStatisticsHyperparameters


class TentHyperparameters(TargetStatisticsHyperparameters):
    learning_rate: float = hyper(
        1e-3, "Learning rate", "Of Adam; one step a batch, which only later ones see: few batches change little.",
        low=1e-6, high=0.1, log=True,
    )  # fmt: skip


class Tent(TargetStatistics):
    name = "tent"
    order = 154
    title = "TENT"
    idea = "While it is tested, adapt scale and shift of batch norm so that the answers become sure."
    paper = "Wang et al. 2021, Tent: Fully Test-Time Adaptation by Entropy Minimization, arXiv 2006.10726"
    differs = ""
    Hyperparameters = TentHyperparameters
    descends = True
    unused = SHARED - {"learning_rate"}
    changed = "few parameters"
