"""Texts that the source says are of none of its classes: told apart by a run's test, and by nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.artifacts.saved import SavedModel
from engine.comparison.unlike import Learnt, threshold_of
from engine.data.splits import split_images
from engine.events import Evaluated, Event
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.heads.nearest_mean import unit
from engine.metrics import AT_THRESHOLD
from engine.tuning.outside import METRIC
from tests.texts import data_set, make_known, text_set

ALL, KNOWN = text_set(8, 24), text_set(6, 24)
OUTSIDE = tuple(np.array(ALL.texts)[ALL.labels >= 6])


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    make_known(
        monkeypatch, data_set("apart", replace(KNOWN, name="apart", outside=OUTSIDE)), data_set("without", KNOWN)
    )


def run(folder: Path, data: str, method: str) -> list[Event]:
    epochs = {"epochs": 4} if method != "lp_ft" else {"epochs": 2, "probe_epochs": 2}
    chosen = MethodChoice(name=method, hyperparameters={**epochs, "batch_size": 16})
    start = BackboneChoice(name="bag_of_words")
    return list(execute(Experiment(dataset=DatasetChoice(name=data), backbone=start, method=chosen), folder))


def figures(events: list[Event]) -> dict[str, Evaluated]:
    return {one.metric: one for one in events if isinstance(one, Evaluated)}


@pytest.mark.parametrize("method", ["scratch", "lp_ft"])
def test_what_is_none_of_the_classes_is_told_by_the_nearest_training_text(tmp_path: Path, method: str) -> None:
    events = run(tmp_path / "run", "apart", method)
    found = figures(events)[METRIC]
    model, data = SavedModel.open(tmp_path / "run"), replace(KNOWN, outside=OUTSIDE)
    split = split_images(data, DatasetChoice(), 0)

    def seen(texts: Sequence[str]) -> np.ndarray:
        asked = replace(data, texts=texts, labels=np.zeros(len(texts), np.int64))
        return unit(model.seen(asked)[0].numpy())

    of = [seen([data.texts[place] for place in ids]) for ids in (split.train, split.validation, split.test)]
    learnt = Learnt(of[0])
    test, outside = learnt.unlikeness(of[2]), learnt.unlikeness(seen(OUTSIDE))
    pairs = [(two > one) + (two == one) / 2 for one in test for two in outside]
    assert found.value == pytest.approx(np.mean(pairs), abs=1e-6)
    assert found.low <= found.value <= found.high
    caught = (outside > threshold_of(learnt.unlikeness(of[1])).threshold).mean()
    assert str(found.notes[AT_THRESHOLD]).startswith(f"{100 * caught:.1f} % of those of no class and ")


def test_texts_of_no_class_change_nothing_else(tmp_path: Path) -> None:
    with_them, without = (figures(run(tmp_path / name, name, "lp_ft")) for name in ("apart", "without"))
    assert METRIC not in without
    assert {*with_them} == {*without, METRIC}
    for metric, one in without.items():
        assert (with_them[metric].value, with_them[metric].low) == (one.value, one.low), metric
    assert next(iter(with_them)) == "test/accuracy"
