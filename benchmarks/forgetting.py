"""What each recipe of fine-tuning forgets of its source, and what it learns for that.

    python -m benchmarks.forgetting --omniglot FOLDER --workspace DIR [--seeds 5] [--epochs 10] [--labels 5]
        [--pairs digits glyphs]

Two pairs, Conv-4 each: the first 40 classes of Omniglot (in the split seed's order), from scratch, 20 epochs -> 40
Glyphs; digits 0 to 4 -> digits 5 to 9. Each seed trains a source of its own, and every recipe from it, with --labels
labels a class and --epochs epochs (a probe of 100 on cached features; LP-FT the same probe, then --epochs); the other
hyperparameters are the program's own. Forgetting: points of the source's test images, by its old head and by a fresh
ridge probe. Then whether linear probe <= LP-FT <= full fine-tuning holds, paired over seeds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measure import machine, measure
from engine.comparison.intervals import mean_interval
from engine.data.sources import load, resolve
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.forgetting.afterwards import kept_of_source
from engine.machine.places import settle
from engine.metrics import FORGOTTEN, FRESH_PROBE, OLD_HEAD, SOURCE

RECIPES: dict[str, tuple[str, dict[str, float]]] = {
    "Linear probe": ("linear_probe", {}), "LP-FT": ("lp_ft", {}), "LoRA": ("lora", {}), "L2-SP": ("l2_sp", {}),
    "Gradual": ("gradual", {}), "Discriminative": ("discriminative", {}),
    "Full, rate 1e-4": ("full_ft", {"learning_rate": 1e-4}), "Full": ("full_ft", {}),
}  # fmt: skip
ORDER = ("Linear probe", "LP-FT", "Full")
READERS = (OLD_HEAD, FRESH_PROBE)


@dataclass(frozen=True)
class Outcome:
    """Fractions. target: test accuracy on the new classes; left, lost: by each of `READERS`."""

    target: float
    left: dict[str, float]
    lost: dict[str, float]


def halves(folder: Path) -> tuple[DatasetChoice, DatasetChoice]:
    """Digits 0 to 4 and 5 to 9 as folders of images."""
    data = load(DatasetChoice(name="digits"))
    pixels = data.pixels(np.arange(len(data.labels)), 8, 1)
    for place, label in enumerate(data.labels):
        file = folder / ("old" if label < 5 else "new") / str(label) / f"{place:04}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[place, :, :, 0]).save(file)
    return resolve(str(folder / "old")), resolve(str(folder / "new"))


def source(data: DatasetChoice, seed: int, folder: Path) -> None:
    if (folder / "best.safetensors").is_file():
        return
    method = MethodChoice(name="scratch", hyperparameters={"epochs": 20, "learning_rate": 3e-3, "weight_decay": 1e-3})
    found = measure(Experiment(dataset=data, backbone=BackboneChoice(name="conv4"), method=method, seed=seed), folder)
    print(f"  {folder.name}: {found.value:.1%} of its own test images, {found.seconds:.0f} s", flush=True)


def outcome(recipe: str, data: DatasetChoice, seed: int, start: Path, given: argparse.Namespace) -> Outcome:
    name, values = RECIPES[recipe]
    epochs = {} if name == "linear_probe" else {"epochs": given.epochs}
    experiment = Experiment(
        dataset=data.model_copy(update={"labels_per_class": given.labels}),
        backbone=BackboneChoice(name="conv4", weights=f"run:{start.name}"),
        method=MethodChoice(name=name, hyperparameters={**epochs, **values}), seed=seed,
    )  # fmt: skip
    folder = start.parent / f"{start.name}, {recipe}"
    target = measure(experiment, folder)
    found = {one.metric: one.value for one in kept_of_source(folder)}
    return Outcome(
        target.value, {one: found[SOURCE + one] for one in READERS}, {one: found[FORGOTTEN + one] for one in READERS}
    )


def told(values: Sequence[float]) -> str:
    found = mean_interval(values)
    return f"{100 * found.value:.1f} ± {100 * found.half:.1f}" if found.known else f"{100 * found.value:.1f}"


def table(found: dict[str, list[Outcome]]) -> None:
    print("| recipe | new classes | old, by old head | forgotten | old, by fresh probe | forgotten |")
    print("|---|---|---|---|---|---|")
    for recipe, seeds in found.items():
        cells = [told([one.target for one in seeds])]
        for reader in READERS:
            cells += [told([one.left[reader] for one in seeds]), told([one.lost[reader] for one in seeds])]
        print(f"| {recipe} | {' | '.join(cells)} |")


def order(found: dict[str, list[Outcome]]) -> None:
    """Whether each of `ORDER` forgets no more than the next, with the paired difference over seeds."""
    for less, more in pairwise(ORDER):
        for reader in READERS:
            gap = mean_interval(b.lost[reader] - a.lost[reader] for a, b in zip(found[less], found[more], strict=True))
            holds = "not decided" if not gap.excludes_zero() else "shown" if gap.low > 0 else "refuted"
            ends = f"{100 * gap.value:.1f} ({100 * gap.low:.1f} to {100 * gap.high:.1f})"
            print(f"  {less} <= {more} by the {reader}: {holds}, {ends} points between them")


def pair(title: str, old: DatasetChoice, new: DatasetChoice, given: argparse.Namespace) -> dict[str, list[Outcome]]:
    print(f"\n{title}, {given.seeds} seeds, {given.labels} labels a class, {given.epochs} epochs", flush=True)
    found: dict[str, list[Outcome]] = {recipe: [] for recipe in RECIPES}
    for seed in range(given.seeds):
        start = given.workspace / "runs" / f"{title} {seed}"
        source(old, seed, start)
        for recipe, seeds in found.items():
            seeds.append(outcome(recipe, new, seed, start, given))
    table(found)
    order(found)
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--omniglot", type=Path, required=True)
    asked.add_argument("--workspace", type=Path, required=True)
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--epochs", type=int, default=10)
    asked.add_argument("--labels", type=int, default=5)
    asked.add_argument("--pairs", nargs="+", choices=("digits", "glyphs"), default=("digits", "glyphs"))
    given = asked.parse_args()
    settle(given.workspace)
    (given.workspace / "runs").mkdir(parents=True, exist_ok=True)
    print(machine())
    rows = {}
    if "digits" in given.pairs:
        title = "digits 0-4 to 5-9"
        rows[title] = pair(title, *halves(given.workspace / "halves"), given)
    if "glyphs" in given.pairs:
        title, omniglot = "Omniglot to Glyphs", resolve(str(given.omniglot)).model_copy(update={"classes": 40})
        rows[title] = pair(title, omniglot, DatasetChoice(name="glyphs", classes=40), given)
    kept = {
        title: {recipe: [vars(one) for one in seeds] for recipe, seeds in found.items()}
        for title, found in rows.items()
    }
    (given.workspace / "forgetting.json").write_text(json.dumps({"machine": machine(), "rows": kept}, indent=1))


if __name__ == "__main__":
    main()
