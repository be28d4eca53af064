"""Files that are as they were are not looked at again; whatever happens to what was kept, the same is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.files import folder as folder_module
from engine.data.files import looked
from engine.data.files.folder import load_folder
from engine.data.files.looked import Looked
from engine.data.files.tree import list_files
from engine.data.images import BATCH, ImageSet
from engine.errors import Cancelled, DataError
from engine.machine.files import cache_folder
from tests.engine.data.conftest import Maker, picture


@pytest.fixture(autouse=True)
def always_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "WORTH_KEEPING", 0.0)


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Fills with the files that are looked at from now on."""
    found: list[bytes] = []
    examine = folder_module.examine
    monkeypatch.setattr(folder_module, "examine", lambda body: (found.append(body), examine(body))[1])
    return found


@pytest.fixture
def photos(class_folders: Maker) -> Path:
    """Colour, grey and 16-bit images, and one that is damaged."""
    root = class_folders(cat=4, dog=3)
    picture(50, mode="L").save(root / "cat" / "grey.jpg")
    Image.fromarray(np.arange(300, dtype=np.uint16).reshape(15, 20) * 200).save(root / "dog" / "wide.png")
    (root / "dog" / "broken.png").write_bytes((root / "dog" / "dog0.png").read_bytes()[:60])
    return root


def look(path: Path) -> ImageSet:
    """As a new session does, which has nothing in memory."""
    return load_folder(list_files(path))


def told(data: ImageSet) -> tuple[object, ...]:
    assert data.digests is not None
    return (
        data.fingerprint, data.digests.tolist(), data.labels.tolist(), data.channels, data.typical_size, data.layout,
        data.skipped, data.background, data.pixels(np.arange(len(data)), 12, 3).tolist(),
    )  # fmt: skip


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_only_what_was_not_whole_is_looked_at_again(
    photos: Path, zipped: Maker, met: list[bytes], packed: bool
) -> None:
    path = zipped(photos) if packed else photos
    first = told(look(path))
    assert len(met) == 10
    met.clear()
    assert told(look(path)) == first
    assert len(met) == 1


def test_what_is_new_or_changed_is_looked_at_and_found_as_if_nothing_was_known(
    photos: Path, met: list[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    look(photos)
    body = bytearray((photos / "cat" / "cat0.png").read_bytes())
    picture(7, size=(9, 9)).save(photos / "cat" / "cat1.png")
    (photos / "cat" / "cat0.png").write_bytes(bytes(body))  # touched alone
    picture(8).save(photos / "dog" / "new.png")
    (photos / "cat" / "cat2.png").unlink()
    (photos / "cat" / "cat3.png").replace(photos / "dog" / "cat3.png")
    met.clear()
    again = told(look(photos))
    assert len(met) == 5  # touched, changed, new, moved, damaged
    monkeypatch.setenv("WARMSTART_CACHE", str(tmp_path / "elsewhere"))
    assert told(look(photos)) == again


def flipped(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


SPOILT: dict[str, Callable[[Path], object]] = {
    "a changed byte": flipped,
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "empty": lambda path: path.write_bytes(b""),
    "of letters": lambda path: path.write_text("no number"),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_spoilt_record_is_never_believed(photos: Path, met: list[bytes], fault: str) -> None:
    first = told(look(photos))
    (kept,) = (cache_folder() / looked.FOLDER).iterdir()
    SPOILT[fault](kept)
    met.clear()
    assert told(look(photos)) == first
    assert len(met) == 10


def test_a_change_that_no_stamp_tells_is_told_once_and_then_looked_at(photos: Path) -> None:
    before, listing = look(photos), list_files(photos)
    old = {entry.path: Looked(listing).of(entry) for entry in listing.files}
    picture(9).save(photos / "cat" / "cat2.png")
    now = list_files(photos)
    stale = [(entry, facts) for entry in now.files if (facts := old[entry.path]) is not None]
    Looked(now).keep(stale)
    with pytest.raises(DataError, match=r"cat2.* has changed"):
        told(look(photos))
    assert look(photos).fingerprint != before.fingerprint
    told(look(photos))


def test_stopping_keeps_what_was_seen(class_folders: Maker, met: list[bytes]) -> None:
    root = class_folders(cat=BATCH // 2 + 3, dog=BATCH // 2 + 3)
    with pytest.raises(Cancelled):
        load_folder(list_files(root), cancelled=lambda: len(met) >= BATCH)
    assert len(met) == BATCH
    look(root)
    assert len(met) == BATCH + 6


def test_records_that_nobody_used_for_longest_make_room(
    photos: Path, class_folders: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(photos)
    monkeypatch.setattr(looked, "MOST_BYTES", 10)
    look(class_folders("others", a=2, b=2))
    assert len(list((cache_folder() / looked.FOLDER).iterdir())) == 1
