"""What must be known of the data behind a figure: parts that hold other classes, classes that a part lacks, copies."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.data.findings import copies_words, in_classes, in_images, protocol
from engine.data.preview import preview
from engine.data.sources import load, resolve
from engine.data.splits import split_classes, split_images
from engine.errors import InvalidExperiment
from engine.events import Evaluated, Notice
from engine.execute import execute
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from tests.engine.data.conftest import Maker

NAMES = [("train", "val", "test"), ("meta-train", "meta-val", "meta-test"), ("base", "val", "novel")]


def few_shot(class_folders: Maker, parts: dict[str, int], images: int = 4) -> DatasetChoice:
    """Folders of parts that share no class."""
    for part, classes in parts.items():
        root = class_folders(f"photos/{part}", **{f"{part}{number}": images for number in range(classes)}).parent
    return resolve(root)


@pytest.mark.parametrize("names", NAMES, ids=lambda names: names[0])
def test_classes_of_given_parts_are_obeyed_in_few_shot_learning(
    class_folders: Maker, zipped: Maker, names: tuple[str, str, str]
) -> None:
    choice = few_shot(class_folders, dict(zip(names, (5, 2, 3), strict=True)))
    for place in (choice, resolve(zipped(Path(str(choice.path)), "inside"))):
        for split in (None, "given"):
            asked = place.model_copy(update={"split": split, "split_seed": 7})
            data = load(asked)
            found = split_classes(data, asked)
            for part, name in zip((found.train, found.validation, found.test), names, strict=True):
                assert {data.class_names[one].rstrip("0123456789") for one in part} == {name}
            assert found.description == "classes as the folders say, 5/2/3, none shared"
    shown = preview(choice, meta=True)
    assert (shown.counts, shown.problem) == ((5, 2, 3), None)


def test_a_part_that_few_shot_folders_lack_is_cut_from_the_training_classes(class_folders: Maker) -> None:
    choice = few_shot(class_folders, {"train": 20, "test": 5}, images=1)
    data = load(choice)
    found = split_classes(data, choice)
    assert [len(part) for part in (found.train, found.validation, found.test)] == [17, 3, 5]
    assert all(data.class_names[one].startswith("test") for one in found.test)
    drawn = split_classes(data, choice.model_copy(update={"split": "random-classes"}))
    assert drawn.description.startswith("random classes")


def test_fine_tuning_says_that_parts_hold_other_classes(class_folders: Maker) -> None:
    choice = few_shot(class_folders, {"train": 4, "val": 2, "test": 3})
    with pytest.raises(InvalidExperiment, match=r"different classes to train \(4\), validate \(2\) and test \(3\)"):
        split_images(load(choice), choice, 0)
    assert "different classes" in str(preview(choice).problem)
    assert len(split_images(load(choice), choice.model_copy(update={"split": "stratified"}), 0).classes) == 9


def test_shared_classes_in_parts_are_not_few_shot(class_folders: Maker) -> None:
    class_folders("photos/train", cat=4, dog=4)
    choice = resolve(class_folders("photos/test", cat=2).parent)
    assert load(choice).given_classes is None


# Classes that a part lacks


@pytest.mark.parametrize("part", ["val", "test"])
def test_a_class_missing_in_one_part_is_named(class_folders: Maker, part: str) -> None:
    for name in ("train", "val", "test"):
        images = {"bird": 3, "cat": 3, "dog": 3}
        if name == part:
            del images["cat"]
        root = class_folders(f"photos/{name}", **images).parent
    choice = resolve(root)
    data = load(choice)
    (found,) = (one for one in in_images(data, split_images(data, choice, 0)) if one.key != "copies")
    assert found.words == "2 of 3 classes, none of “cat”"
    assert found.key == {"val": "classes validated", "test": "classes tested"}[part]
    assert found.sentence in preview(choice).warnings


# Copies


def test_copies_across_train_and_test_are_counted(class_folders: Maker) -> None:
    """The first cat of training twice in the test folder, once as a dog; and one copy within the training images."""
    train, test = class_folders("photos/train", cat=5, dog=5), class_folders("photos/test", cow=0)
    class_folders("photos/val", cat=1, dog=1)
    (test / "cow").rmdir()
    for name, kind in (("a", "cat"), ("b", "dog")):
        (test / kind).mkdir()
        shutil.copy(train / "cat" / "cat0.png", test / kind / f"{name}.png")
    shutil.copy(train / "dog" / "dog1.png", train / "dog" / "again.png")
    choice = resolve(train.parent)
    data = load(choice)
    said = protocol(in_images(data, split_images(data, choice, 0)))
    assert said["copies"].startswith("2 of 2 test images are copies of training images")
    assert said["copies"].endswith("; 2 of 2 test images are copies of each other")
    assert (
        copies_words(data) == f"{len(data) - len(np.unique(data.contents))} of {len(data)} images are copies of others"
    )
    assert any(copies_words(data) in words for words in preview(choice).warnings)


def test_copies_across_classes_are_counted_in_few_shot_learning(class_folders: Maker) -> None:
    choice = few_shot(class_folders, {"train": 3, "val": 2, "test": 2})
    root = Path(str(choice.path))
    for part in ("train", "val", "test"):  # the maker gives each part the same pictures: make them unlike
        for number, file in enumerate(sorted((root / part).rglob("*.png"))):
            file.write_bytes(file.read_bytes() + f"{part}{number}".encode())
    clean = load(choice)
    assert protocol(in_classes(clean, split_classes(clean, choice))) == {}
    shutil.copy(root / "train" / "train0" / "train00.png", root / "test" / "test1" / "copy.png")
    data = load(choice)
    said = protocol(in_classes(data, split_classes(data, choice)))
    assert said == {"copies": "1 of 9 test images is a copy of training images"}


@pytest.mark.parametrize("method", ["linear_probe", "head_bench"])
def test_figures_say_which_classes_they_are_of(class_folders: Maker, tmp_path: Path, method: str) -> None:
    """Three classes to learn, two of them tested, all with pictures of the training folder, part of which is
    cut to validate."""
    class_folders("photos/train", bird=4, cat=4, dog=4)
    root = class_folders("photos/test", bird=4, dog=1).parent
    values = {"epochs": 1} if method == "linear_probe" else {"most_labels": "1", "repeats": 1}
    asked = Experiment(dataset=resolve(root), method=MethodChoice(name=method, hyperparameters=values))
    events = list(execute(asked, tmp_path / "run"))
    figures = {event.name: event.protocol for event in events if isinstance(event, Evaluated)}
    assert {said["classes tested"] for said in figures.values()} == {"2 of 3 classes, none of “cat”"}
    assert figures["test/balanced accuracy"]["balanced over"] == "2 of 3 classes"
    (copies,) = {said["copies"] for said in figures.values()}
    assert sum(int(words.split(" of 5 test images ")[0]) for words in copies.split("; ")) == 5
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert any("none of “cat”: no figure speaks of what is missing" in text for text in notices)
