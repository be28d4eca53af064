"""Digits and Glyphs: the same everywhere, white ink on black."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.data.glyph_shapes import Draws
from engine.data.sets import glyphs
from engine.data.sources import load
from engine.experiment import DatasetChoice
from engine.machine.files import cache_folder

GLYPHS_SHA256 = "bf0cecdae38fe6f3f50e3e50994c712f8d2de237626b65fadee87bf6cf6d71b3"
DIGITS_SHA256 = "b41ca9fd335466eee997366c2e6f6bbe0a1b4582afe091fc4eba35f4a254182f"


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    return load(DatasetChoice(name="glyphs")).pixels(range(7200), 28, 1).reshape(240, 30, 28, 28)


def test_glyphs_are_the_same_bytes_everywhere(drawn: np.ndarray) -> None:
    assert hashlib.sha256(drawn.tobytes()).hexdigest() == GLYPHS_SHA256


def test_threads_that_want_glyphs_at_once_draw_them_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawings, both = list[int](), threading.Barrier(3)

    def draw() -> np.ndarray:
        drawings.append(1)
        time.sleep(0.05)  # in which the others would begin too
        return np.zeros((240, 30, 28, 28), dtype=np.uint8)

    def want() -> object:
        both.wait()
        return glyphs.load_glyphs(tmp_path)

    monkeypatch.setattr(glyphs, "draw_glyphs", draw)
    glyphs._loaded.cache_clear()
    with ThreadPoolExecutor(3) as threads:
        found = [one.result() for one in [threads.submit(want) for _ in range(3)]]
    glyphs._loaded.cache_clear()
    assert drawings == [1]
    assert found[0] is found[1] is found[2]


def test_digits_are_those_of_scikit_learn() -> None:
    """The sum stands for round(load_digits().images * 255 / 16); importing scikit-learn here would take seconds."""
    data = load(DatasetChoice(name="digits"))
    assert data.counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    pixels = data.pixels(range(1797), 8, 1)
    assert pixels[0, 0, :, 0].tolist() == [0, 0, 80, 207, 143, 16, 0, 0]
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == DIGITS_SHA256


def test_raw_bits_of_the_generator() -> None:
    assert Draws(1, 2).uniform(0, 1, 2).tolist() == [0.44841514333227195, 0.4308819875443376]


def test_both_are_white_ink_on_black() -> None:
    for name in ("digits", "glyphs"):
        data = load(DatasetChoice(name=name))
        pixels = data.pixels(range(0, len(data), 20), 28, 1)
        assert data.background == 0
        assert pixels[:, :, [0, -1]].mean() < 20
        assert pixels.max() == 255
        assert 8 < pixels.mean() < 90


def test_glyphs_differ_between_writers_and_more_between_characters(drawn: np.ndarray) -> None:
    """By blurred pixels the right character of 240 is nearest far more often than by chance, yet often is not."""
    soft = drawn.astype(np.float64).reshape(240, 30, 14, 2, 14, 2).mean(axis=(3, 5)).reshape(240, 30, -1)
    soft /= np.linalg.norm(soft, axis=2, keepdims=True)
    middle = soft.mean(axis=1)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    nearest = (soft @ middle.T).argmax(axis=2)
    assert 0.3 < (nearest == np.arange(240)[:, None]).mean() < 0.7
    assert len({image.tobytes() for image in drawn.reshape(-1, 28, 28)}) == 7200


def test_another_seed_gives_other_glyphs() -> None:
    one, two = glyphs.draw_glyphs(1, classes=3, writers=4), glyphs.draw_glyphs(2, classes=3, writers=4)
    assert one.shape == (3, 4, 28, 28)
    assert not np.array_equal(one, two)
    assert np.array_equal(one, glyphs.draw_glyphs(1, classes=3, writers=4))


def test_fewer_characters_are_the_first_of_many(drawn: np.ndarray) -> None:
    assert np.array_equal(glyphs.draw_glyphs(classes=4), drawn[:4])


def test_kept_glyphs_are_read_back_and_a_damaged_file_is_replaced(tmp_path: Path, drawn: np.ndarray) -> None:
    glyphs.keep(tmp_path / "deep", drawn)
    [kept] = (tmp_path / "deep").iterdir()
    size = kept.stat().st_size
    assert np.array_equal(glyphs.kept(tmp_path / "deep"), drawn)
    kept.write_bytes(kept.read_bytes()[:1000])
    assert glyphs.kept(tmp_path / "deep") is None
    glyphs.keep(tmp_path / "deep", drawn)
    assert kept.stat().st_size == size
    assert len(list((tmp_path / "deep").iterdir())) == 1


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path: Path, drawn: np.ndarray) -> None:
    (tmp_path / "file").write_text("in the way")
    glyphs.keep(tmp_path / "file", drawn)
    assert glyphs.kept(tmp_path / "file") is None
    assert (tmp_path / "file").read_text() == "in the way"


def test_the_cache_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WARMSTART_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path


def test_data_needs_neither_torch_nor_scikit_learns_start_up() -> None:
    program = (
        "import sys; from engine.data import episodes, preview, sources; from engine.experiment import DatasetChoice;"
        "sources.load(DatasetChoice(name='digits'));"
        "print([name for name in ('torch', 'sklearn', 'PySide6', 'sqlite3') if name in sys.modules])"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
