"""Images that a person labelled: which are asked for first, and how they are written."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.artifacts.saved import SavedModel
from engine.data.files.loose import LooseImages
from engine.errors import DataError, StorageError
from engine.using.assured import Assured
from engine.using.labelled import MANIFEST, OwnLabel, folders_of, free_name, write_joined, write_labelled
from engine.using.least_sure import farthest_first, features_of, smallest_margins
from engine.using.own_images import own_images
from tests.engine.using.conftest import ended


def png(value: int) -> bytes:
    body = io.BytesIO()
    Image.new("L", (4, 4), value).save(body, "PNG")
    return body.getvalue()


def labelled(*said: tuple[str, str]) -> list[OwnLabel]:
    images = LooseImages.held({f"/photos/{place}/{name}": png(place) for place, (name, _) in enumerate(said)})
    return [OwnLabel(images, place, kind, "cat", 0.6, "Run") for place, (_, kind) in enumerate(said)]


def test_the_smallest_margin_is_the_least_sure() -> None:
    shares = np.array([[0.9, 0.1], [0.5, 0.4], [0.6, 0.4], [0.51, 0.49]], np.float32)
    assert smallest_margins(shares, np.array([0, 1, 2]), 2).tolist() == [1, 2]  # margins 0.8, 0.1, 0.2
    assert smallest_margins(shares, np.arange(4), 9).tolist() == [3, 1, 2, 0]
    alone = np.array([[1.0, np.nan], [0.7, np.nan]], np.float32)
    assert smallest_margins(alone, np.arange(2), 2).tolist() == [1, 0]


def test_each_next_one_is_the_farthest_from_all_that_are_chosen() -> None:
    line = np.array([[0.0], [1.0], [10.0], [6.0]], np.float32)
    assert farthest_first(line, 3).tolist() == [0, 2, 3]  # 10 from 0; then 6 is 4 from 10, 1 is 1 from 0
    assert farthest_first(line, 9).tolist() == [0, 2, 3, 1]
    alike = np.zeros((5, 2), np.float32)
    assert farthest_first(alike, 2).tolist() == [0, 1]
    assert sorted(farthest_first(alike, 9).tolist()) == [0, 1, 2, 3, 4]  # each image once, copies too


def test_they_lie_in_class_folders_with_where_they_came_from(tmp_path: Path) -> None:
    labels = labelled(("a.png", "cat"), ("a.png", "cat"), ("b.png", "what/ever?"))
    written = write_labelled(labels, tmp_path / "set")
    assert written.added == 3
    files = {
        path.relative_to(tmp_path / "set").as_posix(): path.read_bytes() for path in (tmp_path / "set").rglob("*.png")
    }
    assert files == {"cat/a.png": png(0), "cat/a 2.png": png(1), "what-ever-/b.png": png(2)}
    rows = list(csv.DictReader((tmp_path / "set" / MANIFEST).read_text("utf-8-sig").splitlines()))
    assert [(row["file"], row["class"], row["from"], row["said by"]) for row in rows] == [
        ("cat/a.png", "cat", "/photos/0/a.png", "you"), ("cat/a 2.png", "cat", "/photos/1/a.png", "you"),
        ("what-ever-/b.png", "what/ever?", "/photos/2/b.png", "you"),
    ]  # fmt: skip
    assert rows[0]["answered"] == "cat"
    assert rows[0]["probability"] == "0.600000"
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    with pytest.raises(StorageError, match="is there already"):
        write_labelled(labels, tmp_path / "set")


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = labelled(("a.png", "cat"), ("b.png", "dog"))
    whole, written = Path.write_bytes, []

    def full(path: Path, body: bytes) -> int:
        written.append(path)
        if len(written) > 1:
            raise OSError(28, "No space left on device")
        return whole(path, body)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="no space left on device"):
        write_labelled(labels, tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_an_image_that_is_gone_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(1))
    images = LooseImages([tmp_path / "a.png"])
    (tmp_path / "a.png").unlink()
    with pytest.raises(DataError, match=r"a\.png” cannot be read any more"):
        write_labelled([OwnLabel(images, 0, "cat", "dog", 0.9, "Run")], tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_free_on_every_system(tmp_path: Path) -> None:
    assert free_name(tmp_path, "C:\\photos\\na:me.jpg").name == "na-me.jpg"
    assert free_name(tmp_path, "...").name == "unnamed"


def test_no_two_classes_share_a_folder(tmp_path: Path) -> None:
    assert folders_of(["a/b", "a-b", "a:b", "cat", "Cat"]) == {
        "a-b": "a-b", "a/b": "a-b 2", "a:b": "a-b 3", "cat": "cat", "Cat": "Cat",
    }  # fmt: skip
    write_labelled(labelled(("a.png", "a/b"), ("b.png", "a?b")), tmp_path / "set")
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["a-b", "a-b 2", MANIFEST]


def test_two_may_be_written_at_once_under_one_name(tmp_path: Path) -> None:
    """The one that is later meets what the first left; neither takes the other's files away."""
    labels = labelled(("a.png", "cat"), ("b.png", "dog"))
    asked = 0

    def second() -> bool:
        nonlocal asked
        asked += 1
        if asked == 2:  # in the middle of the first
            write_labelled(labels, tmp_path / "set")
        return False

    with pytest.raises(StorageError, match="is there already"):
        write_labelled(labels, tmp_path / "set", second)
    assert sorted(path.name for path in tmp_path.rglob("*.png")) == ["a.png", "b.png"]
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_corrected_training_image_stands_there_once_as_it_was_corrected(trained: Path, tmp_path: Path) -> None:
    material = ended(own_images(SavedModel.open(trained), trained))
    data, image = material.data, int(material.split.train[0])
    file = data.source.file(image)  # type: ignore[attr-defined]
    images = LooseImages([file])
    other = next(name for name in data.class_names if name != data.class_names[data.labels[image]])
    written = write_joined([OwnLabel(images, 0, other, "", 0.0, "Run")], material, tmp_path / "joined")
    assert (written.added, written.replaced, written.own) == (1, 1, len(data.contents) - 1)
    copies = [path for path in (tmp_path / "joined").rglob("*.png") if path.read_bytes() == file.read_bytes()]
    assert [path.relative_to(tmp_path / "joined").parts[:2] for path in copies] == [("train", other)]


def test_images_that_are_gone_are_none_of_the_least_sure(trained: Path, photos: Path, tmp_path: Path) -> None:
    here, gone = tmp_path / "here.png", tmp_path / "gone.png"
    for file in (here, gone):
        file.write_bytes((photos / "class0" / "0.png").read_bytes())
    images, network = LooseImages([gone, here]), Assured(SavedModel.open(trained), None)
    gone.unlink()
    read, features = features_of(network, [(images, 0), (images, 1)])
    assert read.tolist() == [1]
    assert np.linalg.norm(features, axis=1) == pytest.approx([1.0], abs=1e-5)
    here.unlink()
    read, features = features_of(network, [(images, 0), (images, 1)])
    assert len(read) == len(farthest_first(features, 5)) == 0
