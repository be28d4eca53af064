"""What a meta-learner says of a few fixed tasks: images with their answers, curves with their
predictions, or ways to goals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QPointF, QSize, QSizeF
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine import registry
from engine.data.sources import target_of
from engine.data.target import MOVES, NUMBERS
from engine.experiment import Experiment
from engine.meta.learner import MetaLearner
from ui import theme
from ui.figures.curve_task_picture import CurveTaskPicture
from ui.figures.painted import PaintedFigure
from ui.figures.path_picture import PathPicture
from ui.runs.task_drawing import TaskDrawing, TaskShape, heading, shape_of, table_rows
from ui.runs.task_reading import ShownTasks
from ui.widgets.layouts import in_column
from ui.widgets.reflow import Beside

TITLE = "Tasks"
GAP = 24.0
COUNT = 4  # tasks in the file, see engine/meta/tasks/gallery.py
WIDE = 230  # pixels of a drawn task, below which they stand below each other
WAITING = "The tasks appear with the first validation."
HEADS = ("task", "class", "name", "query", "before", "after", "certainty", "entropy in nats")


class ImageTasksView(PaintedFigure):
    """Tasks of images under and beside each other, as many in a row as fit. Its height follows from their shape, which
    is known before the first of them, so that nothing moves when they come."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self._shape = (5, 1, 5, True)  # way, shot, query, whether there is an answer before adapting
        self._shown: ShownTasks | None = None
        self.words = WAITING
        self._drawings: list[TaskDrawing] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def expect(self, way: int, shot: int, query: int, has_before: bool, words: str) -> None:
        """The shape of tasks that are not there yet, and what is said meanwhile."""
        self._shape, self._shown, self.words = (way, shot, query, has_before), None, words
        self._drawings = []
        self.setAccessibleDescription(words)
        self.updateGeometry()
        self.update()

    def show_tasks(self, shown: ShownTasks) -> None:
        first = shown.tasks[0]
        before = self._shape
        self._shape = (first.way, first.support.shape[1], first.query.shape[1], first.before is not None)
        self._shown = shown
        said = [heading(task, place, shown.split) for place, task in enumerate(shown.tasks)]
        self.setAccessibleDescription("; ".join(said))
        if before != self._shape:
            self.updateGeometry()
        self.update()

    def task_shape(self, width: float) -> TaskShape:
        return shape_of(*self._shape, width)

    def _columns(self, width: float) -> int:
        return max(1, min(COUNT, int((width + GAP) // (self.task_shape(width).width() + GAP))))

    def heightForWidth(self, width: int) -> int:
        rows = -(-COUNT // self._columns(width))
        return round(rows * (self.task_shape(width).height() + GAP) - GAP / 2)

    def sizeHint(self) -> QSize:
        return QSize(480, self.heightForWidth(max(200, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(200, self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        self._drawings = []
        if self._shown is None:
            painter.setPen(theme.colour("faint"))
            painter.setFont(theme.font())
            painter.drawText(QPointF(0, 24), self.words)
            return
        shape, columns = self.task_shape(size.width()), self._columns(size.width())
        for place, task in enumerate(self._shown.tasks):
            drawing = TaskDrawing(task, shape, self._shown.images)
            row, column = divmod(place, columns)
            left = column * (shape.width() + GAP)
            room = size.width() - left if column == columns - 1 else shape.width()
            drawing.paint(painter, left, row * (shape.height() + GAP), heading(task, place, self._shown.split), room)
            self._drawings.append(drawing)

    def words_at(self, at: QPointF) -> str:
        """What the image there says, "" where there is none."""
        found = (words for drawing in self._drawings for box, words in reversed(drawing.places) if box.contains(at))
        return next(found, "")

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        tasks = self._shown.tasks if self._shown is not None else ()
        return HEADS, [row for place, task in enumerate(tasks) for row in table_rows(task, place)]


class DrawnTasksView(QWidget):
    """Curves, or ways to goals, in two columns where there is room. make: a picture of one. least: pixels of its
    height."""

    def __init__(
        self, make: Callable[[], CurveTaskPicture | PathPicture], least: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.pictures = [make() for _ in range(COUNT)]
        for picture in self.pictures:
            picture.setMinimumHeight(least)
        pairs = zip(self.pictures[::2], self.pictures[1::2], strict=True)
        in_column(*(Beside(*pair, least=WIDE, spacing=16) for pair in pairs), owner=self, gap=16)

    def show_tasks(self, shown: ShownTasks | None) -> None:
        drawn = shown.drawn if shown is not None else ()
        for place, picture in enumerate(self.pictures):
            picture.show_task(drawn[place] if place < len(drawn) else None)


class TasksView(QWidget):
    """`start_run` says what to expect, `show_tasks` what came."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.images = ImageTasksView()
        self.curves, self.paths = DrawnTasksView(CurveTaskPicture, 210), DrawnTasksView(PathPicture, 300)
        self.shown: ShownTasks | None = None
        in_column(self.images, self.curves, self.paths, owner=self)
        self._turn_to(self.images)

    def start_run(self, experiment: Experiment, live: bool) -> None:
        """Another run: room for what will come, at its final size."""
        self.shown = None
        complete, method = registry.with_method(experiment)
        values, steps = complete.method.hyperparameters, isinstance(method, MetaLearner) and method.meets.each
        way, shot, query = (int(values.get(name, 5)) for name in ("way", "shot", "query"))
        words = WAITING if live else "Reading…"
        self.images.expect(way, shot, query, steps, words)
        self.curves.show_tasks(None)
        self.paths.show_tasks(None)
        kinds: dict[str, QWidget] = {NUMBERS.kind: self.curves, MOVES.kind: self.paths}
        self._turn_to(kinds.get(target_of(experiment.dataset).kind, self.images))

    def show_tasks(self, shown: ShownTasks) -> None:
        self.shown = shown
        kinds = {"curves": self.curves, "paths": self.paths}
        if (part := kinds.get(shown.kind)) is not None:
            part.show_tasks(shown)
        elif shown.tasks:
            self.images.show_tasks(shown)
        self._turn_to(part or self.images)

    def _turn_to(self, part: QWidget) -> None:
        for one in (self.images, self.curves, self.paths):
            one.setVisible(one is part)
