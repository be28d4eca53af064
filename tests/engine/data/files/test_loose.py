"""Images that are handed in: what was opened is let go, also where it comes to nothing."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import psutil
import pytest

from engine.data.files.loose import LooseImages
from engine.errors import Cancelled, DataError
from tests.engine.data.conftest import picture


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    picture(1).save(tmp_path / "one.png")
    with ZipFile(tmp_path / "some.zip", "w") as packed:
        packed.write(tmp_path / "one.png", "one.png")
    return tmp_path / "some.zip"


def is_open(file: Path) -> bool:
    return str(file) in [one.path for one in psutil.Process().open_files()]


@pytest.mark.parametrize("after", ["missing", "empty", " "])
def test_a_zip_is_let_go_where_another_path_is_refused(packed: Path, after: str) -> None:
    (packed.parent / "empty").mkdir()
    with pytest.raises(DataError) as refused:
        LooseImages([packed, after if after.isspace() else packed.parent / after])
    assert not is_open(packed)
    del refused


def test_a_zip_is_let_go_when_listing_is_given_up(packed: Path) -> None:
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return is_open(packed)

    (packed.parent / "folder").mkdir()
    picture(2).save(packed.parent / "folder" / "two.png")
    with pytest.raises(Cancelled) as given_up:
        LooseImages([packed, packed.parent / "folder"], cancelled=cancelled)
    assert asked
    assert not is_open(packed)
    del given_up


def test_a_zip_stays_open_as_long_as_its_images_are_used(packed: Path) -> None:
    with LooseImages([packed]) as images:
        assert is_open(packed)
        assert images.body(0)
    assert not is_open(packed)


def test_a_folder_that_vanishes_meanwhile_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    picture(2).save(tmp_path / "folder" / "two.png")
    with LooseImages([tmp_path / "folder"]) as images:
        (tmp_path / "folder").rename(tmp_path / "elsewhere")
        with pytest.raises(DataError, match=r"two\.png” cannot be read: not there any more\."):
            images.original(0, 64)
        assert images.look([0], ()) == ["not there any more"]
