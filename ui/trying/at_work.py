"""What is handed in is answered in the background, one lot after the other; answers arrive a few times a second."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from engine.errors import ExperimentError
from engine.events import Preparing
from ui.background import Background
from ui.trying.answer_book import AnswerBook, Said
from ui.trying.answer_order import Places
from ui.trying.camera.live import Answering
from ui.trying.closer import Looked, look_closely
from ui.trying.kept_answers import AnsweredBefore, Begun
from ui.trying.live_runs import run_answers
from ui.trying.lot import Cleared, Handed, Listed, Lot, Networks, Opened, Stop, alike, close_all, place_in
from ui.trying.reasons import Galleries, Reasons, reasons
from ui.trying.triable import Triable

if TYPE_CHECKING:
    from engine.data.files.loose import LooseExamples
    from engine.using.answerer import Answerer

LOOK_MS = 66  # between two looks at what was answered
KEY = "trying"
NOBODY = "Nothing answers yet. Tick a run in the list."
FIRST = "The images that were handed in are answered first."


class TrialWork(QObject):
    """begun: the book is another one. renewed: the same images are answered anew. grown: it has more answers. changed:
    how far it is. refused(sentence): what was handed in, or a run, cannot be used."""

    begun, renewed, grown, changed, refused = Signal(), Signal(), Signal(), Signal(), Signal(str)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.book = AnswerBook()
        self.chosen: tuple[Triable, ...] = ()
        self.images: list[LooseExamples] = []
        self.reads = "images"  # or texts: what those that answer read; the others wait until they are asked for
        self._apart: dict[str, Cleared] = {}
        self.is_at_work = self.was_cancelled = self.is_unmeasured = False  # the last: answers that will be given anew
        self.preparing: Preparing | None = None  # what is measured before the first answer
        self._anew: tuple[AnswerBook, bool] | None = None  # answers of the same images, and `is_unmeasured` with them
        self._waiting: list[Handed] = []
        self._known, self._cleared = AnsweredBefore(), Cleared([], [], AnsweredBefore(), {}, [])
        self._background, self._networks, self._galleries = background, Networks(), Galleries()
        self._mail: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._began, self._before = 0.0, 0
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._drain)

    @property
    def total(self) -> int:
        """Images that were handed in, as far as they are listed."""
        return sum(map(len, self.images))

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting or self.images)

    def rate(self) -> float:
        """Images a second since the first answer of this work, 0 before there are two batches."""
        answered = len(self.book) - self._before
        return answered / max(1e-3, time.monotonic() - self._began) if self._before and answered else 0.0

    def choose(self, chosen: tuple[Triable, ...]) -> None:
        """These runs answer from now on, also what was handed in before and they did not answer yet; what a person said
        of it stays."""
        self._stop()
        self._keep_known()
        self.chosen, beside = alike(chosen)
        self.was_cancelled = self.is_unmeasured = False
        if beside:
            self.refused.emit(beside)
        if chosen and chosen[0].reads != self.reads:
            self._turn_to(chosen[0].reads)
        self.book = AnswerBook(labels=self.book.labels, what=self.reads)
        self.begun.emit()
        self.go_on()

    def _turn_to(self, reads: str) -> None:
        """What was handed in for others is put by, with its answers."""
        self._forget_cleared()
        self._apart[self.reads] = Cleared(self.images, [], self._known, self.book.labels, self.book.picked)
        found = self._apart.pop(reads, Cleared([], [], AnsweredBefore(), {}, []))
        self.images, self._known, self.reads = found.images, found.known, reads
        self.book = AnswerBook(labels=found.labels, picked=found.picked, what=reads)

    def _forget_cleared(self) -> None:
        self._background.run(partial(close_all, self._cleared.images), lambda _: None)
        self._cleared = Cleared([], [], AnsweredBefore(), {}, [])

    def add(self, handed: Handed) -> None:
        """Files, folders and zips, or images in memory, answered after what is at work."""
        self._waiting.append(handed)
        self.was_cancelled = False
        self.go_on()

    def cancel(self) -> None:
        """What is answered stays; `go_on` does the rest."""
        self._stop()
        self.was_cancelled = True
        self.changed.emit()

    def clear(self) -> Callable[[], None]:
        """Take all images away; what brings them back with their answers and labels, until others are taken away."""
        self._stop()
        self._keep_known()
        self._forget_cleared()
        cleared = Cleared(self.images, self._waiting, self._known, self.book.labels, self.book.picked)
        self._cleared, self._known = cleared, AnsweredBefore()
        self.images, self._waiting, self.was_cancelled = [], [], False
        self.book = AnswerBook(what=self.reads)
        self.is_unmeasured = False
        self.begun.emit()
        self.changed.emit()
        return lambda: self._bring_back(cleared)

    def _bring_back(self, cleared: Cleared) -> None:
        """Before those that were handed in since."""
        if cleared is not self._cleared:
            return
        self._stop()
        shift = sum(map(len, cleared.images))
        labels = cleared.labels | {shift + image: label for image, label in self.book.labels.items()}
        self.images, self._waiting = cleared.images + self.images, cleared.waiting + self._waiting
        self._known, self._cleared = cleared.known, Cleared([], [], AnsweredBefore(), {}, [])
        self.book = AnswerBook(labels=labels, picked=cleared.picked, what=self.reads)
        self.begun.emit()
        self.go_on()

    def _keep_known(self) -> None:
        if not self.is_unmeasured:
            self._known.take(self.book)

    def _renew(self, book: AnswerBook, is_unmeasured: bool) -> None:
        """The first answers give way to as many that it is known of how sure they may be; what a person said stays."""
        book.labels, book.picked = self.book.labels, self.book.picked
        self.book, self.is_unmeasured, self._anew, self._before = book, is_unmeasured, None, 0
        self.renewed.emit()

    def close(self) -> None:
        """Nothing is tried any more: all files are let go."""
        for apart in self._apart.values():
            close_all(apart.images, lambda: False)
        self.clear()
        self.clear()

    def place(self, image: int) -> tuple[LooseExamples, int]:
        """Where an image of the book is read."""
        return place_in(self.images, image)

    def look_closely(
        self, image: int, done: Callable[[Looked], None], failed: Callable[[Exception], None]
    ) -> None:  # fmt: skip
        """Read one image once more, for a person; the last question counts."""
        images, place = self.place(image)
        networks = [self._networks.known[run.key] for run in self.book.runs]
        titles = [run.title for run in self.book.runs]
        self._background.run(
            lambda cancelled: look_closely(images, place, networks, titles), done, failed, "trying closely"
        )

    def find_reasons(self, image: int, done: Callable[[Reasons], None], failed: Callable[[Exception], None]) -> None:
        """What stands behind the first run's answer; the last question counts."""
        images, place = self.place(image)
        run = self.chosen[0]
        work = reasons(self._galleries, images, place, run, self.network_of(run))
        self._background.run(work, done, failed, "trying reasons")

    def live(self) -> Answering | str:
        """Who answers a single image now, beside the book; or why nobody does."""
        if not self.chosen:
            return NOBODY
        return FIRST if self.is_at_work else run_answers(self.chosen, self._networks)

    def network_of(self, run: Triable) -> Answerer:
        """Raises `KeyError` before it answered."""
        return self._networks.known[run.key]

    def least_sure(self, among: Places, most: int) -> Callable[[Stop], Places]:
        """For the background: so many of these images as should be labelled next by the first run; those that cannot be
        read any more are none of them."""
        images, network = tuple(self.images), self.network_of(self.chosen[0])
        shares = self.book.runs[0].shares.rows

        def pick(cancelled: Stop) -> Places:
            from engine.using.least_sure import POOL, farthest_first, features_of, smallest_margins

            pool = smallest_margins(shares, among, POOL * most)
            read, found = features_of(network, [place_in(images, int(image)) for image in pool], cancelled)
            return pool[read[farthest_first(found, most)]]

        return pick

    def go_on(self) -> None:
        """Begin with what is left, unless something is at work or nobody answers."""
        left = self._left()
        if self.is_at_work or not self.chosen or not (left or self._waiting):
            self.changed.emit()
            return
        lot = Lot(self.chosen, left, tuple(self._waiting), self.total, self._known, self.reads)
        mail = queue.SimpleQueue[object]()
        self._mail, self._before, self.is_at_work, networks = mail, 0, True, self._networks
        self._background.run(
            lambda cancelled: lot.work(networks, mail.put, cancelled), lambda _: self._end(), self._fail, KEY, long=True
        )
        self._look.start()
        self.changed.emit()

    def _left(self) -> tuple[Begun, ...]:
        """Listed images that are not all answered, or not for good."""
        left, before, done = [], 0, 0 if self.is_unmeasured else len(self.book)
        for images in self.images:
            if done < before + len(images):
                left.append(Begun(images, max(0, done - before), before))
            before += len(images)
        return tuple(left)

    def _stop(self) -> None:
        """What is shown stays: answers anew that are fewer are let go."""
        self._background.cancel(KEY)
        self._drain()
        self._look.stop()
        self._mail = queue.SimpleQueue()
        self.is_at_work, self.preparing, self._anew = False, None, None

    def _drain(self) -> None:
        """Take what was answered since the last look."""
        before, book = len(self.book), self.book
        while not self._mail.empty():
            self._take(self._mail.get_nowait())
        if len(self.book) > (before if self.book is book else 0):
            self.grown.emit()
            if not self._before and len(self.book):
                self._began, self._before = time.monotonic(), len(self.book)
        self.changed.emit()

    def _take(self, one: object) -> None:
        self.preparing = one if isinstance(one, Preparing) else None
        if isinstance(one, Opened):
            self._open(one)
        elif isinstance(one, Listed):
            del self._waiting[0]
            self.images += [] if one.images is None else [one.images]
            for words in one.refused:
                self.refused.emit(words)
        elif not isinstance(one, Preparing):
            (self.book if self._anew is None else self._anew[0]).append(one)  # type: ignore[arg-type]
            if self._anew is not None and len(self._anew[0]) >= len(self.book):
                self._renew(*self._anew)

    def _open(self, one: Opened) -> None:
        answering = zip(self.chosen, zip(one.classes, one.words, one.stamps, strict=True), strict=True)
        runs = [Said(run.key, run.title, *told) for run, told in answering]
        if self.is_unmeasured:
            self._anew = AnswerBook(runs=runs, what=self.reads), one.unmeasured
        else:
            self.is_unmeasured, self.book.runs = one.unmeasured, self.book.runs or runs

    def _end(self) -> None:
        self._stop()
        if self._waiting:  # handed in meanwhile
            self.go_on()
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        self._stop()
        self._waiting = []
        self.was_cancelled = True
        self.changed.emit()
        if isinstance(error, ExperimentError):
            self.refused.emit(str(error))
        else:
            self._background.crashed.emit(error)
