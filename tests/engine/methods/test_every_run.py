"""Whole runs of every method on two folders that differ in their test images alone: what was learnt is the same to the
last bit, and so is the answer to every test image that stayed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.artifacts.saved import SETTLED, SavedModel
from engine.backbones import catalog
from engine.bench.figures import FOLDS
from engine.data.sources import load
from engine.data.splits import split_classes, split_images
from engine.errors import StorageError, WeightsError
from engine.events import (
    LAST_EVENTS,
    CheckpointSaved,
    EpochCompleted,
    Evaluated,
    Event,
    Metrics,
    Notice,
    RunFinished,
    RunStarted,
    TrialCompleted,
)
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, SearchChoice
from engine.meta import evaluation, training
from engine.meta.batch import formulation as choice_of_threads
from engine.meta.batch import sharing
from engine.meta.learner import MetaLearner
from engine.method import Method
from engine.methods.bench.head_bench import HeadBench
from engine.methods.meta.anil import ANIL
from engine.multitask.method import MultiTaskMethod
from engine.pretraining import run as pretraining_run
from engine.pretraining import training as pretraining_loop
from engine.pretraining.method import PretrainMethod
from engine.registry import methods
from engine.tuning.material import Material, read_material
from engine.tuning.method import FineTuneMethod
from engine.work.wire import from_wire, to_wire
from tests.engine.methods.fitting import fitting
from tests.engine.methods.reopened import answers_as_the_run_did, learns_tasks_as_the_run_did
from tests.engine.tuning.resuming import assert_equal, in_pieces, keep_every_point, stopped

CLASSES, IMAGES, SIDE = 8, 12, 16
SHORT = {
    "epochs": 2, "probe_epochs": 2, "epochs_per_block": 1, "repeats": 1, "steps": 3, "validate_every": 2, "way": 2,
    "training_way": 2, "shot": 1, "training_shot": 2, "query": 2, "meta_batch": 2, "validation_episodes": 10,
    "test_episodes": 10, "inner_steps": 2, "test_steps": 2, "test_iterations": 5, "batch_size": 8, "copies": 1,
    "choice_episodes": 1, "most_labels": "2", "warm_up": 0.5, "pair_epochs": 2,
}  # fmt: skip
TRAINED = [kind for kind in methods() if issubclass(kind, FineTuneMethod) and kind.from_values({}).stages()]
META = [kind for kind in methods() if issubclass(kind, MetaLearner) and "classification" in kind.suits]
UNLABELLED = [kind for kind in methods() if issubclass(kind, PretrainMethod) and kind.reads == "images"]
OF_TEXTS = [kind for kind in methods() if issubclass(kind, PretrainMethod) and kind.reads == "texts"]
SEVERAL = [kind for kind in methods() if issubclass(kind, MultiTaskMethod)]
OF_NUMBERS = [kind for kind in methods() if issubclass(kind, MetaLearner) and "regression" in kind.suits]


@dataclass(frozen=True)
class Pair:
    """Two folders, the second with other test images; and the numbers of the images that are the same."""

    one: Path
    other: Path


def drawn(number: int) -> np.ndarray:
    """uint8 [16, 16]: stripes of the class's own direction and width, with noise."""
    rng, kind = np.random.default_rng(number), number // IMAGES
    down, right = np.mgrid[:SIDE, :SIDE]
    wave = np.sin(2 * np.pi * (down * np.cos(kind) + right * np.sin(kind)) / (3 + kind))
    return np.clip(120 + 80 * wave + 20 * rng.normal(size=(SIDE, SIDE)), 0, 255).astype(np.uint8)


def written(folder: Path, changed: set[int]) -> Path:
    for number in range(CLASSES * IMAGES):
        image = 255 - drawn(number).T if number in changed else drawn(number)
        place = folder / f"class{number // IMAGES}" / f"{number:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(image)).save(place)
    return folder


def choice(folder: Path) -> DatasetChoice:
    return DatasetChoice(name="folder", path=str(folder))


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conv-4 with 8 maps where it has 64: what is promised here is promised of any width."""
    usual = catalog.backbones()
    conv4 = replace(catalog.backbone("conv4"), features=8, build=partial(catalog.backbone("conv4").build, width=8))
    found = tuple(conv4 if info.name == "conv4" else info for info in usual)
    monkeypatch.setattr(catalog, "backbones", lambda: found)


@pytest.fixture(scope="module")
def by_image(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Half of the test images are others."""
    root = tmp_path_factory.mktemp("images")
    one = written(root / "one", set())
    tested = split_images(load(choice(one)), choice(one), 0).test
    return Pair(one, written(root / "other", set(tested[::2].tolist())))


