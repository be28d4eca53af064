"""The table of answers with a small picture in each line; it paints what is seen, however many there are."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui import theme
from ui.trying.answer_model import PICTURE, AnswerModel, Index
from ui.widgets.frame import SlimScrollBar
from ui.widgets.quiet import QuietTable

SIDE, PAD, KEPT_PICTURES = 40, 6, 512


class PictureCell(QStyledItemDelegate):
    """A small picture before the words of its cell. Those painted last stay decoded."""

    def __init__(self, owner: QWidget) -> None:
        super().__init__(owner)
        self._kept: OrderedDict[bytes, QImage] = OrderedDict()

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.text = ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        box: QRect = option.rect
        place = QRect(box.left() + PAD, box.top() + (box.height() - SIDE) // 2, SIDE, SIDE)
        painter.save()
        self._paint_picture(painter, place, index.data(PICTURE))
        room = box.adjusted(SIDE + 2 * PAD, 0, -PAD, 0)
        painter.setPen(theme.colour("text"))
        short = QFontMetrics(option.font).elidedText(index.data(), Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), short)
        painter.restore()

    def _paint_picture(self, painter: QPainter, place: QRect, body: bytes) -> None:
        if not body:
            painter.setPen(theme.colour("border"))
            painter.drawRect(place.adjusted(0, 0, -1, -1))
            return
        image = self.picture(body)
        size = image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        inner = QRect(place.topLeft(), size)
        inner.moveCenter(place.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > size.width())
        painter.drawImage(inner, image)

    def picture(self, body: bytes) -> QImage:
        found = self._kept.get(body)
        if found is None:
            found = self._kept[body] = QImage.fromData(body)
            if len(self._kept) > KEPT_PICTURES:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(body)
        return found


class AnswerTable(QuietTable):
    """What `answers` has."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = AnswerModel()
        self.setModel(self.answers)
        self.pictures = PictureCell(self)
        self.setItemDelegateForColumn(0, self.pictures)
        self.setAccessibleName("Answers")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setHorizontalScrollBar(SlimScrollBar(Qt.Orientation.Horizontal))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(SIDE + 2 * PAD)
        self.horizontalHeader().setHighlightSections(False)
        self.answers.modelReset.connect(self._widths)

    def _widths(self) -> None:
        """The image takes what the others leave."""
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        letter = self.fontMetrics().horizontalAdvance("n")
        for column in range(1, self.answers.columnCount()):
            self.setColumnWidth(column, letter * (20 if column % 2 else 12))
        if self.answers.columnCount():
            head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)
