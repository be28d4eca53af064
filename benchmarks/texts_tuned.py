"""Fine-tuning MiniLM on few short texts against its frozen features, counted words and networks from nothing.

One domain of sentences on products (2 classes), 30 of CLINC150's classes, BANKING77; 10 and 50 labels a class (a class
with fewer gives all), the same for every arm; at most 500 test texts. Every network of an arm makes about as many steps
of 16 texts, `STEPS` by set and labels, those from nothing twice as many; SetFit's are pairs. Values as the window
begins with on an encoder. A run's folder is taken away once its figure is kept in DIR/cells: what is there is not
computed again, and draws come one after the other, so that what is done can be read at any time.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.measure import machine, measure
from benchmarks.text_sets import MINILM, Array, Rows, both, features_of, labelled
from engine.comparison.intervals import mean_interval
from engine.data.dataset import TEXTS_START
from engine.data.sources import load, resolve
from engine.data.splits import split_images
from engine.data.text_set import TextSet
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.heads.counted_words import CountedWords
from engine.heads.logistic import Logistic
from engine.registry import usual_values

SETS = ("amazon", "banking77", "clinc150")
CLASSES, TESTED, BATCH = 30, 500, 16
STEPS = {("amazon", 10): 60, ("amazon", 50): 60, ("clinc150", 10): 60, ("clinc150", 50): 120,
         ("banking77", 10): 120, ("banking77", 50): 120}  # fmt: skip
USUAL_STEPS = 120
TUNED = {"last two layers": "surgical", "LP-FT": "lp_ft", "full": "full_ft", "LoRA": "lora", "SetFit": "setfit"}
SCRATCH = {"transformer from nothing": "text_transformer", "BiLSTM from nothing": "text_bilstm"}
FROZEN = "frozen, logistic"
ARMS = ("counted words", FROZEN, *TUNED, *SCRATCH)


@dataclass(frozen=True)
class Cell:
    """One figure. draw: of the labels, and the seed of the run."""

    name: str
    count: int
    draw: int
    arm: str

    @property
    def key(self) -> str:
        return f"{self.name}-{self.count}-{self.draw}-{self.arm.replace(' ', '_').replace(',', '')}"

    @property
    def steps(self) -> int:
        return STEPS.get((self.name, self.count), USUAL_STEPS)


def tuned(args: argparse.Namespace) -> None:
    sets = [name for name in SETS if name in args.sets]
    for draw in range(args.draws):
        for name in sets:
            for count in args.counts:
                for arm in ARMS:
                    cell = Cell(name, count, draw, arm)
                    found = once(cell, args.workspace, args.texts)
                    words = f"{cell.key}: {100 * found['accuracy']:.1f} % in {found['seconds']:.0f} s"
                    print(f"{words}, {found['steps']:.0f} steps", flush=True)
    for name in sets:
        for count in args.counts:
            table(args.workspace, name, count, args.draws)


def once(cell: Cell, workspace: Path, texts: Path) -> dict[str, float]:
    """Its figure, measured where it is not there yet."""
    file = workspace / "cells" / f"{cell.key}.json"
    if not file.is_file():
        data = written(cell, workspace, texts)
        found = measured(cell, data, workspace)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(found | {"machine": machine()}, indent=1), "utf-8")
    return {key: float(value) for key, value in json.loads(file.read_text("utf-8")).items() if key != "machine"}


# The texts


def written(cell: Cell, workspace: Path, texts: Path) -> DatasetChoice:
    """A folder with train.csv, val.csv (one text a class that is not learnt from) and test.csv of this draw."""
    folder = workspace / "texts" / f"{cell.name}-{cell.count}-{cell.draw}"
    train, test = both(cell.name, texts)
    if cell.name == "clinc150":
        chosen = set(np.random.default_rng(0).permutation(sorted({label for _, label in train}))[:CLASSES].tolist())
        train, test = ([row for row in rows if row[1] in chosen] for rows in (train, test))
    labels = labels_of(train)
    learnt = labelled(labels, cell.count, cell.draw)
    left = np.setdiff1d(np.arange(len(train)), learnt)
    aside = left[labelled(labels[left], 1, cell.draw)]
    asked = np.sort(np.random.default_rng(0).permutation(len(test))[:TESTED])
    for part, rows, ids in (("train", train, learnt), ("val", train, aside), ("test", test, asked)):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{part}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *(rows[at] for at in ids)])
    return resolve(str(folder))


def labels_of(rows: Rows) -> Array:
    names = sorted({label for _, label in rows})
    return np.array([names.index(label) for _, label in rows], np.int64)


# The arms


def measured(cell: Cell, data: DatasetChoice, workspace: Path) -> dict[str, float]:
    ways: dict[str, Callable[[Cell, DatasetChoice, Path], dict[str, float]]] = {
        "counted words": of_words, FROZEN: of_features,
    }  # fmt: skip
    return ways.get(cell.arm, of_run)(cell, data, workspace)


def of_words(cell: Cell, data: DatasetChoice, workspace: Path) -> dict[str, float]:
    found = texts_of(data)
    split = split_images(found, data, cell.draw)
    texts = [np.array([found.texts[at] for at in ids], object) for ids in (split.train, split.test)]
    return share(CountedWords().fit(texts[0], found.labels[split.train], len(found.class_names))(texts[1]),
                 found.labels[split.test])  # fmt: skip


def of_features(cell: Cell, data: DatasetChoice, workspace: Path) -> dict[str, float]:
    found = texts_of(data)
    split = split_images(found, data, cell.draw)
    learnt, asked = (features_of(found, ids, workspace) for ids in (split.train, split.test))
    scores = Logistic(10.0).fit(learnt, found.labels[split.train], len(found.class_names))(asked)
    return share(scores, found.labels[split.test])


def texts_of(data: DatasetChoice) -> TextSet:
    found = load(data)
    assert isinstance(found, TextSet)
    return found


def share(scores: Array, truth: Array) -> dict[str, float]:
    return {"accuracy": float((scores.argmax(1) == truth).mean()), "seconds": 0.0, "steps": 0.0}


def of_run(cell: Cell, data: DatasetChoice, workspace: Path) -> dict[str, float]:
    folder = workspace / "runs" / cell.key
    figure = measure(experiment(cell, data), folder)
    shutil.rmtree(folder)
    return {"accuracy": figure.value, "seconds": figure.seconds, "steps": float(figure.steps)}


def experiment(cell: Cell, data: DatasetChoice) -> Experiment:
    split = split_images(load(data), data, cell.draw)
    a_pass = math.ceil(len(split.train) / BATCH)
    epochs = max(1, round(cell.steps / a_pass))
    if cell.arm in SCRATCH:
        values = {"epochs": 2 * epochs, "batch_size": BATCH, "tested": "last epoch"}
        backbone, method = BackboneChoice(name=SCRATCH[cell.arm]), MethodChoice(name="scratch", hyperparameters=values)
    else:
        backbone, name = MINILM, TUNED[cell.arm]
        length = {"pair_epochs": epochs} if name == "setfit" else {"epochs": epochs}
        values = usual_values(TEXTS_START, name, MINILM) | length | {"tested": "last epoch"}
        method = MethodChoice(name=name, hyperparameters=values)
    return Experiment(dataset=data, backbone=backbone, method=method, seed=cell.draw)


# The table


def table(workspace: Path, name: str, count: int, draws: int) -> None:
    """A row for each arm: mean and standard deviation, and what it is ahead of the frozen features by, paired."""
    print(f"\n{name}, {count} labels a class, {draws} draws, in percent")
    figures = {arm: [value(workspace, Cell(name, count, draw, arm)) for draw in range(draws)] for arm in ARMS}
    for arm, values in figures.items():
        ahead = mean_interval(mine - theirs for mine, theirs in zip(values, figures[FROZEN], strict=True))
        said = f"| {ahead.value:+.1f} ({ahead.low:+.1f} to {ahead.high:+.1f})" if ahead.known and arm != FROZEN else "|"
        spread = f" ({np.std(values, ddof=1):.1f})" if draws > 1 else ""
        print(f"| {arm} | {np.mean(values):.1f}{spread} {said} |", flush=True)


def value(workspace: Path, cell: Cell) -> float:
    found = json.loads((workspace / "cells" / f"{cell.key}.json").read_text("utf-8"))
    return 100 * float(found["accuracy"])
