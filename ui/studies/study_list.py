"""The saved studies at the left of the page: title, how far each is, and a thin bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.comparison.wording import count
from ui import theme
from ui.listing.card_list import OnCard, paint_ground, paint_progress
from ui.studies.reading import ListedStudy
from ui.widgets.text import plain

STUDY = Qt.ItemDataRole.UserRole
PAD, BAR = 10, 4
WORDS = {"starting": "Starting…", "working": "At work", "ending": "Ending…"}
Index = QModelIndex | QPersistentModelIndex


def status(study: ListedStudy, word: str) -> str:
    """ "At work · 42 of 140 runs"; word: what this window does with it."""
    if study.problem:
        return "Cannot be read"
    done = f"{study.finished:,} of {count(study.total, 'runs')}"
    if word:
        return f"{WORDS[word]} · {done}"
    if study.finished == study.total:
        return f"Complete · {count(study.total, 'runs')}"
    return done if study.finished else f"Not started · {count(study.total, 'runs')}"


class StudyDelegate(QStyledItemDelegate):
    """word(study id): see `StudyDriver.word`."""

    def __init__(self, word: Callable[[int], str], parent: QWidget) -> None:
        super().__init__(parent)
        self._word = word

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        lines = 2 * QFontMetrics(theme.font(bold=True)).height() + QFontMetrics(theme.font("small")).height()
        return QSize(0, lines + 2 * PAD + 10 + BAR)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        study: ListedStudy = index.data(STUDY)
        box: QRect = option.rect
        painter.save()
        paint_ground(painter, box, option.state)
        self._paint_words(painter, box.adjusted(PAD, PAD, -PAD, -PAD), study)
        painter.restore()

    def _paint_words(self, painter: QPainter, box: QRect, study: ListedStudy) -> None:
        bold, small = theme.font(bold=True), theme.font("small", tabular=True)
        lines = two_lines(study.row.title, QFontMetrics(bold), box.width())
        height = QFontMetrics(bold).height()
        painter.setFont(bold)
        painter.setPen(theme.colour("text"))
        for place, line in enumerate(lines):
            painter.drawText(QRect(box.left(), box.top() + place * height, box.width(), height), 0, line)
        top = box.top() + 2 * height + 2
        painter.setFont(small)
        word = self._word(study.row.id)
        painter.setPen(theme.colour("accent" if word else "bad" if study.problem else "muted"))
        metrics = QFontMetrics(small)
        said = metrics.elidedText(status(study, word), Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(QRect(box.left(), top, box.width(), metrics.height()), 0, said)
        bar = QRectF(box.left(), box.bottom() - BAR + 2, box.width(), BAR)
        paint_progress(painter, bar, *share_of(study.finished, study.total))


def two_lines(text: str, metrics: QFontMetrics, width: int) -> list[str]:
    """The text on at most two lines, the second shortened."""
    words, first = text.split(), ""
    while words and metrics.horizontalAdvance(f"{first} {words[0]}".strip()) <= width:
        first = f"{first} {words.pop(0)}".strip()
    if not first:
        return [metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)]
    return [first, metrics.elidedText(" ".join(words), Qt.TextElideMode.ElideRight, width)] if words else [first]


def share_of(finished: int, total: int) -> tuple[float, str]:
    """How much of a study is done, and the colour of it."""
    return finished / max(1, total), "good" if finished == total else "accent"


class StudyList(QListWidget):
    """chosen(study id): a person or `choose` picked it. word: as for the delegate."""

    chosen = Signal(int)

    def __init__(self, word: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._word = word
        self.setItemDelegate(StudyDelegate(word, self))
        OnCard(self, "Studies")
        self.currentItemChanged.connect(lambda item, _: self._tell(item))

    def show_studies(self, studies: Sequence[ListedStudy]) -> None:
        """The studies there are; the chosen one stays chosen, else the first is."""
        kept = self.current()
        with QSignalBlocker(self):
            while self.count() > len(studies):
                self.takeItem(self.count() - 1)
            while self.count() < len(studies):
                self.addItem(QListWidgetItem())
            for place, study in enumerate(studies):
                self._fill(self.item(place), study)
            ids = [study.row.id for study in studies]
            self.setCurrentRow(ids.index(kept) if kept in ids else 0 if ids else -1)
        if self.current() != kept and self.currentItem() is not None:
            self._tell(self.currentItem())

    def _fill(self, item: QListWidgetItem, study: ListedStudy) -> None:
        item.setData(STUDY, study)
        said = f"{study.row.title}, {status(study, self._word(study.row.id))}"
        item.setData(Qt.ItemDataRole.AccessibleTextRole, said)
        item.setToolTip(plain(study.problem or study.row.title))

    def studies(self) -> list[ListedStudy]:
        return [self.item(place).data(STUDY) for place in range(self.count())]

    def current(self) -> int:
        """Id of the chosen study, -1 for none."""
        item = self.currentItem()
        return item.data(STUDY).row.id if item is not None else -1

    def choose(self, study_id: int) -> None:
        for place, study in enumerate(self.studies()):
            if study.row.id == study_id:
                self.setCurrentRow(place)

    def _tell(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(item.data(STUDY).row.id)
