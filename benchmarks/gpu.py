"""What a GPU gives, on whichever there is: CUDA's or Apple's.

    python -m benchmarks.gpu                         everything; about half an hour
    python -m benchmarks.gpu --parts tests meta      some of it
    python -m benchmarks.gpu --device cpu            the same code, small, where there is no GPU; its times say nothing

tests: those of the suite that are marked gpu. meta: meta-learning against the plain loops and those written as
learn2learn does, all with their images on the device. tuning: fine-tuning in float32 and in automatic precision
against torchvision's loop with pinned batches, on --photos or on drawn ones. transfers: sending every batch from
memory, plainly, pinned, and ahead on a stream of its own. precisions: a step in each, and how far its gradient is from
float32's. shares: a step of ResNet-18 on one GPU and on all of the machine together, where there are two or more.

Arms are taken in turn; told are medians over rounds with the range, ratios to the fastest of what they are compared
with, and the device's memory where torch counts it. gpu.json and gpu.txt are written as far as it came. What fails is
told in its place, and the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks import gpu_arms, meta_speed, speed
from benchmarks.gpu_arms import PRECISIONS, Mixed, Size, Step, copies, seconds, transfers
from benchmarks.gpu_shares import shared
from benchmarks.learn2learn_way import LOOPS
from benchmarks.measure import machine, save
from benchmarks.meta_speed_arms import PLAIN, own
from engine.events import EVERY_GPU
from engine.machine.devices import device_words, devices, torch_device, training_threads

REPOSITORY = Path(__file__).resolve().parents[1]
TUNING = {
    "probe": speed.ROWS["probe"],
    "64": speed.ROWS["64"],
    "224": speed.Row("finetune", 224, 6, 32, 1e-3, (48, 10, 20), 0.0),
}
SMALL_TUNING = {"32": speed.Row("finetune", 32, 2, 4, 1e-3, (2, 1, 1), 0.0, "squeezenet1_0")}
OWN, USUAL = "warmstart", "float32, TF32 convolutions"
CLASSES = 6
Row = dict[str, Any]


@dataclass
class Found:
    """Rounds of several arms. walls: seconds of each round by arm. against: arms that the others are compared with, the
    fastest of them. memory: MB of the device. notes: what else is told of an arm."""

    part: str
    row: str
    walls: Mapping[str, list[float]]
    against: Sequence[str]
    memory: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[Row]:
        best = min(self.against, key=lambda arm: statistics.median(self.walls[arm]))
        for arm, wall in self.walls.items():
            ratios = [other / own for other, own in zip(self.walls[best], wall, strict=True)]
            yield {
                "part": self.part, "row": self.row, "arm": arm, "rounds": wall, "seconds": statistics.median(wall),
                "range": (min(wall), max(wall)), "memory, MB": self.memory.get(arm, 0.0),
                "ratio": "" if arm in self.against else f"{speed.words(ratios)} times {best}",
                "note": self.notes.get(arm, ""),
            }  # fmt: skip


def words(row: Row) -> str:
    """A line of the table."""
    name = f"{row['part']:10} {row['row']:16}"
    if "seconds" not in row:
        return f"{name} {row['said']}"
    low, high = (1000 * value for value in row["range"])
    memory = f"{row['memory, MB']:.0f} MB" if row["memory, MB"] else ""
    times = f"{row['arm']:27} {1000 * row['seconds']:10.3f} ms ({low:.3f}-{high:.3f})"
    return "  ".join(one for one in (name, times, row["ratio"], memory, row["note"]) if one)


def in_turn(arms: Mapping[str, Step], device: torch.device, rounds: int, count: int = 1) -> dict[str, Any]:
    """walls: seconds of a count-th of each step, and memory, by arm; the first step of each is not told."""
    memory = {arm: gpu_arms.peak(step, device) / 1e6 for arm, step in arms.items()}
    walls: dict[str, list[float]] = {arm: [] for arm in arms}
    for _ in range(rounds):
        for arm, step in arms.items():
            walls[arm].append(seconds(step, device) / count)
    return {"walls": walls, "memory": memory}


# The parts


def tests(given: Namespace) -> Iterator[Row]:
    """Those marked gpu, in a process of their own, with the names of those that fail."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", "-rf", *given.tests]
    environment = os.environ | {"WARMSTART_TEST_DEVICE": given.device}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines() or [done.stderr]
    for line in (line for line in lines if line.startswith(("FAILED", "ERROR"))):
        yield {"part": "tests", "row": "", "said": line, "failed": True}
    yield {"part": "tests", "row": "all", "said": lines[-1], "failed": done.returncode != 0}


