"""Saved runs on further sets of images: what was measured as a grid, and the work that adds a column to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.comparison.intervals import Interval
from engine.comparison.wording import MARK, count, with_interval
from engine.errors import ExperimentError
from engine.experiment import DatasetChoice
from storage.other_sets import OtherFigure, looked_words
from storage.rows import RunRow
from ui.figures.plain_table import TableCell

if TYPE_CHECKING:
    from engine.data.images import Progress
    from engine.using.other_sets import Tested
    from storage.store import RunStore

LOOKING = "Looking at the data…"
Say = Callable[[str, float], None]
Keep = Callable[[int, "Tested"], object]


@dataclass(frozen=True, slots=True)
class TestedRun:
    """A run with its folder, the names of its classes, its own test in words, and its figures on further sets."""

    row: RunRow
    folder: Path
    classes: tuple[str, ...]
    own: str
    others: tuple[OtherFigure, ...]


@dataclass(frozen=True, slots=True)
class OnSet:
    """What is asked of the page Runs: the images of a further set, by its fingerprint, and what this run said of
    them."""

    run_id: int
    data: str


@dataclass(frozen=True, slots=True)
class TestGrid:
    """looked: fingerprint of a set -> how many candidates were tested on it."""

    runs: tuple[TestedRun, ...]
    looked: dict[str, int]

    @property
    def sets(self) -> list[tuple[str, str]]:
        """(title, fingerprint) of each further set, in the order they were first tested on."""
        return list(dict.fromkeys((one.title, one.fingerprint) for run in self.runs for one in run.others))

    @property
    def heads(self) -> list[str]:
        marks = {data: f"{MARK} " if looked_words(self.looked.get(data, 0)) else "" for _, data in self.sets}
        return ["Run", "Its own test", *(f"{marks[data]}{title}" for title, data in self.sets)]

    @property
    def cells(self) -> list[list[TableCell]]:
        return [[*self._first(run), *(self._cell(run, one) for one in self.sets)] for run in self.runs]

    def _first(self, run: TestedRun) -> tuple[TableCell, TableCell]:
        return TableCell(run.row.name), TableCell(run.own or "–", right=True)

    def _cell(self, run: TestedRun, where: tuple[str, str]) -> TableCell:
        if (found := self._figure(run, where)) is None:
            return TableCell("–", right=True, muted=True)
        words = with_interval(Interval(found.value, found.low, found.high, found.n))
        more = f" {found.notes['left out']}" if "left out" in found.notes else ""
        tip = f"{count(found.n, 'examples')} of {found.notes['test set']}.{more} Click to see them on page Runs."
        return TableCell(words, tip, right=True)

    def at(self, row: int, column: int) -> OnSet | None:
        """What stands behind a cell; None for one without a figure of a further set."""
        place = column - len(self.heads) + len(self.sets)
        if place < 0 or self._figure(self.runs[row], where := self.sets[place]) is None:
            return None
        return OnSet(self.runs[row].row.id, where[1])

    def _figure(self, run: TestedRun, where: tuple[str, str]) -> OtherFigure | None:
        return next((one for one in run.others if (one.title, one.fingerprint) == where), None)

    @property
    def warnings(self) -> list[str]:
        """Of each set that more than one candidate was tested on."""
        said = ((title, looked_words(self.looked.get(data, 0))) for title, data in self.sets)
        return [f"{MARK} {title}: {words}" for title, words in said if words]


def read_grid(rows: Sequence[RunRow]) -> Callable[[RunStore], TestGrid]:
    """A question for the storage thread."""

    def read(store: RunStore) -> TestGrid:
        return TestGrid(tuple(_run(store, row) for row in rows), store.looked_at())

    return read


def _run(store: RunStore, row: RunRow) -> TestedRun:
    own = row.test
    told = with_interval(Interval(own.value, own.low, own.high, own.n), own.metric) if own is not None else ""
    return TestedRun(row, store.directory(row), store.class_names(row.id), told, tuple(store.tested_on([row.id])))


def test_all(runs: Sequence[TestedRun], path: str, say: Say, keep: Keep) -> Callable[[Callable[[], bool]], list[str]]:
    """Work for a thread: every run on the images at a path. say: told what is done and its share; keep: each run's
    figures as soon as there are any. Gives what has to be told of each run; raises `ExperimentError` where the path
    does not serve."""

    def work(cancelled: Callable[[], bool]) -> list[str]:
        from engine.data.sources import resolve
        from engine.using.tested_images import further_images

        say(LOOKING, 0.0)
        choice, told = resolve(path), list[str]()
        further_images(choice, partial(say, LOOKING), cancelled)
        for place, run in enumerate(runs):
            words = f"Testing run {place + 1} of {len(runs)}, “{run.row.name}”"
            told += _one(run, choice, partial(say, words), keep, cancelled)
        return told

    return work


def _one(
    run: TestedRun, choice: DatasetChoice, progress: Progress, keep: Keep, cancelled: Callable[[], bool]
) -> list[str]:
    """What has to be told of one run."""
    from engine.artifacts.saved import SavedModel
    from engine.using.other_sets import evaluate_on

    name = run.row.name
    try:
        model = SavedModel.open(run.folder, run.row.experiment, run.classes)
        found = evaluate_on(model, run.folder, choice, progress, cancelled)
    except ExperimentError as error:
        return [f"“{name}”: {error}"]
    if found.figures:
        keep(run.row.id, found)
    else:
        return [f"“{name}”: nothing is left to test it on. {' '.join(found.notes)}"]
    return [f"“{name}”: {' '.join(found.notes)}"] if found.notes else []
