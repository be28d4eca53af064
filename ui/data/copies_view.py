"""Copies within a set, group by group, how many of them cross its division, and the way to test without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count
from ui.background import Background
from ui.data.known_sets import KnownSet
from ui.data.sample_grid import SampleGrid
from ui.widgets.buttons import button
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, in_row, one_of
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.data.duplicates import Duplicates
    from engine.data.findings import MetInTest
    from engine.data.labelled_set import LabelledSet

    Found = tuple[Duplicates, MetInTest | None]

KEY = "data page copies"
COPIES, ALIKE = "copies", "look-alikes"
NAMED = 3  # classes in a heading


class CopiesView(QWidget):
    """wanted(what): the set is to be tested without "copies" or "look-alikes". Looks for them once it is seen."""

    wanted = Signal(str)
    _progressed = Signal(int, float)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._data: LabelledSet | None = None
        self._chosen: KnownSet | None = None
        self._found: Found | None = None
        self._turn, self.is_looking = 0, False
        self.words, self.crossing = Text(""), Text("", role="warning")
        self.which = Choice([(COPIES, "Copies"), (ALIKE, "Look-alikes")])
        self.which.setAccessibleName("What is shown")
        self.which.currentIndexChanged.connect(lambda _: self._show_groups())
        self.leave = button("Test without them…", "", "Set New experiment to this data, its test without these",
                            lambda: self.wanted.emit(self._without))  # fmt: skip
        self.stop = button("Stop", "stop", "Look for no more", self._stop)
        self.again = button("Look for copies", "search", "Everything is looked at once", self._begin)
        self.grid = SampleGrid(background)
        self.grid.setAccessibleName("Copies, group by group")
        self._room = one_of(self.grid, QWidget())
        in_column(
            in_row((self.words, 1), self.which, self.stop, self.again, gap=8), in_row((self.crossing, 1), self.leave),
            (self._room, 1), owner=self, gap=8,
        )  # fmt: skip
        self._progressed.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)
        self._clear()

    # Asking

    def expect(self) -> None:
        """Another set, of which nothing is read yet."""
        self._background.cancel(KEY)
        self._turn += 1
        self._data, self._found, self.is_looking = None, None, False
        self._clear()

    def set_data(self, data: LabelledSet, chosen: KnownSet) -> None:
        self._data, self._chosen = data, chosen
        if self.isVisible():
            self._begin()

    def showEvent(self, event: object) -> None:
        if self._data is not None and self._found is None and not self.is_looking:
            self._begin()

    def _begin(self) -> None:
        if self._data is None or self._chosen is None:
            return
        self._turn += 1
        data, choice, turn = self._data, self._chosen.choice, self._turn

        def look(cancelled: Callable[[], bool]) -> Found:
            from engine.data.duplicates import duplicates
            from engine.data.findings import crossing

            found = duplicates(data, lambda share: self._progressed.emit(turn, share), cancelled)
            return found, crossing(data, choice, found.looks)

        self.is_looking = True
        self._show_progress(turn, 0.0)
        failed = self._background.saying(self._fail, "Copies could not be looked for.")
        self._background.run(look, self._take, failed, key=KEY)

    def _stop(self) -> None:
        self.expect_none("Nothing was looked for to the end.")

    def expect_none(self, words: str) -> None:
        """It ended without an answer; it can be asked for again."""
        self._background.cancel(KEY)
        self._turn += 1
        self.is_looking = False
        self._clear(words)
        self.again.setVisible(self._data is not None)

    def _fail(self, words: str) -> None:
        self.expect_none(words)

    # Showing

    def _clear(self, words: str = "") -> None:
        self.words.setText(words)
        for widget in (self.which, self.stop, self.again, self.leave, self.crossing):
            widget.hide()
        self.grid.clear()
        self._room.setCurrentIndex(1)

    def _show_progress(self, turn: int, share: float) -> None:
        if turn == self._turn and self.is_looking:
            self.words.setText(f"Looking for copies… {share:.0%}" if share else "Looking for copies…")
            self.again.hide()
            self.stop.show()

    def _take(self, found: Found) -> None:
        self.is_looking, self._found = False, found
        self.stop.hide()
        copies, alike = found[0].copies, found[0].alike
        self.which.set_options([(COPIES, f"Copies ({len(copies):,})"), (ALIKE, f"Look-alikes ({len(alike):,})")])
        self.which.setVisible(bool(copies or alike))
        self.which.set_key(COPIES if copies or not alike else ALIKE)
        self._show_groups()

    def _show_groups(self) -> None:
        if self._found is None or self._data is None:
            return
        found = self._found[0]
        of_copies = self.which.key() == COPIES
        chosen = found.copies if of_copies else found.alike
        sizes, any_found = [len(group) for group in chosen], bool(found.copies or found.alike)
        self.words.setText(words_of(of_copies, sizes, any_found, self._data.what))
        self._show_crossing(of_copies)
        self._room.setCurrentIndex(0 if chosen else 1)
        if chosen:
            names = tuple(self._heading(group) for group in chosen)
            sections = np.repeat(np.arange(len(chosen)), [len(group) for group in chosen])
            self.grid.show_set(self._data, np.concatenate(chosen), names, sections)

    def _heading(self, group: np.ndarray) -> str:
        """The classes that a group is in: several are worth a look."""
        assert self._data is not None
        places = np.unique(self._data.labels[group]).tolist()
        names = [self._data.class_names[place] for place in places[:NAMED]]
        return ", ".join(names) + (f" and {len(places) - NAMED} more" if len(places) > NAMED else "")

    def _show_crossing(self, of_copies: bool) -> None:
        crossing = self._found[1] if self._found else None
        met = 0 if crossing is None else crossing.copies if of_copies else crossing.alike
        self._without = COPIES if of_copies else ALIKE
        self.crossing.setVisible(bool(met))
        self.leave.setVisible(bool(met))
        if crossing is not None and met:
            how, what = "copies of" if of_copies else "copies of, or look like,", self._data.what if self._data else ""
            self.crossing.setText(
                f"As the set is divided if nothing else is chosen, {met:,} of {crossing.tested:,} test {what} are "
                f"{how} {what} to learn or to choose from."
            )


def words_of(of_copies: bool, sizes: list[int], any_found: bool, what: str = "images") -> str:
    """What was found, as a sentence."""
    if not any_found:
        return f"No {what[:-1]} is a copy of another, and no two look alike."
    told = f"{count(sum(sizes), what)} in {count(len(sizes), 'groups')}"
    if of_copies:
        return f"{told} are the same byte for byte."
    if what == "texts":
        return f"{told} are the same but for case, signs and numbers."
    said = f"{count(sum(sizes), 'images')} in {count(len(sizes), 'groups')} look alike in grey"
    return f"{said}: the same saved otherwise, or very similar."
