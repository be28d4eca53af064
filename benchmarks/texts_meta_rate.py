"""The outer rate of a meta-learner that goes on from MiniLM, chosen on CLINC150's validation classes.

    python -m benchmarks.texts_meta_rate --workspace DIR [--methods protonet] [--rates 1e-3 1e-4 1e-5 1e-6] [--seeds 3]

Tasks of 5 classes of one domain with one label each; domains that are validated on are learnt nothing of. Told is the
accuracy on the same validation tasks after the last step; the smallest rate leaves MiniLM almost as it was. What is in
DIR is not computed again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from benchmarks.measure import machine
from benchmarks.text_sets import MINILM
from engine.comparison.intervals import mean_interval
from engine.events import Metrics, RunFailed
from engine.execute import execute
from engine.experiment import DatasetChoice, Experiment, MethodChoice

SHAPE = {"way": 5, "shot": 1, "query": 5, "within": "one group", "test_episodes": 10}
METRIC = "val/accuracy"


def experiment(method: str, rate: float, seed: int, steps: int, tasks: int) -> Experiment:
    values = SHAPE | {"steps": steps, "validate_every": steps, "validation_episodes": tasks, "learning_rate": rate}
    values |= {"training_way": 5} if method == "protonet" else {}
    choice = MethodChoice(name=method, hyperparameters=values)
    return Experiment(
        dataset=DatasetChoice(name="clinc150", split="by-alphabet"), backbone=MINILM, method=choice, seed=seed
    )


def measured(wanted: Experiment, folder: Path) -> dict[int, float]:
    """Accuracy on validation tasks by step; of what was measured before, as it was kept."""
    kept = folder / "validation.json"
    if not kept.is_file():
        found: dict[int, float] = {}
        for event in execute(wanted, folder):
            if isinstance(event, RunFailed):
                raise SystemExit(f"{event.message} {event.advice}\n{event.traceback}")
            if isinstance(event, Metrics) and METRIC in event.values:
                found[event.step] = event.values[METRIC]
        kept.write_text(json.dumps(found))
    return {int(step): value for step, value in json.loads(kept.read_text()).items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--methods", nargs="+", default=["protonet", "anil"])
    parser.add_argument("--rates", nargs="+", type=float, default=[1e-3, 1e-4, 1e-5, 1e-6])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--tasks", type=int, default=40)
    args = parser.parse_args()
    for method in args.methods:
        ends: dict[float, list[float]] = {rate: [] for rate in args.rates}
        for seed in range(args.seeds):
            for rate in args.rates:
                folder = args.workspace / f"{method}-{rate:g}-{seed}-{args.steps}-{args.tasks}"
                found = measured(experiment(method, rate, seed, args.steps, args.tasks), folder)
                ends[rate].append(100 * found[max(found)])
                print(method, f"rate {rate:g}, seed {seed}:", found, flush=True)
        for rate, values in ends.items():
            spread = mean_interval(values)
            said = f" ({spread.low:.1f} to {spread.high:.1f})" if spread.known else ""
            print(f"| {method} | {rate:g} | {np.mean(values):.1f}{said} |", flush=True)
    print(machine())


if __name__ == "__main__":
    main()
