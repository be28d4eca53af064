"""What each block of the network does over the training: how far it has moved, and at which rate it learns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from PySide6.QtCore import QSettings, QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QWidget

from engine import metrics
from engine.work.recorder import SavedCurve
from ui import theme
from ui.figures.curve_axes import StepScale
from ui.figures.curve_line import CurveLine, long_line
from ui.figures.curve_plot import CurvePlot
from ui.growing_curve import GrowingCurve
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Text

# Metrics that begin so -> what they are called
KINDS = {"moved": "Distance from the initial weights", "rate": "Learning rate"}
INNER = {**KINDS, "rate": "Inner rate"}  # of a meta-learner, whose inner rates are learnt
SEVERAL = {"task accuracy": "Validation accuracy", "task loss": "Training loss", "task weight": "Weight"}


class BlockCurves(QWidget):
    """One figure and the choice of what it shows, remembered under "runs/…". Hidden while there is nothing of it.

    of: what there is a line of, "block" or "task". kinds: metrics that begin so -> what they are called.
    """

    def __init__(
        self, settings: QSettings, of: str = "block", kinds: Mapping[str, str] = KINDS, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings, self._of = settings, of
        self._shown: tuple[Mapping[str, SavedCurve], Mapping[str, str], str, StepScale] | None = None
        self.kinds = kinds  # what each kind is called
        self._first = next(iter(kinds))
        self.choice = Choice(list(kinds.items()))
        self.choice.setAccessibleName(f"What is shown of each {of}")
        self.choice.setMinimumContentsLength(max(len(title) for title in kinds.values()) - 4)
        self.log = QCheckBox("Lo&g")
        self.log.setToolTip("Logarithmic scale: small rates beside large ones")
        self.plot = CurvePlot(kinds[self._first])
        self.choice.set_key(str(settings.value(f"runs/{of}s", self._first)))
        self.log.setChecked(str(settings.value(f"runs/{of}s log", "false")) == "true")
        self._lay_out()
        self.choice.currentIndexChanged.connect(lambda _: self._note())
        self.log.toggled.connect(lambda _: self._note())

    def _lay_out(self) -> None:
        row = FlowLayout(Text(f"Each {self._of}", wrap=False), self.choice, self.log)
        self.plot.setMinimumHeight(170)
        in_column(row, (self.plot, 1), owner=self, gap=8)

    def show_curves(
        self, curves: Mapping[str, SavedCurve], titles: Mapping[str, str], axis: str, scale: StepScale, live: bool
    ) -> None:
        """titles: block name -> words. live: drawn fast."""
        self._shown = curves, titles, axis, scale
        there = [kind for kind in self.kinds if any(name.startswith(f"{kind}/") for name in curves)]
        self.setVisible(bool(there))
        if there:
            self._offer(there)
            self._draw(live)

    def _offer(self, kinds: list[str]) -> None:
        """Only what this run has; what the reader prefers when it is there."""
        wanted = str(self._settings.value(f"runs/{self._of}s", self._first))
        with QSignalBlocker(self.choice):
            self.choice.set_options([(kind, self.kinds[kind]) for kind in kinds])
            self.choice.set_key(wanted)
        self.choice.setEnabled(len(kinds) > 1)

    def _draw(self, live: bool) -> None:
        if self._shown is None:
            return
        curves, titles, axis, scale = self._shown
        kind = str(self.choice.key())
        self.plot.set_title(self.kinds[kind])
        self.plot.set_unit(metrics.of(f"{kind}/").unit)
        self.plot.set_x_axis(axis)
        self.plot.set_log(self.log.isChecked())
        self.plot.set_curves(block_lines(curves, kind, titles, axis, scale), live)

    def _note(self) -> None:
        self._settings.setValue(f"runs/{self._of}s", self.choice.key())
        self._settings.setValue(f"runs/{self._of}s log", "true" if self.log.isChecked() else "false")
        self.plot.reset_zoom()
        self._draw(self.plot.live)


def block_lines(
    curves: Mapping[str, SavedCurve], kind: str, titles: Mapping[str, str], axis: str, scale: StepScale
) -> list[CurveLine]:
    """A curve per block, in the network's order; a block keeps its colour whatever is shown of it."""
    order = list(titles)
    found = [(name.partition("/")[2], curve) for name, curve in curves.items() if name.startswith(f"{kind}/")]
    found.sort(key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))
    lines = []
    for number, (block, curve) in enumerate(found):
        place = order.index(block) if block in order else number
        line = CurveLine(titles.get(block, block), np.empty(0), np.empty(0), theme.curve_colour(place), "validation",
                         dashed=place >= 6)  # fmt: skip
        lines.append(long_line(line, GrowingCurve.of(curve), partial(scale.positions, axis)))
    return lines
