"""The picture of a curve task: what is drawn where, its words and its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from ui import theme
from ui.figures.curve_reading import curve_task_of, shown
from ui.figures.curve_task_picture import CurveTaskPicture

X = np.linspace(-5, 5, 41)
TRUTH = 3 * np.sin(X)


def task(steps: int, deviation: bool = False, last: float = 1.0) -> dict[str, Any]:
    """Predictions that grow from 0 to `last` times the truth."""
    shares = [last * step / steps for step in range(steps + 1)] if steps else [last]
    return {
        "x": X.tolist(),
        "truth": TRUTH.tolist(),
        "support_x": [-2.0, 1.0],
        "support_y": [3 * float(np.sin(-2.0)), 3 * float(np.sin(1.0))],
        "predictions": [
            {"steps": step, "y": (share * TRUTH).tolist(), "deviation": [0.5] * len(X) if deviation else None}
            for step, share in enumerate(shares)
        ],
    }


@pytest.fixture
def picture(qtbot: QtBot) -> CurveTaskPicture:
    made = CurveTaskPicture()
    qtbot.addWidget(made)
    made.resize(420, 300)
    made.show()
    return made


def test_the_error_before_and_after_is_said(picture: CurveTaskPicture) -> None:
    picture.show_task(task(10))
    before = float(np.mean(TRUTH**2))
    assert picture.accessibleDescription() == (f"2 points given; squared error {before:.2f} → 0.00 after 10 steps")
    picture.show_task(task(0, deviation=True))
    assert picture.accessibleDescription() == "2 points given; squared error 0.00"


def test_the_truth_and_the_last_prediction_are_seen(picture: CurveTaskPicture) -> None:
    picture.show_task(task(1, last=0.5))
    image = picture.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert theme.curve_colour(0).name() in colours
    assert theme.colour("text").name() in colours


def test_pointing_says_the_numbers_with_the_band(picture: CurveTaskPicture) -> None:
    picture.show_task(task(0, deviation=True))
    picture.grab()
    assert picture._plot is not None
    at = picture._plot.point(0.0, 0.0)
    assert picture.words_at(at) == "x 0.0\ntruth 0.00\nprediction 0.00 (−0.98 to 0.98)"
    assert picture.words_at(QPointF(0, 0)) == ""


def test_the_numbers_behind_it_can_be_had(picture: CurveTaskPicture) -> None:
    picture.show_task(task(2, deviation=True))
    heads, rows = picture.figure_table()
    assert list(heads) == [
        "x", "truth", "before", "deviation before", "after 1 step", "deviation after 1 step", "after 2 steps",
        "deviation after 2 steps",
    ]  # fmt: skip
    assert len(list(rows)) == len(X)


def test_what_is_not_a_number_is_left_out_and_nothing_is_drawn_without_a_task(picture: CurveTaskPicture) -> None:
    wrong = task(3)
    wrong["predictions"][-1]["y"] = [None] * len(X)
    picture.show_task(wrong)
    picture.grab()
    picture.show_task(None)
    assert picture.accessibleDescription() == ""
    assert picture.figure_table() == ([], [])
    picture.grab()


def test_of_many_steps_the_first_and_last_are_drawn_and_more_of_the_early_ones() -> None:
    drawn = [one.steps for one in shown(curve_task_of(task(10)).predictions)]
    assert (drawn[0], drawn[-1], len(drawn)) == (0, 10, 6)
    assert drawn[1] - drawn[0] < drawn[-1] - drawn[-2]
    assert [one.steps for one in shown(curve_task_of(task(3)).predictions)] == [0, 1, 2, 3]
