"""The barrier between two fine-tuned runs: from the same pretrained weights, and from random ones.

    python -m benchmarks.barrier --workspace DIR [--pairs 5] [--epochs 20] [--backbones conv4 resnet_small]
        [--points 21] [--images 256] [--classes 20]

Data: --classes characters of Glyphs, all their training images. Each pair is two runs of full fine-tuning that
differ in their seed alone, so in the first head, the order of the images and, from random weights, the whole start.
Measured: the straight line between both (heads included), batch norm's statistics averaged anew at each point. Printed
and kept in DIR/barrier.json: barriers of loss and of error on test images, their mean over pairs with Student's 95 %
interval, the accuracy of the ends and how far apart the weights are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import machine, measure
from engine.comparison.intervals import mean_interval
from engine.events import Preparing
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.landscape.asked import Sight, Standpoint
from engine.landscape.barriers import LossLine
from engine.landscape.survey import survey
from engine.machine.places import settle

STARTS = ("omniglot-supervised", "random")
Row = dict[str, float]


def trained(backbone: str, weights: str, seed: int, given: argparse.Namespace) -> Path:
    """The folder of a run, made once."""
    folder = Path(given.workspace) / "runs" / f"{backbone}-{weights}-{seed}"
    experiment = Experiment(
        dataset=DatasetChoice(name="glyphs", classes=given.classes),
        backbone=BackboneChoice(name=backbone, weights=weights),
        method=MethodChoice(name="full_ft", hyperparameters={"epochs": given.epochs}),
        seed=seed,
    )
    if not (folder / "best.safetensors").is_file():
        print(f"{folder.name}: {measure(experiment, folder).value:.1%}", flush=True)
    return folder


def line_between(one: Path, other: Path, points: int, images: int) -> LossLine:
    wanted = Sight("line", (Standpoint(one, one.name), Standpoint(other, other.name)), images, points)
    found = [said for said in survey(wanted) if not isinstance(said, Preparing)][-1]
    assert isinstance(found, LossLine)
    return found


def row_of(line: LossLine) -> Row:
    accuracy = dict(zip(line.alphas.tolist(), line.accuracy("test").tolist(), strict=True))
    return {
        "loss": line.loss_barrier("test").height.value, "error": line.error_barrier("test").height.value,
        "training loss": line.loss_barrier("train").height.value,
        "ends": (accuracy[0.0] + accuracy[1.0]) / 2, "middle": accuracy[0.5], "distance": line.distance,
        "lengths": sum(line.sizes) / 2,
    }  # fmt: skip


def pairs(backbone: str, weights: str, given: argparse.Namespace) -> Iterator[Row]:
    for pair in range(given.pairs):
        ends = [trained(backbone, weights, seed, given) for seed in (2 * pair, 2 * pair + 1)]
        yield row_of(line_between(ends[0], ends[1], given.points, given.images))


def told(rows: list[Row]) -> str:
    parts = []
    for name in rows[0]:
        found = mean_interval(row[name] for row in rows)
        parts.append(f"{name} {found.value:.3f} ({found.low:.3f} to {found.high:.3f})")
    return "; ".join(parts)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--workspace", type=Path, required=True)
    asked.add_argument("--backbones", nargs="+", default=["conv4", "resnet_small"])
    for name, value in (("pairs", 5), ("epochs", 20), ("points", 21), ("images", 256), ("classes", 20)):
        asked.add_argument(f"--{name}", type=int, default=value)
    given = asked.parse_args()
    settle(given.workspace)
    print(machine())
    found: dict[str, list[Row]] = {}
    for backbone in given.backbones:
        for weights in STARTS:
            key = f"{backbone} from {weights}"
            found[key] = []
            for row in pairs(backbone, weights, given):
                found[key].append(row)
                (given.workspace / "barrier.json").write_text(
                    json.dumps({"machine": machine(), "pairs": found}, indent=1)
                )
            print(f"{key}: {told(found[key])}", flush=True)


if __name__ == "__main__":
    main()