@pytest.fixture(scope="module")
def by_class(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """All images of the test classes are others."""
    root = tmp_path_factory.mktemp("classes")
    one = written(root / "one", set())
    data = load(choice(one))
    tested = np.flatnonzero(np.isin(data.labels, split_classes(data, choice(one)).test))
    return Pair(one, written(root / "other", set(tested.tolist())))


def of_images(kind: type[Method], folder: Path, **more: Any) -> Experiment:
    return Experiment(
        dataset=choice(folder), backbone=BackboneChoice(name="conv4", image_size=SIDE),
        method=MethodChoice(name=kind.name, hyperparameters=fitting(kind, SHORT)), **more,
    )  # fmt: skip


def ran(kind: type[Method], folder: Path, directory: Path, **more: Any) -> list[Event]:
    return to_the_end(of_images(kind, folder, **more), directory)


def to_the_end(experiment: Experiment, directory: Path) -> list[Event]:
    """What the run says, as it is heard in another process."""
    told = [to_wire(event) for event in execute(experiment, directory)]
    events = [from_wire(one) for one in told]
    assert [to_wire(event) for event in events] == told
    assert isinstance(events[-1], RunFinished), events[-1]
    return events


def tells_its_story(events: list[Event], directory: Path, given: Experiment) -> None:
    """The order of what is said, what is written, and what stands beside the figure."""
    kinds = [type(event) for event in events]
    assert [kind for kind in kinds if kind in LAST_EVENTS] == [RunFinished] == kinds[-1:]
    started = next(event for event in events if isinstance(event, RunStarted))
    assert kinds.index(RunStarted) < kinds.index(Metrics)
    assert events[-1].step == started.total_steps
    assert EpochCompleted in kinds
    written = {event.path for event in events if isinstance(event, CheckpointSaved)}
    assert written - {"tasks.json", "pictures.npz"} == {"best.safetensors", "last.safetensors"}
    test = next(event for event in events if isinstance(event, Evaluated))
    assert 0 <= test.low <= test.value <= test.high <= 1
    assert {"split", "batch norm", "interval", "weights", "data"} <= set(test.protocol)
    saved = Experiment.model_validate_json((directory / "experiment.json").read_text())
    assert saved.method.hyperparameters.items() >= given.method.hyperparameters.items()


def weights(directory: Path) -> list[bytes]:
    """What was kept: the last weights and, by their choice on validation images, the best."""
    return [(directory / f"{name}.safetensors").read_bytes() for name in ("last", "best")]


def curve(events: list[Event]) -> list[tuple[int, dict[str, float]]]:
    return [(event.step, dict(event.values)) for event in events if isinstance(event, Metrics)]


def answers(events: list[Event], which: Callable[[int], bool]) -> dict[int, int]:
    """Test image -> class it is taken for."""
    test = next(event for event in events if isinstance(event, Evaluated))
    assert test.ids is not None
    assert test.predicted is not None
    return {int(i): int(p) for i, p in zip(test.ids, test.predicted, strict=True) if which(int(i))}


@pytest.mark.parametrize("kind", TRAINED, ids=lambda kind: kind.name)
def test_fine_tuning_learns_nothing_from_test_images(kind: type[Method], by_image: Pair, tmp_path: Path) -> None:
    one, other = (ran(kind, folder, tmp_path / folder.name) for folder in (by_image.one, by_image.other))
    assert weights(tmp_path / "one") == weights(tmp_path / "other")
    assert curve(one) == curve(other)
    every, kept = answers(one, lambda _: True), set(list(answers(one, lambda _: True))[1::2])
    assert len(kept) == len(every) // 2
    assert answers(one, kept.__contains__) == answers(other, kept.__contains__)
    tells_its_story(one, tmp_path / "one", of_images(kind, by_image.one))
    answers_as_the_run_did(one, tmp_path / "one", of_images(kind, by_image.one))


@pytest.mark.parametrize("kind", UNLABELLED, ids=lambda kind: kind.name)
def test_pretraining_learns_nothing_from_test_images_nor_from_labels_unless_it_says_so(
    kind: type[PretrainMethod], by_image: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretraining_loop, "LOOK_EVERY", 24)
    one, other = (ran(kind, folder, tmp_path / folder.name) for folder in (by_image.one, by_image.other))
    assert weights(tmp_path / "one") == weights(tmp_path / "other")
    assert curve(one) == curve(other)
    tells_its_story(one, tmp_path / "one", of_images(kind, by_image.one))
    with pytest.raises(WeightsError, match="keeps no head"):
        SavedModel.open(tmp_path / "one")
    monkeypatch.setattr(pretraining_run, "read_material", mislabelled)
    ran(kind, by_image.one, tmp_path / "wrong")
    alike = weights(tmp_path / "wrong")[0] == weights(tmp_path / "one")[0]
    assert alike is not kind.learns_labels


def mislabelled(*given: Any) -> Generator[Event, None, Material]:
    """The images of a run, each with another's label."""
    material = yield from read_material(*given)
    train = material.train
    return replace(material, train=replace(train, labels=train.labels.roll(1)))


@pytest.mark.parametrize("kind", UNLABELLED, ids=lambda kind: kind.name)
def test_pretraining_goes_on_to_the_last_bit(
    kind: type[Method], by_image: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed every few steps: heads, teacher, queue and centre are part of where it was."""
    monkeypatch.setattr(pretraining_loop, "LOOK_EVERY", 24)
    keep_every_point(monkeypatch)
    given = of_images(kind, by_image.one)
    if kind.name == "simclr":
        values = given.method.hyperparameters | {"queue": 16}
        given = given.model_copy(update={"method": MethodChoice(name=kind.name, hyperparameters=values)})
    expected = to_the_end(given, tmp_path / "whole")
    assert_equal(in_pieces(given, tmp_path / "cut", 5, later=2), tmp_path / "cut", expected, tmp_path / "whole")


@pytest.mark.parametrize("kind", SEVERAL, ids=lambda kind: kind.name)
def test_several_tasks_learn_nothing_from_test_images(kind: type[Method], by_image: Pair, tmp_path: Path) -> None:
    one, other = (ran(kind, folder, tmp_path / folder.name) for folder in (by_image.one, by_image.other))
    last = [(tmp_path / name / "last.safetensors").read_bytes() for name in ("one", "other")]
    assert last[0] == last[1]
    assert curve(one) == curve(other)
    with pytest.raises(WeightsError, match="a head for each of several tasks"):
        SavedModel.open(tmp_path / "one")


@pytest.mark.parametrize("kind", META, ids=lambda kind: kind.name)
def test_meta_learning_learns_nothing_from_test_classes(kind: type[Method], by_class: Pair, tmp_path: Path) -> None:
    one, directory = meta_run(kind, by_class)
    other = ran(kind, by_class.other, tmp_path / "other")
    assert weights(directory) == weights(tmp_path / "other")
    assert curve(one) == curve(other)
    tells_its_story(one, directory, of_images(kind, by_class.one))
    learns_tasks_as_the_run_did(one, directory, of_images(kind, by_class.one))
    assert (directory / "tasks.json").is_file()


@cache
def meta_run(kind: type[Method], images: Pair) -> tuple[list[Event], Path]:
    """What a run on the first folder says, and its own folder."""
    directory = images.one.parent / "whole" / kind.name
    return ran(kind, images.one, directory), directory


@pytest.mark.parametrize("kind", META, ids=lambda kind: kind.name)
def test_meta_learning_goes_on_to_the_last_bit(
    kind: type[Method], by_class: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed every few steps and in the middle of its test."""
    expected, directory = meta_run(kind, by_class)
    keep_every_point(monkeypatch)
    monkeypatch.setattr(evaluation, "PAUSE_EVERY", 4)
    assert_equal(in_pieces(of_images(kind, by_class.one), tmp_path, 3, later=2), tmp_path, expected, directory)


def test_a_long_test_goes_on_in_each_of_its_parts(
    by_class: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over inner steps, over other shots and where one does not fit: nothing is said twice or left out."""
    keep_every_point(monkeypatch)
    monkeypatch.setattr(evaluation, "PAUSE_EVERY", 4)
    values = fitting(ANIL, {**SHORT, "steps": 0, "over_shots": "1, 2, 5, 10, 20"})
    experiment = of_images(ANIL, by_class.one)
    experiment = experiment.model_copy(update={"method": MethodChoice(name=ANIL.name, hyperparameters=values)})
    expected = to_the_end(experiment, tmp_path / "whole")
    events = in_pieces(experiment, tmp_path / "cut", 3)
    assert_equal(events, tmp_path / "cut", expected, tmp_path / "whole")
    left_out = [event for event in expected if isinstance(event, Notice) and "left out of the curve" in event.text]
    assert len(left_out) == 1
    assert [event for event in events if event in left_out] == left_out


@pytest.mark.parametrize("kind", OF_NUMBERS, ids=lambda kind: kind.name)
def test_meta_learning_of_numbers_goes_on(kind: type[Method], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped, then killed again and again; whichever way of computing the tasks is the faster each time."""
    keep_every_point(monkeypatch)
    monkeypatch.setattr(training, "WORTH_TIMING", 1)
    monkeypatch.setattr(choice_of_threads, "sharing_threads", lambda: 2)
    monkeypatch.setattr(sharing, "sharing_threads", lambda: 2)
    values = fitting(kind, {**SHORT, "steps": 5})
    experiment = Experiment(
        dataset=DatasetChoice(name="sinusoid"), backbone=BackboneChoice(name="sine_mlp"),
        method=MethodChoice(name=kind.name, hyperparameters=values),
    )  # fmt: skip
    expected, cut = to_the_end(experiment, tmp_path / "whole"), tmp_path / "cut"
    learns_tasks_as_the_run_did(expected, tmp_path / "whole", experiment)
    first = stopped(experiment, cut, 3)
    assert 0 < len([event for event in first if isinstance(event, Metrics)]) < 5
    events = first + in_pieces(experiment, cut, 2, later=4)
    assert_equal(events, cut, expected, tmp_path / "whole")
    assert sum(isinstance(event, Notice) and "are computed" in event.text for event in events) <= 1


def test_the_bench_chooses_nothing_by_test_images(by_image: Pair, tmp_path: Path) -> None:
    one, other = (ran(HeadBench, folder, tmp_path / folder.name) for folder in (by_image.one, by_image.other))
    first, second = ([e for e in run if isinstance(e, Evaluated)] for run in (one, other))
    assert first[0].protocol["head"] == second[0].protocol["head"]
    folds = [[{k: v for k, v in values.items() if k.startswith(FOLDS)} for _, values in curve(e)] for e in (one, other)]
    assert any(folds[0])
    assert folds[0] == folds[1]


def test_every_method_is_opened_again_by_one_of_these_tests() -> None:
    """What keeps nothing is not opened, as-is and a bench are below, and policies and texts have tests of their own."""
    met = {kind.name for kind in (*TRAINED, *META, *OF_NUMBERS, *UNLABELLED, *OF_TEXTS, *SEVERAL)}
    kept_nothing = {kind.name for kind in methods() if not kind.keeps_network or kind.family == "act"}
    assert met | {"as_is", "head_bench"} | kept_nothing == {kind.name for kind in methods()}


def test_a_kept_head_is_opened_as_it_was_kept(by_image: Pair, tmp_path: Path) -> None:
    """By a run that trains nothing and by one that goes on, after the run they began with is gone."""
    first = tmp_path / "r0000"
    ran(next(kind for kind in TRAINED if kind.name == "linear_probe"), by_image.one, first)
    said = {}
    for kind in (kind for kind in methods() if kind.name in ("as_is", "lora")):
        given = of_images(kind, by_image.one)
        kept = given.backbone.model_copy(update={"weights": "run:r0000", "head": "kept"})
        given = given.model_copy(update={"backbone": kept})
        said[kind.name] = to_the_end(given, tmp_path / kind.name), given
    shutil.rmtree(first)
    for name, (events, given) in said.items():
        answers_as_the_run_did(events, tmp_path / name, given)


@pytest.mark.parametrize("kind", [kind for kind in META if kind.settle is not MetaLearner.settle], ids=lambda k: k.name)
def test_what_was_chosen_before_the_test_is_kept(kind: type[Method], by_class: Pair, tmp_path: Path) -> None:
    """Also where nothing was trained. Of an older run, whose folder does not tell it, it is handed in or refused."""
    given = of_images(kind, by_class.one)
    values = given.method.hyperparameters | {"steps": 0}
    given = given.model_copy(update={"method": MethodChoice(name=kind.name, hyperparameters=values)})
    events = to_the_end(given, tmp_path)
    learns_tasks_as_the_run_did(events, tmp_path, given)
    chosen = SavedModel.open(tmp_path).method.choice
    (tmp_path / SETTLED).unlink()
    if kind.from_values(values).trials_before_test:
        with pytest.raises(StorageError, match="chose before its test is not known"):
            SavedModel.open(tmp_path)
    assert SavedModel.open(tmp_path, settled=chosen).method.choice == chosen


def test_a_bench_keeps_no_network(by_image: Pair, tmp_path: Path) -> None:
    ran(HeadBench, by_image.one, tmp_path)
    with pytest.raises(WeightsError, match="has no weights"):
        SavedModel.open(tmp_path)


def test_a_search_chooses_nothing_by_test_images(by_image: Pair, tmp_path: Path) -> None:
    search = SearchChoice(trials=3, folds=2)
    kind = next(kind for kind in TRAINED if kind.name == "linear_probe")
    both = [ran(kind, folder, tmp_path / folder.name, search=search) for folder in (by_image.one, by_image.other)]
    trials = [[(e.values, e.scores) for e in run if isinstance(e, TrialCompleted)] for run in both]
    assert len(trials[0]) == 3
    assert trials[0] == trials[1]
    assert weights(tmp_path / "one") == weights(tmp_path / "other")
