"""A run that compares heads on frozen features: one embedding pass, then every head at every label count."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.artifacts.bookmark import Bookmark, State
from engine.backbones import catalog
from engine.bench.confidence import RESTS_ON, confidence
from engine.bench.draws import plan
from engine.bench.features import FeatureKind, as_they_are, embedded
from engine.bench.figures import ALL, BENCH, FOLDS, FOLDS_KEY, POSITION
from engine.bench.measure import Benched, FeaturePart, HeadCell, best, measuring
from engine.bench.of_texts import heads_of, names_of, none_of_these, outside_of, part_of, planned
from engine.comparison.grouping import over_seeds
from engine.comparison.intervals import Interval, wilson
from engine.comparison.wording import ACCURACY, percent
from engine.data.findings import Finding
from engine.data.findings import protocol as noted
from engine.data.labelled_set import LabelledSet
from engine.data.shifts import shifted_labels
from engine.data.sources import load
from engine.data.splits import ImageSplit, split_images
from engine.errors import Cancelled
from engine.events import EpochCompleted, Evaluated, Event, Metrics, Notice, Preparing, RunStarted
from engine.experiment import Experiment, Shift
from engine.heads.head import Features, Head, scores
from engine.machine.limits import Limits, heeding, last_words
from engine.methods.bench.head_bench import HeadBench
from engine.metrics import HEAD, LABELS
from engine.preparation.inputs import positions
from engine.provenance.noted import findings, keep_left_out, notices
from engine.tuning.testing import beside, conditions, evaluated, kept, of_what, under


@dataclass(frozen=True, eq=False)
class BenchMaterial:
    """further: the test images once more under each shift that they are also tested on. heads: what is measured.
    findings: what must be known of the images and of what the weights have met before. outside: of texts of none of
    the classes, float32 [n, d]."""

    data: LabelledSet
    split: ImageSplit
    on: Benched
    further: tuple[tuple[Shift, FeaturePart], ...]
    heads: tuple[Head, ...]
    findings: tuple[Finding, ...] = ()
    outside: Features | None = None

    @property
    def what(self) -> str:
        """ "images" or "texts"."""
        return self.data.what


def run_head_bench(
    experiment: Experiment, method: HeadBench, directory: Path, limits: Limits, bookmark: Bookmark
) -> Iterator[Event]:
    """Embed, measure, choose by cross-validation. Raises `ExperimentError` for what a person can mend."""
    material = yield from heeding(limits, read_features(experiment, method, directory.parent))
    bookmark.require("images", material.data.fingerprint)
    bookmark.require("weights", FeatureKind.of(experiment, directory.parent).weights_key())
    keep_left_out(material.data, directory)
    found = findings(experiment, method, material.data, material.split, directory.parent)
    material = replace(material, findings=found)
    train = material.on.train
    counts, left = plan(method.counts, train.labels, material.on.class_names)
    largest = counts[-1].position
    yield RunStarted(largest, largest, len(material.on.class_names), facts(experiment, material))
    yield from bookmark.once(notices(found))
    yield from bookmark.once(Notice(one, "warning") for one in left)
    measured = BenchMeasuring(planned(counts, material.heads), method, material.on, experiment.seed, limits, bookmark)
    yield from measured.events()
    cells, whole = measured.cells, len(measured.planned)
    if not cells:
        raise Cancelled
    shared = conditions(material.split, material.data, experiment)
    yield from how_sure(best(cells), material.on, experiment.seed, directory)
    yield from (one.given(shared, noted(found)) for one in results(cells, experiment, material))
    step = largest if len(cells) == whole else min(cells[-1].count.position, largest - 1)
    yield from last_words(limits, step, largest, f"{len(cells):,} of {whole:,} measurements")


def read_features(experiment: Experiment, method: HeadBench, runs: Path) -> Generator[Preparing, None, BenchMaterial]:
    """Yields `Preparing`, returns the features of training and test images."""
    yield Preparing("Reading the data set")
    choice = experiment.dataset
    data = load(choice)
    split = split_images(data, choice, experiment.seed)

    def part(ids: np.ndarray, shift: Shift | None) -> Generator[Preparing, None, FeaturePart]:
        features = yield from learnt_from(method, data, ids, FeatureKind.of(experiment, runs, shift))
        labels = positions(data.labels[ids], split.classes).numpy()
        if shift is not None:
            labels = shifted_labels(labels, len(split.classes), shift, choice.split_seed)
        return part_of(data, features, labels, ids, shift)

    both = yield from part(np.concatenate([split.train, split.test]), choice.shift)
    places = np.arange(len(both.ids))
    train, test = both.at(places[: len(split.train)]), both.at(places[len(split.train) :])
    further = []
    for shift in choice.tested_on:
        further.append((shift, (yield from part(split.test, shift))))
    names = tuple(data.class_names[c] for c in split.classes)
    called = None
    if method.all_heads:
        called = yield from names_of(data, split.classes, FeatureKind.of(experiment, runs))
    on = Benched(train, test, names, data.labels[split.train])
    outside = None
    if method.alone is None:
        outside = yield from outside_of(data, FeatureKind.of(experiment, runs, choice.shift))
    return BenchMaterial(data, split, on, tuple(further), heads_of(method, data, called), outside=outside)


def learnt_from(
    method: HeadBench, data: LabelledSet, ids: np.ndarray, kind: FeatureKind
) -> Generator[Preparing, None, Features]:
    """Yields `Preparing`, returns float32 [len(ids), values]: features, or without a network pixels; of texts, whose
    words are counted, nothing."""
    if method.alone is None:
        return (yield from embedded(data, ids, kind))
    if method.alone.of_texts:
        return np.zeros((len(ids), 0), np.float32)
    return (yield from as_they_are(data, ids, kind))


def facts(experiment: Experiment, material: BenchMaterial) -> dict[str, Any]:
    """What the window shows beside a run."""
    info = catalog.backbone(experiment.backbone.name)
    head = (info.features + 1) * material.on.classes
    network = {"trainable parameters": head, "parameters": info.parameters + head, "head parameters": head}
    alone = all(one.instead for one in material.heads)
    return {
        "classes": material.on.classes,
        f"training {material.what}": len(material.split.train),
        f"test {material.what}": len(material.split.test),
        "heads": len(material.heads),
        **({} if alone else network),
        "split": material.split.description,
        "data": material.data.fingerprint,
    }


class BenchMeasuring:
    """Every head at every count, the small counts first. cells: those that were finished."""

    def __init__(
        self, planned: list[HeadCell], method: HeadBench, on: Benched, seed: int, limits: Limits, bookmark: Bookmark
    ) -> None:
        self.planned = planned
        self.cells: list[HeadCell] = []
        self._repeats = method.hyperparameters.repeats
        self._on, self._seed, self._limits, self._bookmark = on, seed, limits, bookmark

    def events(self) -> Iterator[Event]:
        self._go_on()
        for cell in self.planned[len(self.cells) :]:
            if not (yield from self._filled(cell)):
                return
            self.cells.append(cell)
            figures = {BENCH + cell.head.name: cell.accuracy, FOLDS + cell.head.name: cell.folds}
            yield Metrics(cell.count.position, {name: value for name, value in figures.items() if value == value})
            if all(other.count != cell.count for other in self.planned[len(self.cells) :]):
                counts = dict.fromkeys(one.count for one in self.cells)
                yield EpochCompleted(len(counts), cell.count.position)

    def _go_on(self) -> None:
        """Of what an earlier part of the run kept, all cells but the last were finished and said."""
        kept: State = self._bookmark.found or {"cells": [], "used": 0.0}
        for cell, state in zip(self.planned, kept["cells"], strict=False):
            cell.load_state(state)
        self.cells = self.planned[: max(0, len(kept["cells"]) - 1)]
        self._limits.start(kept["used"])

    def _filled(self, cell: HeadCell) -> Generator[Event, None, bool]:
        """Whether it could be filled within the limits."""
        step = self.cells[-1].count.position if self.cells else 0
        for _ in measuring(cell, self._on, self._seed, self._repeats):
            stopping = self._limits.asked_to_stop
            yield from self._bookmark.at(step, lambda: self._state(cell), now=stopping)
            if stopping or self._limits.out_of_time:
                return False
            share = len(self.cells) / len(self.planned)
            yield Preparing(f"{cell.head.title}, {cell.count.words} per class", share)
        return True

    def _state(self, cell: HeadCell) -> State:
        return {"cells": [one.state() for one in (*self.cells, cell)], "used": self._limits.used}


# What is known at the end


def how_sure(chosen: HeadCell, on: Benched, seed: int, directory: Path) -> Iterator[Event]:
    """Keeps how sure the chosen head is of each test image, where that can be told."""
    yield Preparing("Measuring how sure the chosen head is")
    answers = confidence(chosen, on, seed)
    if answers is not None:
        yield from kept(answers, directory)


def results(cells: list[HeadCell], experiment: Experiment, material: BenchMaterial) -> Iterator[Evaluated]:
    """The chosen head's figure first, which the run is known by, then every cell."""
    chosen = best(cells)
    by = "the order of the heads: one label per class leaves nothing to cross-validate"
    if chosen.fold_accuracies:
        by = f"cross-validation, {percent(chosen.folds)} ({chosen.folding})"
    said = {"chosen by": by} | ({"how sure": RESTS_ON} if chosen.fold_accuracies else {})
    for figure in of_chosen(chosen, experiment, material):
        yield of_what(figure, material.what).given(notes=notes(chosen, material.what) | said)
    yield from none_of_these(material.on.labelled(chosen.count, experiment.seed, 0), material.on.test, material.outside)
    for cell in cells:
        yield cell_result(cell, len(material.on.test.labels), material.what).given(notes=notes(cell, material.what))


