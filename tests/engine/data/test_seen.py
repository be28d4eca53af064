"""Weights that meet their own training images or classes again are known to, wherever they come from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.backbones import catalog
from engine.backbones.info import OMNIGLOT
from engine.data.findings import ids_of
from engine.data.sets.digits import load_digits
from engine.data.sources import load, resolve
from engine.data.splits import ClassSplit, split_classes, split_images
from engine.events import Evaluated, Event, Notice
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, SearchChoice
from engine.provenance import seen
from engine.provenance.noted import warnings
from engine.registry import with_method
from engine.tuning.testing import UNSEEN
from tests.engine.data.conftest import Maker, picture, real_zip

DIGITS = DatasetChoice(name="digits", labels_per_class=10, validation_per_class=5)
OMNIGLOT = [
    BackboneChoice(name=info.name, weights=one.name)
    for info in catalog.backbones()
    for one in catalog.weights(info.name)
    if one.trained_on == OMNIGLOT
]
IMAGENET = [info.name for info in catalog.backbones() if any(w.name == "imagenet" for w in catalog.weights(info.name))]


def run(folder: Path, method: str = "scratch", data: DatasetChoice = DIGITS, **more: object) -> list[Event]:
    values = {"epochs": 1} if method in ("scratch", "linear_probe", "full_ft") else {}
    asked = {"dataset": data, "method": MethodChoice(name=method, hyperparameters=values)} | more
    return list(execute(Experiment.model_validate(asked), folder))


def said(events: list[Event]) -> list[str]:
    return [event.protocol.get(seen.KEY, "") for event in events if isinstance(event, Evaluated)]


# Published weights


@pytest.mark.parametrize("choice", OMNIGLOT, ids=lambda choice: f"{choice.name} {choice.weights}")
def test_bundled_weights_know_their_characters_by_alphabet_and_by_content(
    tmp_path: Path, choice: BackboneChoice
) -> None:
    for place, group in enumerate(("Greek", "Latin", "Tengwar")):
        for number in ("01", "02"):
            (tmp_path / group / f"character{number}").mkdir(parents=True)
            image = picture(10 * place + int(number), mode="L")
            image.save(tmp_path / group / f"character{number}" / "drawn.png")
    data, found = load(resolve(tmp_path)), seen.past(choice, None)
    (one,) = seen.met_in_classes(found, data, np.arange(6))
    assert one.words == "4 of 6 test classes were in the weights' training set"
    assert one.unseen is not None
    assert [data.class_names[place] for place in one.unseen] == ["Tengwar character01", "Tengwar character02"]
    one_of_theirs = data.contents.copy()
    one_of_theirs[data.labels == 5] = found.lessons[0].images[7]
    renamed = replace(data, name="folder", alphabets=None, digests=one_of_theirs)
    (one,) = seen.met_in_classes(found, renamed, np.arange(6))
    assert one.words == "1 of 6 test classes were in the weights' training set"


def test_the_papers_split_meets_255_of_its_423_characters_again() -> None:
    choice = resolve(real_zip("omniglot"))
    data = load(choice)
    (one,) = seen.met_in_classes(seen.past(OMNIGLOT[0], None), data, split_classes(data, choice).test)
    assert one.words == "255 of 423 test classes were in the weights' training set"
    by_alphabet = split_classes(data, choice.model_copy(update={"split": "by-alphabet"})).test
    assert seen.met_in_classes(seen.past(OMNIGLOT[0], None), data, by_alphabet) == []


@pytest.mark.parametrize("name", IMAGENET)
def test_imagenets_classes_are_known_by_name(class_folders: Maker, name: str) -> None:
    known = ("Great_White-shark", "n01440764", "tench", "acoustic guitar")
    data = load(resolve(class_folders(**dict.fromkeys((*known, "cardboard", "n99999999", "glass"), 1))))
    found = seen.past(BackboneChoice(name=name, weights="imagenet"), None)
    (one,) = seen.met_in_classes(found, data, np.arange(7))
    assert one.words == "4 of 7 test classes bear the names of classes in the weights' training set"
    (same,) = seen.met_in_images(found, data, np.arange(7), np.arange(7))
    assert same.words == one.words
    assert same.unseen is not None
    assert {data.class_names[data.labels[place]] for place in same.unseen} == {"cardboard", "n99999999", "glass"}


def test_random_weights_have_met_nothing() -> None:
    for info in catalog.backbones():
        assert seen.past(BackboneChoice(name=info.name, weights="random"), None).lessons == ()


# Weights of runs


def met(choice: DatasetChoice, weights: str, runs: Path, head: str = "new") -> list[str]:
    data = load(choice)
    split = split_images(data, choice, 0)
    found = seen.past(BackboneChoice.model_validate({"weights": weights, "head": head}), runs)
    return [one.words for one in seen.met_in_images(found, data, split.classes, split.test)]


def test_another_split_seed_meets_training_images_again(tmp_path: Path) -> None:
    run(tmp_path / "a")
    data, other = load_digits(), DIGITS.model_copy(update={"split_seed": 1})
    learnt, test = split_images(data, DIGITS, 0), split_images(data, other, 0).test
    again = len(set(test) & {*learnt.train, *learnt.validation})
    assert again > 0
    words = f"{again} of {len(test)} test examples were in the weights' training set"
    assert met(DIGITS, "run:a", tmp_path) == []
    assert met(other, "run:a", tmp_path) == [words]
    (tmp_path / "a" / seen.FILE).unlink()  # a run from before runs wrote it down
    assert met(other, "run:a", tmp_path) == [words]
    (tmp_path / "a" / "experiment.json").unlink()
    assert met(other, "run:a", tmp_path) == ["not known: the data that run a learnt from cannot be read any more"]


def test_what_weights_met_is_handed_on_from_run_to_run(tmp_path: Path) -> None:
    """b starts from a; c from b, but its head alone learns, which nobody keeps: 100 + 50 and 10 + 10 images."""
    run(tmp_path / "a")
    run(tmp_path / "b", "full_ft", DatasetChoice(name="digits", labels_per_class=1, validation_per_class=1),
        backbone={"weights": "run:a"})  # fmt: skip
    run(tmp_path / "c", "linear_probe", DIGITS, backbone={"weights": "run:b"})
    images = [len(one.images) for one in seen.past(BackboneChoice(weights="run:c"), tmp_path).lessons]
    assert images == [150, 20]


def test_a_head_learnt_alone_is_left_behind_with_it(tmp_path: Path) -> None:
    other = DIGITS.model_copy(update={"split_seed": 1})
    run(tmp_path / "probe", "linear_probe", backbone={"weights": "omniglot-supervised"})
    assert met(other, "run:probe", tmp_path) == []
    assert len(met(other, "run:probe", tmp_path, head="kept")) == 1


@pytest.mark.parametrize("form", ["full_ft", "as_is", "head_bench", "search"])
def test_every_figure_of_a_run_is_marked_and_told_without_what_was_seen(tmp_path: Path, form: str) -> None:
    other = DIGITS.model_copy(update={"split_seed": 1})
    run(tmp_path / "a")
    backbone = {"weights": "run:a", "head": "kept" if form == "as_is" else "new"}
    search = SearchChoice(trials=1, folds=2) if form == "search" else None
    values = {"most_labels": "1", "repeats": 1} if form == "head_bench" else {}
    name = "linear_probe" if form == "search" else form
    method = MethodChoice(name=name, hyperparameters=values or ({} if form == "as_is" else {"epochs": 1}))
    asked = Experiment(dataset=other, backbone=BackboneChoice.model_validate(backbone), method=method, search=search)
    events = list(execute(asked, tmp_path / "b"))
    (words,) = met(other, "run:a", tmp_path, str(backbone["head"]))
    figures = [event for event in events if isinstance(event, Evaluated)]
    assert {figure.protocol[seen.KEY] for figure in figures} == {words, "nothing"}
    assert any(isinstance(event, Notice) and words in event.text for event in events)
    assert any(words in sentence for sentence in warnings(asked, tmp_path))
    apart = next(figure for figure in figures if figure.at == UNSEEN)
    again, total = (int(part) for part in words.split(" test")[0].split(" of "))
    assert (apart.n, figures[0].metric) == (total - again, "test/accuracy")


def test_classes_met_before_are_counted_in_few_shot_learning(tmp_path: Path) -> None:
    """Glyphs with another split seed: classes that the first run learnt from, and a figure on the new ones alone."""
    quick = {
        "way": 5,
        "training_way": 5,
        "steps": 2,
        "validate_every": 2,
        "test_episodes": 12,
        "validation_episodes": 10,
    }
    first, second = DatasetChoice(name="glyphs"), DatasetChoice(name="glyphs", split_seed=1)
    method = MethodChoice(name="protonet", hyperparameters=quick)
    assert said(list(execute(Experiment(dataset=first, method=method), tmp_path / "a"))) == [""]
    asked = Experiment(dataset=second, method=method, backbone=BackboneChoice(weights="run:a"))
    events = list(execute(asked, tmp_path / "b"))
    data = load(first)
    before, test = split_classes(data, first), split_classes(data, second).test
    again = len(set(test) & {*before.train, *before.validation})
    assert said(events) == [f"{again} of {len(test)} test classes were in the weights' training set", "nothing"]
    apart = [event for event in events if isinstance(event, Evaluated)][1]
    assert (apart.at, apart.n) == (UNSEEN, 12)
    assert f"of {len(test) - again} classes" in apart.protocol["episodes"]


def test_names_speak_where_files_were_written_anew(class_folders: Maker) -> None:
    """Converted copies share no byte with the first files; "class 3" and "7" say nothing of what they name."""
    names = {"heron": 2, "kite": 2, "class 3": 2, "7": 2}
    first = load(resolve(class_folders(**names)))
    root = class_folders("anew", **names)
    for file in root.rglob("*.png"):
        file.write_bytes(file.read_bytes() + b"\0")
    data = load(resolve(root))
    nothing = np.zeros(0, np.int64)
    learner = with_method(Experiment(method=MethodChoice(name="protonet")))
    found = seen.after(seen.Past(), *learner, first, ClassSplit(np.arange(4), nothing, nothing, False, ""))
    (one,) = seen.met_in_classes(found, data, np.arange(4))
    assert one.words == "2 of 4 test classes bear the names of classes in the weights' training set"


def test_what_is_written_down_is_read_again(tmp_path: Path) -> None:
    data = load_digits()
    own = replace(seen.lesson(data, ids_of(data, np.array([3]))), names=frozenset({"ä"}), head=True)
    found = seen.Past((own, *seen.past(OMNIGLOT[0], None).lessons), ("b", "a"))
    (tmp_path / "r").mkdir()
    seen.write(found, tmp_path / "r")
    again = seen.past(BackboneChoice(weights="run:r", head="kept"), tmp_path)
    assert again.classes == ("b", "a")
    for one, other in zip(found.lessons, again.lessons, strict=True):
        assert np.array_equal(one.images, other.images)
        assert replace(one, images=other.images).__dict__ == other.__dict__
    assert json.loads((tmp_path / "r" / seen.FILE).read_text(encoding="utf-8"))["unknown"] == ""


def test_what_weights_of_ones_own_have_seen_is_said_to_be_unknown() -> None:
    found = seen.past(BackboneChoice(weights="own:0123456789"), None)
    (one,) = seen.met_in_images(found, load_digits(), np.arange(10), np.arange(5))
    assert one.sentence == (
        "What the weights have seen before is not known: your file does not say what it was trained on."
    )
