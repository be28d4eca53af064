"""A dialog that looks around a run, or at what lies between two or three: a line with its barrier, or a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QProgressBar, QVBoxLayout, QWidget

from engine.comparison.wording import count
from engine.events import Preparing
from engine.landscape.barriers import PARTS, LossLine
from engine.landscape.grids import LossPlane
from engine.landscape.words import Noise, barrier_words, distance_words, plane_words, rests_on, trail_words, verdict
from ui.figures.figure_export import menu_button
from ui.landscape.at_work import Surveying
from ui.landscape.line_figure import LineFigure
from ui.landscape.plane_figure import PlaneFigure
from ui.landscape.sights import Grounds, Outlook, outlooks, read_grounds
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.fields import Choice
from ui.widgets.frame import WordsArea
from ui.widgets.layouts import in_column, in_row, one_of
from ui.widgets.place import fit
from ui.widgets.problem import Problem
from ui.widgets.text import Elided, Text

if TYPE_CHECKING:
    from engine.landscape.kept import Landscape
    from storage.store import RunRow

LEAST = 480
KEPT_HERE = "Stopped. What is known so far is kept; “Go on” takes it up."
HINT = (
    "Weights are mixed, heads included. In one basin the loss between two networks stays as low as at its ends. "
    "Planes come coarsely first and are refined while no run is at work."
)
AVERAGE = "Average batch norm’s statistics anew at each point"
AVERAGE_TIP = "Where two networks do not share them. Without it the middle of a line looks like a barrier that is none"


class LandscapeDialog(QDialog):
    """Stays open while the window is used; closing it stops what is under way, which is kept as far as it is."""

    def __init__(self, parts: Parts, rows: Sequence[RunRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = list(rows)
        self._found: dict[int, Landscape] = {}  # by the number of the picture
        self._noise = Noise()
        self._outlooks: list[Outlook] = []
        self._closed = False
        self.work = Surveying(parts, self)
        self.setWindowTitle("Look around" if len(rows) == 1 else "Between runs")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._make()
        self._build()
        self._connect()
        parts.library.read(read_grounds(rows), self._take, lambda error: self._fail(str(error)))

    def _make(self) -> None:
        self.view = Choice([])
        self.view.setAccessibleName("What is shown")
        self.figure = Choice([("loss", "Loss"), ("accuracy", "Accuracy")])
        self.figure.setAccessibleName("Figure")
        self.part = Choice([("test", "Test"), ("train", "Training")])
        self.part.setAccessibleName("Examples of the plane")
        self.average = QCheckBox(AVERAGE)
        self.average.setToolTip(AVERAGE_TIP)
        self.average.setChecked(True)
        self.line, self.plane = LineFigure(), PlaneFigure()
        self.stack = one_of(self.line, self.plane)
        self.menus = [menu_button(self, one.menu, "Menu of the picture") for one in (self.line, self.plane)]
        self.status, self.bar = Elided("", role="muted"), QProgressBar(minimum=0, maximum=0, textVisible=False)
        self.stop = button("Stop", "stop", "What is known so far is kept", self._stop)
        self.go_on = button("Go on", "play", "Look at the rest of the points", self._begin)
        self.problem = Problem()
        self.verdict, self.words = Text("", bold=True), Text("", "small", "muted")

    def _build(self) -> None:
        names = in_column(*(Elided(f"Run {row.id}: {row.name}", role="muted") for row in self._rows), gap=2)
        first = in_row((self.view, 1), self.figure, self.part, *self.menus, gap=8)
        at_work = in_row((self.status, 1), self.bar, self.stop, self.go_on, gap=8)
        seen = QWidget()  # scrolls where there is little room
        in_column((self.stack, 1), self.verdict, self.words, owner=seen, gap=8, edges=(0, 0, 8, 0))
        column = in_column(
            names, first, self.average, self.problem, (WordsArea(seen), 1), at_work, owner=self, gap=8, edges=16
        )
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self.words.setText(HINT)
        self.setMinimumWidth(LEAST)
        for one in (self.go_on, self.verdict):
            one.hide()
        fit(self, 860, 720)

    def _connect(self) -> None:
        self.view.currentIndexChanged.connect(lambda _: self._change())
        self.average.toggled.connect(lambda _: self._change())
        for one in (self.figure, self.part):
            one.currentIndexChanged.connect(lambda _: self._show())
        self.work.said.connect(self._hear)
        self.work.ended.connect(self._end)
        self.finished.connect(lambda _: self._leave())

    # What there is to see

    def _take(self, grounds: Grounds) -> None:
        if self._closed:
            return
        self._noise, self._outlooks = grounds.noise, outlooks(grounds.places)
        self.view.set_options([(number, one.title) for number, one in enumerate(self._outlooks)])
        self._change()

    def outlook(self) -> Outlook:
        """What is chosen."""
        return self._outlooks[self.view.currentIndex()].averaged(self.average.isChecked())

    def _change(self) -> None:
        """Another picture is wanted."""
        if not self._outlooks:
            return
        is_line = self.outlook().is_line
        self._found = {}
        self.stack.setCurrentWidget(self.line if is_line else self.plane)
        self.part.setVisible(not is_line)
        self.average.setVisible(self.outlook().sights[0].kind != "around")
        for one, shown in zip(self.menus, (is_line, not is_line), strict=True):
            one.setVisible(shown)
        self.line.show_line(None, "loss")
        self.plane.show_planes([], "loss", "test")
        self._begin()

    # At work

    def _begin(self) -> None:
        self.problem.say("")
        self._set_busy(True)
        self._say("Opening", None)
        self.work.begin(self.outlook().sights)
        self._show()

    def _stop(self) -> None:
        self.work.stop()
        self._set_busy(False)
        self.status.setText(KEPT_HERE)

    def _hear(self, number: int, said: Preparing | Landscape) -> None:
        if isinstance(said, Preparing):
            self._say(said.text, said.fraction)
            return
        self._found[number] = said
        known, total = int(said.known.sum()), said.known.size
        of = f" of picture {number + 1}" if len(self.outlook().sights) > 1 else ""
        self._say(f"{known:,} of {count(total, 'points')}{of}", known / total)
        self._show()

    def _say(self, words: str, share: float | None) -> None:
        self.status.setText(words)
        self.bar.setRange(0, 0 if share is None else 1000)
        self.bar.setValue(round(1000 * (share or 0)))

    def _set_busy(self, busy: bool) -> None:
        for one in (self.bar, self.stop):
            one.setVisible(busy)
        self.go_on.setVisible(not busy and not self._is_done())

    def _is_done(self) -> bool:
        return bool(self._outlooks) and len(self._found) == len(self.outlook().sights) and all(
            one.done for one in self._found.values()
        )  # fmt: skip

    def _end(self, words: str) -> None:
        self._set_busy(False)
        self.status.setText("")
        if words:
            self._fail(words)

    def _fail(self, words: str) -> None:
        if not self._closed:
            self.problem.say(words)
            for one in (self.bar, self.stop, self.go_on):
                one.hide()

    # Showing

    def _show(self) -> None:
        """What is known so far, in the picture and in words."""
        figure, part = str(self.figure.key()), str(self.part.key())
        lines = [one for one in self._found.values() if isinstance(one, LossLine)]
        planes = [one for one in self._found.values() if isinstance(one, LossPlane)]
        if lines:
            self.line.show_line(lines[0], figure)
            self._tell(verdict(lines[0], self._noise), _of_line(lines[0]))
        elif planes:
            self.plane.show_planes(planes, figure, part)
            self._tell("", [*map(plane_words, planes), _of_plane(planes[0]), rests_on(planes[0])])
        else:
            self._tell("", [HINT])

    def _tell(self, bold: str, rest: Sequence[str]) -> None:
        self.verdict.setText(bold)
        self.verdict.setVisible(bool(bold))
        self.words.setText(" ".join(one for one in rest if one))

    def _leave(self) -> None:
        self._closed = True
        self.work.stop()


def _of_line(line: LossLine) -> list[str]:
    return [*(barrier_words(line, part) for part in reversed(PARTS)), distance_words(line), rests_on(line)]


def _of_plane(plane: LossPlane) -> str:
    if plane.random:
        return "At 1 every filter has moved by its own length, in a random direction (Li et al. 2018)."
    return f"The first network is at 0; the loss has bands of equal ratios. {trail_words(plane)}".rstrip()
