"""Returns on unseen goals before and after 1 to 3 policy-gradient steps: MAML of a policy against one of all goals.

    python -m benchmarks.point_mass [--seeds 20] [--steps 150]

Each way of learning is stepped at the rate that did best after one step on goals that are not the test's, by runs whose
seeds are not the test's either: a rate that suits a meta-learned policy need not suit another. Prints a line for every
rate that was tried, then, for the chosen ones, the mean over seeds after each number of steps with its 95 % interval by
Student's t, and by how much the first is ahead of each other, paired by seed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.comparison.crossed import of_seeds
from engine.events import Evaluated
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice

ARMS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "MAML, second order": ("policy_maml", {}),
    "MAML, first order": ("policy_maml", {"order": "first order"}),
    "all goals": ("policy_pooled", {}),
}
RATES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
TEST, OTHER = 0, 1  # which lists of goals
OTHER_SEEDS = 1000, 1001, 1002

Returns = NDArray[np.float64]


def returns(name: str, values: Mapping[str, Any], seed: int, goals: int) -> list[float]:
    """After 0, 1, 2 and 3 steps."""
    experiment = Experiment(
        dataset=DatasetChoice(name="point_mass", split_seed=goals), backbone=BackboneChoice(name="policy_mlp"),
        method=MethodChoice(name=name, hyperparameters=dict(values)), seed=seed,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        found = [one for one in execute(experiment, Path(place)) if isinstance(one, Evaluated)]
    by_steps = {int(one.notes["inner steps"]): one.value for one in found}
    return [by_steps[steps] for steps in range(4)]


def row(title: str, found: Returns) -> str:
    """found: [seeds, any number of figures]."""
    told = (of_seeds(column).interval() for column in found.T)
    return f"{title} | " + " | ".join(f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})" for one in told)


def choose(arm: str, steps: int) -> Iterator[tuple[str, float, float]]:
    """A line, the rate and its return after one step, for each rate."""
    name, values = ARMS[arm]
    for rate in RATES:
        wanted = {**values, "steps": steps, "inner_rate": rate}
        found = np.array([returns(name, wanted, seed, OTHER) for seed in OTHER_SEEDS])
        yield row(f"{arm} at {rate:g}, other goals", found), rate, float(found[:, 1].mean())


def tested(arm: str, rate: float, steps: int, seeds: int) -> Returns:
    """[seeds, 4]."""
    name, values = ARMS[arm]
    wanted = {**values, "steps": steps, "inner_rate": rate}
    return np.array([returns(name, wanted, seed, TEST) for seed in range(seeds)])


def lines(seeds: int, steps: int) -> Iterator[str]:
    first: Returns | None = None
    for arm in ARMS:
        tried = []
        for line, rate, score in choose(arm, steps):
            tried.append((score, rate))
            yield line
        begun = time.process_time()
        found = tested(arm, max(tried)[1], steps, seeds)
        taken = (time.process_time() - begun) / seeds
        yield row(f"{arm} at {max(tried)[1]:g}, test goals", found) + f" | {taken:.0f} CPU s a run"
        first = found if first is None else first
        if first is not found:
            yield row(f"{next(iter(ARMS))} ahead of {arm}", first - found)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--steps", type=int, default=150)
    chosen = asked.parse_args()
    print(f"{chosen.steps} meta-steps | before | after 1 step | after 2 | after 3")
    for line in lines(chosen.seeds, chosen.steps):
        print(line, flush=True)


if __name__ == "__main__":
    main()
