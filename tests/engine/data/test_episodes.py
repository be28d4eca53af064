"""Episodes: their shape, that nothing leaks, and that their list is fixed by its seed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.episodes import EpisodeSampler, evaluation_episodes
from engine.data.sources import load
from engine.data.splits import split_classes
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice

LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(12), 9)).astype(np.int64)
CLASSES = np.arange(2, 10)


def test_shapes_and_kinds() -> None:
    episode = EpisodeSampler(LABELS, CLASSES, way=5, shot=2, query=3).sample(np.random.default_rng(0))
    assert (episode.support.shape, episode.query.shape) == ((5, 2), (5, 3))
    assert episode.support.dtype == episode.query.dtype == episode.classes.dtype == np.int64
    assert episode.turns.dtype == np.int8
    assert not episode.turns.any()


def test_rows_hold_their_class_and_no_image_twice() -> None:
    sampler = EpisodeSampler(LABELS, CLASSES, way=5, shot=2, query=3, rotations=True)
    rng = np.random.default_rng(0)
    for _ in range(200):
        episode = sampler.sample(rng)
        rows = np.concatenate([episode.support, episode.query], axis=1)
        assert (LABELS[rows] == episode.classes[:, None]).all()
        assert all(len(set(row)) == len(row) for row in rows.tolist())
        assert set(episode.classes.tolist()) <= set(CLASSES.tolist())
        turned = list(zip(episode.classes.tolist(), episode.turns.tolist(), strict=True))
        assert len(set(turned)) == 5


def test_every_class_gets_every_label_and_every_turn() -> None:
    sampler = EpisodeSampler(LABELS, CLASSES, way=3, shot=1, query=1, rotations=True)
    rng = np.random.default_rng(0)
    met = set()
    for _ in range(1500):
        episode = sampler.sample(rng)
        met |= {(slot, int(episode.classes[slot]), int(episode.turns[slot])) for slot in range(3)}
    assert len(met) == 3 * 8 * 4


def test_turned_versions_stay_on_the_side_of_their_class() -> None:
    data = load(DatasetChoice(name="glyphs"))
    split = split_classes(data, DatasetChoice())
    assert split.rotations
    train = EpisodeSampler(data.labels, split.train, 20, 1, 5, split.rotations)
    test = EpisodeSampler(data.labels, split.test, 20, 1, 5)
    rng = np.random.default_rng(0)
    trained_on = np.concatenate([train.sample(rng).classes for _ in range(100)])
    tested_on = np.concatenate([episode.classes for episode in evaluation_episodes(test, 100, 0)])
    assert set(trained_on.tolist()) == set(split.train.tolist())
    assert not set(trained_on.tolist()) & set(tested_on.tolist())
    assert not any(episode.turns.any() for episode in evaluation_episodes(test, 20, 0))


def test_the_list_is_fixed_by_its_seed_and_grows_at_its_end() -> None:
    sampler = EpisodeSampler(LABELS, CLASSES, way=4, shot=1, query=2)
    short, long = evaluation_episodes(sampler, 3, 7), evaluation_episodes(sampler, 6, 7)
    other = evaluation_episodes(sampler, 3, 8)
    for one, two in zip(short, long, strict=False):
        assert np.array_equal(one.support, two.support)
        assert np.array_equal(one.query, two.query)
        assert np.array_equal(one.classes, two.classes)
    assert any(not np.array_equal(one.support, two.support) for one, two in zip(short, other, strict=True))


def test_rotations_allow_more_ways_than_classes() -> None:
    assert EpisodeSampler(LABELS, CLASSES, 32, 1, 1, rotations=True).choices == 32
    with pytest.raises(InvalidExperiment) as caught:
        EpisodeSampler(LABELS, CLASSES, 33, 1, 1, rotations=True)
    assert str(caught.value) == (
        "33-way episodes need 33 classes, but there are 32 here. Use at most 32-way episodes, or more classes."
    )


def test_more_images_than_a_class_has() -> None:
    with pytest.raises(InvalidExperiment) as caught:
        EpisodeSampler(LABELS, CLASSES, 5, 5, 15)
    assert str(caught.value) == (
        "5 support and 15 queries are 20 per class, but the smallest class has 9. "
        "Use at most 9 examples per class in all, for instance 5 support and 4 query."
    )
    assert caught.value.field == "dataset"


@pytest.mark.parametrize(("way", "shot", "query"), [(1, 1, 1), (5, 0, 5), (5, 1, 0)])
def test_episodes_that_teach_nothing(way: int, shot: int, query: int) -> None:
    with pytest.raises(InvalidExperiment, match="teaches nothing"):
        EpisodeSampler(LABELS, CLASSES, way, shot, query)
