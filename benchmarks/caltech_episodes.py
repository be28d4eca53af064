"""Few-shot episodes on the Caltech-101 subset with a network trained on ImageNet: head only, ProtoNet stage, P>M>F.

    python -m benchmarks.caltech_episodes --photos FOLDER [--backbone efficientnet_lite0] [--steps 60] [--size 128]

60 classes to train, 15 to validate, 25 to test, at random, none shared; 5-way, 1 and 5 shots, 10 queries per class.
All arms meet the same episodes. Many of these classes occur in ImageNet: this is not a test on unseen classes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.measure import Figure, machine, measure, row, save
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice

ARMS: dict[str, tuple[str, dict[str, object]]] = {
    "head only, nearest mean": ("protonet", {"steps": 0}),
    "head only, linear": ("baseline", {"steps": 0}),
    "ProtoNet stage": ("protonet", {"training_way": 5, "learning_rate": 1e-5}),
    "P>M>F": ("pmf", {"training_way": 5, "learning_rate": 1e-5, "tuned": "last", "test_steps": 20}),
    "P>F, no ProtoNet stage": ("pmf", {"steps": 0, "tuned": "last", "test_steps": 20}),
}


def experiment(given: argparse.Namespace, arm: str, shot: int, seed: int) -> Experiment:
    name, values = ARMS[arm]
    shape = {"way": 5, "shot": shot, "query": 10, "test_episodes": given.episodes, "validation_episodes": 50}
    length = {"steps": given.steps, "validate_every": max(1, given.steps // 3)}
    return Experiment(
        dataset=DatasetChoice(name="folder", path=str(given.photos)),
        backbone=BackboneChoice(name=given.backbone, weights="imagenet", image_size=given.size),
        method=MethodChoice(name=name, hyperparameters=shape | length | values),
        seed=seed,
    )


def show(arm: str, shot: int, seed: int, f: Figure) -> None:
    text = f"{100 * f.value:.1f} ± {50 * (f.high - f.low):.1f}"
    print(
        f"{arm}, 5-way {shot}-shot, seed {seed}: {text} over {f.n} episodes, {f.seconds:.0f} s; {f.protocol}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--backbone", default="squeezenet1_0")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--episodes", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    given = parser.parse_args()
    print(machine())
    rows: list[dict[str, object]] = []
    for seed in range(given.seeds):
        for arm in ARMS:
            for shot in (1, 5):
                found = measure(experiment(given, arm, shot, seed), given.workspace / f"caltech-{len(rows)}")
                show(arm, shot, seed, found)
                rows.append(row(found, arm=arm, shot=shot, seed=seed))
    save("caltech-episodes", rows, given.workspace)


if __name__ == "__main__":
    main()
