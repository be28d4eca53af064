"""What stands behind the answer for one image or text; looked for while this is open."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.errors import ExperimentError
from ui.trying.captioned import CaptionedPicture
from ui.trying.reasons import AlikeImage, AlikeText, Reasons
from ui.widgets.fold import Fold
from ui.widgets.images import ImageStrip
from ui.widgets.layouts import in_column
from ui.widgets.text import Text
from ui.widgets.text_rows import TextRow, TextRows

TILE = 48  # pixels of a training image


class ReasonsView(QWidget):
    """wanted: the person opened it, or looks at another image while it is open."""

    wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.what = "images"  # or texts, are looked at
        self.fold = Fold("Why this answer")
        self.said, self.classes = Text("", "small", "muted"), Text("", "small")
        self.alike = ImageStrip(TILE, rows=1)
        self.texts = TextRows("Training texts")
        self.part, self.how = CaptionedPicture("What it hangs on"), Text("", "small", "muted")
        for part in (self.said, self.alike, self.classes, self.texts, self.part, self.how):
            self.fold.body.addWidget(part)
        in_column(self.fold, owner=self)
        self.fold.button.toggled.connect(lambda _: self.expect())
        self.expect()

    def expect(self) -> None:
        """Of another image, nothing is known yet."""
        self._show(False)
        if self.fold.button.isChecked():
            self.said.setText(f"Looking at the training {self.what}…")
            self.wanted.emit()

    def show_reasons(self, found: Reasons) -> None:
        self._show(True)
        self.said.setText(found.said)
        images = [one for one in found.alike if isinstance(one, AlikeImage)]
        texts = [one for one in found.alike if isinstance(one, AlikeText)]
        self.alike.set_images([one.pixels for one in images], [f"{one.class_name}, {one.words}" for one in images])
        self.classes.setText(", ".join(one.class_name for one in images))
        for words in (self.alike, self.classes):
            words.setVisible(bool(images))
        self.texts.show_rows([row for one in texts for row in told(one)])
        self.texts.setVisible(bool(texts))
        self.part.setVisible(not isinstance(found.part, tuple))
        if not isinstance(found.part, tuple):
            self.part.picture.show_pixels(found.part)
        self.how.setText(found.how)

    def show_problem(self, error: Exception) -> None:
        self._show(False)
        self.said.setText(str(error) if isinstance(error, ExperimentError) else "It could not be found out.")

    def _show(self, known: bool) -> None:
        for part in (self.alike, self.classes, self.texts, self.part, self.how):
            part.setVisible(known)


def told(one: AlikeText) -> tuple[TextRow, TextRow]:
    return TextRow(f"{one.class_name}, {one.words}", heading=True), TextRow(one.text)
