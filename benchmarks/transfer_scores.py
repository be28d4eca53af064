"""How well each transfer score orders starts by what a probe then reaches: Kendall's tau on several targets.

    python -m benchmarks.transfer_scores FOLDER … --own FILE=BACKBONE … --mnist FOLDER --workspace DIR
        [--labels 5] [--draws 5] [--images 300] [--tested 200] [--side 128]

Targets: 40 Glyphs, digits and each FOLDER of photos (at most 40 classes). Starts: the weights that are bundled, those
of --own, Lite0's of ImageNet; the small networks, those of --own and ShuffleNet with random weights; and Conv-4
trained from scratch on digits, Glyphs, MNIST and the first FOLDER, ten epochs on at most 50 labels a class, each where
it has not learnt from the target; these and Lite0 have a source head, which LEEP and NCE ask.
Networks for photos see images of --side pixels. Scores look at --images training images at most.
Measured: accuracy of a logistic probe on frozen features, --labels a class drawn --draws times from the images that the
scores looked at, on at most --tested test images of the target; mean over draws.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.measure import machine, measure
from engine.advice.adviser import start_title
from engine.advice.starts import StartingPoint, has_learnt_from, values_of
from engine.advice.transfer_scores import sample, sampled
from engine.backbones import catalog
from engine.backbones.own.bringing import keep, look
from engine.bench.features import FeatureKind, embedded
from engine.comparison.intervals import mean_interval
from engine.data.sources import load, resolve
from engine.data.splits import split_images
from engine.events import Preparing
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.heads.head import prepared
from engine.heads.logistic import Logistic
from engine.machine.places import settle
from engine.transferability.ranking import beyond_luck, kendall
from engine.transferability.table import KINDS, SIZE, TITLES

T = TypeVar("T")
Array = np.ndarray
SMALL, UNTRAINED = ("conv4", "resnet_small"), ("shufflenet_v2_x0_5",)


def drained(work: Generator[Preparing, None, T]) -> T:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


@dataclass(frozen=True, eq=False)
class Measured:
    """draws: accuracies [draws]."""

    start: StartingPoint
    values: dict[str, float]
    draws: Array


# The starts


def source_run(title: str, data: DatasetChoice, runs: Path) -> StartingPoint:
    """Conv-4 from scratch, once."""
    folder = runs / f"source-{title}"
    given = Experiment(
        dataset=data.model_copy(update={"labels_per_class": None if data.name == "glyphs" else 50}),
        backbone=BackboneChoice(name="conv4"),
        method=MethodChoice(name="scratch", hyperparameters={"epochs": 10}),
    )
    if not (folder / "best.safetensors").is_file():
        print(f"source {title}: {measure(given, folder).value:.1%}", flush=True)
    choice = BackboneChoice(name="conv4", weights=f"run:{folder.name}")
    return StartingPoint(choice, f"Conv-4 ({title}, own run)", catalog.backbone("conv4").parameters)


def published(own: list[tuple[str, str]], side: int) -> Iterator[StartingPoint]:
    """own: (backbone, name of its weights). side: of images that networks for photos see, in pixels."""
    pairs = [(name, one.name) for name in SMALL for one in catalog.weights(name) if one.kind != "random"]
    pairs += [*own, ("efficientnet_lite0", "imagenet")]
    pairs += [(name, "random") for name in (*SMALL, *UNTRAINED, *(name for name, _ in own))]
    for name, weights in pairs:
        seen = None if name in SMALL else side
        choice = catalog.as_pretrained(BackboneChoice(name=name, weights=weights, image_size=seen))
        yield StartingPoint(choice, start_title(name, weights), catalog.backbone(name).parameters)


# What they reach


def accuracies(train: Array, labels: Array, test: Array, truth: Array, count: int, draws: int) -> Array:
    """Of a logistic probe on `count` images a class, [draws]. It is the same in the space that its images span."""
    classes, places = np.unique(labels, return_inverse=True)
    answers = np.searchsorted(classes, truth)
    found = []
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        chosen = np.concatenate([rng.permutation(np.flatnonzero(places == one))[:count] for one in range(len(classes))])
        shown = prepared(Logistic(), train[chosen])
        basis = np.linalg.qr(shown(train[chosen]).T)[0]
        scorer = Logistic().fit(shown(train[chosen]) @ basis, places[chosen], len(classes))
        found.append(float((scorer(shown(test) @ basis).argmax(1) == answers).mean()))
    return np.array(found)


def target(choice: DatasetChoice, starts: list[StartingPoint], runs: Path, given: argparse.Namespace) -> list[Measured]:
    data, ids = sampled(choice, given.images)
    test = sample(split_images(data, choice, 0).test, data.labels, choice.split_seed)
    test = np.sort(np.random.default_rng(0).permutation(test)[: given.tested])
    test = test[np.isin(data.labels[test], data.labels[ids])]
    print(f"\n{choice.name} {data.title}: {len(ids)} images looked at, {len(test)} tested", flush=True)
    found = []
    for start in starts:
        if has_learnt_from(start, data, ids, runs):
            continue
        values = drained(values_of(start, data, ids, choice, runs))
        kind = FeatureKind.of(Experiment(backbone=start.choice), runs)
        train, tested = drained(embedded(data, ids, kind)), drained(embedded(data, test, kind))
        draws = accuracies(train, data.labels[ids], tested, data.labels[test], given.labels, given.draws)
        found.append(Measured(start, values, draws))
        print(told(found[-1]), flush=True)
    return found


def told(one: Measured) -> str:
    figure = mean_interval(one.draws)
    scores = ", ".join(f"{TITLES[name]} {value:.4g}" for name, value in one.values.items())
    return f"{one.start.title}: {100 * figure.value:.1f} ± {100 * figure.half:.1f}; {scores}"


def taus(found: list[Measured]) -> list[dict[str, object]]:
    """Of each score, and of size alone, with the measured accuracy."""
    rows: list[dict[str, object]] = []
    given = [replace(one, values=one.values | {SIZE: float(one.start.parameters)}) for one in found]
    for name in (*(kind.name for kind in KINDS), SIZE):
        known = [one for one in given if name in one.values]
        if len(known) < 3:
            continue
        tau = kendall([one.values[name] for one in known], [float(one.draws.mean()) for one in known])
        rows.append({"score": TITLES[name], "starts": len(known), "tau": tau.value, "low": tau.low, "high": tau.high})
        luck = beyond_luck(len(known))
        print(
            f"  {TITLES[name]}: {tau.value:.2f} ({tau.low:.2f} to {tau.high:.2f}), n = {len(known)}, luck < {luck:.2f}"
        )
    return rows


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("photos", nargs="*", type=Path)
    asked.add_argument("--own", nargs="*", default=[])
    asked.add_argument("--mnist", type=Path)
    asked.add_argument("--workspace", type=Path, required=True)
    asked.add_argument("--labels", type=int, default=5)
    asked.add_argument("--draws", type=int, default=5)
    asked.add_argument("--images", type=int, default=300)
    asked.add_argument("--tested", type=int, default=200)
    asked.add_argument("--side", type=int, default=128)
    given = asked.parse_args()
    settle(given.workspace)
    runs = given.workspace / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    print(machine())
    files = (one.partition("=") for one in given.own)
    own = [(backbone, keep(look(Path(file), backbone)).name) for file, _, backbone in files]
    targets = [
        DatasetChoice(name="glyphs", classes=40),
        DatasetChoice(name="digits"),
        *map(resolve, map(str, given.photos)),
    ]
    targets = [one.model_copy(update={"classes": min(40, len(load(one).class_names))}) for one in targets]
    sources = dict(zip(("Glyphs", "digits", "photos"), targets, strict=False))
    sources |= {"MNIST": resolve(str(given.mnist))} if given.mnist else {}
    starts = [*published(own, given.side), *(source_run(title, data, runs) for title, data in sources.items())]
    rows = []
    for choice in targets:
        found = target(choice, starts, runs, given)
        named = [{"start": m.start.title, "draws": m.draws.tolist(), **m.values} for m in found]
        rows.append({"target": str(choice.path or choice.name), "starts": named, "taus": taus(found)})
        (given.workspace / "transfer_scores.json").write_text(
            json.dumps({"machine": machine(), "rows": rows}, indent=1)
        )


if __name__ == "__main__":
    main()
