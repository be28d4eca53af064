"""The sets of short texts that the benchmarks read: training and test texts, and labels drawn from them."""

from __future__ import annotations

import csv
from collections.abc import Generator
from pathlib import Path

import numpy as np

from engine.bench.features import FeatureKind, Features, embedded
from engine.data.examples import members
from engine.data.hashes import short_hash
from engine.data.text_set import TextSet
from engine.experiment import BackboneChoice
from engine.heads.nearest_mean import unit

CLINC_TEST, SMS_TEST, DOMAIN_TRAIN = 2250, 1574, 250  # texts; the last of each class
DOMAINS = {"amazon": "amazon_cells_labelled.txt", "imdb": "imdb_labelled.txt", "yelp": "yelp_labelled.txt"}
MINILM = BackboneChoice(name="minilm", weights="sentences")
WHOLE = "_whole"
Array = np.ndarray
Rows = list[tuple[str, str]]  # text and class


def of_table(file: Path) -> Rows:
    with file.open(encoding="utf-8", newline="") as opened:
        return [(row[0], row[1]) for row in list(csv.reader(opened))[1:]]


def groups_of(name: str, folder: Path) -> dict[str, str]:
    """Class -> its domain, where a table has a third column of these."""
    with (folder / f"text_{name}" / "test.csv").open(encoding="utf-8", newline="") as opened:
        return {row[1]: row[2] for row in list(csv.reader(opened))[1:]}


def of_tabs(file: Path, text_first: bool) -> Rows:
    """Lines of text TAB class, or of class TAB text."""
    lines = [line for line in file.read_text("utf-8").split("\n") if line.strip()]
    if text_first:
        return [(text, label.strip()) for text, label in (line.rsplit("\t", 1) for line in lines)]
    return [(text, label) for label, text in (line.split("\t", 1) for line in lines)]


def both(name: str, folder: Path) -> tuple[Rows, Rows]:
    """Training and test texts. clinc150_whole: with all 4,500 test texts, not half of them."""
    if name in DOMAINS:
        return halved(of_tabs(folder / "text_sentiment3" / DOMAINS[name], True), DOMAIN_TRAIN)
    if name == "sms_spam":
        rows = of_tabs(folder / "text_sms_spam" / "SMSSpamCollection", False)
        order = np.random.default_rng(0).permutation(len(rows))
        return [rows[at] for at in order[SMS_TEST:]], [rows[at] for at in order[:SMS_TEST]]
    train, test = (of_table(folder / f"text_{name.removesuffix(WHOLE)}" / f"{part}.csv") for part in ("train", "test"))
    chosen = np.random.default_rng(0).permutation(len(test))[: CLINC_TEST if name == "clinc150" else len(test)]
    return train, [test[at] for at in np.sort(chosen)]


def halved(rows: Rows, train: int) -> tuple[Rows, Rows]:
    labels = np.array([label for _, label in rows])
    drawn = [np.random.default_rng(0).permutation(np.flatnonzero(labels == one)) for one in np.unique(labels)]
    first, rest = (np.concatenate([part[cut] for part in drawn]) for cut in (slice(train), slice(train, None)))
    return [rows[at] for at in first], [rows[at] for at in rest]


def set_of(name: str, rows: Rows, classes: tuple[str, ...]) -> TextSet:
    texts = [text for text, _ in rows]
    labels = np.array([classes.index(label) for _, label in rows], np.int64)
    return TextSet(name=name, title=name, licence="", labels=labels, class_names=classes, texts=texts,
                   fingerprint=short_hash(name, *texts))  # fmt: skip


def pair(name: str, folder: Path) -> tuple[TextSet, TextSet]:
    train, test = both(name, folder)
    classes = tuple(sorted({label for _, label in train}))
    return set_of(name, train, classes), set_of(name, test, classes)


def labelled(labels: Array, count: int, draw: int) -> Array:
    """So many texts of each class, the fewer among the more."""
    places = members(labels, np.arange(labels.max() + 1))
    return np.concatenate([np.random.default_rng([draw, one]).permutation(of)[:count] for one, of in enumerate(places)])


def features_of(data: TextSet, ids: Array, workspace: Path, backbone: BackboneChoice = MINILM) -> Features:
    return unit(drained(embedded(data, ids, FeatureKind(backbone, workspace / "runs"))))


def drained(steps: Generator[object, None, Features]) -> Features:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
