"""One class as a card: its name, its examples, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QMenu

from engine.comparison.wording import count
from engine.data.labelled_set import Rows
from engine.using.bins import Bin, HandedImage
from ui import theme
from ui.widgets.buttons import icon_button
from ui.widgets.card import Card
from ui.widgets.drops import Drops
from ui.widgets.images import draw_tile, to_image
from ui.widgets.layouts import in_row
from ui.widgets.text import Pointed, Text, plain
from ui.widgets.text_tile import text_image

LONGEST_TIP = 500  # letters of a text
TILE, GAP, COLUMNS, ROWS = 40, 4, 4, 2
WIDTH = COLUMNS * TILE + (COLUMNS - 1) * GAP + 2 * 12
Picture = Callable[[HandedImage], QImage]


def shown_as(image: HandedImage, original: Rows) -> QImage:
    """A text stands where an image would; original: of an image, of what was kept without it what the network sees."""
    if image.text:
        return text_image(image.text)
    return to_image(np.asarray(original, np.uint8) if image.ink is None else image.ink)


class ExampleTiles(Pointed):
    """removed(place): an example is taken out by the menu of its tile. Where there are too many, the last tile says how
    many more."""

    removed = Signal(int)

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self._picture = picture
        self._images: tuple[HandedImage, ...] = ()
        self.setFixedSize(self.sizeHint())
        self.setAccessibleName("Examples")

    def show_images(self, images: tuple[HandedImage, ...]) -> None:
        self._images = images
        self.setAccessibleDescription(", ".join(image.name for image in self._shown))
        self.update()

    @property
    def _shown(self) -> tuple[HandedImage, ...]:
        """The newest, where not all have room."""
        most = COLUMNS * ROWS
        return self._images if len(self._images) <= most else self._images[-(most - 1) :]

    def sizeHint(self) -> QSize:
        return QSize(COLUMNS * (TILE + GAP) - GAP, ROWS * (TILE + GAP) - GAP)

    def _place(self, index: int) -> QRect:
        row, column = divmod(index, COLUMNS)
        return QRect(column * (TILE + GAP), row * (TILE + GAP), TILE, TILE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, shown = QPainter(self), self._shown
        for index, image in enumerate(shown):
            draw_tile(painter, self._picture(image), self._place(index))
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font("small"))
        if more := len(self._images) - len(shown):
            painter.drawText(self._place(len(shown)), Qt.AlignmentFlag.AlignCenter, f"+{more}")
        if not shown:
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), "Drop examples here")

    def index_at(self, at: QPointF) -> int | None:
        """Its place among all examples."""
        shown = self._shown
        found = next((index for index in range(len(shown)) if self._place(index).contains(at.toPoint())), None)
        return None if found is None else found + len(self._images) - len(shown)

    def words_at(self, at: QPointF) -> str:
        found = self.index_at(at)
        one = None if found is None else self._images[found]
        return "" if one is None else f"{one.text[:LONGEST_TIP] or one.name}\nClick to take it out"

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._offer(event.position(), event.globalPosition())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._offer(QPointF(event.pos()), QPointF(event.globalPos()))

    def _offer(self, at: QPointF, on_screen: QPointF) -> None:
        found = self.index_at(at)
        if found is not None:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction("Take this example out", lambda: self.removed.emit(found))
            menu.popup(on_screen.toPoint())


class ClassCard(Card):
    """What a person wants of it: renamed(text), removed, example_removed(place), asks for files, pastes, brought."""

    renamed, removed, example_removed = Signal(str), Signal(), Signal(int)
    asks, pastes, brought, refused = Signal(), Signal(), Signal(object), Signal(str)

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.field, self.count = QLineEdit(), Text("", "small", "muted", wrap=False)
        self.field.setAccessibleName("Name of the class")
        self.field.editingFinished.connect(self._rename)
        self.tiles = ExampleTiles(picture)
        self.tiles.removed.connect(self.example_removed)
        self.add = icon_button("new", "Add files to this class…", self.asks.emit)
        self.paste = icon_button("copy", "Paste an image, or a text for each line, into this class", self.pastes.emit)
        self.remove = icon_button("close", "Remove this class", self.removed.emit)
        self.body.addLayout(in_row((self.field, 1), self.remove, gap=4))
        self.body.addWidget(self.tiles)
        self.body.addLayout(in_row((self.count, 1), self.paste, self.add, gap=4))
        self.setFixedWidth(WIDTH)
        self._name = ""
        drops = Drops(self, "Examples of this class", many=True)
        drops.brought.connect(self.brought)
        drops.refused.connect(self.refused)

    def show_class(self, number: int, one: Bin) -> None:
        """number: its key on the pad, from 1."""
        self._name = one.name
        if self.field.text() != one.name:
            self.field.setText(one.name)
            self.field.setCursorPosition(0)  # of a long name the beginning is seen
        self.field.setToolTip(plain(one.name))
        self.setAccessibleName(f"Class {one.name}")
        self.count.setText(f"{number} · {count(len(one.images), 'examples')}")
        self.tiles.show_images(one.images)

    def _rename(self) -> None:
        if self.field.text().strip() != self._name:
            self.renamed.emit(self.field.text())
