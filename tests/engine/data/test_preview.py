"""What the window is told before a run."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.dataset import BUNDLED
from engine.data.episode_splits import EpisodeShape
from engine.data.preview import curves_preview, first_sample, preview, tasks_preview
from engine.data.shifts import shifted
from engine.data.sources import datasets, load
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice, Shift
from tests.engine.data.conftest import Maker, picture


def test_cards_agree_with_the_data() -> None:
    cards = {card.name: card for card in datasets()}
    order = ["glyphs", "digits", "sinusoid", "regions", "folder", "omniglot", "mnist", "unlabelled"]
    assert [one for one in cards if one in order] == order
    for name in ("glyphs", "digits"):
        card, data = cards[name], load(DatasetChoice(name=name))
        assert (card.images, card.classes) == (len(data), len(data.class_names))
        assert (card.image_size, card.title, card.licence) == (data.typical_size, data.title, data.licence)


@pytest.mark.parametrize("name", [one.name for one in datasets() if one.where == BUNDLED])
def test_the_sample_of_a_card_is_the_first_of_the_strip(name: str) -> None:
    choice = DatasetChoice(name=name)
    assert np.array_equal(first_sample(choice), preview(choice).strip[0])


def test_a_folder_in_one_sentence(class_folders: Maker) -> None:
    folder = class_folders(cat=10, dog=20)
    (folder / "cat" / "letter.jpg").write_text("not a picture")
    found = preview(DatasetChoice(name="folder", path=str(folder)))
    assert found.sentence == "30 images, 2 classes, 1 file skipped"
    assert found.per_class == (("cat", 10), ("dog", 20))
    assert found.split_sentence == "15 images to learn from, 6 to validate, 9 to test"
    assert found.counts == (15, 6, 9)
    assert [shape.shape for shape in found.strip] == [(28, 28, 3)] * 2
    assert found.skipped[0].path == "cat/letter.jpg"
    assert found.problem is None


def test_labels_per_class_in_the_sentence() -> None:
    found = preview(DatasetChoice(name="digits", labels_per_class=10))
    assert found.sentence == "1,797 images, 10 classes"
    assert found.split_sentence == "100 of 899 images to learn from, 359 to validate, 539 to test"
    assert found.counts == (100, 359, 539)


def test_divided_classes_in_the_sentence() -> None:
    found = preview(DatasetChoice(name="glyphs", split="random-classes"))
    assert found.split_sentence == "Classes: 144 and their quarter turns to learn from, 36 to validate, 60 to test"
    assert found.counts == (144, 36, 60)
    assert len(found.strip) == 16
    assert all(image.shape == (28, 28, 1) and image.dtype == np.uint8 for image in found.strip)


@pytest.mark.parametrize("wrong", [{"labels_per_class": 500}, {"classes": 11}, {"split": "given"}])
def test_a_choice_that_cannot_be_split_is_still_shown(wrong: dict[str, object]) -> None:
    found = preview(DatasetChoice.model_validate({"name": "digits", **wrong}))
    assert isinstance(found.problem, InvalidExperiment)
    assert found.counts == (0, 0, 0)
    assert len(found.strip) == 10


def shape(way: int = 5, query: int = 3) -> EpisodeShape:
    return EpisodeShape(way, 1, query, way, 1)


def test_tasks_are_shown_as_they_are_learned() -> None:
    glyphs = DatasetChoice(name="glyphs")
    tasks = tasks_preview(glyphs, shape(), "test", seed=0)
    assert len(tasks) == 3
    for task in tasks:
        assert len(task.support) == len(task.query) == len(task.names) == 5
        assert all(len(row) == 1 for row in task.support)
        assert all(len(row) == 3 for row in task.query)
    assert tasks[0].query[4][2].shape == (28, 28, 1)
    assert tasks[0].names != tasks[1].names
    again, other = (tasks_preview(glyphs, shape(), "test", seed)[0] for seed in (0, 1))
    assert tasks[0].names == again.names != other.names
    assert np.array_equal(tasks[0].query[4][2], again.query[4][2])


def test_tasks_come_from_the_classes_of_their_part() -> None:
    glyphs = DatasetChoice(name="glyphs")
    names = {}
    for part in ("training", "validation", "test"):
        tasks = tasks_preview(glyphs, shape(), part, 0, 20)
        names[part] = {name.partition(", turned")[0] for task in tasks for name in task.names}
    assert not names["training"] & names["test"]
    assert not names["validation"] & names["test"]


def test_tasks_that_do_not_fit() -> None:
    with pytest.raises(InvalidExperiment, match="577-way"):
        tasks_preview(DatasetChoice(name="glyphs"), shape(577, 1), "training", 0)


def test_curves_are_shown_with_the_points_that_are_given() -> None:
    tasks = curves_preview(DatasetChoice(name="sinusoid"), 7, seed=0)
    assert [len(task["support_x"]) for task in tasks] == [7, 7, 7]
    for task in tasks:
        assert task["predictions"] == []
        assert np.allclose(np.interp(task["support_x"], task["x"], task["truth"]), task["support_y"], atol=0.02)
    assert tasks == curves_preview(DatasetChoice(name="sinusoid"), 7, seed=0)


def test_large_photographs_are_shown_small(class_folders: Maker) -> None:
    folder = class_folders(cat=0, dog=0)
    for name in ("cat", "dog"):
        for number in range(3):
            picture(number, (400, 300)).save(folder / name / f"{number}.png")
    found = preview(DatasetChoice(name="folder", path=str(folder)))
    assert found.strip[0].shape == (96, 96, 3)


def test_a_shift_is_shown_beside_the_samples() -> None:
    plain = preview(DatasetChoice(name="digits"))
    assert (plain.shifted, plain.shift_sentence) == ([], "")
    inverted = preview(DatasetChoice(name="digits", shift=Shift(kind="inversion")))
    assert inverted.shift_sentence == "Inversion, on every image"
    for before, same, after in zip(plain.strip, inverted.strip, inverted.shifted, strict=True):
        assert np.array_equal(before, same)
        assert np.array_equal(after, 255 - before)


def test_the_noise_that_is_shown_is_the_noise_of_that_image() -> None:
    found = preview(DatasetChoice(name="digits", shift=Shift(kind="noise", severity=5)))
    assert found.shift_sentence == "Gaussian noise, severity 5, on every image"
    data = load(DatasetChoice(name="digits"))
    every = data.pixels(range(len(data)), 28, 1)
    (place,) = np.flatnonzero((every == found.strip[3]).all(axis=(1, 2, 3)))
    again = shifted(every[place : place + 1], Shift(kind="noise", severity=5), np.array([place]))
    assert np.array_equal(again[0], found.shifted[3])


def test_a_label_shift_is_told_in_words() -> None:
    """Severity 5 of 4 classes: each gets its neighbour's name, and the images stay as they are."""
    chosen = DatasetChoice(name="digits", shift=Shift(kind="label shift", severity=5))
    found = preview(chosen)
    assert found.shifted == []
    assert found.shift_sentence == (
        "10 of 10 classes take each other's names: “0” is called “1”, “1” is called “2”, “2” is called “3”, …"
    )
    mild = preview(chosen.model_copy(update={"shift": Shift(kind="label shift", severity=1)}))
    assert mild.shift_sentence.startswith("2 of 10 classes take each other's names: “")
    assert mild.shift_sentence.count("is called") == 2
