"""Labels of a set that may be wrong, as a list to look through: nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import MARK, count, percent
from engine.errors import Cancelled
from ui.data.map_networks import MapNetwork, networks
from ui.data.sample_grid import SampleGrid
from ui.listing.card_list import ProgressLine
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, one_of
from ui.widgets.reflow import FlowLayout
from ui.widgets.saving import FileKind, ask_where
from ui.widgets.table_text import separated
from ui.widgets.text import Elided, Text

if TYPE_CHECKING:
    from engine.advice.doubtful_labels import DoubtfulLabels
    from engine.data.labelled_set import LabelledSet

KEY, LIST_KEY = "data page labels", "data page labels networks"
LETTERS, LEAST = 24, 150  # of the list of networks; pixels of the grid in height, so that a line of images is seen
CSV = FileKind("Table", "csv")
HEADS = ("file", "label", "probability of the label", "maybe", "its probability")
SURE = 0.8  # share of the labels that a judge must share
NAMED = 3  # classes of one image in a sentence
WHAT = (
    "Every example is judged by a logistic head on a network's features that learnt from the others alone. Where it is "
    "sure of another class than the label, one of the two is wrong: look, and correct your files yourself."
)


class LabelsView(QWidget):
    """Looks when asked to, in the background."""

    _progressed = Signal(int, str, float)

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.data: LabelledSet | None = None
        self.found: DoubtfulLabels | None = None
        self._networks: dict[str, MapNetwork] | None = None  # until they are listed
        self._turn, self.is_looking, self._offered = 0, False, False
        self._asked = False  # to look, before it was known by what
        self.network = Choice([])
        self.network.setMinimumContentsLength(LETTERS)
        self.network.setAccessibleName("Network")
        self.look = button("Look for doubtful labels", "search", "Judge every example by the others", self.begin)
        self.stop_button = button("Stop", "stop", "Look no further", self.stop)
        self.save = button("Save the list…", "export", "File, label and what it may be, as a table", self._save)
        self.words, self.pointed = Text(WHAT), Elided("", "small", "muted")
        self.bar = ProgressLine("Looking for doubtful labels")
        self.grid = SampleGrid(parts.background)
        self.grid.setMinimumHeight(LEAST)
        self.grid.setAccessibleName("Doubtful labels, the most doubtful first")
        self._room = one_of(QWidget(), self.grid)
        in_column(
            FlowLayout(self.network, self.look, self.stop_button, self.save), self.words, self.bar,
            (self._room, 1), self.pointed, owner=self, gap=8,
        )  # fmt: skip
        self.grid.pointed.connect(self._name)
        self._progressed.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)
        parts.live.engine_ready.connect(self._go_on)
        self.expect()

    # The set

    def expect(self) -> None:
        """Another set, of which nothing is read yet."""
        self.stop()
        self._parts.background.cancel(LIST_KEY)
        self.data, self.found, self._offered, self._asked = None, None, False, False
        self._networks = None
        self._show(WHAT)

    def set_data(self, data: LabelledSet) -> None:
        self.data = data
        self._adjust()
        if self.isVisible():
            self._offer()

    def showEvent(self, event: object) -> None:
        if self.data is not None and not self._offered:
            self._offer()

    def _offer(self) -> None:
        """What networks of this machine there are. No saved run: it may have learnt these very labels."""
        assert self.data is not None
        self._offered, data, work = True, self.data, self._parts.background
        failed = work.saying(self._not_listed, "The networks could not be listed.")
        work.run(lambda cancelled: networks([], data), self._take_networks, failed, LIST_KEY)

    def _not_listed(self, words: str) -> None:
        self._offered = False
        self._fail(words)

    def _take_networks(self, found: list[MapNetwork]) -> None:
        self._networks = {one.key: one for one in found}
        self.network.set_options([(one.key, one.title) for one in found])
        if not found:
            self._fail("No network of this machine reads such examples.")
        self._go_on()

    # Looking

    def begin(self) -> None:
        """Look, or do so as soon as it is known by what."""
        chosen = (self._networks or {}).get(str(self.network.key()))
        if self.data is None or chosen is None or not self._parts.live.is_engine_ready:
            self._asked = self.data is not None
            self._adjust()
            if self.data is not None and not self._offered:
                self._offer()  # they could not be listed before
            return
        self._asked = False
        self.stop()
        self.found, self.is_looking = None, True
        self._show("Looking at the data…")
        failed = self._parts.background.saying(self._fail, "The labels could not be judged.")
        self._parts.background.run(self._work(self._turn, self.data, chosen), self._take, failed, KEY, long=True)

    def _work(
        self, turn: int, data: LabelledSet, chosen: MapNetwork
    ) -> Callable[[Callable[[], bool]], DoubtfulLabels]:  # fmt: skip
        runs = self._parts.workspace.runs

        def judge(cancelled: Callable[[], bool]) -> DoubtfulLabels:
            from engine.advice.doubtful_labels import doubtful_labels

            judging = doubtful_labels(data, chosen.eyes[0].choice, runs)
            while not cancelled():
                try:
                    said = next(judging)
                except StopIteration as end:
                    found: DoubtfulLabels = end.value
                    return found
                self._progressed.emit(turn, said.text, said.fraction or 0.0)
            raise Cancelled

        return judge

    def _go_on(self) -> None:
        """There is more to look by: what waited for it begins."""
        self._adjust()
        if self._asked and self._networks and self._parts.live.is_engine_ready:
            self.begin()

    def stop(self) -> None:
        self._parts.background.cancel(KEY)
        self._turn += 1
        if self.is_looking or self._asked:
            self._fail("Nothing was looked at to the end.")

    def _fail(self, words: str) -> None:
        self.is_looking = self._asked = False
        self._show(words)

    def _show_progress(self, turn: int, words: str, share: float) -> None:
        if turn == self._turn and self.is_looking:
            self.words.setText(f"{words}…")
            self.bar.show_share(share, "accent", words, at_work=True)

    # Showing

    def _adjust(self) -> None:
        """Nothing takes the place of a button that was just pressed: a second press would fall on it."""
        at_work = self.is_looking or self._asked
        self.look.setEnabled(self.data is not None and self._networks != {} and not at_work)
        self.stop_button.setVisible(at_work)
        self.save.setVisible(self.found is not None and bool(len(self.found.ids)))

    def _show(self, words: str) -> None:
        self.words.setText(words)
        self.bar.show_share(1, "good", "", at_work=False)
        if self.found is None:
            self.grid.clear()
            self._room.setCurrentIndex(0)
            self.pointed.setText("")
        self._adjust()

    def _take(self, found: DoubtfulLabels) -> None:
        self.is_looking, self.found = False, found
        self._show(said(found, self.data.what if self.data is not None else ""))
        if self.data is None or not len(found.ids):
            return
        pairs = list(dict.fromkeys(zip(self._given().tolist(), found.suggested.tolist(), strict=True)))
        names = tuple(f"“{self._class(label)}”, maybe “{self._class(other)}”" for label, other in pairs)
        place = {pair: number for number, pair in enumerate(pairs)}
        sections = [place[pair] for pair in zip(self._given().tolist(), found.suggested.tolist(), strict=True)]
        self.grid.show_set(self.data, found.ids, names, np.array(sections, dtype=np.int64))
        self._room.setCurrentIndex(1)

    def _given(self) -> np.ndarray:
        assert self.data is not None
        assert self.found is not None
        return np.asarray(self.data.labels[self.found.ids])

    def _class(self, place: int) -> str:
        assert self.data is not None
        return self.data.class_names[place]

    def _name(self, index: int) -> None:
        row = next((row for row in self._rows() if row[0] == index), None)
        words = "" if row is None else f"{row[1]}: “{row[2]}” {percent(row[3])}, “{row[4]}” {percent(row[5])}"
        self.pointed.setText(words)

    def _rows(self) -> list[tuple[int, str, str, float, str, float]]:
        """(index, file, label, its probability, class suggested, its probability), the most doubtful first."""
        if self.data is None or self.found is None:
            return []
        columns = self.found.ids, self._given(), self.found.own, self.found.suggested, self.found.other
        return [
            (int(index), self.data.image_name(index), self._class(label), float(own), self._class(other), float(share))
            for index, label, own, other, share in zip(*columns, strict=True)
        ]

    def _save(self) -> None:
        path = ask_where(self, "Save the list of doubtful labels", "doubtful labels", (CSV,))
        if path is None:
            return
        toasts, work = self._parts.toasts, self._parts.background
        failed = work.saying(lambda words: toasts.show(words, level="error"), "The list could not be saved.")

        def done(_: None) -> None:
            toasts.show(f"Saved “{path.name}”.")

        work.run(saving([row[1:] for row in self._rows()], path), done, failed)


def saving(rows: Sequence[Sequence[object]], path: Path) -> Callable[[Callable[[], bool]], None]:
    """For the background: the old file or the new one, whole. Raises `StorageError`."""

    def save(cancelled: Callable[[], bool]) -> None:
        from engine.machine.files import replacing
        from engine.machine.folders import told

        with told(path), replacing(path) as part:
            part.write_text(separated([HEADS, *rows]), encoding="utf-8-sig")

    return save


def said(found: DoubtfulLabels, what: str) -> str:
    """What was found, and how far the judge can be trusted. what: the examples, "texts"."""
    trust = f"The head took {percent(found.right / found.judged)} of {count(found.judged, what)} for their label"
    weak = f" {MARK} It is a weak judge of these classes: expect false alarms." if is_weak(found) else ""
    alone = f" Classes of one {what[:-1]} were not judged: {', '.join(found.alone[:NAMED])}" if found.alone else ""
    alone += f" and {len(found.alone) - NAMED:,} more." if len(found.alone) > NAMED else "." if alone else ""
    what = f"{count(len(found.ids), 'labels')} may be wrong" if len(found.ids) else "No label is in doubt"
    return f"{what}. {trust}.{weak}{alone}"


def is_weak(found: DoubtfulLabels) -> bool:
    """Whether the judge itself errs more often than most labels do."""
    return found.right < SURE * found.judged
