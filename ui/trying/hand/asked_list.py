"""The images or texts to classify, with what the network sees, the likeliest classes, and whether that is right."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QListView, QMenu, QStyledItemDelegate, QStyleOptionViewItem

from engine.comparison.wording import percent
from engine.using.bins import HandedImage
from ui import icons, theme
from ui.listing.card_list import OnCard, paint_ground, paint_progress
from ui.trying.hand.answering import NOTHING, HandAnswers
from ui.trying.hand.class_card import Picture
from ui.widgets.images import draw_tile, to_image
from ui.widgets.text import plain

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
TILE, PAD, BAR, MARK = 44, 6, 4, 16
IMAGE = Qt.ItemDataRole.UserRole
KEYS = 9
LONGEST_TIP = 500  # letters of a text


def called(image: HandedImage) -> str:
    """What a text says, else the name of its file."""
    return " ".join(image.text[:LONGEST_TIP].split()) or PurePath(image.name).name


class AskedModel(QAbstractListModel):
    """In the order in which they were handed in."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: tuple[HandedImage, ...] = ()
        self.found: HandAnswers = NOTHING

    def show(self, asked: tuple[HandedImage, ...], found: HandAnswers) -> None:
        """What is chosen stays chosen while the images are the same, also where more is known of them."""
        if [image.key for image in asked] != [image.key for image in self.asked]:
            self.beginResetModel()
            self.asked, self.found = asked, found
            self.endResetModel()
        elif asked:
            self.asked, self.found = asked, found
            self.dataChanged.emit(self.index(0), self.index(len(asked) - 1))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.asked)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        image = self.asked[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return called(image)
            case Qt.ItemDataRole.ToolTipRole:
                return plain(f"{image.text[:LONGEST_TIP] or image.name}\n{self.words(image)}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{called(image)}: {self.words(image)}"
        return image if role == IMAGE else None

    def shares(self, image: HandedImage) -> tuple[tuple[str, float], ...]:
        """The likeliest classes, the first first."""
        return self.found.shares.get(image.key, ())

    def words(self, image: HandedImage) -> str:
        """ "cat 92.1 %, dog 6.0 %; it is a dog"."""
        said = ", ".join(f"{name} {percent(share)}" for name, share in self.shares(image)) or "no answer yet"
        return f"{said}; known to be {image.truth}" if image.truth else said


class AskedLine(QStyledItemDelegate):
    """The original, what the network sees, the likeliest class over a bar of its share, and whether it is right."""

    def __init__(self, model: AskedModel, picture: Picture, parent: QListView) -> None:
        super().__init__(parent)
        self._model, self._picture = model, picture

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, TILE + 2 * PAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        image, box = index.data(IMAGE), option.rect
        painter.save()
        paint_ground(painter, box, option.state)
        left = PAD + 4 if image.text else 2 * (TILE + PAD) + PAD + 8
        if not image.text:
            tile = QRect(box.left() + PAD + 4, box.top() + PAD, TILE, TILE)
            draw_tile(painter, self._picture(image), tile)
            draw_tile(painter, to_image(np.asarray(image.pixels, np.uint8)), tile.translated(TILE + PAD, 0))
        inner = box.adjusted(left, PAD, -PAD, -PAD)
        self._paint_answer(painter, inner, image, index.data())
        painter.restore()

    def _paint_answer(self, painter: QPainter, box: QRect, image: HandedImage, name: str) -> None:
        shares = self._model.shares(image)
        top = box.adjusted(0, 0, -MARK - PAD, 0)
        height = self._write(painter, top, shares[0][0] if shares else "–", "text", "body", bool(shares))
        if shares:
            painter.setFont(theme.font("small", tabular=True))
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRect(top.left(), top.top(), top.width(), height), RIGHT, percent(shares[0][1]))
            paint_progress(
                painter, QRectF(box.left(), box.top() + height + 2, box.width(), BAR), shares[0][1], "accent"
            )
        below = box.adjusted(0, height + BAR + 4, 0, 0)
        then = f"then {shares[1][0]} {percent(shares[1][1])}" if len(shares) > 1 else name
        second = name if image.text else then
        self._write(painter, below, second, "muted", "small", False)
        if image.truth and shares:
            right = shares[0][0] == image.truth
            mark = icons.icon("check" if right else "close", "good" if right else "bad")
            mark.paint(painter, QRect(box.right() - MARK, box.top(), MARK, MARK))

    def _write(self, painter: QPainter, box: QRect, text: str, role: str, size: str, bold: bool) -> int:
        """One line at the top of the box; returns its height."""
        painter.setFont(theme.font(size, bold))
        painter.setPen(theme.colour(role))
        metrics = painter.fontMetrics()
        room = box.width() - (64 if bold else 0)
        painter.drawText(box, LEFT, metrics.elidedText(text, Qt.TextElideMode.ElideRight, room))
        return metrics.height()


RIGHT = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
LEFT = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)


class AskedList(QListView):
    """told(images, class): they are known to be of it, "" for not known. taken(images): away with them.
    exampled(images, class): they are to be examples of it. By menu, by 1 to 9 for the class of that number (0 for not
    known), by Delete."""

    told, taken, exampled = Signal(object, str), Signal(object), Signal(object, str)

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.shown = AskedModel()
        self.names: tuple[str, ...] = ()
        self.setModel(self.shown)
        self.setItemDelegate(AskedLine(self.shown, picture, self))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        OnCard(self, "To be classified")
        self.customContextMenuRequested.connect(self._offer)

    @property
    def chosen(self) -> list[HandedImage]:
        return [index.data(IMAGE) for index in sorted(self.selectedIndexes(), key=QModelIndex.row)]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = event.key() - Qt.Key.Key_0
        if event.key() == Qt.Key.Key_Delete and self.chosen:
            self.taken.emit(self.chosen)
        elif 0 < number <= min(KEYS, len(self.names)) and self.chosen:
            self.told.emit(self.chosen, self.names[number - 1])
        elif number == 0 and self.chosen:
            self.told.emit(self.chosen, "")
        else:
            super().keyPressEvent(event)

    def _offer(self, at: QPoint) -> None:
        chosen = self.chosen
        if not chosen:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        known, example = menu.addMenu("It is"), menu.addMenu("Make it an example of")
        for name in self.names:
            written = name.replace("&", "&&")
            known.addAction(written, partial(self.told.emit, chosen, name))
            example.addAction(written, partial(self.exampled.emit, chosen, name))
        known.addAction("Not known", lambda: self.told.emit(chosen, ""))
        known.setEnabled(bool(self.names))
        example.setEnabled(bool(self.names))
        menu.addAction("Take away", lambda: self.taken.emit(chosen))
        menu.popup(self.viewport().mapToGlobal(at))
