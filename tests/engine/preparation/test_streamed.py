"""Images that memory has no room for: the same numbers, whatever happens to the disk meanwhile."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.data import decoded
from engine.data.decoded import DecodedFile, NoRoom, make_room
from engine.data.images import ImageSet
from engine.data.sources import load
from engine.errors import DataError
from engine.events import Event, Metrics, Notice, RunFailed, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from engine.machine import memory
from engine.machine.memory import remarks
from engine.preparation.held import Held
from engine.preparation.inputs import Normaliser, images
from engine.preparation.streamed import Streamed

FORM = Normaliser(16, 3)
CPU = torch.device("cpu")
KINDS = ("jpg", "png", "webp", "bmp")
CLASSES, EACH = 8, 6


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WARMSTART_CACHE", str(tmp_path / "cache"))
    remarks.begin()
    return tmp_path / "cache" / decoded.FOLDER


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders of JPEG, PNG, WebP and BMP, of many sizes, grey and coloured."""
    root, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number in range(CLASSES * EACH):
        folder = root / f"class {number % CLASSES}"
        folder.mkdir(exist_ok=True)
        shape = (int(rng.integers(10, 90)), int(rng.integers(10, 90)), 3)
        image = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
        image = image.convert("L") if number % 5 == 0 else image
        image.save(folder / f"{number}.{KINDS[number // CLASSES % len(KINDS)]}")
    return root


def read(data: ImageSet, ids: np.ndarray, shift: Shift | None = None) -> Held | Streamed:
    return images(data, ids, FORM, CPU, shift)


def chosen(photos: Path) -> DatasetChoice:
    return DatasetChoice(name="folder", path=str(photos))


@pytest.fixture
def data(photos: Path) -> ImageSet:
    return load(chosen(photos))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory for decoded images."""
    monkeypatch.setenv(memory.VARIABLE, "0")


def both(data: ImageSet, monkeypatch: pytest.MonkeyPatch, shift: Shift | None = None) -> tuple[torch.Tensor, Streamed]:
    """The same images in memory and streamed, in an order of their own."""
    ids = np.random.default_rng(1).permutation(len(data))[: len(data) - 3]
    monkeypatch.setenv(memory.VARIABLE, "100")
    whole = read(data, ids, shift)
    monkeypatch.setenv(memory.VARIABLE, "0")
    streamed = read(data, ids, shift)
    assert isinstance(whole, Held)
    assert isinstance(streamed, Streamed)
    return whole[:], streamed


SHIFTS = [None, *(Shift(kind=kind, severity=3) for kind in ("noise", "blur", "jpeg", "inversion"))]


@pytest.mark.parametrize("shift", SHIFTS, ids=lambda shift: shift.kind if shift else "none")
def test_streamed_images_are_those_in_memory(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch, shift: Shift | None
) -> None:
    whole, streamed = both(data, monkeypatch, shift)
    for _ in range(2):  # decoded, then from the disk
        for places in (torch.tensor([5, 0, 5, 44]), slice(3, 20), slice(0, 0), torch.empty(0, dtype=torch.int64)):
            found = streamed[places]
            assert found.dtype == whole.dtype
            assert torch.equal(found, whole[places])
    assert (len(streamed), streamed.device) == (len(whole), whole.device)


def decodings(data: ImageSet, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Fills with the images that are decoded from now on."""
    met: list[int] = []
    original = type(data.source).image
    monkeypatch.setattr(type(data.source), "image",
                        lambda self, index, *form: (met.append(index), original(self, index, *form))[1])  # fmt: skip
    data._decoded.clear()
    return met


def test_each_image_is_decoded_once_and_never_again_by_the_next_run(
    data: ImageSet, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = decodings(data, monkeypatch)
    for part in (np.arange(30), np.arange(20, 48), np.arange(48)):  # another division of the same images
        read(data, part)[:]
    assert sorted(met) == list(range(48))


def spoil_half(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


SPOILT = {
    "a changed byte": spoil_half,
    "cut off": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 3]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"more"),
    "rows moved": lambda path: path.write_bytes(path.read_bytes()[100:] + bytes(100)),
    "gone": Path.unlink,
}


@pytest.mark.parametrize("fault", SPOILT)
@pytest.mark.parametrize("when", ["between runs", "within a run"])
def test_a_spoilt_file_is_never_believed(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch, own_cache: Path, fault: str, when: str
) -> None:
    whole, streamed = both(data, monkeypatch)
    streamed[:]
    (path,) = own_cache.iterdir()
    SPOILT[fault](path)
    again = streamed if when == "within a run" else both(data, monkeypatch)[1]
    assert torch.equal(again[:], whole)
    assert torch.equal(again[:], whole)


