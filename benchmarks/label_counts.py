"""The demo's three arms at 1, 2, 5 and 10 labels per class on Glyphs (40 classes) and digits, five seeds.

    python -m benchmarks.label_counts [--data glyphs digits] [--labels 1 2 5 10] [--seeds 5] [--workspace DIR]

Prints one line per configuration: mean ± 95 % Student interval over seeds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.measure import machine, measure, over_seeds, row, save
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice

ARMS = ("scratch", "full_ft", "linear_probe", "lp_ft")


def experiment(data: str, method: str, labels: int, seed: int) -> Experiment:
    classes = 40 if data == "glyphs" else None
    return Experiment(
        dataset=DatasetChoice(name=data, classes=classes, labels_per_class=labels),
        backbone=BackboneChoice(name="conv4", weights="omniglot-supervised"),
        method=MethodChoice(name=method),
        seed=seed,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=["glyphs", "digits"])
    parser.add_argument("--labels", nargs="+", type=int, default=[1, 2, 5, 10])
    parser.add_argument("--methods", nargs="+", default=list(ARMS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    given = parser.parse_args()
    print(machine())
    rows = []
    for data in given.data:
        for labels in given.labels:
            for method in given.methods:
                figures = [
                    measure(
                        experiment(data, method, labels, seed), given.workspace / f"{data}-{labels}-{method}-{seed}"
                    )
                    for seed in range(given.seeds)
                ]
                rows += [row(f, data=data, labels=labels, method=method, seed=s) for s, f in enumerate(figures)]
                seconds = sorted(figure.seconds for figure in figures)[len(figures) // 2]
                print(f"{data:7} {labels:3} labels {method:13} {over_seeds(figures):>12}  {seconds:5.1f} s", flush=True)
                save("label_counts", rows, given.workspace)


if __name__ == "__main__":
    main()
