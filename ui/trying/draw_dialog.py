"""A pad to draw images on that are tried at once, for networks of characters and digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QWidget

from engine.using.drawn import PAPER, STROKE, as_file
from ui.background import Background
from ui.trying.hand.pad_side import CENTRE, WHY_CENTRE
from ui.trying.triable import Triable, TriableRun, TriableTask
from ui.widgets.buttons import PrimaryButton, button, icon_button
from ui.widgets.drawing_pad import DrawingPad
from ui.widgets.layouts import in_column, in_row
from ui.widgets.place import fit
from ui.widgets.text import Text

ABOUT = "Draw a sign with mouse or pen; Enter tries it. It is read as an image file of this drawing would be."
LIGHT = "Light ink on dark"
WHY_LIGHT = (
    "As the images are that the network learnt from: MNIST and Omniglot, as they are read here, are white on black"
)
KEY = "ink of drawings"


class DrawDialog(QDialog):
    """Stays open while the page is used. given(bodies): a drawing as an image file, by its name."""

    given = Signal(object)

    def __init__(self, background: Background, parent: QWidget) -> None:
        super().__init__(parent)
        self._background, self._drawn = background, 0
        self.setWindowTitle("Draw")
        self.pad, self.centred, self.light = DrawingPad(STROKE), QCheckBox(CENTRE), QCheckBox(LIGHT)
        self.centred.setToolTip(WHY_CENTRE)
        self.light.setToolTip(WHY_LIGHT)
        self.light.setChecked(True)
        self.light.clicked.connect(lambda: background.cancel(KEY))  # a person knows better than what was looked up
        self.go = PrimaryButton("Try it")
        self.go.clicked.connect(self._give)
        undo = icon_button("undo", "Take the last stroke back", self.pad.undo)
        clear = icon_button("discard", "Clear the paper", self.pad.clear)
        foot = in_row(undo, clear, ..., button("Close", clicked=self.reject), self.go, gap=8)
        about = Text(ABOUT, "small", "muted")
        in_column(about, (self.pad, 1), self.centred, self.light, foot, owner=self, gap=8, edges=16)
        self.pad.drawn.connect(self._adjust)
        self._adjust()
        fit(self, 340, 460)

    def open_for(self, chosen: Sequence[Triable]) -> None:
        """The ink is as the first of these reads images."""
        if chosen and isinstance(run := chosen[0], TriableRun | TriableTask):
            self._background.run(reads_light_ink(run), self.light.setChecked, key=KEY)
        self.show()
        self.pad.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._give()
        else:
            super().keyPressEvent(event)

    def _give(self) -> None:
        if self.pad.is_empty:
            return
        self._drawn += 1
        body = as_file(self.pad.ink(PAPER), self.light.isChecked(), self.centred.isChecked())
        self.given.emit({f"Drawing {self._drawn}.png": body})
        self.pad.clear()

    def _adjust(self) -> None:
        self.go.setEnabled(not self.pad.is_empty)


def reads_light_ink(run: TriableRun | TriableTask) -> Callable[[Callable[[], bool]], bool]:
    """Work for the background: whether image files of the kind that this run learnt from are light on dark. What it
    turns itself, as it turned its own files, is dark on light."""

    def work(cancelled: Callable[[], bool]) -> bool:
        from engine.backbones import catalog
        from engine.provenance import read_as

        row = run.row if isinstance(run, TriableRun) else run.task.row
        grey = catalog.backbone(row.experiment.backbone.name).form.channels == 1
        return grey and not read_as.read(run.folder).inverted

    return work
