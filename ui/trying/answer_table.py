"""The table of answers with a small picture or a text in each line; it paints what is seen, however many there are."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QImage, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ui import theme
from ui.trying.answer_model import PICTURE, AnswerModel, Index
from ui.trying.answer_order import Subject
from ui.widgets.frame import SlimScrollBar
from ui.widgets.quiet import QuietTable
from ui.widgets.text_tile import side_of

SIDE, PAD, KEPT_PICTURES = 40, 6, 512
LETTERS = {Subject.IMAGE: 24, Subject.ANSWER: 17, Subject.CONFIDENCE: 11, Subject.AGREEMENT: 11, Subject.LABEL: 12}

MORE = 4  # letters for an answer where there is room: "none of these (cardboard)"


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
        small, words = index.data(PICTURE), index.data()
        if small is not None:
            self._paint_picture(painter, place, small)
        room = box.adjusted(PAD if small is None else SIDE + 2 * PAD, 0, -PAD, 0)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(theme.colour("on accent" if chosen else "text"))
        cut = Qt.TextElideMode.ElideRight if small is None else Qt.TextElideMode.ElideMiddle
        side = int(side_of(words)) if small is None else int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(room, side, QFontMetrics(option.font).elidedText(words, cut, room.width()))
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
    """What `answers` has. looked_at(image or None): the line with the keyboard is another one. Keys pressed on it:
    numbered(1 to 9), typed(a letter), taken_away."""

    looked_at = Signal(object)
    numbered, typed, taken_away = Signal(int), Signal(str), Signal()

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
        self.horizontalHeader().setSectionsClickable(True)
        self.horizontalHeader().sectionClicked.connect(self._sort)
        self.answers.modelReset.connect(self._lay_out)
        self.selectionModel().currentRowChanged.connect(lambda *_: self._tell())
        self.answers.modelReset.connect(self._tell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        letter, plain = event.text(), not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        if self.current() is None or not plain:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.taken_away.emit()
        elif letter and letter in "123456789":
            self.numbered.emit(int(letter))
        elif letter.isalpha():
            self.typed.emit(letter)
        else:
            super().keyPressEvent(event)

    def go_on(self) -> None:
        """To the next line."""
        line = self.currentIndex().row() + 1
        if line < len(self.answers.shown):
            self.setCurrentIndex(self.answers.index(line, 0))

    def current(self) -> int | None:
        """The image that is looked at."""
        line = self.currentIndex().row()
        return int(self.answers.shown[line]) if 0 <= line < len(self.answers.shown) else None

    def choose_first(self, rather: int | None = None) -> None:
        """Look at the first line whose image was read; at the first of all where none was. rather: this image, where it
        is shown."""
        reasons = self.answers.book.reasons
        read = (line for line, image in enumerate(self.answers.shown.tolist()) if not reasons[image])
        line = self.answers.line_of(rather) if rather is not None and rather < len(reasons) else -1
        self.setCurrentIndex(self.answers.index(line if line >= 0 else next(read, 0), 0))
        self._tell()  # also where no line is left

    def choose(self, image: int) -> None:
        """Look at this one, if it is shown."""
        if (line := self.answers.line_of(image)) >= 0:
            self.setCurrentIndex(self.answers.index(line, 0))
            self.scrollTo(self.currentIndex())

    def _tell(self) -> None:
        self.looked_at.emit(self.current())

    def _sort(self, section: int) -> None:
        """Rising, falling, and as handed in."""
        wanted, column = self.answers.wanted, self.answers.columns[section]
        if wanted.by != column:
            wanted = replace(wanted, by=column, falling=False)
        else:
            wanted = replace(wanted, by=None if wanted.falling else column, falling=not wanted.falling)
        self.answers.arrange(wanted)
        self._mark()

    def _mark(self) -> None:
        """The heading by which lines are sorted."""
        head, wanted = self.horizontalHeader(), self.answers.wanted
        head.setSortIndicatorShown(wanted.by is not None)
        if wanted.by in self.answers.columns:
            order = Qt.SortOrder.DescendingOrder if wanted.falling else Qt.SortOrder.AscendingOrder
            head.setSortIndicator(self.answers.columns.index(wanted.by), order)

    def _lay_out(self) -> None:
        """The image takes what the others leave."""
        head, letter = self.horizontalHeader(), self.fontMetrics().horizontalAdvance("n")
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        height = 2 * self.fontMetrics().height() if self.answers.book.of_texts else SIDE + 2 * PAD
        self.verticalHeader().setDefaultSectionSize(height)
        answers = sum(column.subject is Subject.ANSWER for column in self.answers.columns)
        least = sum(LETTERS[column.subject] for column in self.answers.columns)
        more = MORE if self.viewport().width() > letter * (least + MORE * answers) else 0
        for section, column in enumerate(self.answers.columns):
            room = LETTERS[column.subject] + more * (column.subject is Subject.ANSWER)
            self.setColumnWidth(section, letter * room)
        if self.answers.columns:
            head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setMinimumSectionSize(letter * 8)
        self._mark()

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)
