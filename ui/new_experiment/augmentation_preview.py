"""What is done to the chosen data while a network learns: the same images before and after an augmentation, or what a
method that learns without labels makes of them; drawn anew on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from engine.backbones import catalog
from engine.experiment import BackboneChoice, DatasetChoice, MethodChoice
from ui.parts import Parts
from ui.widgets.buttons import icon_button
from ui.widgets.images import ImageStrip
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.advice.augmented import AugmentedSamples

TILE, MOST_SIDE = 36, 96
NONE = "none"


class AugmentationPreview(QWidget):
    """`show_choice` says what to show; the images come from the background, once torch is there."""

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._wanted: tuple[DatasetChoice, BackboneChoice, str | MethodChoice] | None = None
        self._asked: object = None
        self._draw = 0
        self.before, self.after, self.other = (ImageStrip(TILE, 1) for _ in range(3))
        self.before.setAccessibleName("Samples as they are")
        self.after.setAccessibleName("The same samples, changed")
        self.other.setAccessibleName("The same samples, changed once more")
        self.again = icon_button("reset", "Draw again", self._draw_again)
        self.words = Text("", "small", "muted")
        self._soon = QTimer(self, singleShot=True, interval=150)
        self._soon.timeout.connect(self._read)
        self._lay_out()
        parts.live.engine_ready.connect(self._soon.start)
        self.hide()

    def _lay_out(self) -> None:
        self._heads = QWidget()
        in_row((Text("As they are, and as one epoch may see them", "small", "muted"), 1), self.again, owner=self._heads)
        in_column(self._heads, self.before, self.after, self.other, self.words, owner=self, gap=4)

    def show_choice(self, data: DatasetChoice, backbone: BackboneChoice, change: str | MethodChoice) -> None:
        """change: an augmentation by name, with "none" there is nothing to see; or a method that learns without
        labels."""
        self._wanted = data, backbone, change
        self.setVisible(change != NONE)
        if change != NONE:
            self._soon.start()

    def _draw_again(self) -> None:
        self._draw += 1
        self._read()

    def _read(self) -> None:
        if self._wanted is None or self._wanted[2] == NONE or (self._wanted, self._draw) == self._asked:
            return
        if not self._parts.live.is_engine_ready:
            self._say("The images appear when PyTorch is loaded.")
            return
        data, backbone, change = self._wanted
        self._asked = asked = self._wanted, self._draw
        draw = self._draw

        def look(cancelled: object) -> AugmentedSamples:
            from engine.advice.augmented import augmented_samples

            return augmented_samples(data, change, *_shape(backbone), draw, cancelled)  # type: ignore[arg-type]

        def show(found: AugmentedSamples) -> None:
            if asked == self._asked:
                self._show(found)

        def fail(words: str) -> None:
            if asked == self._asked:
                self._asked = None  # what could not be read now may be there the next time
                self._say(words)

        failed = self._parts.background.saying(fail, "The images could not be changed.")
        self._parts.background.run(look, show, failed, key="augmentation")

    def _show(self, found: AugmentedSamples) -> None:
        self._say("")
        self.before.set_images(found.before)
        self.after.set_images(found.after[0])
        self.other.setVisible(len(found.after) > 1)
        if len(found.after) > 1:
            self.other.set_images(found.after[1])

    def _say(self, words: str) -> None:
        """Words instead of images, or nothing."""
        self.words.setText(words)
        self.words.setVisible(bool(words))
        for widget in (self._heads, self.before, self.after, self.other):
            widget.setVisible(not words)


def _shape(backbone: BackboneChoice) -> tuple[int, int]:
    """(side, channels) of the samples: as the backbone reads them, but no larger than is shown."""
    info = catalog.backbone(backbone.name)
    return min(MOST_SIDE, backbone.image_size or info.form.size), info.form.channels
