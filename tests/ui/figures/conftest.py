"""What several tests of figures look at."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui import theme
from ui.figures.curve_plot import CurvePlot


@pytest.fixture
def plot(qtbot: QtBot, qapp: QApplication) -> CurvePlot:
    """A plot of a loss that is on the screen."""
    theme.apply(qapp, "light")
    made = CurvePlot("Loss")
    qtbot.addWidget(made)
    made.resize(700, 400)
    made.show()
    qtbot.waitExposed(made)
    return made
