"""When will transfer help? All scores of every start on the chosen images, beside what saved runs reached."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from engine.advice.starts import StartingPoint, StartScores
from engine.errors import Cancelled
from engine.events import Preparing
from engine.experiment import DatasetChoice
from engine.transferability.table import TITLES
from ui.data.map_networks import runs_with_weights
from ui.figures.painted import Section
from ui.figures.plain_table import FigureTable
from ui.new_experiment.starts_figure import StartsFigure
from ui.new_experiment.starts_words import luck_words, ranked, table_of, tau_table, taus, too_few, vote_words
from ui.new_experiment.trained_starts import Trained, own_starts, trained
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, in_row
from ui.widgets.place import fit
from ui.widgets.problem import Problem
from ui.widgets.text import Text

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore

INTERVAL_MS = 66
KEY = "all scores of starts"
TITLE = "When will transfer help?"
IDEA = (
    "Each score guesses from training examples alone how well a start suits them. None is right everywhere and none is "
    "a promise: nearest neighbours (kNN) come first, and training decides. Compare down a column, never across."
)
MOST_WIDTH = 225  # of a column
MOST_STRETCH = 100  # of the figure: free room stays below the words only where there is none


class StartsTable(FigureTable):
    most_rows = 6
    sorted_by_click = True


class StartsDialog(QDialog):
    """It measures from the moment it is shown, in the background, and ends that when it is closed."""

    def __init__(self, parts: Parts, data: DatasetChoice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self._parts, self._data = parts, data
        self.scores: list[StartScores] = []
        self._trained: list[Trained] = []
        self._news: deque[Preparing | StartScores] = deque()
        self.table, self.tau = StartsTable("Scores of each start"), FigureTable("Kendall’s tau of each score")
        self.figure, self.score, self.recipe = StartsFigure(), Choice([]), Choice([])
        self.state, self.votes, self.luck = Text("Reading…", "small", "muted"), Text(""), Text("", "small", "muted")
        self.problem, self._closed = Problem(), False
        self._lay_out()
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self._take_news)
        for choice in (self.score, self.recipe):
            choice.currentIndexChanged.connect(lambda _: self._show_reached())
        self.finished.connect(self._end)
        parts.library.read(_saved, self._begin, lambda fault: self._fail(str(fault)))

    def _lay_out(self) -> None:
        self.score.set_options([*TITLES.items()])
        self.score.setAccessibleName("Score")
        self.recipe.setAccessibleName("Runs")
        self.recipe.setMinimumContentsLength(24)
        asked = in_row(Text("Reached by", wrap=False), (self.recipe, 1), Text("Score", wrap=False), self.score, gap=8)
        section = Section(self.figure.title, self.figure, self.figure.menu)
        self.reached, right = QWidget(), QWidget()
        in_column(self.tau, self.luck, owner=right, gap=4)
        order = Section(self.tau.title, right, self.tau.menu, at_top=True)
        in_column(asked, (in_row((section, 4), (order, 3), gap=16), 1), owner=self.reached, gap=8)
        close = button("Close", clicked=self.accept)
        column = in_column(
            Text(IDEA, role="muted"), Section(self.table.title, self.table, self.table.menu), self.state, self.votes,
            self.problem, (self.reached, MOST_STRETCH), (..., 1), in_row(..., close), owner=self, gap=8, edges=16,
        )  # fmt: skip
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self.reached.hide()
        self.setMinimumSize(600, 540)
        fit(self, 1020, 700)

    # Measuring

    def _begin(self, saved: tuple[list[RunRow], list[RunRow]]) -> None:
        if self._closed:
            return
        every, with_weights = saved
        self._trained = trained(every, self._data)
        self.recipe.set_options([(place, one.title) for place, one in enumerate(self._trained)])
        own = own_starts(with_weights, self._data)
        self._timer.start()
        failed = self._parts.background.saying(self._fail, "The starts could not be measured.")
        self._parts.background.run(self._work(own), lambda _: self._finish(), failed, key=KEY)

    def _work(self, own: list[StartingPoint]) -> Callable[[Callable[[], bool]], None]:
        news, data, runs = self._news, self._data, self._parts.workspace.runs

        def work(cancelled: Callable[[], bool]) -> None:
            from engine.advice.starts import start_scores

            for said in start_scores(data, runs, own):
                if cancelled():
                    raise Cancelled
                news.append(said)

        return work

    def _take_news(self) -> None:
        before = len(self.scores)
        while self._news:
            said = self._news.popleft()
            if isinstance(said, Preparing):
                share = "" if said.fraction is None else f" {100 * said.fraction:.0f} %"
                self.state.setText(f"{said.text}…{share}")
            else:
                self.scores.append(said)
        if len(self.scores) > before:
            self._show()

    def _finish(self) -> None:
        self._timer.stop()
        self._take_news()
        images = max((one.images for one in self.scores), default=0)
        none = "No class has two training examples, so there is nothing to measure on."
        self.state.setText(f"Measured on {images} training examples; nothing was trained." if images else none)
        self._show()

    def _fail(self, reason: str) -> None:
        self._timer.stop()
        self.state.hide()
        self.problem.say(reason)

    # What is shown

    def _show(self) -> None:
        self.table.show_cells(*table_of(self.scores, self._chosen()))
        self.table.fit_columns(MOST_WIDTH, room=10)
        self._show_reached()

    def _chosen(self) -> Trained | None:
        place = self.recipe.key()
        return self._trained[place] if isinstance(place, int) else None

    def _show_reached(self) -> None:
        runs = self._chosen()
        found = taus(self.scores, runs) if runs else {}
        self.reached.setVisible(bool(found))
        words = [vote_words(self.scores)] if not self._timer.isActive() and self.scores else []
        if not found and words:
            words.append(too_few(self.scores, runs))
        self.votes.setText(" ".join(word for word in words if word))
        if runs is None or not found:
            return
        name = str(self.score.key())
        self.figure.show_points(ranked(self.scores, runs, name), name)
        self.tau.show_cells(*tau_table(found))
        self.tau.fit_columns(MOST_WIDTH)
        self.luck.setText(luck_words(max(one.n for one in found.values())))

    def _end(self) -> None:
        self._closed = True
        self._timer.stop()
        self._parts.background.cancel(KEY)


def _saved(store: RunStore) -> tuple[list[RunRow], list[RunRow]]:
    """All runs, and those with weights, newest first."""
    return store.runs(), runs_with_weights(store)
