"""How much faster Warmstart trains than a loop written by hand: ratios in one run, the arms in turn.

    python -m benchmarks.speed --photos FOLDER|ZIP [--rows probe 64 224 convnext vit] [--repeats 5] [--workspace DIR]

probe: 20 epochs of a linear probe on features embedded once, against running the frozen backbone in every epoch.
64, 224: full fine-tuning of ResNet-18 at so many pixels, against torchvision's ImageFolder and DataLoader over JPEGs.
convnext, vit: the same of ConvNeXt-Tiny and ViT-B/16 at 224 pixels.

Every arm runs in a process of its own, arms in turn, each repeat with another seed. Wall and processor time are those
of training with its validation; the first epoch is left out (files and kernels are met for the first time), but not of
the probe, whose first epoch does the embedding. Photos are written as JPEG first, as they are or, with --camera,
enlarged to the 12 megapixels of a telephone's camera.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np
from PIL import Image

from benchmarks.measure import machine, save
from engine.data.sources import load
from engine.experiment import DatasetChoice, Precision
from engine.machine.devices import has_bf16, training_threads

CAMERA = 3024  # pixels of the shorter side


@dataclass(frozen=True)
class Row:
    """One comparison. per_class: photos per class in training, validation and test. backbone: "" for the one that is
    asked for."""

    arms: str
    size: int
    epochs: int
    batch: int
    rate: float
    per_class: tuple[int, int, int]
    aim: float
    backbone: str = ""


ROWS = {
    "probe": Row("probe", 224, 20, 32, 1e-2, (12, 3, 40), 18.0),
    "64": Row("finetune", 64, 5, 32, 1e-3, (48, 10, 40), 1.8),
    "224": Row("finetune", 224, 6, 8, 1e-3, (8, 2, 20), 2.3),
    "convnext": Row("finetune", 224, 3, 4, 1e-4, (4, 1, 4), 1.0, "convnext_tiny"),
    "vit": Row("finetune", 224, 3, 4, 1e-4, (4, 1, 4), 1.0, "vit_b_16"),
}


def write_photos(source: Path, target: Path, per_class: tuple[int, int, int], classes: int, camera: bool) -> None:
    """train, val and test of the photos, drawn by one seed, as JPEG files."""
    shutil.rmtree(target, ignore_errors=True)
    data = load(DatasetChoice(name="folder", path=str(source)))
    draw = np.random.default_rng(0)
    for place in draw.permutation(len(data.class_names))[:classes]:
        found = draw.permutation(np.flatnonzero(data.labels == place))
        if len(found) < sum(per_class):
            raise SystemExit(f"{data.class_names[place]} has {len(found)} photos, and {sum(per_class)} are needed.")
        begin = 0
        for part, number in zip(("train", "val", "test"), per_class, strict=True):
            folder = target / part / data.class_names[place]
            folder.mkdir(parents=True)
            for index in found[begin : begin + number]:
                photo(data.source.image(int(index), 10_000, 3), camera).save(folder / f"{index}.jpg", quality=90)
            begin += number


def photo(image: Image.Image, camera: bool) -> Image.Image:
    """The image in colours, enlarged to a camera's size if asked for."""
    image = image.convert("RGB")
    scale = CAMERA / min(image.size) if camera else 1.0
    return image.resize((round(image.width * scale), round(image.height * scale))) if camera else image


