"""How long classes by hand take: from a drop of files to the answer, as the pane does it, on untrained networks.

    python benchmarks/by_hand.py [repeats]

A 5-way 5-shot task of drawn signs in PNG files of 105 px, 25 images to classify. Each repeat begins with the whole
support set dropped on a network that is open (first), then drops one more example (next). Untrained weights cost what
trained ones do.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.artifacts.saved import InputReader, SavedModel
from engine.artifacts.weights import build_backbone
from engine.experiment import BackboneChoice, Experiment, MethodChoice
from engine.heads.catalog import HEADS
from engine.machine.devices import training_threads
from engine.registry import build_method
from engine.using.answering import on_backbone
from engine.using.bins import Bin, Bins
from engine.using.by_hand import ByHand, of_run
from ui.trying.hand.answering import answered
from ui.trying.hand.reading import read_images

WAY, SHOT, ASKED, SIDE = 5, 5, 25, 105
METHODS: dict[str, tuple[str, dict[str, int]]] = {
    "ProtoNet, Conv-4": ("protonet", {}),
    "Ridge head (R2-D2), Conv-4": ("ridge", {}),
    "MAML, 5 steps, Conv-4": ("maml", {"test_steps": 5}),
}


def learner(name: str) -> ByHand:
    """A network with random weights that answers by hand."""
    if name not in METHODS:
        return on_backbone(BackboneChoice(name="squeezenet1_0"), HEADS[0], Path())
    method, values = METHODS[name]
    chosen = MethodChoice(name=method, hyperparameters={"way": WAY, **values})
    experiment = Experiment(backbone=BackboneChoice(name="conv4"), method=chosen)
    built = build_method(experiment)
    network = build_backbone(experiment.backbone, WAY if built.meets.head else None, 0)
    built.prepare(network, WAY)
    reader = InputReader(experiment, torch.device("cpu"))
    return of_run(SavedModel(experiment, built, network.eval(), (), reader), HEADS[0], name)


def drawn(folder: Path) -> list[list[str]]:
    """Files of each class: one example more than the support set has, then those to classify."""
    rng, files = np.random.default_rng(0), []
    for kind in range(WAY):
        strokes = rng.random((4, 2, 2)) * SIDE
        files.append([str(sign(folder / f"{kind}-{n}.png", strokes, rng)) for n in range(SHOT + 1 + ASKED // WAY)])
    return files


def sign(file: Path, strokes: np.ndarray, rng: np.random.Generator) -> Path:
    """Black strokes on white, somewhat moved."""
    ink = np.full((SIDE, SIDE), 255, np.uint8)
    for one, other in strokes + rng.normal(0, 3, strokes.shape):
        for share in np.linspace(0, 1, 200):
            x, y = np.clip((1 - share) * one + share * other, 2, SIDE - 3).astype(int)
            ink[y - 2 : y + 3, x - 2 : x + 3] = 0
    Image.fromarray(ink).save(file)
    return file


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def one_repeat(by: ByHand, files: list[list[str]]) -> tuple[float, float]:
    """(first, next): seconds from the drop to the answer. Nothing is known of any image before."""
    by.features = type(by.features)(by._embed)
    state: dict[str, Bins] = {}
    asked = read_images([one for each in files for one in each[SHOT + 1 :]], by, (), never).images

    def first() -> None:
        bins = tuple(Bin(str(kind), read_images(each[:SHOT], by, (), never).images) for kind, each in enumerate(files))
        state["bins"] = Bins(bins)
        assert len(answered(by, state["bins"], asked, None, never).answers) == ASKED

    def following() -> None:
        more = read_images(files[0][SHOT : SHOT + 1], by, (), never).images
        answered(by, state["bins"].with_images(0, more), asked, None, never)

    return seconds(first), seconds(following)


def never() -> bool:
    return False


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    torch.set_num_threads(training_threads())
    with tempfile.TemporaryDirectory() as folder:
        files = drawn(Path(folder))
        print(f"{WAY}-way {SHOT}-shot, {ASKED} to classify, {repeats} repeats, {training_threads()} thread(s)")
        for name in (*METHODS, "Nearest mean, SqueezeNet 224 px"):
            by = learner(name)
            one_repeat(by, files)
            found = list(zip(*(one_repeat(by, files) for _ in range(repeats)), strict=True))
            told = [f"{1000 * statistics.median(each):.0f} (most {1000 * max(each):.0f})" for each in found]
            print(f"{name}: first {told[0]} ms, one more example {told[1]} ms")


if __name__ == "__main__":
    main()
