"""What an augmentation does to the chosen data: the same images before and after, drawn anew on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from engine.backbones import catalog
from engine.experiment import BackboneChoice, DatasetChoice
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
        self._wanted: tuple[DatasetChoice, BackboneChoice, str] | None = None
        self._asked: object = None
        self._draw = 0
        self.before, self.after = ImageStrip(TILE, 1), ImageStrip(TILE, 1)
        self.before.setAccessibleName("Samples as they are")
        self.after.setAccessibleName("The same samples, augmented")
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
        in_column(self._heads, self.before, self.after, self.words, owner=self, gap=4)

    def show_choice(self, data: DatasetChoice, backbone: BackboneChoice, name: str) -> None:
        """name: of the augmentation; with "none" there is nothing to see."""
        self._wanted = data, backbone, name
        self.setVisible(name != NONE)
        if name != NONE:
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
        data, backbone, name = self._wanted
        self._asked = asked = self._wanted, self._draw
        draw = self._draw

        def look(cancelled: object) -> AugmentedSamples:
            from engine.advice.augmented import augmented_samples

            return augmented_samples(data, name, *_shape(backbone), draw, cancelled)  # type: ignore[arg-type]

        def show(found: AugmentedSamples) -> None:
            if asked == self._asked:
                self._show(found)

        failed = self._parts.background.saying(self._say, "The images could not be augmented.")
        self._parts.background.run(look, show, failed, key="augmentation")

    def _show(self, found: AugmentedSamples) -> None:
        self._say("")
        self.before.set_images(found.before)
        self.after.set_images(found.after)

    def _say(self, words: str) -> None:
        """Words instead of images, or nothing."""
        self.words.setText(words)
        self.words.setVisible(bool(words))
        for widget in (self._heads, self.before, self.after):
            widget.setVisible(not words)


def _shape(backbone: BackboneChoice) -> tuple[int, int]:
    """(side, channels) of the samples: as the backbone reads them, but no larger than is shown."""
    info = catalog.backbone(backbone.name)
    return min(MOST_SIDE, backbone.image_size or info.form.size), info.form.channels
