"""Batch norm that follows the test images: its statistics alone, and TENT by batches of several sizes.

    python -m benchmarks.at_test --workspace DIR [--mnist FOLDER] [--only NAME] [--seeds 5] [--batches 16 50 200]
        [--side 16]

Two pairs, Conv-4 from random weights each. Digits: the source learns one half of the images with all labels, the other
half is tested. MNIST, where FOLDER is given: the source learns 100 images a class, all 10,000 test images are tested.
Each as it is, shifted by noise 5 and by contrast 5; one pass, each set of test images from the source's weights.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, machine, measure, over_seeds
from engine.data.sources import resolve
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from engine.machine.places import settle

SHIFTS = (None, Shift(kind="noise", severity=5), Shift(kind="contrast", severity=5))
Pair = tuple[DatasetChoice, DatasetChoice]


def pairs(mnist: Path | None) -> Iterator[tuple[str, Pair]]:
    """(name, (what the source learns, what is tested))."""
    digits = DatasetChoice(name="digits")
    yield (
        "digits",
        (digits.model_copy(update={"part": "source half"}), digits.model_copy(update={"part": "target half"})),
    )
    if mnist is not None:
        data = resolve(str(mnist))
        yield (
            "mnist",
            (data.model_copy(update={"labels_per_class": 100}), data.model_copy(update={"labels_per_class": 5})),
        )


def arms(batches: list[int]) -> dict[str, MethodChoice]:
    found = {"no adaptation": MethodChoice(name="as_is")}
    for name, title in (("target_statistics", "statistics"), ("tent", "TENT")):
        for batch in batches:
            found[f"{title}, {batch} at once"] = MethodChoice(name=name, hyperparameters={"batch_size": batch})
    return found


def source(data: DatasetChoice, seed: int, side: int, folder: Path) -> None:
    if not (folder / "best.safetensors").is_file():
        method = MethodChoice(name="scratch", hyperparameters={"epochs": 20, "learning_rate": 3e-3})
        backbone = BackboneChoice(name="conv4", image_size=side)
        found = measure(Experiment(dataset=data, backbone=backbone, method=method, seed=seed), folder)
        print(f"{folder.name}: {found.value:.1%} of its own test images", flush=True)


def tested(data: DatasetChoice, shift: Shift | None, method: MethodChoice, seed: int, start: Path, side: int) -> Figure:
    backbone = BackboneChoice(name="conv4", weights=f"run:{start.name}", head="kept", image_size=side)
    moved = data.model_copy(update={"shift": shift})
    words = "as it is" if shift is None else shift.kind
    folder = start.parent / f"{start.name}, {words}, {method.name} {method.hyperparameters.get('batch_size', '')}"
    return measure(Experiment(dataset=moved, backbone=backbone, method=method, seed=seed), folder)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--workspace", type=Path, required=True)
    asked.add_argument("--mnist", type=Path)
    asked.add_argument("--only", choices=("digits", "mnist"))
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--side", type=int, default=16)
    asked.add_argument("--batches", type=int, nargs="+", default=[16, 50, 200])
    given = asked.parse_args()
    settle(given.workspace)
    print(machine())
    found: dict[str, list[Figure]] = {}
    for name, (learnt, data) in pairs(given.mnist):
        if given.only not in (None, name):
            continue
        for seed in range(given.seeds):
            start = given.workspace / "runs" / f"{name}{seed}"
            split = {"split_seed": seed}
            source(learnt.model_copy(update=split), seed, given.side, start)
            for shift in SHIFTS:
                for arm, method in arms(given.batches).items():
                    key = f"{name}, {'as it is' if shift is None else shift.kind}: {arm}"
                    one = tested(data.model_copy(update=split), shift, method, seed, start, given.side)
                    found.setdefault(key, []).append(one)
            told = {key: [one.value for one in figures] for key, figures in found.items()}
            (given.workspace / "at_test.json").write_text(json.dumps(told, indent=1))
        for key, figures in found.items():
            if key.startswith(name):
                print(f"{key}: {over_seeds(figures)} ({len(figures)} seeds, {figures[0].n:,} images)", flush=True)


if __name__ == "__main__":
    main()
