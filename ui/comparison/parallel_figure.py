"""Parallel coordinates: an axis for each setting that differs and each figure, a line for each run.

Drag along an axis to keep the runs in a range; the keyboard does the same (see `HELP`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count
from ui import theme
from ui.comparison.parallel_lines import Ends, Frame, RunLines, frame_in, value_words
from ui.comparison.parallel_painting import Highlight, paint_lines
from ui.figures.curve_readout import Readout
from ui.figures.painted import PaintedFigure

HELP = ("Left and Right choose an axis, Up and Down move the lower end of its range, with Shift the upper end; Delete "
        "takes the range away. Page Up and Page Down go from run to run, Enter ticks it.")  # fmt: skip
GRIP = 14.0  # pixels beside an axis that belong to it
STEPS = 20  # parts of an axis that a key moves the end of a range by
WHOLE: Ends = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Shown:
    """What is drawn: run ids and names, one per line of `lines`; coloured by the dimension of this key."""

    ids: Sequence[int] = ()
    names: Sequence[str] = ()
    lines: RunLines = field(default_factory=lambda: RunLines([]))
    by: str = ""


class ParallelFigure(PaintedFigure):
    """clicked(run id): a line was clicked, or Enter on it. opened(run id): double-clicked. ranges_changed: others
    pass."""

    clicked = Signal(int)
    opened = Signal(int)
    ranges_changed = Signal()

    usual, least = QSize(720, 320), QSize(320, 200)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Runs over their settings", parent)
        self.shown = Shown()
        self.ranges: dict[str, Ends] = {}
        self.ticked: frozenset[int] = frozenset()
        self.at: int | None = None  # the line under the pointer, or that the keys went to
        self.axis = 0
        self._drag: tuple[int, float] | None = None
        self.readout = Readout(self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # What the view says

    def show_runs(self, shown: Shown) -> None:
        """Other runs or axes; ranges on axes that are still there stay."""
        kept = {one.key for one in shown.lines.dimensions}
        self.ranges = {key: ends for key, ends in self.ranges.items() if key in kept}
        self.shown, self.at = shown, None
        self.axis = min(self.axis, max(0, len(shown.lines.dimensions) - 1))
        self._changed()

    def set_ticked(self, run_ids: Iterable[int]) -> None:
        self.ticked = frozenset(run_ids)
        self.update()

    def clear_ranges(self) -> None:
        self.ranges.clear()
        self._changed()

    def passing(self) -> np.ndarray:
        """bool [runs]: those that every range lets pass."""
        return self.shown.lines.passing(self.ranges)

    def passing_ids(self) -> list[int]:
        return [run_id for run_id, passes in zip(self.shown.ids, self.passing(), strict=True) if passes]

    def _changed(self) -> None:
        if self.at is not None and not self.passing()[self.at]:
            self.at = None
        self._describe()
        self.update()
        self.ranges_changed.emit()

    # Words

    def words(self, place: int) -> str:
        """A run with its values, for the pointer and the screen reader."""
        said = (f"{one.label}: {value_words(one, one.values[place])}" for one in self.shown.lines.dimensions)
        return "\n".join([self.shown.names[place], *said])

    def _describe(self) -> None:
        lines = self.shown.lines
        if not lines.dimensions:
            self.setAccessibleDescription("There is nothing on which runs differ.")
            return
        one = lines.dimensions[self.axis]
        ends = self.ranges.get(one.key)
        said = [f"{count(int(self.passing().sum()), 'runs')} of {len(self.shown.ids)} pass",
                f"axis {one.label}: {lines.words(self.axis, ends) if ends else 'no range'}"]  # fmt: skip
        said += [self.words(self.at).replace("\n", ", ")] if self.at is not None else []
        self.setAccessibleDescription(". ".join([*said, HELP]))

    # Drawing

    def frame(self) -> Frame:
        return frame_in(self.width(), self.height(), len(self.shown.lines.dimensions))

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        shown = self.shown
        if shown.lines.dimensions:
            chosen = self.axis if self.hasFocus() else None
            ticked = np.array([run_id in self.ticked for run_id in shown.ids], bool)
            look = Highlight(self.passing(), ticked, self.ranges, shown.by, self.at, chosen)
            frame = frame_in(size.width(), size.height(), len(shown.lines.dimensions))
            paint_lines(painter, frame, shown.lines, look)

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        found = self.shown.lines.dimensions
        rows = ([self.shown.names[place], *("" if one.values[place] is None else one.values[place] for one in found)]
                for place in np.flatnonzero(self.passing()).tolist())  # fmt: skip
        return ["run", *(one.label for one in found)], rows

    # Mouse

    def _line_at(self, at: QPointF) -> int | None:
        inside = np.flatnonzero(self.passing())
        found = self.frame().nearest(self.shown.lines.heights[inside], at.x(), at.y())
        return None if found is None else int(inside[found])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.shown.lines.dimensions:
            return
        axis = self.frame().axis_at(event.position().x(), GRIP)
        if axis is not None:
            self.axis, self._drag = axis, (axis, event.position().y())
            self._describe()
        elif (line := self._line_at(event.position())) is not None:
            self.clicked.emit(self.shown.ids[line])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            self._set_range(*self._drag, event.position().y())
            return
        if not self.shown.lines.dimensions:
            return
        on_axis = self.frame().axis_at(event.position().x(), GRIP) is not None
        self.setCursor(Qt.CursorShape.SizeVerCursor if on_axis else Qt.CursorShape.ArrowCursor)
        self._point_at(None if on_axis else self._line_at(event.position()))
        self._read_out(event.position().toPoint())

    def _read_out(self, at: QPoint) -> None:
        """The run under the pointer, with all its values."""
        if self.at is None:
            self.readout.hide()
            return
        found, muted = self.shown.lines.dimensions, theme.colour("faint")
        rows = [(one.label, muted, value_words(one, one.values[self.at])) for one in found]
        self.readout.show_values(self.shown.names[self.at], rows, at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None and abs(event.position().y() - self._drag[1]) < 4:  # a click takes the range away
            self.ranges.pop(self.shown.lines.dimensions[self._drag[0]].key, None)
            self._changed()
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if (line := self._line_at(event.position())) is not None:
            self.opened.emit(self.shown.ids[line])

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        self.readout.hide()

    def _set_range(self, axis: int, start: float, end: float) -> None:
        frame = self.frame()
        low, high = sorted((frame.share(start), frame.share(end)))
        self.ranges[self.shown.lines.dimensions[axis].key] = (low, high)
        self._changed()

    def _point_at(self, line: int | None) -> None:
        if line != self.at:
            self.at = line
            self._describe()
            self.update()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, many = event.key(), len(self.shown.lines.dimensions)
        if many and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.axis = min(max(self.axis + (1 if key == Qt.Key.Key_Right else -1), 0), many - 1)
            self._describe()
            self.update()
        elif many and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._move_end(
                1 if key == Qt.Key.Key_Up else -1, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            )
        elif many and key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.ranges.pop(self.shown.lines.dimensions[self.axis].key, None)
            self._changed()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._go(1 if key == Qt.Key.Key_PageDown else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.at is not None:
            self.clicked.emit(self.shown.ids[self.at])
        elif key == Qt.Key.Key_Escape and self.ranges:
            self.clear_ranges()
        else:
            super().keyPressEvent(event)

    def _move_end(self, way: int, upper: bool) -> None:
        """One end of the chosen axis's range by one choice, or a twentieth of the axis."""
        one = self.shown.lines.dimensions[self.axis]
        step = way / (len(one.choices) or STEPS)
        low, high = self.ranges.get(one.key, WHOLE)
        low, high = (low, min(max(high + step, low), 1.0)) if upper else (min(max(low + step, 0.0), high), high)
        self.ranges[one.key] = (low, high)
        if low <= 1e-9 and high >= 1 - 1e-9:
            del self.ranges[one.key]
        self._changed()

    def _go(self, way: int) -> None:
        """To the next run that passes."""
        inside = np.flatnonzero(self.passing())
        if len(inside):
            here = int(np.searchsorted(inside, self.at)) if self.at is not None else (-1 if way > 0 else len(inside))
            self._point_at(int(inside[min(max(here + way, 0), len(inside) - 1)]))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()  # the axis that the keys are on is marked
