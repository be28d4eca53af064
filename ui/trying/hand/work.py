"""The classes that are made, what is asked and the network that answers; read and answered in the background."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from engine.comparison.wording import count
from engine.errors import ExperimentError
from engine.using.bins import Bins, HandedImage, Pixels
from engine.using.drawn import as_read, is_light_on_dark
from ui.background import Background
from ui.trying.hand.answering import NOTHING, HandAnswers, answered
from ui.trying.hand.reading import ReadClasses, ReadImages, read_alike, read_classes, read_images
from ui.trying.hand.sources import HandSource
from ui.trying.hand.state import HandChange, HandState, seen_by
from ui.trying.hand.words import plus

if TYPE_CHECKING:
    from engine.using.by_hand import HeadLearner, TaskLearner
    from engine.using.kept_classes import KeptClasses
    from ui.trying.hand.reading import HandedIn

    ByHand = TaskLearner | HeadLearner
    OpenedNetwork = tuple[ByHand, "HandState", tuple[str, ...]]

ANSWER, NETWORK = "hand answers", "hand network"
MOST_STEPS_BACK = 100
T = TypeVar("T")
Cancelled = Callable[[], bool]


class HandWork(QObject):
    """changed: classes or images are others. answered: there are answers, or it is said why not. opened: another
    network answers. refused(sentences): what was handed in cannot be used."""

    changed, answered, opened, refused = Signal(), Signal(), Signal(), Signal(str)

    def __init__(self, background: Background, runs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background, self._runs = background, runs
        self.state = HandState()
        self.by: ByHand | None = None
        self.source: HandSource | None = None
        self._head = ""
        self.originals: dict[str, Pixels] = {}
        self.found: HandAnswers = NOTHING
        self.change: HandChange | None = None
        self.drawn: HandedImage | None = None  # what lies on the pad, answered beside what is asked
        self._working: set[object] = set()
        self._undone: list[tuple[str, HandState]] = []
        self._waiting: list[Callable[[], None]] = []  # to be read once there is a network

    # The network

    def choose(self, source: HandSource, head: str) -> None:
        """Another network or head answers; what was handed in is read again where it reads images otherwise."""
        from_before, old = self.state, self.by
        chosen = source.answering.model_copy(update={"head": head})
        self.source, self._head = source, head

        def work(cancelled: Cancelled) -> OpenedNetwork:
            from engine.using.answering import open_answering

            row = source.row
            by = open_answering(chosen, self._runs, row.experiment if row else None, source.title)
            return by, *seen_by(by, old, from_before, cancelled)

        self._run(work, lambda found: self._take_network(*found, from_before), NETWORK)

    def _take_network(self, by: ByHand, state: HandState, refused: tuple[str, ...], before: HandState) -> None:
        """before: what was read again for it, which may have been changed meanwhile."""
        if state is not before and self.state is not before and self.source is not None:
            self.choose(self.source, self._head)
            return
        self.by = by
        if state is not before:
            self.state, self._undone = state, []
        self.drawn, self.change, self.found = None, None, NOTHING
        self.say(refused)
        self.opened.emit()
        self._answer()
        waiting, self._waiting = self._waiting, []
        for read in waiting:
            read()

    # Kept as a model

    def keep(self, folder: Path, then: Callable[[], None]) -> None:
        """Write the classes that have images, with which network tells them apart."""
        source, bins, head = self.source, self.state.bins, self._head
        if source is None or self.by is None:
            return
        chosen = source.answering.model_copy(update={"head": head})

        def work(by: ByHand, cancelled: Cancelled) -> None:
            from engine.using.kept_classes import keep_classes

            keep_classes(folder, chosen, by, bins, source.title)

        self._read(work, lambda _: then())

    def open_kept(self, folder: Path, then: Callable[[KeptClasses], None]) -> None:
        """Read what was kept; who asks chooses the network, and then gives the classes to `show_kept`."""

        def work(cancelled: Cancelled) -> KeptClasses:
            from engine.using.kept_classes import kept_classes

            return kept_classes(folder)

        self._run(work, then)

    def show_kept(self, kept: KeptClasses, source: HandSource) -> None:
        """Its own network answers, and its classes take the place of those that are there."""
        runs, row, old, asked = self._runs, source.row, self.by, self.state.asked
        self.source, self._head = source, kept.answering.head

        def work(cancelled: Cancelled) -> OpenedNetwork:
            by = kept.open(runs, row.experiment if row else None)
            state, refused = seen_by(by, old, HandState(asked=asked), cancelled)
            return by, HandState(kept.bins, state.asked), refused

        def shown(found: OpenedNetwork) -> None:
            """What was there can be taken back, where this network reads it as it is."""
            before = self.state
            self._take_network(*found, before)
            if old is not None and read_alike(found[0], old):
                self._undone = [(f"Opened {kept.title}", before)]

        self._run(work, shown, NETWORK)

    # Deeds

    @property
    def undo_words(self) -> str:
        """Of the deed that can be taken back, "" where there is none."""
        return self._undone[-1][0] if self._undone else ""

    def deed(self, words: str, bins: Bins | None = None, asked: Sequence[HandedImage] | None = None) -> None:
        """Change the classes or what is asked; it can be taken back."""
        self._undone = [*self._undone, (words, self.state)][-MOST_STEPS_BACK:]
        self._become(words, HandState(bins or self.state.bins, self.state.asked if asked is None else tuple(asked)))

    def undo(self) -> None:
        if self._undone:
            words, state = self._undone.pop()
            self._become(f"Undone: {words}", state)

    def _become(self, words: str, state: HandState) -> None:
        if names := self.state.bins.renamed_to(state.bins):
            self.found = self.found.renamed(names)
        self.change = HandChange(words, self.found.answers, state.bins is not self.state.bins)
        self.state = state
        self.changed.emit()
        self._answer()

    def add_examples(self, place: int, handed: HandedIn) -> None:
        """Files, folders and zips, or images in memory, as examples of one class."""
        name = self.state.bins.names[place]

        def done(read: ReadImages) -> None:
            self._keep(read)
            bins = self.state.bins
            if name in bins.names and read.images:
                known = [replace(image, truth=name) for image in read.images]
                self.deed(plus(len(known), name), bins.with_images(bins.names.index(name), known))
            elif read.images:
                self.refused.emit(f"“{name}” is no class any more. Add what was handed in to another one.")

        self._read(lambda by, cancelled: read_images(handed, by, (), cancelled), done)

    def add_classes(self, paths: Sequence[str]) -> None:
        """Of each folder of class folders its classes; a folder of images is one class; files are one."""

        def done(found: ReadClasses) -> None:
            self._keep(found.read)
            if found.bins:
                self.deed(f"+{count(len(found.bins), 'classes')}", self.state.bins.joined(found.bins))

        self._read(lambda by, cancelled: read_classes(paths, by, cancelled), done)

    def ask(self, handed: HandedIn) -> None:
        """Files, folders and zips, or images in memory, to classify."""
        names = self.state.bins.names

        def done(read: ReadImages) -> None:
            self._keep(read)
            if read.images:
                what = self.by.form.what if self.by else "images"
                self.deed(f"+{count(len(read.images), what)} to classify", None, self.state.asked + read.images)

        self._read(lambda by, cancelled: read_images(handed, by, names, cancelled), done)

    # Drawings

    def read_drawing(self, ink: Pixels, centred: bool, name: str = "Drawing", truth: str = "") -> HandedImage | None:
        """As the network reads it in less than a millisecond; None before there is one, and of one that reads texts."""
        if self.by is None or self.by.form.tokenizer:
            return None
        files = [image for image in self.state.bins.images if image.ink is None]
        light = is_light_on_dark(self.by.read_as, files, self.by.form)
        return HandedImage(name, as_read(ink, self.by.form, light, centred), truth, ink, centred)

    def look_at(self, drawing: HandedImage | None) -> None:
        """Say what is on the pad."""
        self.drawn = drawing
        self._answer()

    # In the background

    def _answer(self) -> None:
        by, state, drawn = self.by, self.state, self.drawn
        if by is None:
            self.answered.emit()
            return
        begin = time.monotonic()
        self._run(
            lambda cancelled: answered(by, state.bins.filled, state.asked, drawn, cancelled),
            lambda found: self._take_answers(replace(found, seconds=time.monotonic() - begin)), ANSWER,
        )  # fmt: skip

    def _take_answers(self, found: HandAnswers) -> None:
        self.found = found
        self.answered.emit()

    def _read(self, work: Callable[[ByHand, Cancelled], T], done: Callable[[T], None]) -> None:
        by = self.by
        if by is None:
            self._waiting.append(lambda: self._read(work, done))
            self.refused.emit("Kept: these files are read as soon as the network that answers is ready.")
            return
        self.refused.emit("")

        def ended(found: T) -> None:
            """Read once more where another network answers meanwhile, which reads images otherwise."""
            if self.by is not None and not read_alike(self.by, by):
                self._read(work, done)
            else:
                done(found)

        self._run(lambda cancelled: work(by, cancelled), ended)

    @property
    def is_at_work(self) -> bool:
        return bool(self._working)

    def _run(self, work: Callable[[Cancelled], T], done: Callable[[T], None], key: str = "") -> None:
        """A newer one with the same key takes the older one's place."""
        token = key or object()
        self._working.add(token)

        def ended(found: T) -> None:
            self._working.discard(token)
            done(found)

        def failed(error: Exception) -> None:
            self._working.discard(token)
            self._fail(error)

        self._background.run(work, ended, failed, key)

    def _fail(self, error: Exception) -> None:
        self.refused.emit(str(error))
        if not isinstance(error, ExperimentError):
            self._background.crashed.emit(error)

    def _keep(self, read: ReadImages) -> None:
        self.originals |= read.originals
        self.say(read.refused)

    def say(self, refused: Sequence[str]) -> None:
        more = f" The same holds for {len(refused) - 1} more." if len(refused) > 1 else ""
        self.refused.emit(refused[0] + more if refused else "")
