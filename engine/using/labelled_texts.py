"""Texts that a person labelled, written as a data set of tables: alone, or beside those that a run learnt from."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from engine.data.files.loose_texts import LooseTexts
from engine.data.hashes import digest
from engine.data.images import Cancel, check
from engine.data.text_set import TextSet
from engine.errors import InvalidExperiment
from engine.machine.folders import appearing, target_of, told
from engine.tuning.material import Material
from engine.using.labelled import PARTS, OwnLabel, Written, without_labelled

TABLE = "texts.csv"
COLUMNS = ("text", "label", "from", "said by", "answered", "probability", "run")
Row = Callable[..., None]


def of_texts(labels: Sequence[OwnLabel]) -> bool:
    return bool(labels) and labels[0].images.what == LooseTexts.what


def write_labelled_texts(labels: Sequence[OwnLabel], folder: Path, cancelled: Cancel | None = None) -> Written:
    """One table of them, with where each came from and who said what it is. Raises `StorageError` where there is
    something already or it cannot be written, `Cancelled`."""
    with told(folder), appearing(target_of(folder)) as whole, table(whole / TABLE) as row:
        for one in labels:
            check(cancelled)
            put(one, row)
    return Written(folder, len(labels))


def write_joined_texts(
    labels: Sequence[OwnLabel], material: Material, folder: Path, cancelled: Cancel | None = None
) -> Written:
    """A table for each part of the run's own texts, divided as it divided them, and the labelled ones among those that
    it trains on: what is tested on stays the same. Raises as `write_labelled_texts`."""
    data, split = material.data, material.split
    if not isinstance(data, TextSet):
        raise InvalidExperiment(f"{data.title} holds no texts.", "Choose a run that learnt from texts.")
    apart = set(data.contents[np.concatenate([split.validation, split.test])].tolist())
    learnt = without_labelled(labels, material, cancelled)
    joined = [one for one in labels if digest(one.images.body(one.place)) not in apart]
    ids = dict(zip(PARTS, (learnt, split.validation, split.test), strict=True))
    with told(folder), appearing(target_of(folder)) as whole:
        for part, places in ids.items():
            with table(whole / f"{part}.csv") as row:
                for place in map(int, places):
                    check(cancelled)
                    own = data.texts[place], data.class_names[data.labels[place]], data.image_name(place)
                    row(*own, "the data set", "", "", "")
                for one in joined if part == PARTS[0] else ():
                    put(one, row)
    gone = len(split.train) - len(learnt)
    return Written(folder, len(joined), sum(map(len, ids.values())), len(labels) - len(joined), gone)


def put(one: OwnLabel, row: Row) -> None:
    text = one.images.text(one.place)
    row(text, one.class_name, one.name, "you", one.answered, f"{one.probability:.6f}", one.run)


@contextmanager
def table(path: Path) -> Iterator[Row]:
    """Gives what writes a row of `COLUMNS`. Raises OSError."""
    with path.open("w", encoding="utf-8", newline="") as file:
        written = csv.writer(file)
        written.writerow(COLUMNS)
        yield lambda *cells: written.writerow(cells)
