"""Land cover regions: what changes with the distance, and that episodes stay within one region."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.episode_splits import EpisodeShape, samplers
from engine.data.episodes import evaluation_episodes, list_hash
from engine.data.preview import preview, tasks_preview
from engine.data.samples import shown_side
from engine.data.sets.regions import COVERS, REGIONS, SPECTRA, Region, draw_patches, draw_region, load_regions
from engine.data.sources import load
from engine.data.splits import split_classes
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice

CHOICE = DatasetChoice(name="regions")
SHAPE = EpisodeShape(way=4, shot=2, query=3, training_way=3, training_shot=1)


def test_a_region_is_an_affine_change_with_haze() -> None:
    patches = np.zeros(len(COVERS), dtype=np.int64)
    patches[3] = 4000
    usual = Region(np.zeros(4), np.ones(4), 0.0, patches)
    seen = draw_patches(np.random.default_rng(0), usual).mean((0, 1, 2)) / 255
    np.testing.assert_allclose(seen, SPECTRA[3], atol=0.005)
    offset, gain, haze = np.array([0.1, 0.0, -0.1, 0.05]), np.array([1.2, 1.0, 0.8, 1.1]), 0.25
    other = draw_patches(np.random.default_rng(0), Region(offset, gain, haze, patches)).mean((0, 1, 2)) / 255
    middle = SPECTRA.mean()
    lit = middle + gain * (SPECTRA[3] - middle) + offset
    np.testing.assert_allclose(other, 0.75 * lit + 0.25 * np.array([0.75, 0.72, 0.68, 0.60]), atol=0.006)


def test_distance_scales_the_same_draw() -> None:
    near, far = (draw_region(np.random.default_rng(3), spread) for spread in (0.5, 1.0))
    np.testing.assert_allclose(far.offset, 2 * near.offset)
    np.testing.assert_allclose(np.log(far.gain), 2 * np.log(near.gain))
    assert far.haze == pytest.approx(2 * near.haze)
    still = draw_region(np.random.default_rng(3), 0.0)
    assert not still.offset.any()
    assert (still.gain == 1).all()
    assert still.haze == 0
    assert still.patches.tolist() == [40] * 6  # no cover is more frequent than another
    assert len(set(far.patches.tolist())) > 1


def test_beyond_one_only_test_regions_move() -> None:
    usual, far = load_regions(1.0, 0), load_regions(2.0, 0)
    assert usual.given_classes is not None
    assert far.given_classes is not None
    train = [data.source.array[data.given_classes[data.labels] == 0] for data in (usual, far)]  # type: ignore[union-attr]
    np.testing.assert_array_equal(*train)
    assert usual.fingerprint != far.fingerprint != load_regions(2.0, 1).fingerprint


def test_whole_regions_are_divided() -> None:
    data = load(CHOICE)
    split = split_classes(data, CHOICE)
    assert split.description == "by region, 60/10/15 regions, none shared"
    homes = [{data.alphabets[place] for place in part} for part in (split.train, split.validation, split.test)]  # type: ignore[index]
    assert tuple(map(len, homes)) == REGIONS
    assert not homes[0] & homes[1]
    assert not homes[0] & homes[2]
    assert not homes[1] & homes[2]
    assert set(np.bincount(data.labels).tolist()) <= set(range(30, 61))


def test_an_episode_is_of_one_region() -> None:
    data = load(CHOICE)
    found = samplers(data, CHOICE, SHAPE)
    rng = np.random.default_rng(0)
    met = set()
    for _ in range(100):
        episode = found.test.sample(rng)
        homes = {data.alphabets[place] for place in episode.classes}  # type: ignore[index]
        assert len(homes) == 1
        assert len(set(episode.classes.tolist())) == 4
        met |= homes
    assert len(met) == 15
    assert found.words == "4-way 2-shot, 3 query images per class, each within one region"
    assert found.train.sample(rng).support.shape == (3, 1)


def test_the_test_list_does_not_depend_on_training() -> None:
    data = load(CHOICE)
    one, other = (
        list_hash(evaluation_episodes(samplers(data, CHOICE, shape).test, 20, 2))
        for shape in (SHAPE, EpisodeShape(4, 2, 3, training_way=4, training_shot=5, slots="fixed"))
    )
    assert one == other
    assert one != list_hash(evaluation_episodes(samplers(data, CHOICE, SHAPE).test, 20, 3))


def test_more_classes_than_a_region_has() -> None:
    with pytest.raises(InvalidExperiment) as caught:
        samplers(load(CHOICE), CHOICE, EpisodeShape(4, 2, 3, training_way=20, training_shot=2))
    assert str(caught.value) == (
        "20-way training episodes of 5 examples per class (2 support, 3 query) fit in none of the 60 training regions: "
        "the largest has 6 such classes. Use at most 6-way episodes."
    )


def test_more_images_than_covers_of_a_region_have() -> None:
    with pytest.raises(InvalidExperiment, match=r"the largest has 0 such classes. Use at most \d+ examples per class"):
        samplers(load(CHOICE), CHOICE, EpisodeShape(2, 40, 40, training_way=2, training_shot=40))


def test_pictures_have_three_colours() -> None:
    data = load(CHOICE)
    found = preview(CHOICE, meta=True)
    assert found.problem is None
    assert found.strip[0].shape == (shown_side(data), shown_side(data), 3)
    assert found.sentence.endswith("85 regions, 6 classes")
    assert found.counts == REGIONS
    assert found.split_sentence == "Regions: 60 to learn from, 10 to validate, 15 to test"
    task = tasks_preview(CHOICE, SHAPE, "test", 0)[0]
    assert len(task.names) == 4
    assert task.support[0][0].shape[2] == 3


def test_bands_are_what_was_drawn() -> None:
    data = load(CHOICE)
    rows = np.array([5, 700])
    np.testing.assert_array_equal(data.pixels(rows, 8, 4), data.source.array[rows])  # type: ignore[attr-defined]
    assert data.pixels(rows, 12, 4).shape == (2, 12, 12, 4)
    red = data.source.array[5][..., 2]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(data.pixels(rows, 8, 3)[0][..., 0], red)
    with pytest.raises(InvalidExperiment, match="reads images of 5 bands, but those of Land cover regions have 4"):
        data.pixels(rows, 8, 5)
