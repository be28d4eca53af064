"""Tasks of sinusoids as the learners' tests take them."""

from __future__ import annotations

from typing import Any

from engine.data.curves import GivenCurve
from engine.data.sources import dataset
from engine.experiment import DatasetChoice
from engine.meta.tasks.curves import CurveTasks

SOURCE = dataset("sinusoid").curves
assert SOURCE is not None


def sinusoid_tasks(shot: int = 5, query: int = 4, **lists: Any) -> CurveTasks:
    return CurveTasks(SOURCE, DatasetChoice(name="sinusoid"), shot, query, **lists)


def fixed_sinusoids(seed: list[int], count: int, shot: int, varied: bool = False) -> list[GivenCurve]:
    return SOURCE.fixed(DatasetChoice(name="sinusoid", vary_frequency=varied), seed, count, shot)
