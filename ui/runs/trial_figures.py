"""Two figures of a search: accuracy of each setting against a hyperparameter, and the best so far."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.comparison.intervals import Interval
from engine.comparison.wording import with_interval
from engine.events import TrialCompleted
from engine.search.space import Range, shown
from engine.search.trials import COMPLETE, ChosenSetting, best_so_far, choose, score
from ui import theme
from ui.figures.painted import PaintedFigure
from ui.figures.painted_axes import Axis, Plot, around, paint_axes, plot_in

NEAR = 8.0  # pixels from a point within which its tooltip shows


def scored(trials: Sequence[TrialCompleted]) -> list[tuple[TrialCompleted, Interval]]:
    """The trials that finished at least one fold, with their accuracy."""
    return [(trial, score(trial)) for trial in trials if trial.scores]


class TrialFigure(PaintedFigure):
    """What both figures share: the trials, their common accuracy axis, and what is said of a point."""

    usual, least = QSize(360, 220), QSize(200, 180)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._trials: Sequence[TrialCompleted] = ()
        self._chosen: ChosenSetting | None = None
        self._run_id = 0
        self.setMouseTracking(True)

    def set_trials(self, trials: Sequence[TrialCompleted], run_id: int) -> None:
        self._trials, self._chosen, self._run_id = trials, choose(trials), run_id
        self.setAccessibleDescription(self._chosen.sentence() if self._chosen else "No setting is complete yet.")
        self.update()

    def colour(self) -> QColor:
        """The run's own."""
        return theme.run_colour(self._run_id)

    def accuracy_axis(self) -> Axis:
        ends = [end for _, found in scored(self._trials) for end in (found.value, found.low, found.high)]
        return around(ends, share=True)

    def plot(self, size: QSizeF) -> Plot:
        raise TypeError(f"{type(self).__name__} does not say its axes")

    def place_of(self, trial: TrialCompleted) -> object:
        """The trial's value on the horizontal axis."""
        raise TypeError(f"{type(self).__name__} does not say where a setting lies")

    def words_at(self, at: QPointF) -> str:
        """What the point near this place says, or nothing."""
        plot = self.plot(QSizeF(self.size()))
        for trial, found in scored(self._trials):
            gap = plot.point(self.place_of(trial), found.value) - at
            if math.hypot(gap.x(), gap.y()) <= NEAR:
                values = [f"{name.replace('_', ' ')}: {shown(value)}" for name, value in trial.values.items()]
                state = "" if trial.state == COMPLETE else f", {trial.state}"
                return "\n".join([f"Setting {trial.number + 1}{state}: {with_interval(found)}", *values])
        return ""

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        names = list(dict.fromkeys(name for trial in self._trials for name in trial.values))
        heads = ["setting", *names, "accuracy", "low", "high", "folds", "state"]
        rows = [
            [trial.number + 1, *(trial.values.get(name, "") for name in names), found.value, found.low, found.high,
             found.n, trial.state]
            for trial, found in scored(self._trials)
        ]  # fmt: skip
        return heads, rows

    def paint_band(self, painter: QPainter, plot: Plot) -> None:
        """The chosen setting's interval across the figure: what lies inside is as good within the noise."""
        if self._chosen is None or not self._chosen.score.known:
            return
        top, bottom = (plot.area.bottom() - plot.y.share(end) * plot.area.height()
                       for end in (self._chosen.score.high, self._chosen.score.low))  # fmt: skip
        pale = self.colour()
        pale.setAlphaF(0.12)
        painter.fillRect(QRectF(plot.area.left(), top, plot.area.width(), bottom - top), pale)

    def paint_mark(self, painter: QPainter, plot: Plot, trial: TrialCompleted, found: Interval) -> None:
        """Filled for a complete setting, hollow for one given up early, ringed for the chosen one."""
        at = plot.point(self.place_of(trial), found.value)
        whole = trial.state == COMPLETE
        colour = self.colour() if whole else theme.colour("faint")
        if self._chosen is not None and trial.number == self._chosen.trial.number:
            painter.setPen(QPen(theme.colour("text"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, 7.5, 7.5)
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(colour if whole else theme.colour("page"))
        painter.drawEllipse(at, 4, 4)


class AccuracyAgainst(TrialFigure):
    """Accuracy of every setting, with its interval over folds, against one hyperparameter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Accuracy over folds", parent)
        self._range = Range("", "", 0.0, 1.0, False, False)

    def set_range(self, wanted: Range) -> None:
        self._range = wanted
        self.update()

    def place_of(self, trial: TrialCompleted) -> object:
        return trial.values.get(self._range.name, self._range.low)

    def plot(self, size: QSizeF) -> Plot:
        one = self._range
        across = Axis(one.low, one.high, one.log, one.choices)
        return plot_in(size.width(), size.height(), across, self.accuracy_axis())

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        plot = self.plot(size)
        paint_axes(painter, plot, self._range.label)
        self.paint_band(painter, plot)
        for trial, found in scored(self._trials):
            if found.known and trial.state == COMPLETE:
                painter.setPen(QPen(self.colour(), 1))
                ends = [plot.point(self.place_of(trial), end) for end in (found.low, found.high)]
                painter.drawLine(*ends)
        for trial, found in scored(self._trials):
            self.paint_mark(painter, plot, trial, found)
        self._paint_failed(painter, plot)

    def _paint_failed(self, painter: QPainter, plot: Plot) -> None:
        """A cross on the axis where training diverged before a fold was finished."""
        painter.setPen(QPen(theme.colour("bad"), 1.5))
        for trial in self._trials:
            if not trial.scores:
                x = plot.point(self.place_of(trial), plot.y.low)
                for side in (-1, 1):
                    painter.drawLine(x + QPointF(-4 * side, -10), x + QPointF(4 * side, -2))


class BestSoFar(TrialFigure):
    """Each setting in the order it was tried, and the best mean up to then."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Best so far", parent)
        self._planned = 1

    def set_planned(self, trials: int) -> None:
        self._planned = trials
        self.update()

    def place_of(self, trial: TrialCompleted) -> object:
        return trial.number + 1

    def plot(self, size: QSizeF) -> Plot:
        across = Axis(0.5, max(self._planned, len(self._trials), 1) + 0.5)
        return plot_in(size.width(), size.height(), across, self.accuracy_axis())

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        plot = self.plot(size)
        paint_axes(painter, plot, "Setting")
        self.paint_band(painter, plot)
        painter.setPen(QPen(self.colour(), 2))
        before: QPointF | None = None
        for number, value in enumerate(best_so_far(self._trials), 1):
            if math.isfinite(value):
                at = plot.point(number, value)
                if before is not None:
                    painter.drawLine(before, QPointF(at.x(), before.y()))
                    painter.drawLine(QPointF(at.x(), before.y()), at)
                before = at
        for trial, found in scored(self._trials):
            self.paint_mark(painter, plot, trial, found)
