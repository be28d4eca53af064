"""What a run without labels made of a few images or texts, look by look: the newest while it learns, any of them by a
slider."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QMenu, QWidget

from engine.pretraining.album import NEITHER, Album
from ui.runs.look_figure import LookFigure
from ui.runs.look_texts import LookTexts
from ui.widgets.layouts import in_column, in_row
from ui.widgets.quiet import QuietSlider
from ui.widgets.text import Text


@dataclass(frozen=True, eq=False)
class ShownAlbum:
    """What was read of a run."""

    run_id: int
    album: Album


class LookView(QWidget):
    """`show_album` shows its newest look, or the chosen one where the reader went back to it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.images, self.texts, self.said = LookFigure(), LookTexts(), Text("", "small", "muted")
        self.texts.hide()
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.slider = QuietSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Look")
        self.slider.setToolTip("Go back to what it made of them earlier")
        self.slider.setPageStep(1)
        self.slider.setMinimumWidth(120)
        self.slider.setMaximumWidth(320)
        self.place = Text("", "small", "muted", wrap=False)
        self._row = QWidget()
        in_row((self.slider, 1), self.place, ..., owner=self._row, gap=8)
        in_column(self.said, self.images, self.texts, self._row, owner=self, gap=6)
        self._shown: ShownAlbum | None = None
        self.slider.valueChanged.connect(lambda _: self._draw())

    @property
    def figure(self) -> LookFigure | LookTexts:
        """That is shown."""
        return self.images if self.texts.isHidden() else self.texts

    def _fill_menu(self) -> None:
        self.menu.clear()
        self.menu.addActions(self.figure.menu.actions())

    def forget(self) -> None:
        """Another run."""
        self._shown = None

    def show_album(self, shown: ShownAlbum) -> None:
        """A slider that stands at its end stays there; one that was moved stays at its look, also where looks were
        thinned out."""
        before, newest = self._look_number(), self.slider.value() == self.slider.maximum()
        looks = shown.album.looks
        stays = self._shown is not None and self._shown.run_id == shown.run_id and not newest
        self._shown = shown
        place = len(looks) - 1
        if stays:
            place = min(range(len(looks)), key=lambda one: abs(looks[one].step - before))
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, len(looks) - 1)
            self.slider.setValue(place)
        self._row.setVisible(len(looks) > 1)
        self._draw()

    def _look_number(self) -> int:
        """The step of the look that is shown."""
        return self.figure.look.step if self.figure.look is not None else 0

    def _draw(self) -> None:
        if self._shown is None:
            return
        album, place = self._shown.album, self.slider.value()
        look = album.looks[place]
        self.texts.setVisible(look.of_texts)
        self.images.setVisible(not look.of_texts)
        self.figure.show_look(album.heads, look)
        marked = "Tick: right; cross: wrong. " if (look.marks != NEITHER).any() else ""
        if len(album.heads) > 3 and marked:
            what = "text" if look.of_texts else "image"
            marked = f"Tick: of the {what}'s class; cross: of another. "
        self.said.setText(f"{look.said} {marked}".strip() or "What lies nearest to each among what it learns from.")
        when = "before it learnt" if look.step == 0 else f"step {look.step:,}"
        self.place.setText(f"look {place + 1} of {len(album.looks)}, {when}")
