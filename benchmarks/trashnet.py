"""SqueezeNet 1.0 with its ImageNet weights on TrashNet's photos: linear probe and LP-FT, several seeds.

    TORCH_HOME=DIR python -m benchmarks.trashnet --photos FOLDER|ZIP [--labels 20] [--seeds 3] [--workspace DIR]

DIR/hub/checkpoints must hold torchvision's squeezenet1_0-b66bff10.pth.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.measure import machine, measure, over_seeds, row, save
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice

LENGTHS = {"linear_probe": {}, "lp_ft": {"epochs": 5, "batch_size": 16, "learning_rate": 1e-5}}


def experiment(photos: Path, method: str, labels: int | None, seed: int, split_seed: int) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="folder", path=str(photos), labels_per_class=labels, split_seed=split_seed),
        backbone=BackboneChoice(name="squeezenet1_0", weights="imagenet"),
        method=MethodChoice(name=method, hyperparameters=LENGTHS[method]),
        seed=seed,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--labels", type=int, nargs="+", default=[20])
    parser.add_argument("--methods", nargs="+", default=list(LENGTHS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    given = parser.parse_args()
    print(machine())
    rows = []
    for labels in given.labels:
        for method in given.methods:
            figures = [
                measure(
                    experiment(given.photos, method, labels or None, seed, 0),
                    given.workspace / f"{method}-{labels}-{seed}",
                )
                for seed in range(given.seeds)
            ]
            rows += [row(f, labels=labels, method=method, seed=s) for s, f in enumerate(figures)]
            each = ", ".join(f"{100 * figure.value:.1f}" for figure in figures)
            shown = f"{labels or 'all'} labels {method:13} {over_seeds(figures)} ({each})"
            print(f"{shown}  {sum(f.seconds for f in figures) / len(figures):.0f} s a run", flush=True)
            save("trashnet", rows, given.workspace)


if __name__ == "__main__":
    main()
