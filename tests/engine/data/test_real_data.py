"""The real data sets, where they lie beside the checkout."""

from __future__ import annotations

import time

import numpy as np
import pytest

from engine.data.preview import preview
from engine.data.sources import load, resolve
from engine.data.splits import split_classes
from engine.experiment import DatasetChoice
from tests.engine.data.conftest import Maker, real_zip

pytestmark = pytest.mark.real_data


def test_photographs_of_rubbish_from_the_zip_and_unpacked(unpacked: Maker) -> None:
    choice = resolve(unpacked("trashnet"))
    started = time.process_time()
    found = preview(choice)
    assert time.process_time() - started < 10
    assert found.sentence == "2,527 images, 6 classes"
    assert dict(found.per_class) == {
        "cardboard": 403, "glass": 501, "metal": 410, "paper": 594, "plastic": 482, "trash": 137,
    }  # fmt: skip
    packed = load(resolve(real_zip("trashnet")))
    plain = load(choice)
    assert packed.fingerprint == plain.fingerprint
    assert packed.typical_size == (256, 192)
    assert np.array_equal(packed.pixels(range(0, 2527, 400), 64, 3), plain.pixels(range(0, 2527, 400), 64, 3))


def test_a_hundred_classes_of_mixed_sizes_some_grey() -> None:
    data = load(resolve(real_zip("caltech101_subset")))
    assert (len(data), len(data.class_names), data.skipped, data.channels) == (3929, 100, (), 3)
    assert 31 <= data.counts.min() <= data.counts.max() == 40
    split = split_classes(data, DatasetChoice())
    assert (len(split.train), len(split.validation), len(split.test)) == (60, 15, 25)
    assert not split.rotations


def test_complete_omniglot_from_the_zip() -> None:
    choice = resolve(real_zip("omniglot"))
    assert choice.name == "omniglot"
    data = load(choice)
    assert (len(data), len(data.class_names), data.channels, data.typical_size) == (32460, 1623, 1, (105, 105))
    assert set(data.counts.tolist()) == {20}
    assert data.alphabets is not None
    assert (len(set(data.alphabets)), len(data.held_out)) == (50, 20)
    pixels = data.pixels(range(0, len(data), 40), 28, 1)
    assert pixels.mean() < 40 < pixels.max()
    papers = split_classes(data, choice)
    assert [len(part) for part in (papers.train, papers.validation, papers.test)] == [1100, 100, 423]
    apart = split_classes(data, choice.model_copy(update={"split": "by-alphabet"}))
    assert len(apart.train) + len(apart.validation) == 964
    assert len(apart.test) == 659


def test_half_of_omniglot_is_omniglot_too(unpacked: Maker) -> None:
    choice = resolve(unpacked("omniglot", r"images_evaluation/.*character0[1-3]/"))
    data = load(choice)
    assert (choice.name, len(data.class_names), len(data), data.held_out) == ("omniglot", 60, 1200, frozenset())
    assert data.alphabets is not None
    split = split_classes(data, choice.model_copy(update={"split": "by-alphabet"}))
    groups = [{data.alphabets[place] for place in part} for part in (split.train, split.validation, split.test)]
    assert [len(group) for group in groups] == [12, 3, 5]


def test_one_alphabet_is_an_ordinary_folder_on_white_paper(unpacked: Maker) -> None:
    folder = unpacked("omniglot", r"images_background/Greek/") / "omniglot" / "omniglot-py" / "images_background"
    data = load(resolve(folder / "Greek"))
    assert (data.name, len(data.class_names), len(data), data.background) == ("folder", 24, 480, 255)
