"""What pretraining without labels gives: accuracy at few labels a class, of a probe on frozen features and fine-tuned.

    python -m benchmarks.pretraining --pool omniglot --target glyphs --classes 40 --omniglot FOLDER --workspace DIR
        [--seconds 40] [--seeds 5] [--objectives simclr vicreg …] [--labels 1 2 5 10] [--tuned 2] [--draws 5]

pool: what is learnt from, and target: what is then told apart; digits, glyphs, omniglot (the folder as published) and
photos (--photos FOLDER, 64 px). Beside each objective stand random weights, raw pixels, the pool's labels for the same
time, and bundled weights. Seconds are of the processor, whatever else it does, looks and validation included; the
pool's images are read before the first run. No label chooses which weights are kept, the last ones are. Each seed
trains anew and draws the labels --draws times: an interval over seeds holds both. Cells are kept in the workspace, so
that a broken series goes on.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import numpy as np
import torch

from benchmarks.measure import machine, measure
from engine.bench.draws import LabelCount, plan
from engine.bench.measure import Benched, FeaturePart
from engine.bench.run import read_features
from engine.comparison.intervals import Interval, mean_interval
from engine.data.sources import load
from engine.events import Event, RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, Budget, DatasetChoice, Experiment, MethodChoice
from engine.heads.head import prepared
from engine.heads.logistic import Logistic
from engine.machine import limits
from engine.methods.bench.head_bench import HeadBench
from engine.preparation.inputs import Labelled, normaliser, picked
from engine.registry import methods
from engine.tuning.material import read_material

T = TypeVar("T")
COMPARED = ("simclr", "vicreg", "byol", "dino")
SIBLINGS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "simsiam": ("byol", {"target": "itself (SimSiam)"}),
    "barlow twins": ("vicreg", {"rule": "Barlow Twins"}),
    "simclr, gentle": ("simclr", {"views": "characters, gentle"}),
    "moco": ("simclr", {"queue": 4096, "temperature": 0.1}),
}
BUNDLED = {"conv4": ("omniglot-supervised", "omniglot-protonet"), "resnet_small": ("omniglot-supervised",)}


@dataclass(frozen=True)
class Series:
    """What all starts of a table share. seconds: of the processor."""

    pool: DatasetChoice
    target: DatasetChoice
    backbone: BackboneChoice
    seconds: float
    labels: Sequence[int]
    draws: int
    folder: Path

    def trained(self, method: str, values: Mapping[str, object], start: str, seed: int) -> str:
        """Weights of a run on the pool; the processor's time replaces its epochs."""
        uid = f"{method}-{self.pool.name}-{start}-{self.backbone.name}-{self.seconds:g}-{seed}-{len(values)}"
        uid = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in uid)
        if not (self.folder / "runs" / uid / "finished").is_file():
            choice = MethodChoice(name=method, hyperparameters=dict(values))
            budget = Budget(minutes=self.seconds / 60, instead_of_epochs=True)
            backbone = self.backbone.model_copy(update={"weights": start})
            told(Experiment(dataset=self.pool, backbone=backbone, method=choice, budget=budget, seed=seed),
                 self.folder / "runs" / uid)  # fmt: skip
            (self.folder / "runs" / uid / "finished").touch()
        return f"run:{uid}"

    def probed(self, weights: str, seed: int) -> dict[str, float]:
        """Mean test accuracy of a probe on frozen features over draws of labels, by labels a class."""
        backbone = self.backbone.model_copy(update={"weights": weights})
        experiment = Experiment(dataset=self.target, backbone=backbone, seed=seed)
        return self.by_labels(
            returned(read_features(experiment, HeadBench.from_values({}), self.folder / "runs")).on, seed
        )

    def by_labels(self, on: Benched, seed: int) -> dict[str, float]:
        """Of a logistic probe of the usual strength (C 0.1) on these features, standardised by the labelled images."""
        counts, _ = plan(self.labels, on.train.labels, on.class_names)
        return {
            str(one.labels): float(np.mean([_right(on, one, seed, n) for n in range(self.draws)])) for one in counts
        }

    def tuned(self, weights: str, count: int, seed: int) -> float:
        """Test accuracy of LP-FT, of training from scratch where the weights are random."""
        target = self.target.model_copy(update={"labels_per_class": count})
        method = MethodChoice(name="scratch" if weights == "random" else "lp_ft")
        backbone = self.backbone.model_copy(update={"weights": weights})
        experiment = Experiment(dataset=target, backbone=backbone, method=method, seed=seed)
        return measure(experiment, self.folder / "runs" / "tuned").value


def told(experiment: Experiment, folder: Path) -> list[Event]:
    """What a run says; raises `SystemExit` where it fails."""
    events = list(execute(experiment, folder))
    if isinstance(events[-1], RunFailed):
        raise SystemExit(f"{events[-1].message} {events[-1].traceback}")
    return events


def raw_pixels(series: Series, seed: int) -> dict[str, float]:
    """The same probe and draws on the images themselves, in the size that the network reads."""
    experiment = Experiment(dataset=series.target, backbone=series.backbone, seed=seed)
    material = returned(read_material(experiment, torch.device("cpu")))

    def part(images: Labelled) -> FeaturePart:
        pixels = picked(images.inputs, torch.arange(len(images))).flatten(1).float() / 255
        return FeaturePart(pixels.numpy(), images.labels.numpy(), np.asarray(images.ids))

    strata = material.data.labels[material.split.train]
    return series.by_labels(Benched(part(material.train), part(material.test), material.class_names, strata), seed)


