"""One bad file costs one file, in every step: what looks at a file, what shows it and what learns from it agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.files.decode import Damaged, decode, examine
from engine.data.preview import preview
from engine.data.sources import load, resolve
from engine.errors import DataError
from engine.events import Notice, RunFinished
from engine.execute import execute
from engine.experiment import Experiment, MethodChoice
from engine.provenance.left_out import read
from tests.engine.data.conftest import Maker
from tests.engine.data.files.odd_files import body, broken, sheet, sound

STEPS = ((8, 1), (64, 3))  # sizes and channels that learning and showing ask for


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, inner in files.items():
        (folder / name).write_bytes(inner)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Every sound file and every broken one in the class "odd", beside a plain class."""
    write(tmp_path / "photos" / "odd", sound() | broken())
    write(tmp_path / "photos" / "plain", {f"{tone}.png": body(sheet(tone=tone), "png") for tone in range(12)})
    return tmp_path / "photos"


@pytest.mark.parametrize("packed", [False, True])
def test_sound_files_are_used_and_broken_ones_named(
    mixed: Path, zipped: Maker, packed: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    choice = resolve(zipped(mixed) if packed else mixed)
    data = load(choice)
    assert {data.image_name(place) for place in np.flatnonzero(data.labels == 0)} == {f"odd/{name}" for name in sound()}
    assert {one.path for one in data.skipped} == {f"odd/{name}" for name in broken()}
    reasons = {one.path.removeprefix("odd/"): one.reason for one in data.skipped}
    assert all(reasons.values())
    assert reasons["twelve_bits.jpg"] == "a kind of image that is not read here"
    assert reasons["page.jpg"] == "a web page, which is not read here"
    assert (reasons["t.gif"], reasons["j.png"], reasons["i.png"]) == ("damaged image", "not an image", "empty file")
    assert preview(choice).skipped == data.skipped
    for size, channels in STEPS:
        assert data.pixels(range(len(data)), size, channels).shape == (len(data), size, size, channels)
    assert capfd.readouterr() == ("", "")  # the libraries behind Pillow complain on their own


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("linear_probe", {"epochs": 1}),
        ("head_bench", {"most_labels": "1", "repeats": 1}),
        ("protonet", {"way": 2, "training_way": 2, "shot": 1, "query": 1, "steps": 1, "test_episodes": 10}),
    ],
)
def test_every_kind_of_run_ends_and_says_what_was_left_out(
    mixed: Path, tmp_path: Path, method: str, values: dict[str, object]
) -> None:
    for name in "abcd":
        write(mixed / name, {f"{tone}.png": body(sheet(tone=tone), "png") for tone in range(5)})
    asked = Experiment(dataset=resolve(mixed), method=MethodChoice(name=method, hyperparameters=values))
    events = list(execute(asked, tmp_path / "run"))
    assert isinstance(events[-1], RunFinished), events[-1]
    said = [event.text for event in events if isinstance(event, Notice)]
    assert {path for path, _ in read(tmp_path / "run")} == {f"odd/{name}" for name in broken()}
    assert any(text.startswith(f"{len(broken())} files left out of the data set: odd/a.heic (HEIC, ") for text in said)


def test_what_passes_a_look_is_decoded_whatever_happened_to_it() -> None:
    """Random bytes, cuts and doublings in files of all formats, until 200 of them pass."""
    rng, bodies = np.random.default_rng(7), list(sound().values())
    bodies = [one for one in bodies if len(one) < 5000]
    passed = 0
    for turn in range(4000):
        whole = bytearray(bodies[turn % len(bodies)])
        for place in rng.integers(0, len(whole), rng.integers(1, 6)):
            whole[place] = rng.integers(256)
        cut = int(rng.integers(len(whole))) if turn % 5 == 0 else len(whole)
        mutated = bytes(whole[:cut])
        try:
            examine(mutated)
        except Damaged:
            continue
        passed += 1
        for size, channels in STEPS:
            assert decode(mutated, size, channels).mode in ("L", "RGB")
        if passed == 200:
            break
    assert passed > 20


def test_a_file_that_changes_meanwhile_is_one_sentence(mixed: Path) -> None:
    data = load(resolve(mixed))
    (mixed / "odd" / "RGB.png").write_bytes(broken()["q.png"])
    with pytest.raises(DataError, match=r"^“odd/RGB\.png” has changed since the data set was read\. Start again"):
        data.pixels(range(len(data)), 16, 3)
