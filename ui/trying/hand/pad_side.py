"""The pad, what the network sees of the drawing, what it says of it, and where the drawing goes."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QWidget

from engine.comparison.wording import percent
from engine.data.labelled_set import Rows
from engine.using.bins import Pixels
from engine.using.drawn import PAPER, STROKE
from ui.trying.hand.asked_list import KEYS
from ui.widgets.buttons import button, icon_button
from ui.widgets.drawing_pad import DrawingPad
from ui.widgets.fields import Choice
from ui.widgets.images import draw_tile, to_image
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

SEEN = 56  # pixels on a side
CENTRE = "Centre as MNIST does"
WHY_CENTRE = "The ink fills 20 of 28 pixels about its centre of mass, as in MNIST and EMNIST"


class SeenByNetwork(QWidget):
    """A square with the drawing as the network reads it."""

    def __init__(self) -> None:
        super().__init__()
        self._pixels: Pixels | None = None
        self.setFixedSize(SEEN, SEEN)
        self.setAccessibleName("What the network sees")
        self.setToolTip("What the network sees")

    def show_pixels(self, pixels: Pixels | None) -> None:
        self._pixels = pixels
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(SEEN, SEEN)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._pixels is not None:
            draw_tile(QPainter(self), to_image(self._pixels), self.rect())


class PadSide(QWidget):
    """drawn: the drawing is another. exampled(class): it is to be an example of it. asked: it is to be classified.
    1 to 9: an example of the class of that number; Enter: classify it."""

    drawn, exampled, asked = Signal(), Signal(str), Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pad, self.seen = DrawingPad(STROKE), SeenByNetwork()
        self.said = Text("", "small")
        self.centred = QCheckBox(CENTRE)
        self.centred.setToolTip(WHY_CENTRE)
        self.classes = Choice()
        self.classes.setAccessibleName("Class of the drawing")
        self.add = button("Add example", "new", "The drawing becomes an example of this class", self._example)
        self.classify = button("Classify", "right", "The drawing goes to the images to classify", self.asked.emit)
        undo = icon_button("undo", "Take the last stroke back", self.pad.undo)
        clear = icon_button("discard", "Clear the paper", self.pad.clear)
        heading = in_row((Text("Draw", "heading", bold=True, wrap=False), 1), undo, clear, gap=4)
        see = in_row(self.seen, (self.said, 1, Qt.AlignmentFlag.AlignTop), gap=8)
        goes = in_row((self.classes, 1), self.add, gap=8)
        in_column(heading, self.pad, see, self.centred, goes, self.classify, ..., owner=self, gap=8)
        self.pad.drawn.connect(self.drawn)
        self.centred.toggled.connect(lambda _: self.drawn.emit())
        self.show_classes(())

    @property
    def ink(self) -> Pixels:
        return self.pad.ink(PAPER)

    def show_classes(self, names: tuple[str, ...]) -> None:
        self.classes.set_options([(name, name) for name in names])
        self._adjust()

    def show_seen(self, pixels: Rows | None) -> None:
        """What the network sees of the drawing, None of an empty paper."""
        self.seen.show_pixels(None if self.pad.is_empty or pixels is None else np.asarray(pixels, np.uint8))
        self._adjust()

    def show_shares(self, shares: tuple[tuple[str, float], ...], else_words: str) -> None:
        self.said.setText("\n".join(f"{name} {percent(share)}" for name, share in shares) or else_words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = event.key() - Qt.Key.Key_0
        if self.pad.is_empty:
            super().keyPressEvent(event)
        elif 0 < number <= min(KEYS, self.classes.count()):
            self.exampled.emit(str(self.classes.itemData(number - 1)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.asked.emit()
        else:
            super().keyPressEvent(event)

    def _example(self) -> None:
        self.exampled.emit(str(self.classes.key()))

    def _adjust(self) -> None:
        self.add.setEnabled(not self.pad.is_empty and self.classes.count() > 0)
        self.classify.setEnabled(not self.pad.is_empty)
