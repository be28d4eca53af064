"""A dialog that mixes the weights of saved runs: one with its start, by a slider, or several of one start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QProgressBar, QWidget

from engine.comparison.wording import percent
from engine.experiment import Experiment
from storage.rows import RunRow
from ui.figures.painted import Section
from ui.figures.plain_table import FigureTable, TableCell
from ui.listing import mixing
from ui.listing.mix_figure import MixFigure
from ui.listing.other_sets_dialog import Progressing
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.picking import pick_folder
from ui.widgets.place import fit
from ui.widgets.quiet import QuietSlider
from ui.widgets.text import Elided, Text

if TYPE_CHECKING:
    from engine.mixtures.soup import Soup

WIDEST, LEAST = 320, 480
ABOUT_ONE = (
    "Between the start of a run (its trunk as it was, with a probe’s head) and its result lie weights that often know "
    "both the old and the new data better. Validation chooses among them; test figures are only told."
)
ABOUT_SEVERAL = (
    "The mean of the weights of several runs of one start and one head: an ingredient is taken if validation accuracy "
    "does not fall. It answers as fast as one run; the ensemble asks all of them."
)
BY_HAND = "Kept, its figure will say that it was chosen by hand, test figures in sight."


class MixDialog(QDialog):
    """Stays open while the window is used; closing it cancels the work under way."""

    def __init__(self, parts: Parts, rows: Sequence[RunRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._runs = [(parts.workspace.runs / row.uid, row.name) for row in rows]
        self._closed, self._key = False, f"mixture {id(self)}"
        self._between: mixing.BetweenEnds | None = None
        self._soup: Soup | None = None
        self.setWindowTitle("Mix weights")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.figure, self.slider = MixFigure(), QuietSlider(Qt.Orientation.Horizontal)
        self.table = FigureTable("Ingredients and mixtures")
        self.about = Text(ABOUT_ONE if len(rows) == 1 else ABOUT_SEVERAL, role="muted")
        self.here, self.told, self.status = Text(), Text(role="muted"), Elided(role="muted")
        self.bar = QProgressBar(minimum=0, maximum=1000, textVisible=False)
        self._build()
        self.slider.valueChanged.connect(self._look_at)
        self._measure("")

    def _build(self) -> None:
        self.slider.setAccessibleName("Alpha")
        self.other = button("Also on a folder…", "folder", "Another folder or file of its classes", self._ask_folder)
        self.keep = button(
            "Keep this mixture", "download", "As a run of its own: tested, tried, started from", self._keep
        )
        self.close_button = button("Close", clicked=self.reject)
        slider = in_row(Text("Start", "small", "muted", wrap=False), (self.slider, 1),
                        Text("Result", "small", "muted", wrap=False), gap=8)  # fmt: skip
        in_column(
            Section(self.figure.title, self.figure, self.figure.menu), slider, self.here,
            owner=(one := QWidget()), gap=8,
        )  # fmt: skip
        self._one, busy = one, QWidget()
        self._busy = busy
        in_row((self.status, 1), self.bar, owner=busy, gap=8)
        in_column(
            self.about, (one, 1), self.table, self.told, ..., busy,
            in_row(self.other, ..., self.keep, self.close_button, gap=8), owner=self, gap=12, edges=16,
        )  # fmt: skip
        for words in (self.about, self.told, self.here):
            words.setMinimumWidth(LEAST)
        for part in (one, self.table, self.told, self.keep, self.other):
            part.hide()
        fit(self, 760, 560)

    # What is measured

    def _measure(self, path: str) -> None:
        """path: of a further folder; "" for none."""
        voice = Progressing()
        voice.said.connect(self._say)
        if len(self._runs) == 1:
            self._run(mixing.along(self._runs[0], path, voice.say), self._show_between)
        else:
            self._run(mixing.soup_of(self._runs, voice.say), self._show_soup)

    def _run(self, work: Callable[[mixing.Cancelling], mixing.T], done: Callable[[mixing.T], None]) -> None:
        self._set_busy(True)

        def shown(found: mixing.T) -> None:
            if not self._closed:
                self._set_busy(False)
                done(found)

        failed = self._parts.background.saying(self._refuse, "The weights could not be mixed.")
        self._parts.background.run(work, shown, failed, self._key, long=True)

    def _say(self, words: str, share: float) -> None:
        self.status.setText(words)
        self.bar.setValue(round(1000 * share))

    def _refuse(self, words: str) -> None:
        if not self._closed:
            self._set_busy(False)
            self._tell(words)

    def _tell(self, words: str) -> None:
        self.told.setText(words)
        self.told.show()

    def _set_busy(self, on: bool) -> None:
        self._busy.setVisible(on)
        if on:
            self._say("Opening the networks…", 0.0)
        for deed in (self.other, self.keep):
            deed.setEnabled(not on)

    def _show_between(self, between: mixing.BetweenEnds) -> None:
        from engine.mixtures.wise_ft import ALPHAS
        from engine.mixtures.words import along_words

        self._between = between
        self.figure.show_along(between.found, ALPHAS)
        self.slider.setRange(0, len(ALPHAS) - 1)
        chosen = between.found.chosen
        self.slider.setValue(len(ALPHAS) - 1 if chosen is None else chosen)
        self._look_at(self.slider.value())
        self._tell("\n".join(along_words(between.found)))
        for part in (self._one, self.keep, self.other):
            part.show()

    def _show_soup(self, soup: Soup) -> None:
        from engine.mixtures.words import mixtures, share, soup_words

        self._soup = soup
        rows = [
            [TableCell(one.corner.title), TableCell("taken" if one.taken else "left out"),
             *(TableCell(share(part), right=True) for part in (one.alone.validation, one.alone.test))]
            for one in soup.ingredients
        ]  # fmt: skip
        rows += [
            [TableCell(name, bold=True), TableCell(""),
             *(TableCell(share(part), right=True) for part in (one.validation, one.test))]
            for name, one in mixtures(soup)
        ]  # fmt: skip
        self.table.show_cells(("", "Greedy soup", "Validation, %", "Test, %"), rows)
        self.table.fit_columns(WIDEST)
        self._tell("\n".join(soup_words(soup)))
        self.keep.setText("Keep the greedy soup")
        for part in (self.table, self.keep):
            part.show()

    def _look_at(self, place: int) -> None:
        self.figure.look_at(place)
        values = ", ".join(f"{title} {percent(along[place])}" for title, along in self.figure.series.items())
        by_hand = "" if place == self.figure.chosen else f". {BY_HAND}"
        self.here.setText(f"Alpha {self.figure.alphas[place]:g}: {values}{by_hand}")

    # What is done with it

    def _ask_folder(self) -> None:
        if path := pick_folder(self, "Folder with one folder per class"):
            self._measure(path)

    def _keep(self) -> None:
        if self._between is not None:
            alpha = self.figure.alphas[self.slider.value()]
            self._run(mixing.kept_alpha(self._between, alpha), self._submit)
        elif self._soup is not None:
            self._run(mixing.kept_soup(self._soup), self._submit)

    def _submit(self, kept: tuple[Experiment, str]) -> None:
        """Tested as a run of its own, which is then in all lists."""
        experiment, name = kept
        go = self._parts.navigator

        def saved(rows: list[RunRow]) -> None:
            self._parts.toasts.show(f"“{name}” is being tested.", "Show", lambda: go.open("runs", rows[0].id))

        self._parts.submit([experiment], name, then=saved)

    def done(self, result: int) -> None:
        self._closed = True
        self._parts.background.cancel(self._key)
        super().done(result)
