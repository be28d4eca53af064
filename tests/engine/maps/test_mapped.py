"""A map of real images seen by real networks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.data.sources import load
from engine.errors import DataError, WeightsError
from engine.events import Preparing
from engine.experiment import BackboneChoice, DatasetChoice
from engine.maps.eye import Eye
from engine.maps.mapped import PLACING, Mapped, mapped, shown

TRAINED = Eye("Conv-4", BackboneChoice(name="conv4"))
FRESH = Eye("Random Conv-4", BackboneChoice(name="conv4", weights="random"), seed=5)


def test_one_network_is_watched_and_two_lie_on_each_other(tmp_path: Path) -> None:
    data, ids = load(DatasetChoice(name="digits")), np.arange(40)
    said = list(mapped(data, ids, [TRAINED], tmp_path))
    maps = [one for one in said if isinstance(one, Mapped)]
    shares = [one.fraction for one in said if isinstance(one, Preparing)]
    assert isinstance(said[0], Preparing)
    assert "Conv-4 looks at 40 examples" in said[0].text
    assert all(0 <= share <= 1 for share in shares)
    assert not maps[0].near  # the components come first
    assert maps[0].flat[0].shape == (40, 2)
    assert [one.done for one in maps[-2:]] == [False, True]
    both = list(mapped(data, ids, [TRAINED, FRESH], tmp_path))
    last = both[-1]
    assert last.done
    assert len(last.near) == len(last.flat) == len(last.explained) == 2
    assert np.array_equal(last.near[0], maps[-1].near[0])
    there = [one.fraction for one in both if isinstance(one, Preparing) and one.text == PLACING]
    assert all(first <= second for first, second in pairwise(there))


def test_what_is_near_depends_on_the_network_and_its_weights_are_asked_once(tmp_path: Path) -> None:
    data, ids = load(DatasetChoice(name="digits")), np.arange(200, dtype=np.int64)
    looking = mapped(data, ids, [TRAINED, FRESH], tmp_path)
    found = next(one for one in looking if isinstance(one, Mapped))
    looking.close()  # given up: nothing more is computed, what was seen is kept
    kept = {file: file.stat().st_ino for file in tmp_path.rglob("*.npz")}
    assert len(kept) == 2
    again = next(one for one in mapped(data, ids, [TRAINED, FRESH], tmp_path) if isinstance(one, Mapped))
    assert np.array_equal(found.points[1], again.points[1])
    assert {file: file.stat().st_ino for file in tmp_path.rglob("*.npz")} == kept
    by_network = [found.neighbours(3, eye, 5)[0].tolist() for eye in (0, 1)]
    assert by_network[0] != by_network[1]
    assert found.neighbours(3, 0, 5)[1][0] < 0.5
    assert data.labels[by_network[0][0]] == data.labels[3]


def test_which_images_are_shown_of_many() -> None:
    assert shown(4, np.array([2]), most=4).tolist() == [0, 1, 2, 3]
    few = shown(1_000, np.array([999, 7, 2_000]), most=10)
    assert len(np.unique(few)) == 10
    assert {7, 999} <= set(few.tolist())
    assert few.max() < 1_000
    assert np.array_equal(few, shown(1_000, np.array([999, 7, 2_000]), most=10))
    assert set(shown(1_000, np.arange(500, 600), most=10).tolist()) <= set(range(500, 600))


def test_weights_that_are_gone_are_told_before_any_network_looks(tmp_path: Path) -> None:
    gone = Eye("After run 1", BackboneChoice(name="conv4", weights="run:abc"))
    with pytest.raises(WeightsError, match="saved weights of run abc are gone"):
        next(mapped(load(DatasetChoice(name="digits")), np.arange(40), [TRAINED, gone], tmp_path))
    assert not list(tmp_path.rglob("*.npz"))


def test_two_images_make_no_map(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="takes 3 examples, and there are 2"):
        next(mapped(load(DatasetChoice(name="digits")), np.arange(2), [TRAINED], tmp_path))
