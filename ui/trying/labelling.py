"""What a person says of images and texts: labels by key or by word, the least sure first, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count
from engine.experiment import DatasetChoice, Experiment
from ui.parts import Parts
from ui.trying.answer_order import Places
from ui.trying.at_work import TrialWork
from ui.trying.label_work import SETS, joined, own_labels, writing
from ui.trying.lot import Stop
from ui.trying.triable import Triable

AT_ONCE, PICKING, WRITING = 20, "trying least sure", "trying labels"
WANTED = "Label some first: press a number, or type the class."


class Labelling(QObject):
    """changed(image): its label is another one. picked: others are to be labelled next. busy(words, "" when done).
    refused(sentence)."""

    changed, picked, busy, refused = Signal(int), Signal(), Signal(str), Signal(str)

    def __init__(self, work: TrialWork, parts: Parts, pane: QWidget) -> None:
        super().__init__(pane)
        self._work, self._parts = work, parts
        self._is_writing = False
        work.begun.connect(self._leave_picking)

    def classes(self) -> tuple[str, ...]:
        """Of the first run, and what was typed besides."""
        book = self._work.book
        known = book.runs[0].classes if book.runs else ()
        return (*known, *sorted(set(book.labels.values()) - set(known)))

    def say(self, image: int, label: str) -> None:
        """What a person says that it is; "" takes that back."""
        labels = self._work.book.labels
        known = {name.casefold(): name for name in self.classes()}
        if label:
            labels[image] = known.get(label.casefold(), label)
        else:
            labels.pop(image, None)
        self.changed.emit(image)

    def pick(self) -> None:
        """Look for the least sure images that have no label yet, no two of them alike."""
        book = self._work.book
        read = np.fromiter((not reason for reason in book.reasons), bool, len(book))
        read[list(book.labelled)] = False
        if not read.any():
            self.refused.emit(f"None of the {book.what} is left without a label. Add more.")
            return
        self.busy.emit(f"Looking for the {book.what} that it is least sure of…")
        places = self._work.least_sure(np.flatnonzero(read).astype(np.int64), AT_ONCE)
        self._parts.background.run(places, self._take, self._failed, PICKING)

    def _take(self, images: Places) -> None:
        self._say_writing()
        if not len(images):
            self.refused.emit("What it is least sure of cannot be read any more. Bring it back.")
            return
        self._work.book.picked = images.tolist()
        self.picked.emit()

    def _failed(self, error: Exception) -> None:
        self._say_writing()
        self._parts.background.saying(self.refused.emit, "It could not be done.")(error)

    def _leave_picking(self) -> None:
        """Of other answers than are shown."""
        self._parts.background.cancel(PICKING)
        self._say_writing()

    def _say_writing(self) -> None:
        self.busy.emit(f"Writing the {self._work.reads}…" if self._is_writing else "")

    # What becomes of them

    def write(self, folder: Path) -> None:
        """As a data set."""
        labels = own_labels(self._work)
        if not labels:
            self.refused.emit(WANTED)
            return
        words = f"{count(len(labels), self._work.reads)} written to “{folder.name}”."
        self._run(writing(labels, folder), lambda _: self._said(words, folder))

    def train_again(self) -> None:
        """Beside the images that the first run learnt from, as another data set that New experiment opens with."""
        labels = own_labels(self._work)
        if not labels:
            self.refused.emit(WANTED)
            return
        run: Triable = self._work.chosen[0]
        self._run(joined(labels, run, self._work.network_of(run), self._parts.workspace.root), self._open)

    def _run(self, work: Callable[[Stop], object], done: Callable[[object], None]) -> None:
        if self._is_writing:
            self.refused.emit("Others are being written. Wait until they are, then write these.")
            return
        self._is_writing = True
        self._say_writing()

        def end(found: object) -> None:
            self._is_writing = False
            self._say_writing()
            done(found)

        def failed(error: Exception) -> None:
            self._is_writing = False
            self._failed(error)

        self._parts.background.run(work, end, failed, WRITING)

    def _said(self, words: str, folder: Path) -> None:
        go, kind = self._parts.navigator, SETS[self._work.reads]
        self._parts.toasts.show(
            words, "Open in Data", lambda: go.open("data", DatasetChoice(name=kind, path=str(folder))), seconds=12
        )

    def _open(self, found: object) -> None:
        assert isinstance(found, tuple)
        experiment, words = found
        assert isinstance(experiment, Experiment)
        self._parts.navigator.open("new_experiment", experiment)
        self._parts.toasts.show(words, seconds=20)
