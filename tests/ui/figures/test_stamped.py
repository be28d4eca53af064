"""Points as one image, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from ui.figures.stamped import as_image, four_bytes, stamped

RED, BLUE = QColor(200, 0, 0), QColor(0, 0, 100)


@pytest.mark.parametrize("radius", [1.0, 3.2, 6.4])
def test_a_disc_covers_its_pixels_and_what_comes_later_lies_over_it(radius: float) -> None:
    """By hand: a pixel is covered as far as radius and a half reach beyond its middle."""
    pixels = np.zeros((40, 40, 4), np.uint8)
    stamped(pixels, np.array([(20.2, 19.8)]), four_bytes([RED]), radius)
    away = np.hypot(*np.mgrid[-20:20, -20:20])
    covered = np.clip(radius + 0.5 - away, 0, 1)
    assert (pixels[..., 3] == (255 * covered).astype(np.uint8)).all()
    assert (pixels[covered > 0][:, :3] == (0, 0, 200)).all()
    stamped(pixels, np.array([(20.0, 20.0), (-9.0, 500.0)]), four_bytes([BLUE, RED]), radius)
    assert (pixels[covered > 0][:, :3] == (100, 0, 0)).all()


def test_the_image_is_as_large_in_the_window_as_its_ratio_says() -> None:
    pixels = np.zeros((20, 40, 4), np.uint8)
    stamped(pixels, np.array([(10.0, 10.0)]), four_bytes([RED]), 3.0)
    image = as_image(pixels, 2.0)
    pixels[:] = 0
    assert image.deviceIndependentSize().width() == 20
    assert image.pixelColor(10, 10) == RED
    assert image.pixelColor(30, 10).alpha() == 0
