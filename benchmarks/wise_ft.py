"""Batch norm between a probe and what full fine-tuning makes of it, where its statistics moved: three rules.

    python -m benchmarks.wise_ft --workspace DIR [--seeds 3] [--epochs 20]

Conv-4 from Omniglot's labels: a linear probe, then full fine-tuning from that run with its head kept, batch norm by its
batches. On digits with all labels and with 10 a class, and on 20 Glyphs with 10 a class. Rules: statistics mixed like
the weights; averaged anew on the training images everywhere; and the program's, averaged anew and moved as far as the
ends' own are beside their averages. Test accuracy at each alpha.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.measure import machine, measure
from engine.comparison.intervals import mean_interval
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.landscape.mixing import mixed
from engine.machine.places import settle
from engine.mixtures.wise_ft import MixLine, line_of

ALPHAS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
CASES = {
    "digits": DatasetChoice(name="digits"),
    "digits, 10 labels": DatasetChoice(name="digits", labels_per_class=10, validation_per_class=10),
    "glyphs, 10 labels": DatasetChoice(name="glyphs", classes=20, labels_per_class=10, validation_per_class=10),
}


def trained(folder: Path, data: DatasetChoice, backbone: BackboneChoice, method: MethodChoice, seed: int) -> Path:
    if not (folder / "best.safetensors").is_file():
        found = measure(Experiment(dataset=data, backbone=backbone, method=method, seed=seed), folder)
        print(f"  {folder.name}: {found.value:.1%}", flush=True)
    return folder


def line(case: str, seed: int, runs: Path, epochs: int) -> MixLine:
    probe = MethodChoice(name="linear_probe")
    start = trained(
        runs / f"{case} probe {seed}", CASES[case], BackboneChoice(weights="omniglot-supervised"), probe, seed
    )
    full = MethodChoice(name="full_ft", hyperparameters={"epochs": epochs})
    kept = BackboneChoice(weights=f"run:{start.name}", head="kept")
    work = line_of(trained(runs / f"{case} full {seed}", CASES[case], kept, full, seed), "full")
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def accuracies(of: MixLine) -> dict[str, list[float]]:
    """By rule, at each of `ALPHAS`."""
    found: dict[str, list[float]] = {"mixed": [], "averaged anew": [], "the program's": []}
    for alpha in ALPHAS:
        state = mixed((of.start.state, of.end.state), (1 - alpha, alpha))
        of.surveyor.network.load_state_dict(state)
        found["mixed"].append(of.surveyor.sound(of.material.test).accuracy)
        of.surveyor.put(state)
        found["averaged anew"].append(of.surveyor.sound(of.material.test).accuracy)
        of.state(alpha)
        found["the program's"].append(of.surveyor.sound(of.material.test).accuracy)
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--workspace", type=Path, required=True)
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--epochs", type=int, default=20)
    given = asked.parse_args()
    settle(given.workspace)
    print(machine())
    for case in CASES:
        seeds = [accuracies(line(case, seed, given.workspace / "runs", given.epochs)) for seed in range(given.seeds)]
        (given.workspace / f"{case}.json").write_text(json.dumps(seeds, indent=1))
        for rule in seeds[0]:
            means = [mean_interval(one[rule][place] for one in seeds).value for place in range(len(ALPHAS))]
            print(f"{case}, {rule}: " + " / ".join(f"{100 * value:.1f}" for value in means), flush=True)


if __name__ == "__main__":
    main()
