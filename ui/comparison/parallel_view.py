"""The listed runs in parallel coordinates: what colours them, which axes are shown, how many pass, ticking those."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from engine import metrics
from engine.comparison.differences import Value, flatten
from engine.comparison.dimensions import Dimension, dimensions
from engine.comparison.wording import count
from storage.rows import RunRow
from ui.background import Background
from ui.comparison.parallel_figure import HELP, ParallelFigure, Shown
from ui.comparison.parallel_lines import RunLines
from ui.comparison.run_figures import best_value, test_value, tested, watched
from ui.figures.figure_export import menu_button
from ui.widgets.buttons import button
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, in_row
from ui.widgets.menu_button import MenuButton
from ui.widgets.text import Elided, Text

LEAST_AXES, APART = 4, 84  # settings that are shown before somebody chooses: at least so many, so many pixels apart
WAIT_MS = 150  # between a change in the table and what it means here
Flat = dict[str, Value]


def figures_of(rows: Sequence[RunRow]) -> list[Dimension]:
    """Time, and what came out in validation and in the test; accuracies and errors on axes of their own."""
    took = tuple(row.took for row in rows)
    known = [seconds for seconds in took if seconds]
    far = bool(known) and all(seconds is None or seconds > 0 for seconds in took) and max(known) > 30 * min(known)
    found = [Dimension("time", "Time", took, log=far, figure=True)]
    return [*found, *_figures(rows, best_value, watched, best_name), *_figures(rows, test_value, tested, metrics.title)]


def best_name(metric: str) -> str:
    return "Best validation" if metric == metrics.usual() else f"Best {metrics.words(metric)}"


def _figures(
    rows: Sequence[RunRow], value: Callable[[RunRow], float | None], metric: Callable[[RunRow], str],
    name: Callable[[str], str],
) -> Iterator[Dimension]:  # fmt: skip
    """One for each metric that these rows have, shares first."""
    of_rows = list(map(metric, rows))
    for key in sorted(dict.fromkeys(filter(None, of_rows)), key=lambda key: not metrics.of(key).is_share):
        values = (value(row) if own == key else None for own, row in zip(of_rows, rows, strict=True))
        known = tuple(None if number is None or number != number else number for number in values)
        yield Dimension(name(key), name(key), known, figure=True, share=metrics.of(key).is_share)


class ParallelView(QWidget):
    """listed: the runs to show, asked whenever `refresh` was called and somebody looks.

    tick_wanted(run ids): tick exactly these. clicked(run id): tick or untick it. opened(run id): go to it.
    """

    tick_wanted = Signal(object)
    clicked = Signal(int)
    opened = Signal(int)

    def __init__(
        self, background: Background, listed: Callable[[], Sequence[RunRow]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._background, self._listed = background, listed
        self._flats: dict[int, Flat] = {}
        self._rows: Sequence[RunRow] = ()
        self._found: list[Dimension] = []
        self._hidden: set[str] = set()
        self._met: set[str] = set()  # axes about which it was decided whether they are shown at first
        self.figure = ParallelFigure()
        self.colour = Choice()
        self.colour.setAccessibleName("What colours the lines")
        self.colour.setMinimumContentsLength(14)
        self._wait = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._wait.timeout.connect(self._read)
        self._build()
        self.setAccessibleName("Runs in parallel coordinates")

    def _build(self) -> None:
        self.words = Elided("", "small", "muted")
        self.words.setToolTip(HELP)
        self.axes = MenuButton("Axes", "Which axes are shown", name="Axes that are shown", parent=self)
        self.axes_menu = self.axes.menu()
        self.tick = button("Tick these", "", "Tick the runs that pass, to compare them",
                           lambda: self.tick_wanted.emit(self.figure.passing_ids()))  # fmt: skip
        self.clear = button("Clear ranges", "", "Let all runs pass (Esc in the figure)", self.figure.clear_ranges)
        row = in_row(
            (self.words, 1), Text("Colour", "small", "muted", wrap=False), self.colour, self.axes, self.tick,
            self.clear, menu_button(self, self.figure.menu, "Menu of the parallel coordinates"), gap=8,
        )  # fmt: skip
        in_column(row, (self.figure, 1), owner=self, edges=(16, 4, 16, 8))
        self.colour.currentIndexChanged.connect(lambda _: self._draw())
        self.figure.ranges_changed.connect(self._say)
        self.figure.clicked.connect(self.clicked)
        self.figure.opened.connect(self.opened)

    def refresh(self) -> None:
        """The table lists other runs, or the same with other figures."""
        if self.isVisible():
            self._wait.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._read()

    def is_settled(self) -> bool:
        return not self._wait.isActive() and self._rows == list(self._listed())

    def _read(self) -> None:
        """The settings of many runs take a while to compare, so that is done in the background, once for each run."""
        rows, known = list(self._listed()), dict(self._flats)

        def work(cancelled: Callable[[], bool]) -> tuple[dict[int, Flat], list[Dimension]]:
            for row in rows:
                if row.id not in known and not cancelled():
                    known[row.id] = flatten(row.experiment)
            flats = [known.get(row.id, {}) for row in rows]
            return known, dimensions([row.experiment for row in rows], figures_of(rows), flats)

        self._background.run(work, lambda found: self._take(rows, *found), key="parallel coordinates")

    def _take(self, rows: Sequence[RunRow], flats: dict[int, Flat], found: list[Dimension]) -> None:
        self._rows, self._flats, self._found = rows, flats, found
        settings = [one.key for one in found if not one.figure and one.key != "seed"]
        usual = max(LEAST_AXES, self.width() // APART - (len(found) - len(settings)))
        self._hidden |= {key for key in settings[usual:] if key not in self._met}
        self._met |= set(settings)
        figures = [one for one in found if one.figure]
        self.colour.set_options([(one.key, one.label) for one in reversed(figures)])
        self._offer()
        self._draw()

    def _offer(self) -> None:
        self.axes_menu.clear()
        for one in self._found:
            action = self.axes_menu.addAction(one.label)
            action.setCheckable(True)
            action.setChecked(one.key not in self._hidden)
            action.toggled.connect(lambda on, key=one.key: self._show_axis(key, on))

    def _show_axis(self, key: str, on: bool) -> None:
        self._hidden = self._hidden - {key} if on else self._hidden | {key}
        self._draw()

    def _draw(self) -> None:
        axes = [one for one in self._found if one.key not in self._hidden]
        ids, names = [row.id for row in self._rows], [row.name for row in self._rows]
        self.figure.show_runs(Shown(ids, names, RunLines(axes), str(self.colour.key() or "")))

    def _say(self) -> None:
        passing, all_of = int(self.figure.passing().sum()), len(self._rows)
        axes = len(self.figure.shown.lines.dimensions)
        if not axes:
            self.words.setText("The listed runs do not differ in anything.")
        else:
            some = f"{passing:,} of {count(all_of, 'runs')} pass" if self.figure.ranges else count(all_of, "runs")
            self.words.setText(f"{some} · {axes} of {count(len(self._found), 'axes')} · drag along an axis to choose")
        self.tick.setEnabled(0 < passing < all_of)
        self.clear.setEnabled(bool(self.figure.ranges))