def meta(given: Namespace) -> Iterator[Row]:
    for name, usual in meta_speed.ROWS.items():
        row = replace(usual, device=given.device)
        if given.small:
            row = replace(row, way=2, query=1, steps=min(1, row.steps), tasks=2, batch=min(2, row.batch))
        others = {"plain": PLAIN} | ({"learn2learn's way": LOOPS} if row.kind in LOOPS else {})
        arms: dict[str, Step] = {arm: loops[row.kind](row) for arm, loops in others.items()}
        arms[OWN], chosen = own(row)
        found = in_turn(arms, torch.device(given.device), given.rounds)
        yield from Found("meta", name, against=list(others), notes={OWN: chosen}, **found).rows()


def tuning(given: Namespace) -> Iterator[Row]:
    """Each arm in a process of its own; seconds are those of an epoch, of the probe those of all."""
    source = given.photos or drawn_photos(given.workspace / "drawn", CLASSES, 8 if given.small else 98)
    arms = {"plain": ("plain", "float32"), OWN: (OWN, "float32"), f"{OWN}, automatic": (OWN, "automatic")}
    for name, row in (SMALL_TUNING if given.small else TUNING).items():
        photos = given.workspace / f"gpu-{name}"
        speed.write_photos(source, photos, row.per_class, CLASSES, camera=False)
        found: dict[str, list[Row]] = {arm: [] for arm in arms}
        for seed in range(given.rounds):
            for arm, (kind, precision) in arms.items():
                found[arm].append(speed.run_arm(kind, row, photos, seed, arm_options(given, precision)))
        walls = {arm: [speed.per_epoch(run, row) for run in runs] for arm, runs in found.items()}
        right = {arm: 100 * statistics.mean(run["accuracy"] for run in runs) for arm, runs in found.items()}
        notes = {arm: f"{share:.1f} % of the test photos right" for arm, share in right.items()}
        yield from Found("tuning", name, walls, ["plain"], notes=notes).rows()


def arm_options(given: Namespace, precision: str) -> Namespace:
    return Namespace(
        backbone="resnet18", weights="random", threads=training_threads(), workers=given.workers, precision=precision,
        device=given.device,
    )  # fmt: skip


def drawn_photos(folder: Path, classes: int, each: int) -> Path:
    """Class folders of coarse patterns, each class in a tone of its own."""
    draw = np.random.default_rng(0)
    for label in range(classes):
        (folder / f"class {label}").mkdir(parents=True, exist_ok=True)
        tone = draw.integers(60, 196, 3)
        for number in range(each):
            coarse = (tone + draw.integers(-60, 60, (8, 8, 3))).astype(np.uint8)
            Image.fromarray(coarse).resize((256, 256)).save(folder / f"class {label}" / f"{number}.jpg", quality=90)
    return folder


def sending(given: Namespace) -> Iterator[Row]:
    device = torch.device(given.device)
    for size in [Size(2, 32, 1)] if given.small else [Size(64, 64, 30), Size(64, 224, 30)]:
        for what, arms in (("copy", copies(size, device)), ("train", transfers(size, device))):
            found = in_turn(arms, device, given.rounds, size.batches)
            yield from Found("transfers", f"{what} {size.images} x {size.side} px", against=["plain"], **found).rows()


