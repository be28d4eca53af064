"""Images that are read while training goes on: the same numbers, each read once, in the order in which it is needed."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.artifacts import bookmark
from engine.data import images as images_module
from engine.data.images import ImageSet
from engine.data.shifts import shifted
from engine.data.sources import load
from engine.errors import DataError
from engine.events import EpochCompleted, Evaluated, Event, ResumePoint, RunFailed, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from engine.machine import memory
from engine.preparation import held
from engine.preparation.held import Held, read_ahead
from engine.preparation.inputs import Normaliser, images
from engine.tuning.training import StageTraining

FORM, CPU, CLASSES, EACH = Normaliser(16, 3), torch.device("cpu"), 8, 7
COUNT = CLASSES * EACH
NOISE = Shift(kind="noise", severity=3)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number in range(COUNT):
        place = root / f"class {number % CLASSES}" / f"image{number}.png"
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(place)
    return root


@pytest.fixture
def data(photos: Path, monkeypatch: pytest.MonkeyPatch) -> ImageSet:
    """Read so that nothing is kept but what is held."""
    found = load(DatasetChoice(name="folder", path=str(photos)))
    monkeypatch.setattr(images_module, "KEPT_BYTES", 0)
    found._decoded.clear()
    return found


def hold(data: ImageSet, ids: np.ndarray, shift: Shift | None = None) -> Held:
    found = images(data, ids, FORM, CPU, shift)
    assert isinstance(found, Held)
    return found


class Gate:
    """Decoding that waits until an image is let through. faulty: images that cannot be read."""

    def __init__(self, data: ImageSet, monkeypatch: pytest.MonkeyPatch, *through: int) -> None:
        self.met: list[int] = []
        self.faulty: set[int] = set()
        self._through, self._news = set(through), threading.Condition()
        original = type(data.source).image

        def image(source: object, index: int, *form: int) -> Image.Image:
            with self._news:
                assert self._news.wait_for(lambda: index in self._through, timeout=200)
                self.met.append(index)
            if index in self.faulty:
                raise DataError(f"“{data.image_name(index)}” cannot be read any more.", "Start again.")
            found: Image.Image = original(source, index, *form)  # type: ignore[arg-type]
            return found

        monkeypatch.setattr(type(data.source), "image", image)

    def open(self, *through: int) -> None:
        """To these images, or to all."""
        with self._news:
            self._through |= set(through or range(COUNT))
            self._news.notify_all()


@pytest.mark.parametrize("shift", [None, NOISE], ids=["plain", "noise"])
def test_who_asks_in_any_order_from_any_thread_gets_the_images_each_read_once(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch, shift: Shift | None
) -> None:
    ids = np.random.default_rng(1).permutation(COUNT)[:50]
    whole = data.read(ids, FORM)
    expected = torch.from_numpy((whole if shift is None else shifted(whole, shift, ids)).transpose(0, 3, 1, 2).copy())
    gate, found = Gate(data, monkeypatch, *range(COUNT)), hold(data, ids, shift)
    asked = [torch.tensor([5, 0, 5, 44]), slice(3, 20), slice(0, 0), torch.empty(0, dtype=torch.int64), slice(None)]
    draw = torch.Generator().manual_seed(0)
    asked += [torch.randint(50, (12,), generator=draw) for _ in range(20)]
    wrong: list[object] = []

    def ask(own: list[torch.Tensor | slice]) -> None:
        wrong.extend(one for one in own if not torch.equal(found[one], expected[one]))

    threads = [threading.Thread(target=ask, args=(asked[place:] + asked[:place],)) for place in (0, 7, 14)]
    found.expect(torch.arange(50).split(8))
    with read_ahead(found):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong
    assert sorted(gate.met) == sorted(ids.tolist())
    assert (len(found), found.device, found.owed) == (50, CPU, 0)


def test_a_batch_waits_for_its_own_images_alone(data: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, found = Gate(data, monkeypatch, 4, 9, 30), hold(data, np.arange(COUNT))
    assert found[torch.tensor([9, 4, 30, 9])].shape == (4, 3, 16, 16)
    assert gate.met == [4, 9, 30]


def test_what_is_expected_is_read_first_then_the_rest_then_the_next_set(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, first, second = Gate(data, monkeypatch), hold(data, np.arange(20)), hold(data, np.arange(30, 35))
    gate.open()
    with read_ahead(first, torch.zeros(3), second):
        first.expect([torch.tensor([15, 17]), torch.tensor([3, 15])])
        while second.owed:
            time.sleep(0.001)
    assert gate.met[:3] == [15, 17, 3]
    assert [set(gate.met[:20]), set(gate.met[20:])] == [set(range(20)), set(range(30, 35))]
    assert len(gate.met) == 25


def read_within(found: Held) -> Generator[None, None, None]:
    """As a run does, which may be abandoned at any event."""
    with read_ahead(found):
        yield
        yield


def test_reading_ahead_ends_with_its_block(data: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "CHUNK", 4)
    gate, found = Gate(data, monkeypatch), hold(data, np.arange(COUNT))
    with closing(read_within(found)) as reading:
        next(reading)
        found.expect([])
        threading.Timer(0.2, gate.open).start()
    assert gate.met in ([], [0, 1, 2, 3])


def test_a_fault_is_met_by_whoever_asks_for_the_image_and_by_nobody_else(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, found = Gate(data, monkeypatch, *range(COUNT)), hold(data, np.arange(COUNT))
    gate.faulty = {21}
    with read_ahead(found):
        for _ in range(2):
            with pytest.raises(DataError, match="image"):
                found[18:24]
        found[torch.tensor([0, 55, 22])]
    gate.faulty = set()
    assert torch.equal(found[:], torch.from_numpy(data.read(np.arange(COUNT), FORM).transpose(0, 3, 1, 2)))


def test_memory_is_not_given_out_twice(data: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(memory.VARIABLE, raising=False)
    monkeypatch.setattr(memory, "free", lambda: 10**9)
    before, found = memory.room(), hold(data, np.arange(COUNT))
    assert memory.room() == before - memory.SHARE * COUNT * 3 * 16 * 16
    found[:8]
    assert memory.room() == before - memory.SHARE * (COUNT - 8) * 3 * 16 * 16
    del found
    assert memory.room() == before


RUNS = {
    "full_ft": {"epochs": 2, "batch_size": 8},
    "auto_rgn": {"epochs": 2, "batch_size": 8},
    "linear_probe": {"epochs": 2},
}


def begun(photos: Path, folder: Path, method: str, resume: bool = False) -> Iterator[Event]:
    experiment = Experiment(
        dataset=DatasetChoice(name="folder", path=str(photos)),
        backbone=BackboneChoice(name="conv4", image_size=16),
        method=MethodChoice(name=method, hyperparameters=RUNS[method]),
    )
    return execute(experiment, folder, resume=resume)


def test_the_first_step_is_taken_while_the_rest_is_still_to_be_read(
    data: ImageSet, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, met, train = Gate(data, monkeypatch), [], StageTraining._train

    def counting(self: StageTraining, indices: torch.Tensor) -> None:
        gate.open(*self.run.train.ids[indices].tolist())
        train(self, indices)
        met.append(len(gate.met))
        gate.open()

    monkeypatch.setattr(StageTraining, "_train", counting)
    events = list(begun(photos, tmp_path, "full_ft"))
    assert isinstance(events[-1], RunFinished)
    assert met[0] == 8 < len(gate.met)
    assert len(gate.met) == len(set(gate.met))


@pytest.mark.parametrize("method", RUNS)
def test_a_test_image_that_breaks_meanwhile_is_named_and_the_run_goes_on_from_what_it_learnt(
    data: ImageSet, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(bookmark, "LEAST_PAUSE", 0.0)
    gate = Gate(data, monkeypatch, *range(COUNT))
    (whole,) = (event for event in begun(photos, tmp_path / "whole", method) if isinstance(event, Evaluated))
    assert whole.ids is not None
    gate.faulty = set(whole.ids.tolist())
    failed = []
    for event in begun(photos, tmp_path / "cut", method):
        failed.append(event)
        if isinstance(event, ResumePoint):
            event.write({})
    assert isinstance(failed[-1], RunFailed)
    assert failed[-1].message in {f"“{data.image_name(one)}” cannot be read any more." for one in gate.faulty}
    gate.faulty = set()
    after = list(begun(photos, tmp_path / "cut", method, resume=True))
    assert not [event for event in after if isinstance(event, EpochCompleted)]
    assert [event.value for event in after if isinstance(event, Evaluated)] == [whole.value]


def test_threads_may_ask_for_room_while_others_begin_to_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking goes through all that is held."""

    class Full:
        owed = 0

    monkeypatch.setattr(memory, "free", lambda: 0)
    monkeypatch.delenv(memory.VARIABLE, raising=False)
    interval, over, kept = sys.getswitchinterval(), threading.Event(), [Full() for _ in range(200)]
    for one in kept:
        memory.promise(one)

    def hold_more() -> None:
        while not over.is_set():
            kept[:] = [Full() for _ in range(200)]
            for one in kept:
                memory.promise(one)

    thread = threading.Thread(target=hold_more)
    sys.setswitchinterval(1e-6)
    try:
        thread.start()
        assert {memory.room() for _ in range(3000)} == {memory.LEAST}
    finally:
        over.set()
        thread.join()
        sys.setswitchinterval(interval)
