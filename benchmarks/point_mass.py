"""Returns on unseen goals before and after 1 to 3 policy-gradient steps: MAML of a policy against one of all goals.

    python -m benchmarks.point_mass [--seeds 3] [--steps 150]

The pooled policy is stepped at several rates, because a rate that suits a meta-learned policy need not suit it. Prints
one line for each policy and rate: the mean over seeds after each number of steps, and its 95 % interval by Student's t.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.comparison.crossed import of_seeds
from engine.events import Evaluated
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice

ARMS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "MAML, second order": ("policy_maml", {}),
    "MAML, first order": ("policy_maml", {"order": "first order"}),
    **{f"all goals, rate {rate:g}": ("policy_pooled", {"inner_rate": rate}) for rate in (0.05, 0.1, 0.2, 0.5)},
}


def returns(name: str, values: Mapping[str, Any], seed: int) -> list[float]:
    """After 0, 1, 2 and 3 steps."""
    experiment = Experiment(
        dataset=DatasetChoice(name="point_mass"), backbone=BackboneChoice(name="policy_mlp"),
        method=MethodChoice(name=name, hyperparameters=dict(values)), seed=seed,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        found = [one for one in execute(experiment, Path(place)) if isinstance(one, Evaluated)]
    by_steps = {int(one.notes["inner steps"]): one.value for one in found}
    return [by_steps[steps] for steps in range(4)]


def lines(seeds: int, steps: int) -> Iterator[str]:
    for title, (name, values) in ARMS.items():
        begun = time.process_time()
        found = np.array([returns(name, {**values, "steps": steps}, seed) for seed in range(seeds)])
        taken = (time.process_time() - begun) / seeds
        told = (of_seeds(column).interval() for column in found.T)
        words = " | ".join(f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})" for one in told)
        yield f"{title} | {words} | {taken:.0f}"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--steps", type=int, default=150)
    chosen = asked.parse_args()
    print("policy | before | after 1 step | after 2 | after 3 | CPU seconds of a run")
    for line in lines(chosen.seeds, chosen.steps):
        print(line, flush=True)


if __name__ == "__main__":
    main()
