"""Whole runs of every method on two sets of texts that differ in their test texts alone: what was learnt is the same to
the last bit, runs that are cut off go on, and a run's folder gives the same answers again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.artifacts.saved import SavedModel
from engine.backbones import catalog
from engine.data import sources
from engine.data.splits import split_classes, split_images
from engine.data.text_set import TextSet
from engine.events import Evaluated, Event, Notice, RunFinished, RunStarted, TrialCompleted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, SearchChoice, Shift
from engine.meta.learner import MetaLearner
from engine.method import Method
from engine.methods.bench.head_bench import HeadBench
from engine.preflight.problems import problems
from engine.preparation.inputs import normaliser
from engine.registry import methods
from engine.tuning.method import FineTuneMethod
from engine.using.predictions import form_of
from tests.engine.methods.fitting import fitting
from tests.engine.methods.reopened import figure, learns_tasks_as_the_run_did
from tests.engine.methods.test_every_run import SHORT, answers, curve, weights
from tests.engine.tuning.resuming import assert_equal, in_pieces, keep_every_point
from tests.texts import data_set, make_known, text_set

OTHER = "other_topics"
TRAINED = [kind for kind in methods() if issubclass(kind, FineTuneMethod) and kind.from_values({}).stages()]
TRAINED = [kind for kind in TRAINED if not kind.follows]
META = [kind for kind in methods() if issubclass(kind, MetaLearner) and "classification" in kind.suits]


def with_others(data: TextSet, changed: np.ndarray) -> TextSet:
    """The same set with other texts at these places."""
    texts = list(data.texts)
    for place in changed:
        texts[place] = " ".join(reversed(texts[place].split())) + " indeed"
    return replace(data, texts=texts)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the test texts of the other set are others."""
    tested = split_images(text_set(), DatasetChoice(), 0).test
    make_known(monkeypatch, data_set(OTHER, with_others(text_set(), tested[::2])))


def on_texts(kind: type[Method], name: str = "topics", **more: Any) -> Experiment:
    choice = more.pop("dataset", DatasetChoice(name=name))
    backbone = more.pop("backbone", BackboneChoice(name="bag_of_words"))
    values = MethodChoice(name=kind.name, hyperparameters=fitting(kind, SHORT) | more.pop("values", {}))
    return Experiment(dataset=choice, backbone=backbone, method=values, **more)


def to_the_end(experiment: Experiment, directory: Path) -> list[Event]:
    assert problems(experiment) == []
    events = list(execute(experiment, directory))
    assert isinstance(events[-1], RunFinished), events[-1]
    return events


@pytest.mark.parametrize("kind", TRAINED, ids=lambda kind: kind.name)
def test_fine_tuning_learns_nothing_from_test_texts(kind: type[Method], tmp_path: Path) -> None:
    one, other = (to_the_end(on_texts(kind, name), tmp_path / name) for name in ("topics", OTHER))
    assert weights(tmp_path / "topics") == weights(tmp_path / OTHER)
    assert curve(one) == curve(other)
    kept = set(list(answers(one, lambda _: True))[1::2])
    assert answers(one, kept.__contains__) == answers(other, kept.__contains__)
    saved, test = SavedModel.open(tmp_path / "topics"), figure(one, "test/accuracy")
    found = saved.predict(text_set())[torch.from_numpy(test.ids)]
    assert found.argmax(1).tolist() == test.predicted.tolist()
    assert form_of(saved) == normaliser(on_texts(kind).backbone)  # by who would try or export it


