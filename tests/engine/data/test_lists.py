"""What a folder held, what changed since, and a run on exactly what it had."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data import lists
from engine.data.lists import Changes, FileList, changed_words, changes, keep, kept
from engine.data.sources import load
from engine.data.splits import split_images
from engine.errors import DataError
from engine.experiment import DatasetChoice, Experiment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for place in range(10):
            Image.new("RGB", (9, 9), (number, place, 7)).save(tmp_path / name / f"{place}.png")
    return tmp_path


def choice(path: Path, **more: str) -> DatasetChoice:
    return DatasetChoice(name="folder", path=str(path), **more)


def change(folder: Path) -> None:
    """Two added, one gone, three put into the other class, one renamed."""
    for place in (10, 11):
        Image.new("RGB", (9, 9), (9, place, 7)).save(folder / "dog" / f"{place}.png")
    (folder / "cat" / "0.png").unlink()
    for place in (1, 2, 3):
        (folder / "cat" / f"{place}.png").rename(folder / "dog" / f"was cat {place}.png")
    (folder / "dog" / "5.png").rename(folder / "dog" / "other name.png")


def test_two_lists_say_what_was_added_has_gone_and_was_relabelled(folder: Path) -> None:
    before = load(choice(folder))
    keep(before)
    change(folder)
    after = load(choice(folder))
    keep(after)
    assert changed_words(before.fingerprint, after.fingerprint) == "2 added, 1 gone, 3 relabelled"
    assert changed_words(after.fingerprint, before.fingerprint) == "1 added, 2 gone, 3 relabelled"
    assert changed_words(before.fingerprint, "bytes-never kept") == ""
    assert changed_words(before.fingerprint, before.fingerprint) == ""


def test_a_list_is_written_once_and_not_for_what_comes_with_the_program(folder: Path, own_workspace: Path) -> None:
    data = load(choice(folder))
    for one in (data, data, load(DatasetChoice(name="digits"))):
        keep(one)
    (file,) = (own_workspace / "lists").iterdir()
    assert kept(data.fingerprint).names[:2] == ("cat/0.png", "cat/1.png")
    assert kept("bytes-of none") is None
    file.write_bytes(b"damaged")
    lists._read.cache_clear()
    assert kept(data.fingerprint) is None
    keep(data)
    assert kept(data.fingerprint).names[:2] == ("cat/0.png", "cat/1.png")


def of(*images: tuple[int, str, int]) -> FileList:
    """(content, class, part) of each image."""
    classes = tuple(sorted({label for _, label, _ in images}))
    labels = tuple(classes.index(label) for _, label, _ in images)
    contents, _, parts = zip(*images, strict=True)
    return FileList(tuple(f"{place}.png" for place in range(len(images))), contents, classes, labels, parts)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (of((1, "cat", 0)), of((1, "cat", 0), (1, "cat", 0)), Changes(1, 0, 0)),
        (of((1, "cat", 0), (1, "cat", 0)), of((1, "cat", 0)), Changes(0, 1, 0)),
        (of((1, "cat", 0), (1, "cat", 0)), of((1, "cat", 0), (1, "dog", 0)), Changes(0, 0, 1)),
        (of((1, "cat", 0)), of((1, "cat", 0), (1, "dog", 0)), Changes(1, 0, 0)),
        (of((1, "cat", 0), (1, "dog", 0)), of((1, "bird", 0)), Changes(0, 1, 1)),
        (of((1, "cat", 0), (2, "cat", 0)), of((1, "cat", 2), (2, "dog", 2)), Changes(0, 0, 1, 1)),
    ],
    ids=["copy came", "copy went", "copy relabelled", "copy in another class", "both at once", "other part"],
)
def test_a_copy_that_comes_goes_or_moves_is_one_image(before: FileList, after: FileList, told: Changes) -> None:
    assert changes(before, after) == told


def test_copies_that_are_called_alike_are_all_found_again(tmp_path: Path) -> None:
    """Shown are a folder and a name, which two places of a deep tree may share."""
    for place in ("a", "b"):
        for number, name in enumerate(("cat", "dog")):
            (tmp_path / place / name).mkdir(parents=True)
            Image.new("RGB", (9, 9), (number, 5, 7)).save(tmp_path / place / name / "0.png")
    by_level = DatasetChoice.model_validate({"name": "folder", "path": str(tmp_path), "class_level": 2})
    before = load(by_level)
    keep(before)
    Image.new("RGB", (9, 9), (9, 9, 7)).save(tmp_path / "a" / "cat" / "new.png")
    listed = load(by_level.model_copy(update={"listed": before.fingerprint}))
    assert (len(before), len(listed), listed.skipped) == (4, 4, ())
    assert listed.fingerprint == before.fingerprint


def test_a_run_goes_by_its_list_as_far_as_the_files_are_there(folder: Path) -> None:
    before = load(choice(folder))
    keep(before)
    pixels = before.pixels(np.arange(len(before)), 9, 3)
    change(folder)
    listed = load(choice(folder, listed=before.fingerprint))
    assert [one.path for one in listed.skipped] == ["cat/0.png"]
    assert listed.counts.tolist() == [9, 10]
    assert listed.fingerprint not in (before.fingerprint, load(choice(folder)).fingerprint)
    assert np.array_equal(listed.pixels(np.arange(19), 9, 3), pixels[1:])
    Image.new("RGB", (9, 9), (0, 0, 7)).save(folder / "cat" / "back.png")
    again = load(choice(folder, listed=before.fingerprint))
    assert again.fingerprint == before.fingerprint
    assert np.array_equal(again.labels, before.labels)
    assert np.array_equal(again.pixels(np.arange(20), 9, 3), pixels)
    assert np.array_equal(split_images(again, choice(folder), 0).test, split_images(before, choice(folder), 0).test)


def test_a_list_that_is_not_kept_is_told_and_one_nobody_asks_for_changes_no_hash(folder: Path) -> None:
    with pytest.raises(DataError, match="is not kept here"):
        load(choice(folder, listed="bytes-gone"))
    plain = Experiment(dataset=choice(Path("/x")))
    assert "listed" not in plain.canonical()
    asked = Experiment(dataset=choice(Path("/x"), listed="bytes-a"))
    assert Experiment.model_validate_json(asked.canonical()) == asked
    assert asked.group_hash() != plain.group_hash()
