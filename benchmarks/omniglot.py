"""Few-shot methods on the complete Omniglot, 5-way and 20-way, 1 and 5 shots, each at the same short budget.

    python -m benchmarks.omniglot --omniglot FOLDER --method maml --way 5 --split random-classes
    python -m benchmarks.omniglot --omniglot FOLDER --method ridge --split by-alphabet --minutes 4

One training run, then its weights, with all that was meta-learned, are tested at 1 and 5 shots; methods that compare
embedded images are trained once and tested at both ways. The budget is a number of steps, which --steps changes, or
--minutes in their place, which no other machine repeats.
--weights omniglot-protonet tests the bundled weights, which were trained by alphabet, instead of training.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.measure import Figure, machine, measure, row, save
from engine.experiment import BackboneChoice, Budget, DatasetChoice, Experiment, MethodChoice
from engine.meta.learner import MetaLearner
from engine.registry import method

COMPARING: dict[str, object] = {"training_way": 20, "halve_every": 100_000, "meta_batch": 1}
STEPS: dict[int, dict[str, object]] = {
    5: {"steps": 500, "meta_batch": 8},
    20: {"steps": 250, "meta_batch": 4},
}  # of methods that adapt by gradients
SETTINGS: dict[str, dict[str, object]] = {
    "protonet": {"training_way": 60, "steps": 2000, "halve_every": 600, "validate_every": 250},
    "matching": COMPARING,
    "relation": COMPARING,
    "ridge": COMPARING,
    "siamese": COMPARING,
    "snail": {},
    "baseline_pp": {"batch_size": 128},
    "maml": {},
    "fomaml": {},
    "anil": {},
    "meta_sgd": {},
    "reptile": {"test_steps": 10},
    "boil": {},
    "maml_pp": {},
    "cavia": {},
    "imaml": {},
    "ensemble_anil": {},
}
# Whose networks have as many outputs as ways.
WITH_WAYS = (
    "maml", "fomaml", "anil", "meta_sgd", "reptile", "boil", "maml_pp", "cavia", "imaml", "ensemble_anil", "snail",
)  # fmt: skip
SHOTS = (1, 5)
WITH_SHOTS = ("snail",)  # whose network has one place for each support image: tested as trained


def experiment(given: argparse.Namespace, way: int, shot: int, values: dict[str, object], **weights: str) -> Experiment:
    shape: dict[str, object] = {"way": way, "shot": shot, "query": 5, "test_episodes": given.episodes}
    settings: dict[str, object] = {"steps": 1000, "validate_every": 100, "validation_episodes": 50}
    settings |= SETTINGS[given.method]
    if given.method in WITH_WAYS:
        settings |= STEPS[given.way]
    if given.steps or given.minutes:
        settings["steps"] = given.steps or 200_000
    return Experiment(
        dataset=DatasetChoice(name="omniglot", path=str(given.omniglot), split=given.split),
        backbone=BackboneChoice.model_validate({"name": "conv4", **weights}),
        method=MethodChoice(name=given.method, hyperparameters=settings | shape | values),
        budget=Budget(minutes=given.minutes),
        seed=given.seed,
    )


def tests(given: argparse.Namespace) -> list[tuple[str, Figure]]:
    """Train (unless weights are given), then test everything the weights can do."""
    name, found = f"{given.method}-{given.way}-{given.split}-{given.seed}", []
    weights, head = given.weights, "new"
    if weights is None:
        found.append((f"{given.way}-way 1-shot", measure(experiment(given, given.way, 1, {}), given.workspace / name)))
        show(given, *found[-1])
        weights = f"run:{name}"
        trained = method(given.method)
        assert issubclass(trained, MetaLearner)
        head = "kept" if trained.from_values({}).keeps_head else "new"
    ways = (given.way,) if given.method in WITH_WAYS else (5, 20)
    shots = (1,) if given.method in WITH_SHOTS else SHOTS
    for way, shot in ((way, shot) for way in ways for shot in shots):
        if any(task == f"{way}-way {shot}-shot" for task, _ in found):
            continue
        tested = experiment(given, way, shot, {"steps": 0}, weights=weights, head=head)
        found.append((f"{way}-way {shot}-shot", measure(tested, given.workspace / f"{name}-{way}w{shot}s")))
        show(given, *found[-1])
    return found


def show(given: argparse.Namespace, task: str, f: Figure) -> None:
    text = f"{100 * f.value:.2f} ± {50 * (f.high - f.low):.2f}"
    print(
        f"{given.method} {given.split} {task}: {text} over {f.n} episodes, {f.steps} steps, {f.seconds:.0f} s; "
        f"{f.protocol}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omniglot", type=Path, required=True)
    parser.add_argument("--method", choices=list(SETTINGS), default="protonet")
    parser.add_argument("--way", type=int, choices=(5, 20), default=5)
    parser.add_argument("--split", choices=["random-classes", "by-alphabet"], default="random-classes")
    parser.add_argument("--weights", help="test these bundled weights as they are instead of training")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--episodes", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    given = parser.parse_args()
    print(machine())
    rows = [row(f, method=given.method, split=given.split, seed=given.seed, task=task) for task, f in tests(given)]
    save(f"omniglot-{given.method}-{given.way}-{given.split}-{given.seed}", rows, given.workspace)


if __name__ == "__main__":
    main()