def _right(on: Benched, count: LabelCount, seed: int, number: int) -> float:
    learnt = on.labelled(count, seed, number)
    prepare = prepared(Logistic(), learnt.features)
    features = prepare(learnt.features)
    scores = Logistic().fit(features, learnt.labels, on.classes)(prepare(on.test.features))
    return float((scores.argmax(1) == on.test.labels).mean())


def read_before(series: Series) -> None:
    """Decode the pool's images once; the data set keeps them, so that no run's seconds go to it."""
    shape = normaliser(series.backbone)
    data = load(series.pool)
    data.read(np.arange(len(data)), shape)


def returned(generator: Generator[object, None, T]) -> T:
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def starts(series: Series, given: argparse.Namespace) -> Iterator[tuple[str, str, Callable[[int], str]]]:
    """(key, title, weights of a seed) of every start; what is trained is trained when it is asked for."""
    random, seconds = series.backbone.weights, f"{given.seconds:g} s"
    yield "random", "random weights", lambda seed: "random"
    for name in BUNDLED.get(series.backbone.name, ()) if given.pool != "photos" else (random,) * (random != "random"):
        yield name, f"bundled: {name}" if name in BUNDLED["conv4"] else "weights it starts from", lambda seed, n=name: n
    if given.supervised:
        yield "labels", f"the pool's labels, {seconds}", lambda seed: series.trained("scratch", {}, "random", seed)
    for objective in given.objectives:
        method, values = SIBLINGS.get(objective, (objective, {}))
        own = {"judged": "no labels"} | dict(values)
        if method in COMPARED and given.pool == "digits":
            own["batch_size"] = 128
        if method in COMPARED and given.pool == "photos":
            own |= {"batch_size": 128, "views": "photos, gentle" if method in ("byol", "dino") else "photos"}
        yield (
            objective, f"{objective}, {seconds}",
            lambda seed, m=method, o=own: series.trained(m, o, random, seed),
        )  # fmt: skip


class Cells:
    """Figures that were found, kept as JSON: {start: {seed: {count: value}}}."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def of(self, start: str, seed: int, compute: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
        row = self._found.setdefault(start, {})
        if str(seed) not in row:
            row[str(seed)] = dict(compute())
            self._path.write_text(json.dumps(self._found, indent=1) + "\n", encoding="utf-8")
        return row[str(seed)]


def figures(series: Series, weights: str, seed: int, tuned: Sequence[int]) -> dict[str, float]:
    found = series.probed(weights, seed)
    return found | {f"tuned {count}": series.tuned(weights, count, seed) for count in tuned}


def row(title: str, each: Sequence[Mapping[str, float]], columns: Sequence[str]) -> str:
    found = [[one[column] for one in each if column in one] for column in columns]
    intervals = [mean_interval(values) if values else None for values in found]
    words = ["" if one is None else f"{100 * one.value:.1f}{_spread(one)}" for one in intervals]
    return f"| {title} | " + " | ".join(words) + " |"


def _spread(one: Interval) -> str:
    return f" ± {100 * one.half:.1f}" if one.known else ""


def chosen(given: argparse.Namespace, name: str) -> DatasetChoice:
    if name == "photos":
        return DatasetChoice(name="folder", path=str(given.photos))
    return DatasetChoice(name=name, path=str(given.omniglot) if name == "omniglot" else None)


def asked() -> argparse.Namespace:
    own = [one.name for one in methods() if one.family == "pretrain"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--pool", "--target"):
        parser.add_argument(name, choices=("digits", "glyphs", "omniglot", "photos"), default="digits")
    for name in ("--omniglot", "--photos"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--classes", type=int)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--backbone", default="conv4")
    parser.add_argument("--weights", default="random", help="what pretraining starts from")
    parser.add_argument("--size", type=int, help="pixels on a side")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--labels", type=int, nargs="+", default=[1, 2, 5, 10])
    parser.add_argument("--tuned", type=int, nargs="*", default=[2], help="label counts at which LP-FT is run as well")
    parser.add_argument("--supervised", action="store_true", help="also the pool's labels, for the same time")
    parser.add_argument("--objectives", nargs="*", choices=[*own, *SIBLINGS], default=own)
    return parser.parse_args()


def main() -> None:
    given = asked()
    limits.time = SimpleNamespace(monotonic=time.process_time)  # type: ignore[assignment]
    target = chosen(given, given.target).model_copy(update={"classes": given.classes})
    backbone = BackboneChoice(name=given.backbone, weights=given.weights, image_size=given.size)
    series = Series(chosen(given, given.pool), target, backbone, given.seconds, given.labels, given.draws,
                    given.workspace)  # fmt: skip
    given.workspace.mkdir(parents=True, exist_ok=True)
    name = f"{given.pool}-{given.target}-{given.backbone}-{given.weights}-{given.seconds:g}".replace(":", "_")
    cells = Cells(given.workspace / f"{name}.json")
    print(machine())
    read_before(series)
    columns = [*map(str, given.labels), *(f"tuned {count}" for count in given.tuned)]
    print(f"| start | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    each = [cells.of("raw pixels", seed, lambda s=seed: raw_pixels(series, s)) for seed in range(given.seeds)]
    print(row("raw pixels", each, columns), flush=True)
    for key, title, weights in starts(series, given):
        each = [
            cells.of(key, seed, lambda s=seed, w=weights: figures(series, w(s), s, given.tuned))
            for seed in range(given.seeds)
        ]
        print(row(title, each, columns), flush=True)


if __name__ == "__main__":
    main()
