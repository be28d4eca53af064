"""Copies and look-alikes, and a test set without them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from engine.data.duplicates import RADIUS, duplicates, near_pairs
from engine.data.findings import in_images, protocol
from engine.data.images import ImageSet
from engine.data.sources import load
from engine.data.splits import split_images
from engine.errors import DataError
from engine.experiment import DatasetChoice, Experiment


def scene(seed: int) -> Image.Image:
    """Soft blobs of colour, as different from each other as photographs are."""
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of ten scenes; of scene 0 of class a there are a copy and changed ones, two of them in class b."""
    for number, name in enumerate("ab"):
        (tmp_path / name).mkdir()
        for place in range(10):
            scene(100 * number + place).save(tmp_path / name / f"{place}.png")
    first = scene(0)
    first.save(tmp_path / "b" / "same.png")
    first.resize((80, 60)).save(tmp_path / "a" / "small.jpg", quality=70)
    ImageEnhance.Brightness(first).enhance(0.8).save(tmp_path / "b" / "dark.png")
    return tmp_path


def read(path: Path) -> ImageSet:
    return load(DatasetChoice(name="folder", path=str(path)))


def names(data: ImageSet, found: tuple[np.ndarray, ...]) -> list[set[str]]:
    return [{data.image_name(index) for index in group} for group in found]


def test_copies_and_what_was_saved_otherwise_are_found_and_nothing_else(folder: Path) -> None:
    data = read(folder)
    for _ in range(2):  # the second time from what was kept
        found = duplicates(data)
        assert names(data, found.copies) == [{"a/0.png", "b/same.png"}]
        assert names(data, found.alike) == [{"a/0.png", "b/same.png", "a/small.jpg", "b/dark.png"}]


def test_looks_of_files_that_were_away_for_a_while_are_not_kept(folder: Path) -> None:
    """A drive that is connected again has the images that it had, under the same fingerprint."""
    data, away = read(folder), folder.with_name("away")
    (folder / "a").rename(away)
    assert {"a/0.png", "a/1.png"} <= set.union(*names(data, duplicates(data).alike))
    away.rename(folder / "a")
    assert names(data, duplicates(data).alike) == [{"a/0.png", "a/small.jpg", "b/dark.png", "b/same.png"}]


def test_plain_images_of_other_shades_are_not_taken_for_one_another(tmp_path: Path) -> None:
    for name, shades in (("a", (10, 90, 200)), ("b", (50, 91, 250))):
        (tmp_path / name).mkdir()
        for shade in shades:
            Image.new("L", (20, 20), shade).save(tmp_path / name / f"{shade}.png")
    data = read(tmp_path)
    assert names(data, duplicates(data).alike) == [{"a/90.png", "b/91.png"}]


@pytest.mark.parametrize("radius", [0, 2, RADIUS])
def test_near_hashes_are_those_that_comparing_all_with_all_finds(radius: int) -> None:
    rng = np.random.default_rng(radius)
    centres = rng.integers(0, 2**64, 40, dtype=np.uint64)
    flips = [np.bitwise_or.reduce(np.uint64(1) << rng.integers(0, 64, bits).astype(np.uint64))
             for bits in rng.integers(1, 8, 40)]  # fmt: skip
    hashes = np.unique(np.concatenate([centres, centres ^ np.array(flips, dtype=np.uint64)]))
    wanted = {(one, other) for one in range(len(hashes)) for other in range(one)
              if int(hashes[one] ^ hashes[other]).bit_count() <= radius}  # fmt: skip
    found = {(max(pair), min(pair)) for pairs in near_pairs(hashes, radius) for pair in pairs.T.tolist()}
    assert found == wanted
    assert radius == 0 or wanted


def copied(data: ImageSet, pairs: list[tuple[int, int]]) -> ImageSet:
    """With the content of image `other` put in place of that of `one`, for each pair."""
    contents = np.arange(len(data), dtype=np.uint64)
    for one, other in pairs:
        contents[one] = contents[other]
    return replace(data, digests=contents)


def test_the_test_is_left_without_copies_of_any_other_part_whatever_the_labels_and_the_seed() -> None:
    data, plain = load(DatasetChoice(name="digits")), DatasetChoice(name="digits")
    parts = split_images(data, plain, 0)
    train, validation, test = parts.train, parts.validation, parts.test
    pairs = [(test[0], train[5]), (test[7], validation[3]), (validation[9], train[700])]
    doubled = copied(data, [(int(one), int(other)) for one, other in pairs])
    choice = plain.model_copy(update={"leave_out": "copies"})
    for labels, seed in ((None, 0), (2, 0), (2, 1)):
        found = split_images(doubled, choice.model_copy(update={"labels_per_class": labels}), seed)
        assert set(test) - set(found.test) == {test[0], test[7]}
        assert set(validation) - set(found.validation) == {validation[9]}
        assert found.left_out == (1, 2)
    whole = split_images(doubled, choice, 0)
    assert np.array_equal(whole.train, train)
    assert whole.description.endswith(", without copies")
    assert protocol(in_images(doubled, whole)) == {"left out": "1 validation and 2 test images"}
    assert "copies" in protocol(in_images(doubled, parts))


def test_look_alikes_are_left_out_when_asked_for(folder: Path) -> None:
    data = read(folder)
    for what in ("copies", "look-alikes"):
        split = split_images(data, DatasetChoice(name="folder", path=str(folder), leave_out=what), 0)
        before = [{data.image_name(index) for index in part} for part in (split.train, split.validation)]
        tested = {data.image_name(index) for index in split.test}
        kin = {"a/0.png", "b/same.png"} if what == "copies" else {"a/0.png", "b/same.png", "a/small.jpg", "b/dark.png"}
        assert not (tested & kin and (before[0] | before[1]) & kin)


def test_a_test_that_is_all_copies_is_told() -> None:
    data = load(DatasetChoice(name="digits"))
    with pytest.raises(DataError, match="Every test image"):
        split_images(replace(data, digests=np.zeros(len(data), dtype=np.uint64)),
                     DatasetChoice(name="digits", leave_out="copies"), 0)  # fmt: skip


def test_an_experiment_that_leaves_nothing_out_keeps_its_hash_and_another_has_its_own() -> None:
    plain = Experiment()
    asked = plain.model_copy(update={"dataset": plain.dataset.model_copy(update={"leave_out": "copies"})})
    assert plain.group_hash() == "4c64bd6487ebacf4"  # of 0.5.0
    assert asked.group_hash() != plain.group_hash()
    assert Experiment.model_validate(asked.model_dump()) == asked
