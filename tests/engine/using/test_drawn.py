"""Drawings as a network reads them: the way of the files of its own set, and MNIST's middle."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from engine.data.cutting import Cut
from engine.data.files.read_as import PLAIN, ReadAs
from engine.preparation.inputs import Normaliser
from engine.using.bins import HandedImage
from engine.using.drawn import PAPER, as_read, in_the_middle, is_light_on_dark

FORMS = (Normaliser(28, 1), Normaliser(64, 3), Normaliser(20, 1, cut=Cut("bicubic", 0.875)))


def drawing() -> np.ndarray:
    """A bar in the upper left."""
    ink = np.full((PAPER, PAPER), 255, np.uint8)
    ink[10:50, 12:18] = 0
    return ink


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("inverted", [False, True])
def test_a_drawing_is_read_as_its_file_would_be(form: Normaliser, inverted: bool) -> None:
    body = io.BytesIO()
    Image.fromarray(drawing()).save(body, "PNG")
    by_file = ReadAs(inverted=inverted).pixels(body.getvalue(), form)
    assert np.array_equal(as_read(drawing(), form, inverted), by_file)


def test_the_ground_is_that_of_the_network_s_own_images() -> None:
    grey, colour = FORMS[:2]
    dark = HandedImage("dark", as_read(drawing(), grey, True))
    light = HandedImage("light", as_read(drawing(), grey, False))
    assert is_light_on_dark(ReadAs(inverted=True), [light], grey)
    assert not is_light_on_dark(PLAIN, [light, light, dark], grey)
    assert is_light_on_dark(PLAIN, [dark], colour)
    assert is_light_on_dark(PLAIN, [], grey)
    assert not is_light_on_dark(PLAIN, [], colour)


def test_the_ink_comes_to_the_middle_at_mnist_s_size() -> None:
    for ink in (drawing(), drawing().T, drawing()[::-1]):
        found = 255.0 - in_the_middle(np.ascontiguousarray(ink))
        rows, columns = np.nonzero(found > 60)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(75, abs=1)  # 20/28 of 105
        for axis in (0, 1):
            mass = (found.sum(1 - axis) * (np.arange(PAPER) + 0.5)).sum() / found.sum()
            assert mass == pytest.approx(PAPER / 2, abs=0.6)


def test_an_empty_paper_stays() -> None:
    empty = np.full((PAPER, PAPER), 255, np.uint8)
    assert np.array_equal(in_the_middle(empty), empty)
