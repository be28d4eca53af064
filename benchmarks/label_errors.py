"""How many labels that were turned on purpose are found, and how many of the list are these.

    python benchmarks/label_errors.py FOLDER [--share 0.05] [--seeds 3] [--backbone efficientnet_lite0]

FOLDER: class folders, such as TrashNet. Features are computed once, in a temporary workspace. Prints one line a seed;
what the set's own labels give without any turned one stands first: those in the list are doubtful by themselves.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.advice.doubtful_labels import DoubtfulLabels, doubtful_labels
from engine.backbones import catalog
from engine.data.images import ImageSet
from engine.data.sources import load, resolve
from engine.events import Preparing
from engine.experiment import BackboneChoice


def turned(data: ImageSet, share: float, seed: int) -> tuple[ImageSet, np.ndarray]:
    """The set with this share of its labels drawn among the other classes, and which these are."""
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(data), round(share * len(data)), replace=False))
    labels, classes = data.labels.copy(), len(data.class_names)
    labels[chosen] = (labels[chosen] + rng.integers(1, classes, len(chosen))) % classes
    return replace(data, labels=labels), chosen


def finished(work: Generator[Preparing, None, DoubtfulLabels]) -> DoubtfulLabels:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder")
    asked.add_argument("--share", type=float, default=0.05)
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--backbone", default="efficientnet_lite0")
    chosen = asked.parse_args()
    data = load(resolve(chosen.folder))
    network = BackboneChoice(name=chosen.backbone, weights=catalog.default_weights(chosen.backbone))
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place) / "runs"
        plain = finished(doubtful_labels(data, network, runs))
        print(f"as it is: {len(plain.ids)} of {plain.judged} in doubt, {plain.right / plain.judged:.1%} as labelled")
        for seed in range(chosen.seeds):
            other, wrong = turned(data, chosen.share, seed)
            found = finished(doubtful_labels(other, network, runs))
            hit = np.isin(found.ids, wrong)
            first = np.isin(found.ids[: len(wrong)], wrong)
            print(
                f"seed {seed}: {len(wrong)} turned, {len(found.ids)} in doubt; found {hit.sum() / len(wrong):.1%}, of"
                f" the list {hit.mean():.1%}, of its first {len(first)} {first.mean():.1%}; as labelled"
                f" {found.right / found.judged:.1%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