def of_chosen(chosen: HeadCell, experiment: Experiment, material: BenchMaterial) -> Iterator[Evaluated]:
    """What the head found best gives on the test images and on those of further shifts."""
    assert chosen.predicted is not None
    test, names = material.on.test, material.on.class_names
    yield evaluated(test.ids, chosen.predicted, test.labels, names)
    yield from beside(material.findings, test.ids, chosen.predicted, test.labels, material.on.classes)
    for shift, part in material.further:
        guess = predictions(chosen, material.on, part, experiment.seed)
        yield under(shift, evaluated(part.ids, guess, part.labels, names))


def predictions(chosen: HeadCell, on: Benched, part: FeaturePart, seed: int) -> np.ndarray:
    """Classes int64 [n] of these images by the chosen head, fitted on draw 0."""
    labelled, head = on.labelled(chosen.count, seed, 0), chosen.tuned or chosen.head
    return scores(head, labelled.given(head), labelled.labels, on.classes, part.given(head)).argmax(1)


def cell_result(cell: HeadCell, images: int, what: str) -> Evaluated:
    """One head at one count with its interval over draws, or over test images where every draw is the same."""
    found, interval = accuracy_interval(cell, images, what)
    said: dict[str, str | float] = {"interval": interval, POSITION: cell.count.position}
    said |= {"folds": f"{cell.folding}; {_draws(len(cell.fold_accuracies))}"} if cell.fold_accuracies else {}
    said |= {FOLDS_KEY: cell.folds if cell.fold_accuracies else "none"}
    n, unit = (images, what) if len(cell.accuracies) == 1 else (found.n, "draws")
    return Evaluated(
        ACCURACY, found.value, found.low, found.high, n, unit,
        {HEAD: cell.head.title, LABELS: ALL if cell.count.labels is None else cell.count.labels}, notes=said,
        scores=np.asarray(cell.accuracies, np.float64),
    )  # fmt: skip