@pytest.mark.parametrize("kind", META, ids=lambda kind: kind.name)
def test_meta_learning_learns_nothing_from_texts_of_test_classes(
    kind: type[Method], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = text_set()
    tested = np.flatnonzero(np.isin(data.labels, split_classes(data, DatasetChoice()).test))
    make_known(monkeypatch, data_set("other_classes", with_others(data, tested)))
    one, _ = (to_the_end(on_texts(kind, name), tmp_path / name) for name in ("topics", "other_classes"))
    assert weights(tmp_path / "topics") == weights(tmp_path / "other_classes")
    learns_tasks_as_the_run_did(one, tmp_path / "topics", on_texts(kind))


@pytest.mark.parametrize("name", ["full_ft", "lora", "gradual", "lp_ft", "setfit", "anil", "protonet"])
def test_a_run_on_texts_goes_on_to_the_last_bit(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = on_texts(next(kind for kind in methods() if kind.name == name))
    expected = to_the_end(given, tmp_path / "whole")
    keep_every_point(monkeypatch)
    assert_equal(in_pieces(given, tmp_path / "cut", 3, later=2), tmp_path / "cut", expected, tmp_path / "whole")


def test_the_bench_tells_topics_apart_and_chooses_nothing_by_test_texts(tmp_path: Path) -> None:
    one, other = (to_the_end(on_texts(HeadBench, name), tmp_path / name) for name in ("topics", OTHER))
    first, second = (next(e for e in run if isinstance(e, Evaluated)) for run in (one, other))
    assert first.protocol["head"] == second.protocol["head"]


def test_a_search_on_texts_chooses_nothing_by_test_texts(tmp_path: Path) -> None:
    kind, search = next(kind for kind in TRAINED if kind.name == "linear_probe"), SearchChoice(trials=3, folds=2)
    both = [to_the_end(on_texts(kind, name, search=search), tmp_path / name) for name in ("topics", OTHER)]
    trials = [[(e.values, e.scores) for e in run if isinstance(e, TrialCompleted)] for run in both]
    assert len(trials[0]) == 3
    assert trials[0] == trials[1]


def test_the_same_seed_is_the_same_run_and_another_is_not(tmp_path: Path) -> None:
    kind = next(kind for kind in TRAINED if kind.name == "full_ft")
    runs = [to_the_end(on_texts(kind, seed=seed), tmp_path / str(place)) for place, seed in enumerate((0, 0, 1))]
    assert curve(runs[0]) == curve(runs[1]) != curve(runs[2])


def test_training_tells_the_topics_apart(tmp_path: Path) -> None:
    kind = next(kind for kind in TRAINED if kind.name == "full_ft")
    values = {"epochs": 25, "learning_rate": 0.03}
    events = to_the_end(on_texts(kind, values=values), tmp_path)
    assert figure(events, "test/accuracy").value > 0.6  # of eight topics


def test_a_run_goes_on_from_another_and_keeps_its_head(tmp_path: Path) -> None:
    tuned, as_is = (next(kind for kind in methods() if kind.name == name) for name in ("lora", "as_is"))
    first = to_the_end(on_texts(tuned, values={"epochs": 4}), tmp_path / "r0000")
    kept = BackboneChoice(name="bag_of_words", weights="run:r0000", head="kept")
    again = to_the_end(on_texts(as_is, backbone=kept, values={}), tmp_path / "r0001")
    assert answers(again, lambda _: True) == answers(first, lambda _: True)


def test_a_run_is_tested_on_shifted_texts_too(tmp_path: Path) -> None:
    kind = next(kind for kind in TRAINED if kind.name == "linear_probe")
    shifts = (Shift(kind="typos", severity=5), Shift(kind="cut", severity=5), Shift(kind="label shift", severity=5))
    events = to_the_end(on_texts(kind, dataset=DatasetChoice(name="topics", tested_on=shifts)), tmp_path)
    told = [event.conditions.get("shift") for event in events if isinstance(event, Evaluated)]
    assert {"Typing errors, severity 5", "Cut to a few words, severity 5"} <= set(told)


def test_what_suits_texts_alone_and_what_does_not_is_said_in_one_sentence() -> None:
    probe = next(kind for kind in TRAINED if kind.name == "linear_probe")
    of_images = on_texts(probe, dataset=DatasetChoice(name="digits"))
    (fault,) = problems(of_images)
    assert str(fault).startswith("Bag of words reads texts, and these are images.")
    asked = on_texts(probe, backbone=BackboneChoice(name="conv4"))
    (fault,) = problems(asked)
    assert str(fault).startswith("Conv-4 reads images, and these are texts. Choose MiniLM")


@pytest.mark.parametrize("values", [{"augmentation": "flip and crop"}, {"mixup": 0.2}])
def test_what_changes_images_is_refused_for_texts(values: dict[str, Any]) -> None:
    (fault,) = problems(on_texts(next(kind for kind in TRAINED if kind.name == "full_ft"), values=values))
    assert "texts" in str(fault)
    assert fault.field == f"hyperparameters.{next(iter(values))}"


def test_shifts_of_images_are_refused_for_texts_and_the_other_way_round() -> None:
    probe = next(kind for kind in TRAINED if kind.name == "linear_probe")
    noisy = DatasetChoice(name="topics", shift=Shift(kind="noise"))
    assert [one.field for one in problems(on_texts(probe, dataset=noisy))] == ["dataset"]
    digits = DatasetChoice(name="digits", tested_on=(Shift(kind="typos"),))
    asked = on_texts(probe, dataset=digits, backbone=BackboneChoice(name="conv4"))
    assert ["texts" in str(one) for one in problems(asked)] == [True]


def test_the_longest_text_has_bounds() -> None:
    probe = next(kind for kind in TRAINED if kind.name == "linear_probe")
    far = on_texts(probe, backbone=BackboneChoice(name="bag_of_words", image_size=600))
    assert "8 to 512 word pieces" in str(problems(far)[0])
    assert catalog.image_size(BackboneChoice(name="bag_of_words", image_size=40)) == 40
    assert sources.kind_of(DatasetChoice(name="topics")) == "texts"


@pytest.mark.parametrize("network", ["text_transformer", "text_bilstm"])
@pytest.mark.parametrize("name", ["gradual", "lora", "maml"])
def test_networks_of_the_program_learn_texts_and_are_opened_again(network: str, name: str, tmp_path: Path) -> None:
    """Frozen blocks are computed once, changes of low rank are added in, and MAML takes a gradient of a gradient."""
    kind = next(kind for kind in methods() if kind.name == name)
    given = on_texts(kind, backbone=BackboneChoice(name=network, image_size=16), values={})
    events = to_the_end(given, tmp_path)
    if kind in META:
        if network == "text_transformer":  # the loop over words is no plain module
            learns_tasks_as_the_run_did(events, tmp_path, given)
        return
    test = figure(events, "test/accuracy")
    found = SavedModel.open(tmp_path).predict(text_set())[torch.from_numpy(test.ids)]
    assert found.argmax(1).tolist() == test.predicted.tolist()


def test_a_run_says_how_many_texts_are_cut(tmp_path: Path) -> None:
    probe = next(kind for kind in TRAINED if kind.name == "linear_probe")
    events = to_the_end(on_texts(probe, backbone=BackboneChoice(name="bag_of_words", image_size=8)), tmp_path)
    longer = np.mean([len(text.split()) > 8 for text in text_set().texts])
    assert figure(events, "test/accuracy").protocol["cut"] == f"{100 * longer:.1f} % of the texts, after 8 word pieces"


def test_a_run_says_which_shift_its_network_does_not_read(tmp_path: Path) -> None:
    """The words of this one have no case."""
    probe = next(kind for kind in TRAINED if kind.name == "linear_probe")
    shifts = (Shift(kind="case", severity=5), Shift(kind="typos", severity=5))
    events = to_the_end(on_texts(probe, dataset=DatasetChoice(name="topics", tested_on=shifts)), tmp_path)
    said = [event.text for event in events if isinstance(event, Notice) and "changes nothing" in event.text]
    assert said == ["Upper case, severity 5 changes nothing of what the network reads of these texts."]


def test_a_run_calls_its_texts_texts(tmp_path: Path) -> None:
    probe = next(kind for kind in TRAINED if kind.name == "linear_probe")
    events = to_the_end(
        on_texts(probe, dataset=DatasetChoice(name="topics", tested_on=(Shift(kind="typos"),))), tmp_path
    )
    facts = next(event.facts for event in events if isinstance(event, RunStarted))
    tested = [event for event in events if isinstance(event, Evaluated)]
    assert {one.unit for one in tested} == {"texts"}
    said = [*facts, *(str(words) for one in tested for words in one.notes.values())]
    assert [words for words in said if "image" in words] == []
    assert {"training texts", "test texts"} <= set(facts)
