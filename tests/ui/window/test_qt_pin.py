"""Guards the pin of PySide6: 6.12.0 drops a reference of None at each call that returns nothing (Python 3.10, 3.11) and
aborts after some 90 repaints of a plot. Both tests fail before that happens."""

import sys

import numpy as np
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from ui import theme
from ui.figures.curve_line import CurveLine
from ui.figures.curve_plot import CurvePlot

REPAINTS = 60


def test_calls_that_return_nothing_keep_their_references(qtbot: QtBot) -> None:
    label = QLabel()
    qtbot.addWidget(label)
    label.setText("x")
    before = sys.getrefcount(None)
    for _ in range(300):
        label.setText("x")
    assert abs(sys.getrefcount(None) - before) < 30


def test_a_live_plot_is_redrawn_for_some_time(qtbot: QtBot, qapp) -> None:
    theme.apply(qapp, "light")
    plot = CurvePlot("Loss")
    qtbot.addWidget(plot)
    plot.resize(300, 160)
    plot.set_smoothing(0.9)
    plot.show()
    qtbot.waitExposed(plot)
    steps = np.arange(1, 1000)
    values = 2 * np.exp(-steps / 400) + np.random.default_rng(0).normal(0.3, 0.1, steps.size)

    def redraw(frame: int) -> None:
        seen = frame * 4
        plot.set_curves([CurveLine("training", steps[:seen], values[:seen], "#0072B2", "train")], live=True)
        plot.point_at(seen / 2)
        plot.grab()

    redraw(1)
    before = sys.getrefcount(None)
    for frame in range(2, REPAINTS):
        redraw(frame)
        qapp.processEvents()
    lost = before - sys.getrefcount(None)
    assert lost < REPAINTS  # the broken version loses 173 at each repaint