def run_arm(arm: str, row: Row, photos: Path, seed: int, given: argparse.Namespace) -> dict[str, object]:
    """One arm in a process of its own."""
    values = {
        "photos": photos, "size": row.size, "epochs": row.epochs, "batch": row.batch, "rate": row.rate, "seed": seed,
        "backbone": row.backbone or given.backbone, "weights": given.weights, "threads": given.threads,
        "workers": given.workers, "precision": given.precision, "device": given.device,
    }  # fmt: skip
    command = [sys.executable, "-m", "benchmarks.speed_arms", f"{arm}-{row.arms}"]
    command += [text for name, value in values.items() for text in (f"--{name}", str(value))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def per_epoch(found: dict, row: Row, kind: str = "epochs") -> float:
    """Seconds of an epoch, by the wall or (kind "processor") of all cores: the median without the first, or all of a
    probe's together."""
    epochs = found[kind]
    return sum(epochs) if row.arms == "probe" else statistics.median(epochs[1:] or epochs)


def compare(name: str, row: Row, photos: Path, given: argparse.Namespace) -> list[dict[str, object]]:
    """The arms in turn, `repeats` times, and what came out in a few lines."""
    found: dict[str, list[dict]] = {"plain": [], "warmstart": []}
    for seed in range(given.repeats):
        for arm, runs in found.items():
            runs.append(run_arm(arm, row, photos, seed, given))
            print(f"  {name} {arm} seed {seed}: {per_epoch(runs[-1], row):.2f} s", file=sys.stderr, flush=True)
    pairs = list(zip(found["plain"], found["warmstart"], strict=True))
    wall = [per_epoch(plain, row) / per_epoch(own, row) for plain, own in pairs]
    work = [per_epoch(plain, row, "processor") / per_epoch(own, row, "processor") for plain, own in pairs]
    whole = [(p["reading"] + sum(p["epochs"])) / (o["reading"] + sum(o["epochs"])) for p, o in pairs]
    print(f"{name}: {words(wall)} times as fast (aim {row.aim:g}), {words(work)} by processor time, "
          f"{words(whole)} with the reading of the photos, {row.epochs} epochs")  # fmt: skip
    for arm, runs in found.items():
        print(f"  {arm:9} {arm_words(runs, row)}", flush=True)
    return [
        {"row": name, "seed": seed} | run for runs in found.values() for seed, run in enumerate(runs)
    ]  # fmt: skip


def words(ratios: Iterable[float]) -> str:
    """ "1.42 (1.38-1.47)": the median and the range over repeats."""
    ordered = sorted(ratios)
    return f"{statistics.median(ordered):.2f} ({ordered[0]:.2f}-{ordered[-1]:.2f})"


def arm_words(runs: list[dict], row: Row) -> str:
    middle = statistics.median(per_epoch(run, row) for run in runs)
    seconds = middle / (row.epochs if row.arms == "probe" else 1)
    accuracy = statistics.mean(run["accuracy"] for run in runs)
    memory = max(run["memory"] for run in runs) / 1e6
    has_workers = runs[0]["arm"] == "plain" and row.arms == "finetune"
    worker = max(run["worker_memory"] for run in runs) / 1e6 if has_workers else 0
    beside = f" and {worker:.0f} MB in each worker" if worker else ""
    rate = runs[0]["images"] / seconds
    return f"{rate:6.1f} images/s, {100 * accuracy:.1f} % of the test photos right, {memory:.0f} MB at most{beside}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--backbone", choices=("resnet18", "squeezenet1_0"), default="resnet18")
    parser.add_argument("--weights", choices=("random", "imagenet"), default="random")
    parser.add_argument("--classes", type=int, default=6)
    parser.add_argument("--camera", action="store_true", help="photos of 12 megapixels")
    parser.add_argument("--workers", type=int, default=2, help="of the plain loop's DataLoader")
    parser.add_argument("--threads", type=int, default=training_threads(), help="of torch, in both arms")
    usual = "bfloat16" if has_bf16("cpu") else "float32"
    parser.add_argument("--precision", choices=get_args(Precision), default=usual, help="of Warmstart's arm")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--epochs", type=int, help="instead of each row's own number")
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    given = parser.parse_args()
    asked = {name: getattr(given, name) for name in ("precision", "threads", "workers")}
    print(machine() | asked, flush=True)
    rows: list[dict[str, object]] = []
    for name in given.rows:
        photos, row = given.workspace / f"speed-{name}", ROWS[name]
        row = replace(row, epochs=given.epochs or row.epochs)
        write_photos(given.photos, photos, row.per_class, given.classes, given.camera)
        rows += compare(name, row, photos, given)
        save("speed", rows, given.workspace)


if __name__ == "__main__":
    main()
