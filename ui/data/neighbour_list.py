"""One image and those nearest to it, with their classes and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from ui.background import Background
from ui.data.thumbnails import Thumbnails
from ui.listing.card_list import OnCard
from ui.widgets.images import draw_tile
from ui.widgets.layouts import in_column
from ui.widgets.text import Text
from ui.widgets.text_tile import is_text

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet

PLACE, IMAGE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
SIDE = 56  # pixels of a picture
HINT = "Click a point to see it and those nearest to it."


@dataclass(frozen=True, slots=True)
class Near:
    """place: on the map. image: its index. words: what is said of it. away: 1 - cosine, None for the image itself."""

    place: int
    image: int
    words: str
    away: float | None = None


class NeighbourList(QWidget):
    """wanted(place): that image is to be chosen on the map."""

    wanted = Signal(int)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Text(HINT, "small", "muted")
        self.list = QListWidget()
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.list.setWordWrap(True)
        self.list.setToolTip("Double-click one to go on from there")
        OnCard(self.list, "The chosen one and those nearest to it")
        self.thumbnails = Thumbnails(background, self)
        self.thumbnails.arrived.connect(self._show_pictures)
        self.list.itemActivated.connect(lambda item: self.wanted.emit(item.data(PLACE)))
        in_column(self.words, (self.list, 1), owner=self, gap=4)

    def show_set(self, data: LabelledSet | None) -> None:
        self.thumbnails.show_set(data, round(SIDE * self.devicePixelRatioF()))
        self.show_near([], "")

    def show_near(self, near: Sequence[Near], by: str) -> None:
        """The image itself first. by: the network that they are near for."""
        self.list.clear()
        self.words.setText(f"{by}: distance is 1 - cosine, over all dimensions." if near else HINT)
        for one in near:
            item = QListWidgetItem(one.words if one.away is None else f"{one.away:.3f}  {one.words}")
            item.setData(PLACE, one.place)
            item.setData(IMAGE, one.image)
            item.setToolTip(one.words)
            blank = QPixmap(SIDE, SIDE)
            blank.fill(Qt.GlobalColor.transparent)
            item.setIcon(QIcon(blank))
            self.list.addItem(item)
        self._show_pictures()
        self.thumbnails.want([one.image for one in near])

    def _show_pictures(self) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            picture = self.thumbnails.get(item.data(IMAGE))
            if picture is not None and not picture.isNull():
                item.setIcon(QIcon(pixmap_of(picture)))


def pixmap_of(picture: QImage) -> QPixmap:
    """An icon of an image, or of a text."""
    if not is_text(picture):
        return QPixmap.fromImage(picture)
    drawn = QPixmap(SIDE, SIDE)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    draw_tile(painter, picture, drawn.rect())
    painter.end()
    return drawn
