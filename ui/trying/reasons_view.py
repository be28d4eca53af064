"""What stands behind the answer for one image; looked for while this is open."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.errors import ExperimentError
from ui.trying.captioned import CaptionedPicture
from ui.trying.reasons import Reasons
from ui.widgets.fold import Fold
from ui.widgets.images import ImageStrip
from ui.widgets.layouts import in_column
from ui.widgets.text import Text

TILE = 48  # pixels of a training image
LOOKING = "Looking at the training images…"


class ReasonsView(QWidget):
    """wanted: the person opened it, or looks at another image while it is open."""

    wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.fold = Fold("Why this answer")
        self.said, self.classes = Text("", "small", "muted"), Text("", "small")
        self.alike = ImageStrip(TILE, rows=1)
        self.part, self.how = CaptionedPicture("What it hangs on"), Text("", "small", "muted")
        for part in (self.said, self.alike, self.classes, self.part, self.how):
            self.fold.body.addWidget(part)
        in_column(self.fold, owner=self)
        self.fold.button.toggled.connect(lambda _: self.expect())
        self.expect()

    def expect(self) -> None:
        """Of another image, nothing is known yet."""
        self._show(False)
        if self.fold.button.isChecked():
            self.said.setText(LOOKING)
            self.wanted.emit()

    def show_reasons(self, found: Reasons) -> None:
        self._show(True)
        self.said.setText(found.said)
        self.alike.set_images(
            [one.pixels for one in found.alike], [f"{one.class_name}, {one.words}" for one in found.alike]
        )
        self.classes.setText(", ".join(one.class_name for one in found.alike))
        for words in (self.alike, self.classes):
            words.setVisible(bool(found.alike))
        self.part.picture.show_pixels(found.part)
        self.how.setText(found.how)

    def show_problem(self, error: Exception) -> None:
        self._show(False)
        self.said.setText(str(error) if isinstance(error, ExperimentError) else "It could not be found out.")

    def _show(self, known: bool) -> None:
        for part in (self.alike, self.classes, self.part, self.how):
            part.setVisible(known)