def precisions(given: Namespace) -> Iterator[Row]:
    """Of a step of ResNet-18; how far the gradient of the first step is from that in float32, on its own scale."""
    device, size = torch.device(given.device), Size(2, 32, 1) if given.small else Size(64, 224, 10)
    arms = {name: Mixed(size, device, *way) for name, way in PRECISIONS.items()}
    gradients = {name: step.gradient() for name, step in arms.items()}
    exact = next(iter(gradients.values()))
    away = {name: float((one - exact).norm() / exact.norm()) for name, one in gradients.items()}
    notes = {name: f"gradient {value:.1e} away" for name, value in away.items()}
    found = in_turn(arms, device, given.rounds, size.batches)
    yield from Found("precisions", f"{size.images} x {size.side} px", against=[USUAL], notes=notes, **found).rows()


def shares(given: Namespace) -> Iterator[Row]:
    """The same whole batch in both arms."""
    if not given.small and torch.cuda.device_count() < 2:
        yield {"part": "shares", "row": "", "said": "not run: it needs two GPUs or more"}
        return
    name = "cpu:2" if given.small else EVERY_GPU
    for size in [Size(4, 32, 1)] if given.small else [Size(64, 224, 10), Size(256, 224, 10)]:
        with shared(size, name) as arms:
            found = in_turn(arms, torch_device(name), given.rounds, size.batches)
        yield from Found("shares", f"{size.images} x {size.side} px", against=["one"], **found).rows()


PARTS: dict[str, Callable[[Namespace], Iterator[Row]]] = {
    "tests": tests, "meta": meta, "tuning": tuning, "transfers": sending, "precisions": precisions,
    "shares": shares,
}  # fmt: skip


def guarded(part: str, given: Namespace) -> Iterator[Row]:
    """The rows of a part, with what stopped it as its last one."""
    try:
        yield from PARTS[part](given)
    except (Exception, SystemExit) as error:  # noqa: BLE001 the other parts have their turn, and the exit code tells
        yield {"part": part, "row": "", "said": f"{type(error).__name__}: {error}", "failed": True}


def facts(device: str) -> dict[str, str]:
    """Of the GPU."""
    if not device.startswith("cuda"):
        return {"device": device_words(device)}
    known = torch.cuda.get_device_properties(device)
    return {
        "device": device_words(device),
        "memory": f"{known.total_memory / 1e9:.0f} GB",
        "capability": f"{known.major}.{known.minor}",
        "cuda": str(torch.version.cuda),
        "cudnn": str(torch.backends.cudnn.version()),
    }


def first_gpu() -> str:
    """Its name; ends the script where there is none."""
    found = [one.name for one in devices() if one.name != "cpu"]
    if not found:
        raise SystemExit("This machine has no GPU that torch can use; --device cpu runs the same code small.")
    return found[0]


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--device", help="instead of the first GPU")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--photos", type=Path, help="a folder or archive of class folders, instead of drawn ones")
    parser.add_argument("--workers", type=int, default=2, help="of the plain loop's DataLoader")
    parser.add_argument("--tests", nargs="+", default=["tests"], help="where the tests are looked for")
    parser.add_argument("--workspace", type=Path, default=Path("gpu-benchmark"), help="where the tables go")
    return parser


def main(given_arguments: Sequence[str] | None = None) -> None:
    given = arguments().parse_args(given_arguments)
    given.device = given.device or first_gpu()
    given.small = given.device == "cpu"
    given.workspace.mkdir(parents=True, exist_ok=True)
    known = facts(given.device)
    lines, rows = [str(machine() | known)], list[Row]()
    print(lines[0], flush=True)
    for row in (row for part in given.parts for row in guarded(part, given)):
        rows.append(row)
        lines.append(words(row))
        print(lines[-1], flush=True)
        save("gpu", rows, given.workspace, **known)
        (given.workspace / "gpu.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    raise SystemExit(int(any(row.get("failed", False) for row in rows)))


if __name__ == "__main__":
    main()
