"""Texts that the source says are of none of its classes: told apart by a run's test, and by nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.artifacts.saved import SavedModel
from engine.artifacts.weights import build_backbone
from engine.backbones.backbone import Backbone
from engine.bench.draws import LabelCount
from engine.bench.measure import Benched, FeaturePart
from engine.comparison.unlike import Learnt, threshold_of
from engine.data.episode_splits import samplers
from engine.data.episodes import evaluation_episodes
from engine.data.splits import split_images
from engine.events import Evaluated, Event
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.heads.nearest_mean import unit
from engine.meta.learner import MetaLearner
from engine.metrics import AT_THRESHOLD
from engine.preparation.inputs import normaliser
from engine.texts.tokens import tokens
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


@torch.no_grad()
def features(network: Backbone, texts: Sequence[str]) -> np.ndarray:
    """Of length 1."""
    shape = normaliser(BackboneChoice(name="bag_of_words"))
    return unit(network.eval().embed(shape(torch.from_numpy(tokens(shape.tokenizer, texts, shape.size)))).numpy())


def area(known: np.ndarray, other: np.ndarray) -> float:
    """Pair by pair: how often the other is the more unlike."""
    return float(np.mean([(two > one) + (two == one) / 2 for one in known for two in other]))


def test_a_head_bench_tells_them_by_its_frozen_features(tmp_path: Path) -> None:
    values = {"repeats": 1, "most_labels": "2", "heads": "Nearest mean"}
    wanted = Experiment(
        dataset=DatasetChoice(name="apart"), backbone=BackboneChoice(name="bag_of_words"),
        method=MethodChoice(name="head_bench", hyperparameters=values),
    )  # fmt: skip
    events = list(execute(wanted, tmp_path / "run"))
    found = figures(events)[METRIC]
    assert next(iter(figures(events))) == "test/accuracy"
    data = replace(KNOWN, name="apart", outside=OUTSIDE)
    split = split_images(data, DatasetChoice(), 0)
    network = build_backbone(BackboneChoice(name="bag_of_words"), None, 0, tmp_path).eval()
    texts, labels = np.array(data.texts)[split.train], data.labels[split.train]
    part = FeaturePart(features(network, texts.tolist()), labels, split.train)
    learnt = Learnt(
        Benched(part, part, KNOWN.class_names, labels).labelled(LabelCount(2, 2, same=False), 0, 0).features
    )
    test = learnt.unlikeness(features(network, [data.texts[place] for place in split.test]))
    assert found.value == pytest.approx(area(test, learnt.unlikeness(features(network, OUTSIDE))), abs=1e-5)
    assert found.unit == "texts"


@pytest.mark.parametrize("method", ["protonet", "maml"])
def test_a_meta_learner_tells_them_task_by_task_by_the_nearest_labelled_text(tmp_path: Path, method: str) -> None:
    values = {"way": 2, "shot": 2, "query": 3, "steps": 2, "validation_episodes": 10, "test_episodes": 12}
    values |= {"training_way": 2} if method == "protonet" else {}
    wanted = Experiment(
        dataset=DatasetChoice(name="apart"), backbone=BackboneChoice(name="bag_of_words"),
        method=MethodChoice(name=method, hyperparameters=values),
    )  # fmt: skip
    events = list(execute(wanted, tmp_path / "run"))
    found = figures(events)[METRIC]
    assert next(iter(figures(events))) == "test/accuracy"
    model, data = SavedModel.open(tmp_path / "run"), replace(KNOWN, name="apart", outside=OUTSIDE)
    assert isinstance(model.method, MetaLearner)
    sampler = samplers(data, wanted.dataset, model.method.episodes).test
    outside, areas = features(model.network, OUTSIDE), []
    for episode in evaluation_episodes(sampler, 12, 2):
        learnt = Learnt(features(model.network, [data.texts[place] for place in episode.support.ravel()]))
        query = features(model.network, [data.texts[place] for place in episode.query.ravel()])
        areas.append(area(learnt.unlikeness(query), learnt.unlikeness(outside)))
    assert found.value == pytest.approx(np.mean(areas), abs=1e-5)
    assert (found.n, found.unit) == (12, "episodes")
    assert found.low <= found.value <= found.high


def test_meta_learners_without_such_texts_say_nothing_of_them(tmp_path: Path) -> None:
    values = {"way": 2, "shot": 2, "query": 3, "steps": 0, "validation_episodes": 10, "test_episodes": 10}
    values |= {"training_way": 2}
    wanted = Experiment(
        dataset=DatasetChoice(name="without"), backbone=BackboneChoice(name="bag_of_words"),
        method=MethodChoice(name="protonet", hyperparameters=values),
    )  # fmt: skip
    assert METRIC not in figures(list(execute(wanted, tmp_path / "run")))
