"""A folder of images without labels: read whole, learnt from, and refused by whatever needs labels."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.advice.adviser import facts_of
from engine.data.preview import preview
from engine.data.sources import load, resolve
from engine.data.splits import split_images
from engine.errors import DataError, InvalidExperiment
from engine.events import CheckpointSaved, Evaluated, Metrics, Notice, RunFinished, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.families import FAMILIES, named
from engine.preflight.cost import estimate
from engine.preflight.problems import problems
from engine.pretraining.album import KIND
from engine.registry import methods


def draw(folder: Path, count: int, seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for number in range(count):
        Image.fromarray(rng.integers(0, 256, (20, 20), np.uint8)).save(folder / f"{number}.png")
    return folder


def nowhere(path: Path) -> DatasetChoice:
    return DatasetChoice.model_validate({"name": "folder", "path": str(path), "labels": "nowhere"})


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    return draw(tmp_path / "photos", 60)


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    """In folders of different depths, some beside each other, with a text in between."""
    root = tmp_path / "albums"
    for seed, place in enumerate((".", "2023", "2023/sea", "2024/hills/snow")):
        draw(root / place, 10, seed)
    (root / "notes.txt").write_text("of the sea")
    return root


def test_images_beside_each_other_have_no_labels_by_themselves(flat: Path, nested: Path) -> None:
    choice = resolve(flat)
    assert (choice.name, choice.labelled) == ("unlabelled", False)
    assert resolve(nested).labelled  # folders may be classes: a person says that they are not
    data = load(choice)
    assert load(nowhere(flat)).fingerprint == data.fingerprint
    assert (len(data), data.labelled, data.class_names) == (60, False, ("without a label",))


@pytest.mark.parametrize("packed", [False, True])
def test_nested_folders_are_read_whole(nested: Path, packed: bool) -> None:
    root = Path(shutil.make_archive(str(nested), "zip", nested)) if packed else nested
    data = load(nowhere(root))
    assert len(data) == 40
    assert data.of_regions is None
    assert data.fingerprint == load(nowhere(nested)).fingerprint
    assert data.layout.startswith("images without labels, in 4 folders")


def test_all_are_learnt_from_but_for_a_few_to_look_at(flat: Path) -> None:
    split = split_images(load(nowhere(flat)), nowhere(flat), 0)
    assert (len(split.train), len(split.validation), len(split.test)) == (57, 3, 0)
    assert sorted([*split.train, *split.validation]) == list(range(60))
    halves = [nowhere(flat).model_copy(update={"part": part}) for part in ("source half", "target half")]
    both = [split_images(load(one), one, 0) for one in halves]
    assert sorted(np.concatenate([part for one in both for part in (one.train, one.validation)])) == list(range(60))


def test_what_is_shown_of_it_says_what_cannot_be_measured(flat: Path) -> None:
    found = preview(nowhere(flat))
    assert found.problem is None
    assert found.sentence == "60 images, no labels"
    assert any("cannot be measured" in said for said in found.warnings)
    assert found.split_sentence == "57 images to learn from, 3 to look at"
    assert len(found.strip) > 1
    assert found.per_class == ()


def test_nothing_there_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no images") as raised:
        load(nowhere(tmp_path / "empty"))
    assert "with images in it or below" in raised.value.advice


@pytest.mark.parametrize(
    ("setting", "words"), [({"classes": 2}, "classes to choose"), ({"leave_out": "copies"}, "copies")]
)
def test_what_only_labels_have_a_place_for_is_a_sentence(flat: Path, setting: dict[str, object], words: str) -> None:
    choice = nowhere(flat).model_copy(update=setting)
    with pytest.raises(InvalidExperiment, match=words):
        split_images(load(choice), choice, 0)
    assert preview(choice).problem is not None


@pytest.mark.parametrize("family", list(FAMILIES))
def test_whoever_needs_labels_refuses_in_one_sentence(flat: Path, family: str) -> None:
    for kind in (kind for kind in methods() if kind.family == family):
        given = Experiment(
            dataset=nowhere(flat), backbone=BackboneChoice(name="conv4"), method=MethodChoice(name=kind.name)
        )
        said = [one for one in problems(given) if "these data have none" in one.message]
        assert len(said) == named(family).needs_labels, kind.name
        assert all("pretraining" in one.advice for one in said)
        refused = bool(getattr(kind, "learns_labels", False))
        assert refused == any("learns from labels, which" in one.message for one in problems(given)), kind.name


def test_the_adviser_refuses_too(flat: Path) -> None:
    with pytest.raises(InvalidExperiment, match="these have none"):
        facts_of(nowhere(flat))


@pytest.mark.parametrize("name", ["simclr", "masked", "jigsaw"])
def test_it_is_learnt_from_without_any_figure_of_labels(flat: Path, tmp_path: Path, name: str) -> None:
    """Also where nobody said "no labels", which is what is usual."""
    given = Experiment(dataset=nowhere(flat), backbone=BackboneChoice(name="conv4"),
                       method=MethodChoice(name=name, hyperparameters={"epochs": 2, "batch_size": 16}))  # fmt: skip
    assert problems(given) == []
    assert estimate(given).seconds > 0
    events = list(execute(given, tmp_path / "runs" / "r1"))
    assert isinstance(events[-1], RunFinished), events[-1]
    assert not any(isinstance(one, Evaluated) for one in events)
    assert not any("val/neighbours" in one.values for one in events if isinstance(one, Metrics))
    assert any("val/rank" in one.values for one in events if isinstance(one, Metrics))
    assert any(one.kind == KIND for one in events if isinstance(one, CheckpointSaved))
    started = next(one for one in events if isinstance(one, RunStarted))
    assert started.facts["labels"] == "there are none"
    assert any("no labels to test by" in one.text for one in events if isinstance(one, Notice))
    few = Experiment(
        dataset=DatasetChoice(name="digits", classes=3, labels_per_class=2),
        backbone=BackboneChoice(name="conv4", weights="run:r1"),
        method=MethodChoice(name="linear_probe", hyperparameters={"epochs": 1}),
    )  # fmt: skip
    assert isinstance(list(execute(few, tmp_path / "runs" / "r2"))[-1], RunFinished)


def test_a_list_that_cannot_be_followed_is_said_unless_there_are_to_be_no_labels(flat: Path) -> None:
    (flat / "labels.csv").write_text("file,label\n0.png,a\n0.png,b\n1.png,b\n")
    assert resolve(flat).name == "folder"
    with pytest.raises(DataError, match="cannot be followed"):
        load(resolve(flat))
    assert len(load(nowhere(flat))) == 60
