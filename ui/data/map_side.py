"""Beside a map: its classes, the chosen image with those nearest to it, and the images in the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from ui.background import Background
from ui.data.class_legend import ClassLegend
from ui.data.neighbour_list import NeighbourList
from ui.data.sample_grid import SampleGrid
from ui.widgets.buttons import button
from ui.widgets.frame import ThinSplitter
from ui.widgets.layouts import in_column
from ui.widgets.reflow import FlowLayout
from ui.widgets.tabbed import Tabbed
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet

CLASSES, NEAREST, CHOSEN = "Classes", "Nearest", "Chosen"
NARROW, TALL, LOW = 460, 200, 120  # pixels: below which the side is below; least height of a map then, and else
LOOP = "Drag a line around points to choose them; with Shift they are added."


class Reoriented(ThinSplitter):
    """A map and its side, which stands below where neither would have room beside the other."""

    def __init__(self, cloud: QWidget, side: QWidget) -> None:
        super().__init__("map", cloud, side)
        self._cloud = cloud

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        self.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)
        self._cloud.setMinimumHeight(TALL if narrow else LOW)


class MapSide(QWidget):
    """leave_out, in_samples: what is asked for the images of `grid`."""

    leave_out = Signal()
    in_samples = Signal()

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.legend, self.nearest = ClassLegend(), NeighbourList(background)
        self.grid = SampleGrid(background)
        self.grid.setAccessibleName("Chosen examples by class")
        self.words = Text(LOOP, "small", "muted")
        self.leave = button("Leave them out", "", "Set New experiment to this set without these",
                            self.leave_out.emit)  # fmt: skip
        self.samples = button("Show in Samples", "", "Only these, as large as in Samples", self.in_samples.emit)
        chosen = QWidget()
        in_column(self.words, FlowLayout(self.leave, self.samples), (self.grid, 1), owner=chosen, gap=4)
        self._tabbed = Tabbed(self)
        self.segments = self._tabbed.segments
        for title, page in ((CLASSES, self.legend), (NEAREST, self.nearest), (CHOSEN, chosen)):
            self._tabbed.add(title, page)
        in_column(self._tabbed.row, (self._tabbed.pages, 1), owner=self, gap=8)
        self.setMinimumSize(200, 180)
        self.expect(None)

    def show_tab(self, title: str) -> None:
        self._tabbed.show(title)

    def expect(self, data: LabelledSet | None) -> None:
        """Another map is drawn, of this set."""
        self.nearest.show_set(data)
        self.legend.show_classes((), ())
        self.show_chosen(data, np.zeros(0, np.int64), "")

    def show_chosen(self, data: LabelledSet | None, images: np.ndarray, why_not: str) -> None:
        """images: indices, ascending; once none are left the classes are seen again. why_not: they cannot be left out,
        "" where they can."""
        if self.samples.isVisibleTo(self) and not len(images) and self.segments[CHOSEN].isChecked():
            self.show_tab(CLASSES)
        self._tabbed.count(CHOSEN, len(images))
        self.words.setVisible(not len(images))
        self.leave.setVisible(bool(len(images)))
        self.samples.setVisible(bool(len(images)))
        self.leave.setEnabled(not why_not)
        self.leave.setToolTip(why_not or "Set New experiment to this set without these")
        self.grid.clear()
        if data is not None and len(images):
            self.grid.show_set(data, images, data.class_names, data.labels[images])
