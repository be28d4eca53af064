"""Point mass: move a point to a goal that is only felt through rewards (Finn et al. 2017, the 2-D navigation tasks).

A goal is drawn uniformly from the square of side 1 around the start. The point sees where it is, moves by at most 0.1
in each direction, and is given minus the squared distance from the goal after each move.
"""

from __future__ import annotations

import numpy as np

from engine.data.dataset import DataSet, DatasetInfo, Start
from engine.data.goals import Goals, Places
from engine.experiment import DatasetChoice

HALF = 0.5


def draw(choice: DatasetChoice, rng: np.random.Generator, count: int) -> Places:
    return rng.uniform(-HALF, HALF, (count, 2))


def sentence(choice: DatasetChoice) -> str:
    return "Goals in the square of side 1 around the start"


DATASET = DataSet(
    DatasetInfo(
        "point_mass", "Point-mass goals", "Reinforcement learning: move a point to a goal that only its rewards tell.",
        licence="made by the program",
    ),
    goals=Goals(draw, sentence, (-HALF, HALF)), own_start=Start("policy_mlp", "policy_maml"), order=4,
)  # fmt: skip
