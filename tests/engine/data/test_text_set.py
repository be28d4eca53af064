"""A set of texts is a labelled set as one of images is: divided, counted, copied and listed alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.data.episode_splits import EpisodeShape, samplers
from engine.data.images import images_of
from engine.data.lists import as_listed, keep, keep_others
from engine.data.splits import split_classes, split_images
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice
from engine.preparation.inputs import Pieces
from engine.texts.tokens import tokens
from tests.texts import text_set

FORM = Pieces(16, "words")


def test_texts_are_divided_as_images_are() -> None:
    data = text_set()
    split = split_images(data, DatasetChoice(labels_per_class=3), 0)
    assert len(split.train) == 3 * 8
    parts = (split.train, split.validation, split.test)
    assert len(np.unique(np.concatenate(parts))) == sum(map(len, parts))


def test_classes_are_divided_by_what_they_are_about() -> None:
    data = replace(text_set(), alphabets=tuple("aabbccdd"))
    split = split_classes(data, DatasetChoice(split="by-alphabet"))
    homes = [{data.alphabets[one] for one in part} for part in (split.train, split.validation, split.test)]
    assert not homes[0] & homes[1]
    assert not homes[0] & homes[2]
    assert not homes[1] & homes[2]
    assert "domains" in split.description


def test_episodes_stay_within_one_domain() -> None:
    data = replace(text_set(), alphabets=tuple("aabbccdd"))
    found = samplers(data, DatasetChoice(split="by-alphabet"), EpisodeShape(2, 1, 2, 2, 1, within="one group"))
    draw = np.random.default_rng(0)
    for _ in range(20):
        episode = found.train.sample(draw)
        assert len({data.alphabets[one] for one in episode.classes}) == 1


def test_a_text_is_read_as_its_pieces_padded_with_zero() -> None:
    data = text_set()
    found = data.read([3, 0, 3], FORM)
    assert found.dtype == np.int32
    assert found.shape == (3, 16)
    assert (found == tokens("words", [data.texts[3], data.texts[0], data.texts[3]], 16)).all()


def test_equal_texts_have_equal_contents_and_others_have_not() -> None:
    data = replace(text_set(), texts=["one", "two", "one", *text_set().texts[3:]])
    assert data.contents[0] == data.contents[2] != data.contents[1]


def test_a_set_of_texts_is_listed_and_found_again() -> None:
    data = replace(text_set(), fingerprint="bytes-topics")
    keep(data)
    shuffled = replace(
        data, texts=list(reversed(data.texts)), labels=data.labels[::-1].copy(), fingerprint="bytes-other"
    )
    found = as_listed(shuffled, "bytes-topics")
    assert list(found.texts) == list(data.texts)
    assert (found.labels == data.labels).all()


def test_a_set_goes_on_without_some_of_its_texts() -> None:
    data = replace(text_set(), fingerprint="bytes-topics")
    rest = as_listed(data, keep_others(data, np.arange(12)))
    assert list(rest.texts) == list(data.texts[12:])
    assert rest.class_names == data.class_names[1:]


def test_what_needs_pixels_says_so_of_texts() -> None:
    with pytest.raises(InvalidExperiment, match="Topics holds texts, and this needs images"):
        images_of(text_set())
