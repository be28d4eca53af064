"""A saved study as it is now: its grid, what its runs found, what failed, and what is still to come. No Qt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from engine.comparison.arms import Items, per_item
from engine.comparison.wording import caveats, count
from engine.errors import ExperimentError, InvalidExperiment
from engine.events import Evaluated, RunState
from engine.given import decode
from engine.studies.cells import Cell, cell_name, cells
from engine.studies.columns import labels_hold, without_task
from engine.studies.crossings import Crossing, crossings, sentence
from engine.studies.joint import joint_gains
from engine.studies.study import Study, parse_study
from engine.studies.table import CellOutcome, StudyTable, answers, study_table
from engine.work.study import Progress, progress, states

if TYPE_CHECKING:
    from storage.store import CellRun, Failure, RunStore, StudyRow


@dataclass(frozen=True)
class Failed:
    """A cell without a result: what its run is called, its id, and why it failed."""

    name: str
    run_id: int
    failure: Failure | None


@dataclass(frozen=True)
class StudyNow:
    """seconds_left: from the runs so far, one after another; None before the first has finished."""

    row: StudyRow
    study: Study
    progress: Progress
    table: StudyTable
    crossings: tuple[Crossing, ...]
    failed: tuple[Failed, ...]
    seconds_left: float | None
    seconds_per_run: float | None
    run_ids: tuple[int, ...]  # of the finished runs that count, for Compare

    @property
    def is_complete(self) -> bool:
        return self.progress.finished == self.progress.total

    def sentences(self) -> list[str]:
        """What the study shows: the best arm of each column, what several tasks at once give or take, then where arms
        overtake each other; first whose labels are counted."""
        counted = list(filter(None, [labels_hold(self.study)]))
        joint = [one.sentence for one in joint_gains(self.table)]
        told = [*counted, *answers(self.table), *joint, *without_task(self.study)]
        return [*told, *(sentence(self.table, found) for found in self.crossings)]


def saved_study(row: StudyRow) -> Study:
    """The study in a saved row, under the title it has now; raises `InvalidExperiment`."""
    return grid(row.spec, row.title)[0]


@lru_cache(maxsize=64)
def grid(spec: str, title: str) -> tuple[Study, tuple[Cell, ...]]:
    """A saved study and its cells, worked out once; raises `InvalidExperiment`."""
    try:
        body = {**decode(spec), "title": title}
    except (ValueError, TypeError):
        raise InvalidExperiment("What is saved of this study is damaged.", "Delete it, or bring back a copy.") from None
    study = parse_study(body)
    return study, cells(study)


def read_study(store: RunStore, key: int | str) -> StudyNow:
    """Everything about one study; raises `ExperimentError` when it is gone or cannot be understood."""
    row = store.study(key)
    runs = store.study_runs(row.id)
    items = {run.id: kept_items(store, run) for run in runs if run.state is RunState.FINISHED}
    forget_all_but(max(MOST_READ, len(items)))
    return study_now(row, runs, items)


@dataclass(frozen=True)
class KeptItems:
    """What the test items of a run got: name of a figure -> (ids, right or wrong or score of each). unit: what they
    are. caveats: what a reader must know of the figures."""

    items: Mapping[str, Items]
    unit: str
    caveats: tuple[str, ...] = ()


_READ: OrderedDict[tuple[str, str], KeptItems] = OrderedDict()  # a finished run does not change
MOST_READ = 2000


def kept_items(store: RunStore, run: CellRun) -> KeptItems:
    """Read once: a study at work is read again whenever one of its runs ends."""
    key = str(store.workspace.root), run.uid
    if key not in _READ:
        results = store.results(run.id)
        items = {one.name: found for one in results if (found := per_item(one)) is not None}
        _READ[key] = KeptItems(items, results[0].unit if results else "images", said_against(results))
    _READ.move_to_end(key)
    return _READ[key]


def forget_all_but(latest: int) -> None:
    """Never a run of the study that is looked at: one above the bound would be read anew each time."""
    while len(_READ) > latest:
        _READ.popitem(last=False)


def study_now(row: StudyRow, runs: Sequence[CellRun], items: Mapping[int, KeptItems] | None = None) -> StudyNow:
    """items: by run; without them the verdicts rest on the seeds alone."""
    study, wanted = grid(row.spec, row.title)
    _, _, failed = states(runs)
    table = study_table(study, outcomes(runs, items or {}), failed, wanted)
    mean, left = pace(wanted, runs)
    return StudyNow(
        row, study, progress(wanted, runs), table, tuple(crossings(table)), tuple(failures(study, wanted, runs)), left,
        mean, finished_ids(wanted, runs),
    )  # fmt: skip


def said_against(results: Iterable[Evaluated]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words for one in results for words in caveats(one.notes)))


NO_ITEMS = KeptItems({}, "images")


def outcomes(runs: Iterable[CellRun], items: Mapping[int, KeptItems]) -> dict[str, CellOutcome]:
    """What each finished cell found, by its key; of two runs of a cell the later one."""
    done = ((run, items.get(run.id, NO_ITEMS)) for run in runs if run.state is RunState.FINISHED)
    return {
        run.cell: CellOutcome(run.tests, run.best, run.last, run.watched, kept.items, kept.unit, kept.caveats)
        for run, kept in done
    }


def finished_ids(wanted: Sequence[Cell], runs: Iterable[CellRun]) -> tuple[int, ...]:
    grid = {cell.key for cell in wanted if cell.arm is not None}
    return tuple({run.cell: run.id for run in runs if run.state is RunState.FINISHED and run.cell in grid}.values())


def failures(study: Study, wanted: Sequence[Cell], runs: Sequence[CellRun]) -> list[Failed]:
    """The cells whose latest run failed, in the order of the grid."""
    _, _, failed = states(runs)
    latest = {run.cell: run for run in runs if run.cell in failed and run.state is RunState.FAILED}
    return [
        Failed(cell_name(study, cell), latest[cell.key].id, latest[cell.key].failure)
        for cell in wanted
        if cell.key in latest
    ]


def pace(wanted: Sequence[Cell], runs: Iterable[CellRun]) -> tuple[float | None, float | None]:
    """(mean seconds of a run, seconds of the runs to come): arms take as long as their own finished runs did."""
    took = {run.cell: run.seconds for run in runs if run.state is RunState.FINISHED and isfinite(run.seconds)}
    by_arm: dict[int | None, list[float]] = {}
    for cell in wanted:
        if cell.key in took:
            by_arm.setdefault(cell.arm, []).append(took[cell.key])
    if not by_arm:
        return None, None
    overall = float(np.mean([value for values in by_arm.values() for value in values]))
    each = {arm: float(np.mean(values)) for arm, values in by_arm.items()}
    return overall, sum(each.get(cell.arm, overall) for cell in wanted if cell.key not in took)


@dataclass(frozen=True)
class ListedStudy:
    """A study as the list shows it. problem: why it cannot be read, else empty."""

    row: StudyRow
    total: int = 0
    finished: int = 0
    problem: str = ""


def read_list(store: RunStore) -> list[ListedStudy]:
    """Every saved study with how far it is, newest first."""
    return [listed(row) for row in store.studies()]


def listed(row: StudyRow) -> ListedStudy:
    try:
        _, wanted = grid(row.spec, row.title)
    except ExperimentError as error:
        return ListedStudy(row, problem=str(error))
    return ListedStudy(row, len(wanted), len(row.finished & {cell.key for cell in wanted}))


def progress_words(now: Progress) -> str:
    """ "42 of 140 runs done", with what failed."""
    said = f"{now.finished:,} of {count(now.total, 'runs')} done"
    return f"{said}, {now.failed:,} failed" if now.failed else said
