"""One task of images as it is drawn: a column per class, its support images, and where its query images go."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QTransform

from engine.comparison.wording import number, percent
from ui import theme
from ui.figures.painted import draw_elided, line_height
from ui.runs.task_reading import ImageTask
from ui.widgets.images import draw_tile

TILE, STEP = 30, 36  # pixels of an image, and from one to the next
BETWEEN = 6  # between two classes
SHOTS = QUERIES = 2  # images of a class that are shown
CHIP = 15.0  # pixels of the mark with a slot's number
ROW_GAP = 6


@dataclass(frozen=True)
class TaskShape:
    """What decides how much room a task takes. way: classes that are shown."""

    way: int
    shots: int
    queries: int
    has_before: bool

    @property
    def column(self) -> float:
        """Pixels of one class."""
        return max(self.shots, self.queries) * STEP + BETWEEN

    @property
    def rows(self) -> tuple[str, ...]:
        return ("Support", "Before", "After") if self.has_before else ("Support", "Query")

    def width(self) -> float:
        return label_width() + self.way * self.column

    def height(self) -> float:
        """Heading, the slots' marks, and the rows."""
        return line_height(bold=True) + 6 + CHIP + 4 + len(self.rows) * (STEP + ROW_GAP)


def shape_of(way: int, shot: int, query: int, has_before: bool, room: float) -> TaskShape:
    """As many images and classes as fit into `room` pixels, at most two images of a class."""
    shots, queries = min(SHOTS, shot), min(QUERIES, query)
    if label_width() + way * (max(shots, queries) * STEP + BETWEEN) > room:
        shots = queries = 1
    fits = max(2, int((room - label_width()) // (max(shots, queries) * STEP + BETWEEN)))
    return TaskShape(min(way, fits), shots, queries, has_before)


def label_width() -> float:
    """Pixels for the rows' names."""
    return QFontMetricsF(theme.font("small")).horizontalAdvance("Support") + 12


def slot_colour(slot: int) -> QColor:
    return theme.curve_colour(slot)


def heading(task: ImageTask, place: int, split: str) -> str:
    """E.g. "Test task 1: 20 % right before adapting, 96 % after"."""
    after = percent(task.right(task.after), 0)
    name = f"{split} task {place + 1}".capitalize()
    if task.before is None:
        return f"{name}: {after} right"
    return f"{name}: {percent(task.right(task.before), 0)} right before adapting, {after} after"


def mistakes_first(task: ImageTask) -> np.ndarray:
    """int64 [way, query]: places of each class's query images, those taken for another class after adapting first."""
    right = task.after == np.arange(task.way)[:, None]
    return np.argsort(right, axis=1, kind="stable")


def left_out(task: ImageTask, shape: TaskShape) -> str:
    """E.g. "10 of 25 queries, mistakes first": what a heading over all of them needs beside it; "" where all are
    shown."""
    total, seen = task.query.size, shape.way * min(shape.queries, task.query.shape[1])
    hidden = task.way - shape.way
    classes = f", {hidden} more classes not shown" if hidden > 0 else ""
    return f"{seen} of {total} queries, mistakes first{classes}" if seen < total else ""


def task_words(task: ImageTask, title: str, hidden: str) -> str:
    """What the heading says when pointed at: also how hard the task is, whatever the method."""
    words = f"{title}\nShown: {hidden}" if hidden else title
    if task.hardness is None:
        return words
    return f"{words}\nHardness: the nearest class mean on plain pixels gets {percent(task.hardness, 0)} wrong"


def tile_words(task: ImageTask, slot: int, place: int, when: str) -> str:
    """What a query tile says when pointed at."""
    slots = task.before if when == "Before" and task.before is not None else task.after
    chosen = int(slots[slot, place])
    said = "no answer" if chosen < 0 else f"taken for {chosen + 1} ({task.names[chosen]})"
    lines = [f"Class {slot + 1}: {task.names[slot]}"]
    lines.append(f"{'Before' if when == 'Before' else 'After'} adapting: {'right' if chosen == slot else said}")
    if when != "Before" and chosen >= 0:
        most = math.log(task.way)
        lines.append(f"Certainty {percent(float(task.sure[slot, place]), 0)}")
        lines.append(f"Entropy {number(float(task.entropy[slot, place]), 2)} of at most {number(most, 2)} nats")
    return "\n".join(lines)


class TaskDrawing:
    """Draws one task and remembers where its images are, for what is said when one is pointed at."""

    def __init__(self, task: ImageTask, shape: TaskShape, images: Mapping[int, QImage]) -> None:
        self.task, self.shape, self.images = task, shape, images
        self.places: list[tuple[QRectF, str]] = []
        self._order = mistakes_first(task)

    def paint(self, painter: QPainter, left: float, top: float, title: str, room: float) -> None:
        """room: pixels that the title has, which may be longer than the task is wide."""
        painter.setFont(theme.font(bold=True, tabular=True))
        painter.setPen(theme.colour("text"))
        metrics = QFontMetricsF(painter.font())
        draw_elided(painter, left, top + metrics.ascent(), room, title)
        hidden, used = left_out(self.task, self.shape), metrics.horizontalAdvance(title) + 16
        self.places.append((QRectF(left, top, room, line_height(bold=True)), task_words(self.task, title, hidden)))
        if hidden and used < room - 60:
            self._say_hidden(painter, left + used, top + metrics.ascent(), room - used, hidden)
        top += line_height(bold=True) + 6
        for slot in range(self.shape.way):
            self._paint_slot(painter, self._column(left, slot), top, slot)
        top += CHIP + 4
        for row, name in enumerate(self.shape.rows):
            self._paint_row(painter, left, top + row * (STEP + ROW_GAP), name)

    @staticmethod
    def _say_hidden(painter: QPainter, left: float, baseline: float, room: float, hidden: str) -> None:
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        draw_elided(painter, left, baseline, room, hidden)

    def _column(self, left: float, slot: int) -> float:
        return left + label_width() + slot * self.shape.column

    def _paint_slot(self, painter: QPainter, left: float, top: float, slot: int) -> None:
        """The class's number on its colour, and a line of that colour over its images."""
        paint_chip(painter, QRectF(left, top, CHIP + 5, CHIP), slot)
        painter.setPen(QPen(slot_colour(slot), 2))
        end = left + max(self.shape.shots, self.shape.queries) * STEP - (STEP - TILE)
        painter.drawLine(QPointF(left + CHIP + 9, top + CHIP / 2), QPointF(end, top + CHIP / 2))
        self.places.append((QRectF(left, top, end - left, CHIP), f"Class {slot + 1}: {self.task.names[slot]}"))

    def _paint_row(self, painter: QPainter, left: float, top: float, name: str) -> None:
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        metrics = QFontMetricsF(painter.font())
        painter.drawText(QPointF(left, top + TILE / 2 + metrics.capHeight() / 2), name)
        indices = self.task.support if name == "Support" else self.task.query
        shown = self.shape.shots if name == "Support" else self.shape.queries
        for slot in range(self.shape.way):
            for place in range(min(shown, indices.shape[1])):
                box = QRect(round(self._column(left, slot)) + place * STEP, round(top), TILE, TILE)
                which = place if name == "Support" else int(self._order[slot, place])
                self._paint_image(painter, box, int(indices[slot, which]), int(self.task.turns[slot]))
                if name == "Support":
                    self._edge(painter, box, slot_colour(slot), False)
                    self.places.append((QRectF(box), f"Class {slot + 1}: {self.task.names[slot]}, to learn from"))
                else:
                    self._paint_answer(painter, box, slot, which, name)

    def _paint_image(self, painter: QPainter, box: QRect, index: int, turn: int) -> None:
        image = self.images.get(index)
        if image is None:
            painter.fillRect(box, theme.colour("grid"))
            return
        draw_tile(painter, image.transformed(QTransform().rotate(-90 * turn)) if turn else image, box)

    def _paint_answer(self, painter: QPainter, box: QRect, slot: int, place: int, name: str) -> None:
        """A whole frame around what is right, a dashed one and the slot it was taken for around what is wrong."""
        slots = self.task.before if name == "Before" and self.task.before is not None else self.task.after
        chosen = int(slots[slot, place])
        right = chosen == slot
        self._edge(painter, box, theme.colour("good" if right else "bad"), not right)
        if not right and chosen >= 0:
            wide = CHIP + (1 if chosen < 9 else 6)  # room for two digits
            paint_chip(painter, QRectF(box.right() + 5 - wide, box.bottom() - CHIP + 5, wide, CHIP - 1), chosen)
        self.places.append((QRectF(box).adjusted(-2, -2, 4, 4), tile_words(self.task, slot, place, name)))

    def _edge(self, painter: QPainter, box: QRect, colour: QColor, dashed: bool) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(colour, 2, Qt.PenStyle.CustomDashLine if dashed else Qt.PenStyle.SolidLine)
        if dashed:
            pen.setDashPattern([2.5, 1.8])
        painter.setPen(pen)
        painter.drawRect(QRectF(box).adjusted(-1, -1, 1, 1))


def paint_chip(painter: QPainter, box: QRectF, slot: int) -> None:
    """The number of a slot on its colour."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(slot_colour(slot))
    painter.drawRoundedRect(box, 3, 3)
    painter.setFont(theme.font("small", bold=True))
    ground = slot_colour(slot)
    dark = 0.299 * ground.redF() + 0.587 * ground.greenF() + 0.114 * ground.blueF() < 0.5
    painter.setPen(QColor("#FFFFFF" if dark else "#101418"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(slot + 1))


def table_rows(task: ImageTask, place: int) -> list[list[object]]:
    """The numbers behind one task: task, class, query image, before, after, certainty, entropy."""
    rows: list[list[object]] = []
    for slot, query in np.ndindex(*task.query.shape):
        before = "" if task.before is None else int(task.before[slot, query]) + 1
        numbers = [float(task.sure[slot, query]), float(task.entropy[slot, query])]
        rows.append([place + 1, slot + 1, task.names[slot], int(task.query[slot, query]), before,
                     int(task.after[slot, query]) + 1, *numbers])  # fmt: skip
    return rows