def accuracy_interval(cell: HeadCell, images: int, what: str) -> tuple[Interval, str]:
    """(figure, what its interval says in words). what: "images" or "texts"."""
    if len(cell.accuracies) == 1:
        return wilson(round(cell.accuracies[0] * images), images), f"95 % Wilson, over {images} test {what}; one draw"
    found, draws = over_seeds(cell.accuracies, ACCURACY), _draws(len(cell.accuracies))
    assert found is not None
    if not found.known:
        return found, f"{draws} of the labelled {what} are too few for an interval; the same {images} test {what}"
    return found, f"95 % Student, over {draws} of the labelled {what}; the same {images} test {what}"


def _draws(count: int) -> str:
    return f"{count} draw{'' if count == 1 else 's'}"


def notes(cell: HeadCell, what: str) -> dict[str, str | float]:
    """What it takes to believe a figure of this cell. what: "images" or "texts"."""
    said: dict[str, str | float] = {
        "weights": f"none: {cell.head.instead}" if cell.head.instead else "frozen, as they came",
        HEAD: cell.head.title,
        "labels per class": cell.count.words,
        "standardised": f"by the labelled {what}" if cell.head.standardised else "no",
    }
    return said | ({"features": "of length 1"} if what == "texts" and not cell.head.instead else {})
