"""The chosen study: header, figure, table, what it shows, what failed, and its note."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from engine.comparison.wording import is_share
from engine.studies.table import told_marks
from ui.figures.painted import Section
from ui.studies.figure import StudyFigure
from ui.studies.header import StudyHeader
from ui.studies.reading import Failed, StudyNow
from ui.studies.result_table import ResultTable
from ui.studies.view import View, curve_places
from ui.widgets.buttons import button
from ui.widgets.fields import Choice
from ui.widgets.frame import Segment, ThinSplitter, WordsArea
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

LEGEND = (
    "Mean over seeds, from three of them on with its 95 % interval. Bold, and a dot above its bar: better than the "
    "next arm, corrected for all columns together. A ring: one curve surely overtakes another."
)
MOST_FAILED = 3


class StudyDetail(QWidget):
    """run_wanted(run id): show the run of a failed cell."""

    run_wanted = Signal(int)

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.now: StudyNow | None = None
        self.header = StudyHeader(actions)
        self.figure = StudyFigure()
        self.table = ResultTable()
        self.places = Choice()
        self.places.setAccessibleName("Test sets of the curves")
        self.places.currentIndexChanged.connect(lambda _: self._draw())
        self.accuracy, self.error = Segment("Accuracy"), Segment("Error")
        self._build()

    def _build(self) -> None:
        parts, vertical = (self._figure_part(), self._words_part()), Qt.Orientation.Vertical
        self.splitter = ThinSplitter("study rows", *parts, orientation=vertical)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        in_column(self.header, (self.splitter, 1), owner=self, gap=12, edges=(16, 12, 16, 0))
        self.reset_layout()

    def reset_layout(self) -> None:
        self.splitter.setSizes([360, 260])

    def _figure_part(self) -> QWidget:
        section = Section("Figure", self.figure, self.figure.menu)
        group = QButtonGroup(self)
        for place, segment in enumerate((self.accuracy, self.error)):
            group.addButton(segment)
            segment.clicked.connect(lambda _=False: self._draw())
            segment.setAccessibleName(f"Show the test {segment.text().lower()}")
            section.row.insertWidget(1 + place, segment)
        section.row.insertWidget(1, self.places)
        self.accuracy.setChecked(True)
        return section

    def _words_part(self) -> QWidget:
        self.legend = Text(LEGEND, "small", "muted")
        self.says = Text("")
        self.says.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.failed = QVBoxLayout()
        self.note = Text("", role="muted")
        inner = QWidget()
        inner.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        in_column(
            self.failed, Section("Table", self.table, self.table.menu), self.legend, self.says, self.note, ...,
            owner=inner, gap=8, edges=(0, 8, 8, 16),
        )  # fmt: skip
        self._area = WordsArea(inner)
        return self._area

    # Showing

    def show_study(self, now: StudyNow, word: str, machines: Sequence[str] = ()) -> None:
        """word: what this window does with it, see `StudyDriver.word`. machines: as the driver says."""
        fresh = self.now is None or self.now.row.id != now.row.id
        self.now = now
        self.header.show_study(now, word, machines=machines)
        self._offer_places(now)
        for segment in (self.accuracy, self.error):
            segment.setVisible(is_share(now.table.metric))
        if fresh:
            (self.error if now.study.figure == "labels" else self.accuracy).setChecked(True)
            self._area.verticalScrollBar().setValue(0)
        self._draw()
        self.says.setText("\n".join([*now.sentences(), *told_marks(now.table)]))
        self.says.setVisible(bool(self.says.text()))
        self.note.setText(f"Note: {now.row.note}" if now.row.note else "")
        self.note.setVisible(bool(now.row.note))
        self._show_failed(now.failed)

    def _offer_places(self, now: StudyNow) -> None:
        places = curve_places(now.table)
        with QSignalBlocker(self.places):
            self.places.set_options([(place, words) for place, (_, _, words) in enumerate(places)])
            if self.places.currentIndex() < 0:
                self.places.setCurrentIndex(0)
        self.places.setVisible(View(now.table).kind == "labels" and len(places) > 1)

    def _draw(self) -> None:
        if self.now is None:
            return
        place = max(0, self.places.currentIndex())
        view = View(self.now.table, self.now.crossings, self.error.isChecked(), place)
        self.figure.show_view(view)
        self.table.show_view(view)

    def _show_failed(self, failed: tuple[Failed, ...]) -> None:
        """A line for each of the first failed cells, with the way to its run."""
        while (item := self.failed.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for one in failed[:MOST_FAILED]:
            self.failed.addWidget(self._failed_line(one))
        if len(failed) > MOST_FAILED:
            self.failed.addWidget(Text(f"And {len(failed) - MOST_FAILED} more failed runs.", "small", "bad"))

    def _failed_line(self, failed: Failed) -> QWidget:
        line = QWidget()
        why = "" if failed.failure is None else f"{failed.failure.message} {failed.failure.advice}".strip()
        show = button("Show run", "", "Its message and details on Runs", lambda: self.run_wanted.emit(failed.run_id))
        in_row(
            (Text(f"{failed.name} failed. {why}", "small", "bad"), 1), (show, 0, Qt.AlignmentFlag.AlignTop), owner=line
        )
        return line
