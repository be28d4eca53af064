"""What pretraining without labels gives: accuracy of a logistic probe on frozen features at few labels a class.

    python -m benchmarks.pretraining --pool digits --target digits --workspace DIR [--seconds 30] [--seeds 3]
        [--objectives simclr vicreg …] [--omniglot FOLDER] [--classes 40] [--draws 5]

pool: what is learnt from without labels, and target: what is then told apart, one of digits, glyphs and omniglot (the
folder as published; its training images of all characters). Beside each objective stand random weights and the bundled
weights of Omniglot. Seconds are of training alone, on as many threads as a run takes by default; the labels are drawn
--draws times, and each seed trains anew. Test images of the target are never learnt from.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import machine
from engine.comparison.intervals import Interval, mean_interval
from engine.events import Evaluated, Event, RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, Budget, DatasetChoice, Experiment, MethodChoice
from engine.metrics import HEAD, LABELS
from engine.registry import methods

COUNTS = ("1", "2", "5", "10")
PROBE = "Logistic regression"
SMALL = {"digits": {"batch_size": 128}}


def told(experiment: Experiment, folder: Path) -> list[Event]:
    """What a run says; raises `SystemExit` where it fails."""
    events = list(execute(experiment, folder))
    if isinstance(events[-1], RunFailed):
        raise SystemExit(events[-1].message)
    return events


def probed(weights: str, seed: int, target: DatasetChoice, draws: int, folder: Path) -> dict[str, float]:
    """Mean test accuracy over draws, by labels a class."""
    method = MethodChoice(
        name="head_bench", hyperparameters={"most_labels": COUNTS[-1], "repeats": draws, "heads": PROBE}
    )
    chosen = BackboneChoice(name="conv4", weights=weights)
    events = told(Experiment(dataset=target, backbone=chosen, method=method, seed=seed), folder)
    return {str(one.at[LABELS]): one.value for one in events if isinstance(one, Evaluated) and HEAD in one.at}


def starts(given: argparse.Namespace, pool: DatasetChoice) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """(title, [(weights, seed of the probe)]) of every start; those without labels are trained here."""
    yield "random weights", [("random", seed) for seed in range(given.seeds)]
    for name in ("omniglot-supervised", "omniglot-protonet"):
        yield name, [(name, 0)]
    for objective in given.objectives:
        found = []
        for seed in range(given.seeds):
            uid = f"{objective}-{given.pool}-{given.seconds:g}-{seed}"
            values = SMALL.get(given.pool, {}) if objective in ("simclr", "vicreg", "byol", "dino") else {}
            told(Experiment(
                dataset=pool, backbone=BackboneChoice(name="conv4"), seed=seed,
                method=MethodChoice(name=objective, hyperparameters=values),
                budget=Budget(minutes=given.seconds / 60, instead_of_epochs=True),
            ), given.workspace / "runs" / uid)  # fmt: skip
            found.append((f"run:{uid}", 0))
        yield f"{objective}, {given.seconds:g} s", found


def main() -> None:
    own = [one.name for one in methods() if one.family == "pretrain"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", choices=("digits", "glyphs", "omniglot"), default="digits")
    parser.add_argument("--target", choices=("digits", "glyphs", "omniglot"), default="digits")
    parser.add_argument("--omniglot", type=Path)
    parser.add_argument("--classes", type=int)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--objectives", nargs="+", choices=own, default=own)
    given = parser.parse_args()
    path = {"omniglot": str(given.omniglot) if given.omniglot else None}
    pool = DatasetChoice(name=given.pool, path=path.get(given.pool))
    target = DatasetChoice(name=given.target, path=path.get(given.target), classes=given.classes)
    print(machine())
    print(f"pool {given.pool}, target {given.target}, {given.seeds} seeds, {given.draws} draws of labels")
    print("| start | " + " | ".join(f"{count} labels" for count in COUNTS) + " |\n|---|" + "---|" * len(COUNTS))
    for title, runs in starts(given, pool):
        each = [
            probed(weights, seed, target, given.draws, given.workspace / "runs" / f"probe-{title}-{place}")
            for place, (weights, seed) in enumerate(runs)
        ]
        cells = [mean_interval([one[count] for one in each]) for count in COUNTS if count in each[0]]
        print(f"| {title} | " + " | ".join(f"{100 * one.value:.1f}{_spread(one)}" for one in cells) + " |", flush=True)


def _spread(one: Interval) -> str:
    return f" ({100 * one.low:.1f} to {100 * one.high:.1f})" if one.known else ""


if __name__ == "__main__":
    main()
