"""What a run's own numbers advise, a line each with one thing to do and a way to its images."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.after_training import RunAdvice
from ui.widgets.buttons import button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

TITLE = "What these figures advise"


class LessonLine(QWidget):
    """chosen: its images are asked for."""

    chosen = Signal()

    def __init__(self, lesson: RunAdvice) -> None:
        super().__init__()
        self.words, self.action = Text(lesson.words), Text(lesson.action, "small", "muted")
        for text in (self.words, self.action):
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.look = button("Show them", tip="Show the test examples that this is about", clicked=self.chosen.emit)
        both = in_column(self.words, self.action, gap=0)
        in_row((both, 1), (self.look, 0, Qt.AlignmentFlag.AlignTop), owner=self, gap=16)
        self.look.setVisible(bool(lesson.outcome))  # not before it has a place: it would be a window of its own


class LessonList(QWidget):
    """Hidden where there is nothing to say. chosen(lesson): its images are asked for."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[LessonLine] = []
        self._column = in_column(Text(TITLE, bold=True, wrap=False), owner=self, gap=8)
        self.hide()

    def show_lessons(self, lessons: Sequence[RunAdvice]) -> None:
        for line in self.lines:
            self._column.removeWidget(line)
            line.deleteLater()
        self.lines = [LessonLine(one) for one in lessons]
        for line, one in zip(self.lines, lessons, strict=True):
            line.chosen.connect(lambda one=one: self.chosen.emit(one))
            self._column.addWidget(line)
        self.setVisible(bool(lessons))
