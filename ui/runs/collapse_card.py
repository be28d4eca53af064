"""Said over the curves of a run at work that says nearly the same of every image, with a way to stop it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine import registry
from engine.errors import InvalidExperiment
from engine.pretraining.method import COMPARE, is_collapsing
from engine.work.recorder import SavedCurve
from ui import icons
from ui.runs.run_now import RunNow
from ui.widgets.buttons import button
from ui.widgets.card import Card
from ui.widgets.layouts import in_column, in_row
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Text

SPREAD = "val/spread"


class CollapseCard(Card):
    """stop_wanted: end the training and keep what there is. change_wanted: open its settings."""

    stop_wanted = Signal()
    change_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, edge="warning")
        self.setAccessibleName("It is collapsing")
        self.message = Text("", bold=True)
        self.advice = Text("Its loss does not tell. A lower learning rate or other views may help.", role="muted")
        self.stop = button(
            "Stop and keep", "stop", "End the training now and test what there is", self.stop_wanted.emit
        )
        self.change = button("Change settings", "clone", "Open these settings in New experiment; it goes on meanwhile",
                             self.change_wanted.emit)  # fmt: skip
        mark = Text(wrap=False)
        icons.dress(mark, "warning", "warning", 24)
        words = in_column(self.message, self.advice, 4, FlowLayout(self.stop, self.change), gap=4)
        self.body.addLayout(in_row((mark, 0, Qt.AlignmentFlag.AlignTop), (words, 1), gap=12))
        self.hide()

    def show_curves(self, curves: Mapping[str, SavedCurve], now: RunNow) -> None:
        """Only of a run at work here that compares views: of other features the spread means nothing."""
        spreads = curves[SPREAD].values if SPREAD in curves else np.empty(0)
        shown = now.is_live and now.here and is_collapsing(spreads) and compares(now)
        if shown:
            self.message.setText(f"It says nearly the same of everything it reads: spread {spreads[-1]:.2f}, of 1.")
        self.setVisible(shown)


def compares(now: RunNow) -> bool:
    try:
        return registry.method(now.row.experiment.method.name).group == COMPARE
    except InvalidExperiment:
        return False