def test_rows_of_two_sets_never_meet(photos: Path, data: ImageSet, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for number in range(len(data)):
        place = other / f"class {number % CLASSES}" / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (20, 20), number).save(place)
    files = [DecodedFile(*of) for of in ((data, 16, 3), (data, 16, 1), (data, 17, 3), (load(chosen(other)), 16, 3))]
    assert len({file.path for file in files}) == len(files)
    assert DecodedFile(load(chosen(photos)), 16, 3).path == files[0].path


class FullDisk:
    """A file whose disk takes `rows` more rows: the last one it takes half."""

    def __init__(self, file: object, rows: int) -> None:
        self._file, self._left = file, rows

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def write(self, row: bytes) -> int:
        self._left -= 1
        if self._left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self._file.write(row[: len(row) // 2] if self._left == 0 else row))  # type: ignore[attr-defined]


def test_a_disk_that_fills_up_is_told_once_and_the_images_are_decoded(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, streamed = both(data, monkeypatch)
    assert streamed._file is not None
    streamed._file._file = FullDisk(streamed._file._file, 10)  # type: ignore[assignment]
    remarks.new()
    for _ in range(3):
        assert torch.equal(streamed[:], whole)
    (told,) = remarks.new()
    assert "is full" in told


@pytest.mark.parametrize("why", ["no space", "over the cap", "folder not to be made"])
def test_without_room_on_the_disk_images_are_decoded_each_time(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch, own_cache: Path, why: str
) -> None:
    monkeypatch.setattr(decoded, "LEFT_FREE", 10**18 if why == "no space" else 0)
    monkeypatch.setattr(decoded, "MOST_BYTES", 10**4 if why == "over the cap" else 10**9)
    if why == "folder not to be made":
        own_cache.parent.mkdir()
        own_cache.write_text("in the way")
    whole, streamed = both(data, monkeypatch)
    assert torch.equal(streamed[:], whole)
    assert own_cache.is_file() or not list(own_cache.iterdir())
    (told,) = remarks.new()
    assert "decoded again in every epoch" in told


@pytest.mark.skipif(os.name == "nt", reason="no limit of the size of files")
def test_a_file_system_that_takes_no_file_of_this_size_is_no_room_and_nothing_stays_open(data: ImageSet) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with pytest.raises(NoRoom):
                DecodedFile(data, 16, 3)
            gc.collect()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not said


def test_the_files_nobody_used_for_longest_make_room(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded, "MOST_BYTES", 1000)
    own_cache.mkdir(parents=True)
    for age, name in enumerate(("newest", "middle", "oldest")):
        path = own_cache / f"{name}.pixels"
        path.write_bytes(bytes(300))
        os.utime(path, (10_000 - age, 10_000 - age))
    (own_cache / "not ours.txt").write_bytes(bytes(5000))
    left = [{"newest", "middle", "oldest"}, {"newest", "middle"}, {"newest"}, set()]
    for wanted, names in zip((100, 300, 700, 1000), left, strict=True):
        make_room(own_cache / "new.pixels", wanted)
        assert {path.stem for path in own_cache.glob("*.pixels")} == names
    with pytest.raises(NoRoom):
        make_room(own_cache / "new.pixels", 1001)


def run(photos: Path, directory: Path, method: str, **settings: object) -> list[Event]:
    experiment = Experiment(
        dataset=chosen(photos),
        backbone=BackboneChoice(name="conv4", image_size=16),
        method=MethodChoice(name=method, hyperparameters=settings),
    )
    events = list(execute(experiment, directory))
    assert not [event for event in events if isinstance(event, RunFailed)], events[-1]
    assert isinstance(events[-1], RunFinished)
    return events


RUNS = {
    "full_ft": {"epochs": 2, "batch_size": 8},
    "linear_probe": {"epochs": 2},
    "protonet": {"steps": 2, "way": 2, "training_way": 2, "shot": 1, "query": 1, "validation_episodes": 10,
                 "test_episodes": 10},
}  # fmt: skip


@pytest.mark.parametrize("method", RUNS)
def test_a_run_without_memory_gives_the_same_to_the_last_bit_and_says_where_images_lie(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path, method: str
) -> None:
    found = []
    for megabytes in ("100", "0", "0"):
        monkeypatch.setenv(memory.VARIABLE, megabytes)
        events = run(photos, tmp_path / f"run {len(found)}", method, **RUNS[method])
        values = [event.values for event in events if isinstance(event, Metrics)]
        weights = sorted((tmp_path / f"run {len(found)}").glob("*.safetensors"))
        told = [event.text for event in events if isinstance(event, Notice) and str(own_cache) in event.text]
        assert len(told) == (megabytes == "0")
        found.append((values, [path.read_bytes() for path in weights]))
    assert found[0] == found[1] == found[2]


def test_a_file_that_changes_while_it_is_streamed_ends_the_run_with_its_name(
    photos: Path, tmp_path: Path, small: None
) -> None:
    folder = tmp_path / "photos"
    for number in range(8):
        (folder / f"{number % 2}").mkdir(parents=True, exist_ok=True)
        Image.new("L", (20, 20), number).save(folder / f"{number % 2}" / f"image{number}.png")
    streamed = read(load(chosen(folder)), np.arange(8))
    (folder / "1" / "image5.png").write_bytes(b"other")
    with pytest.raises(DataError, match="image5"):
        streamed[:]


@pytest.mark.parametrize("megabytes", ["", "many"])
def test_half_of_what_is_free_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, megabytes: str) -> None:
    monkeypatch.setenv(memory.VARIABLE, megabytes)
    monkeypatch.setattr(memory, "GROUP", tmp_path)
    (tmp_path / "memory.max").write_text("400000000\n")
    (tmp_path / "memory.current").write_text("200000000\n")
    (tmp_path / "memory.stat").write_text("anon 100000000\ninactive_file 100000000\n")
    assert memory.room() == 150_000_000
    (tmp_path / "memory.current").write_text("390000000\n")
    assert memory.room() == memory.LEAST
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.room() > 10**7


def test_nothing_is_read_before_it_is_asked_for(data: ImageSet, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    met = decodings(data, monkeypatch)
    read(data, np.arange(48))
    assert not met


def test_what_is_expected_is_read_while_something_else_is_computed(
    data: ImageSet, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = decodings(data, monkeypatch)
    streamed = read(data, np.arange(48))
    assert isinstance(streamed, Streamed)
    batches = torch.randperm(48, generator=torch.Generator().manual_seed(0)).split(10)
    streamed.expect(batches)
    for number in range(len(batches)):
        wait_for(lambda after=number + 1: len(met) == min(48, 10 * after))
        streamed[batches[number]]
    assert sorted(met) == list(range(48))


def test_who_goes_through_slices_finds_the_next_one_read(
    data: ImageSet, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = decodings(data, monkeypatch)
    streamed = read(data, np.arange(48))
    for start in range(0, 48, 20):
        streamed[start : start + 20]
        wait_for(lambda after=start + 40: len(met) == min(48, after))
    assert sorted(met) == list(range(48))


def test_plans_that_change_and_faults_ahead_change_no_number(data: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, streamed = both(data, monkeypatch)
    batches = torch.arange(40).split(8)
    streamed.expect(batches)
    for places in (batches[0], batches[3], torch.tensor([1]), batches[1], slice(4, 9), slice(9, 14), batches[2]):
        assert torch.equal(streamed[places], whole[places])
    original, asked, file = type(data.source).image, torch.arange(20, 30), streamed._file
    assert file is not None
    file.path.write_bytes(b"")

    def gone(self: object, *form: int) -> Image.Image:
        raise DataError("“a.png” cannot be read any more.", "Start again.")

    monkeypatch.setattr(type(data.source), "image", gone)
    streamed.expect([asked])
    for _ in range(2):
        with pytest.raises(DataError, match=r"a\.png"):
            streamed[asked]
    monkeypatch.setattr(type(data.source), "image", original)
    assert torch.equal(streamed[asked], whole[asked])
    assert not file.full


def wait_for(what: Callable[[], bool]) -> None:
    """Within seconds, in whatever thread."""
    end = time.monotonic() + 200
    while not what():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_drive_that_vanishes_is_told_and_what_was_learnt_is_kept(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder goes when the first images were learnt from; nothing of it is kept, in memory or on the disk."""
    monkeypatch.setenv(memory.VARIABLE, "0")
    monkeypatch.setattr(decoded, "MOST_BYTES", 0)
    drive = tmp_path / "drive"
    shutil.copytree(photos, drive)
    settings = {"epochs": 3, "batch_size": 8}
    experiment = Experiment(
        dataset=chosen(drive),
        backbone=BackboneChoice(name="conv4", image_size=16),
        method=MethodChoice(name="full_ft", hyperparameters=settings),
    )
    events: list[Event] = []
    for event in execute(experiment, tmp_path / "run"):
        events.append(event)
        if isinstance(event, Metrics) and drive.exists():
            drive.rename(tmp_path / "elsewhere")
    last = events[-1]
    assert isinstance(last, RunFailed)
    assert last.message == f"“{drive}” cannot be reached any more."
    assert (last.kind, last.advice) == ("experiment", "Connect its drive again or put it back, then start again.")
    assert any(isinstance(event, Metrics) for event in events)
