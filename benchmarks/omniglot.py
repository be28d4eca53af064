"""ProtoNet and MAML on the complete Omniglot, by the papers' random split and by alphabet, over 600 test episodes.

    python -m benchmarks.omniglot --omniglot FOLDER --method protonet --split random-classes [--minutes 20]

ProtoNet: one training run, tested 5-way 1-shot, then 5-way 5-shot and 20-way with the same weights. MAML: 5-way 1-shot.
--weights omniglot-protonet tests the bundled weights, which were trained by alphabet, instead of training.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.measure import Figure, machine, measure, row, save
from engine.experiment import BackboneChoice, Budget, DatasetChoice, Experiment, MethodChoice

SETTINGS = {
    "protonet": {"training_way": 60, "steps": 2000, "halve_every": 600, "validate_every": 250, "query": 5},
    "maml": {"meta_batch": 8, "query": 5, "steps": 60_000, "validate_every": 250},
}


def experiment(given: argparse.Namespace, values: dict[str, object], weights: str = "random") -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="omniglot", path=str(given.omniglot), split=given.split),
        backbone=BackboneChoice(name="conv4", weights=weights),
        method=MethodChoice(name=given.method, hyperparameters=SETTINGS[given.method] | values),
        budget=Budget(minutes=given.minutes),
        seed=given.seed,
    )


def tests(given: argparse.Namespace) -> list[tuple[str, Figure]]:
    name, found = f"{given.method}-{given.split}-{given.seed}", []
    if given.weights is None:
        found.append(("5-way 1-shot", measure(experiment(given, {}), given.workspace / name)))
        show(given, *found[-1])
    further = ((5, 5), (20, 1), (20, 5)) if given.method == "protonet" else ()
    for way, shot in further if found else ((5, 1), *further):
        values: dict[str, object] = {"steps": 0, "way": way, "shot": shot}
        weights = given.weights or f"run:{name}"
        again = measure(experiment(given, values, weights), given.workspace / f"{name}-{way}w{shot}s")
        found.append((f"{way}-way {shot}-shot", again))
        show(given, *found[-1])
    return found


def show(given: argparse.Namespace, task: str, f: Figure) -> None:
    text = f"{100 * f.value:.2f} ± {50 * (f.high - f.low):.2f}"
    print(
        f"{given.method} {task}: {text} over {f.n} episodes, {f.steps} steps, {f.seconds:.0f} s; {f.protocol}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omniglot", type=Path, required=True)
    parser.add_argument("--method", choices=list(SETTINGS), default="protonet")
    parser.add_argument("--split", choices=["random-classes", "by-alphabet"], default="random-classes")
    parser.add_argument("--weights", help="test these bundled weights as they are instead of training")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    given = parser.parse_args()
    print(machine())
    rows = [row(f, method=given.method, split=given.split, seed=given.seed, task=task) for task, f in tests(given)]
    save(f"omniglot-{given.method}-{given.split}-{given.seed}", rows, given.workspace)


if __name__ == "__main__":
    main()
