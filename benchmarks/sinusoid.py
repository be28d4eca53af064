"""Sinusoid regression: squared error after 1, 5 and 10 inner steps on 600 tasks of 5 points, for each method.

    python -m benchmarks.sinusoid [--methods maml cnp …] [--steps 20000] [--seeds 0 1 2]

Every method trains with its preset "Sinusoid" (10 points per task unless it says otherwise) for the same number of
meta-steps and is tested on the same curves at 100 points each. A task's error counts with 25 at most.
Finn et al. 2017 (table 2): pretrained on all tasks 2.41 / 2.23 / 2.19, MAML 0.67 / 0.38 / 0.35, after 70,000 steps.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import machine, save
from engine.events import Evaluated, Event, RunFailed, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.metrics import STEPS, named
from engine.registry import complete, method

METHODS = ("maml", "fomaml", "meta_sgd", "anil", "reptile", "joint", "cnp")
AFTER = (1, 5, 10)
BANDS = {"maml": (0.80, 0.55, 0.50)}


def experiment(name: str, steps: int, seed: int, changes: dict[str, Any]) -> Experiment:
    values: dict[str, Any] = {**method(name).presets["Sinusoid"], "steps": steps, "validate_every": max(1, steps // 5)}
    wanted = Experiment(
        dataset=DatasetChoice(name="sinusoid"),
        backbone=BackboneChoice(name="sine_mlp"),
        method=MethodChoice(name=name, hyperparameters=values | changes),
        seed=seed,
    )
    return complete(wanted)


def figures(events: Iterator[Event]) -> tuple[dict[str, Evaluated], float]:
    """The test figures by metric, and the seconds from the first step to the first figure."""
    found: dict[str, Evaluated] = {}
    begin = end = time.monotonic()
    for event in events:
        if isinstance(event, RunStarted):
            begin = time.monotonic()
        if isinstance(event, RunFailed):
            raise SystemExit(f"{event.message} {event.advice}")
        if isinstance(event, Evaluated):
            end = end if found else time.monotonic()
            found[event.name] = event
    return found, end - begin


def row(name: str, seed: int, wanted: Experiment, found: dict[str, Evaluated], seconds: float) -> dict[str, Any]:
    """One line of the table: error, half its interval, median and diverged tasks after each number of steps."""
    steps = wanted.method.hyperparameters["steps"]
    own = wanted.method.hyperparameters.get("test_steps")
    result: dict[str, Any] = {"method": name, "seed": seed, "steps": steps, "seconds": round(seconds, 1)}
    for after in AFTER:
        metric = named("test/error", {} if own in (None, after) else {STEPS: after})
        one = found[metric]
        result[f"after {after}"] = {
            "error": one.value, "half interval": (one.high - one.low) / 2, "median": float(one.protocol["median"]),
            "diverged": one.protocol["diverged"],
        }  # fmt: skip
        if own is None:
            break
    return result


def shown(row: dict[str, Any]) -> str:
    parts = [f"{row['method']:9} seed {row['seed']}"]
    for after in AFTER:
        if one := row.get(f"after {after}"):
            beside = f"median {one['median']:.3f}, {one['diverged']} diverged"
            parts.append(f"{one['error']:.3f} ± {one['half interval']:.3f} ({beside})")
    if bands := BANDS.get(row["method"]):
        within = all(row[f"after {after}"]["error"] <= band for after, band in zip(AFTER, bands, strict=True))
        parts.append("within the band" if within else "OUTSIDE the band")
    return f"{' | '.join(parts)} | {row['steps']} steps, {row['seconds']:.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--set", type=json.loads, default={}, help="hyperparameters to change, as JSON")
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    given = parser.parse_args()
    print(machine(), flush=True)
    rows = []
    for seed in given.seeds:
        for name in given.methods:
            wanted = experiment(name, given.steps, seed, given.set)
            found, seconds = figures(execute(wanted, given.workspace / f"sinusoid-{name}-{seed}"))
            rows.append(row(name, seed, wanted, found, seconds))
            print(shown(rows[-1]), flush=True)
            save("sinusoid", rows, given.workspace)


if __name__ == "__main__":
    main()
