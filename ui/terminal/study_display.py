"""How a study is shown on the terminal: a line or a bar while it works, JSON lines for programs, and its table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from engine.comparison.wording import MARK, NO_NUMBER, duration, figure, to_go, with_interval
from engine.events import RunState
from engine.experiment import Shift
from engine.studies.crossings import sentence
from engine.studies.table import BEST, StudyEntry, StudyTable, told_marks
from engine.work.study import Progress, StudyRunner
from storage.rows import CellRun, StudyRow
from ui.studies.reading import StudyNow, progress_words
from ui.terminal.output import Showing, console, print_json, print_table, say, visible

ENDS = (RunState.FINISHED, RunState.FAILED)


def make_study_display(as_json: bool) -> StudyDisplay:
    """JSON lines if asked for, a bar on a terminal, plain lines otherwise."""
    if as_json:
        return StudyJson()
    return StudyBar() if console().is_terminal else StudyDisplay()


class StudyDisplay(Showing):
    """Told of the runs whenever they may have changed: one line for each that ended."""

    def begin(self, row: StudyRow, runner: StudyRunner, runs: Sequence[CellRun]) -> None:
        self.told = {run.id for run in runs if run.state in ENDS}
        now = runner.progress(list(runs))
        self.say(f"Study {row.id}: {row.title} ({progress_words(now)}, uid {row.uid})")

    def show(self, runs: Sequence[CellRun], now: Progress) -> None:
        for run in newly_ended(runs, self.told):
            self.say(f"  {now.finished + now.failed} of {now.total}  {ending(run)}")


def newly_ended(runs: Iterable[CellRun], told: set[int]) -> list[CellRun]:
    """The runs that ended since the last call; they count as told from now on."""
    fresh = [run for run in runs if run.state in ENDS and run.id not in told]
    told.update(run.id for run in fresh)
    return fresh


def ending(run: CellRun) -> str:
    """ "First block, noise 5, seed 0: 49.2 %, 0.4 s", or why it failed."""
    if run.failure is not None:
        return f"{run.name}: failed. {run.failure.message} {run.failure.advice}".rstrip()
    said = next((figure(metric, value) for metric, value in run.tests.items()), NO_NUMBER)
    return f"{run.name}: {said}, {duration(run.seconds)}"


class StudyBar(StudyDisplay):
    """One bar over all runs, redrawn when one ends; only failures get a line."""

    def __enter__(self) -> Self:
        shown = TextColumn("{task.description}", markup=False), BarColumn(None), MofNCompleteColumn()
        self.bar = Bar(*shown, TimeRemainingColumn(), console=self.console, auto_refresh=False, transient=True)
        self.bar.start()
        self.task = self.bar.add_task("", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def show(self, runs: Sequence[CellRun], now: Progress) -> None:
        for run in newly_ended(runs, self.told):
            if run.failure is not None:
                self.say(f"  {ending(run)}")
        working = next((run.name for run in runs if run.state is RunState.RUNNING), "")
        self.bar.update(self.task, total=now.total, completed=now.finished + now.failed, description=visible(working))
        self.bar.refresh()


class StudyJson(StudyDisplay):
    """Every run that ended as {"event": "cell", …}."""

    def begin(self, row: StudyRow, runner: StudyRunner, runs: Sequence[CellRun]) -> None:
        self.told, self.uid = {run.id for run in runs if run.state in ENDS}, row.uid
        now = runner.progress(list(runs))
        print_json({"event": "study", "study": row.uid, "id": row.id, "title": row.title, **asdict(now)})

    def show(self, runs: Sequence[CellRun], now: Progress) -> None:
        for run in newly_ended(runs, self.told):
            failure = run.failure and {"message": run.failure.message, "advice": run.failure.advice}
            print_json({
                "event": "cell", "study": self.uid, "run": run.uid, "name": run.name, "cell": run.cell,
                "state": str(run.state), "tests": run.tests, "seconds": run.seconds, "failure": failure,
            })  # fmt: skip

    def say(self, text: str) -> None:
        say(text, error=True)


def print_study(now: StudyNow, as_json: bool) -> None:
    """The study's table, what it shows, and what failed."""
    if as_json:
        print_json(study_object(now))
        return
    say(f"\n{now.row.title}")
    say(f"{progress_words(now.progress)}{left_words(now)}\n")
    heads, rows = text_table(now.table)
    print_table(heads, rows)
    if any(entry.best for row in now.table.entries for entry in row):
        say(f"* {BEST}")
    for said in [*told_marks(now.table), "", *now.sentences(), *(failed_words(now))]:
        say(said)


def left_words(now: StudyNow) -> str:
    if now.is_complete or now.seconds_left is None:
        return ""
    return f", about {to_go(now.seconds_left)} to go"


def failed_words(now: StudyNow) -> list[str]:
    return [
        f"Failed: {failed.name}. {failed.failure.message} {failed.failure.advice}".rstrip()
        for failed in now.failed
        if failed.failure is not None
    ]


def text_table(table: StudyTable) -> tuple[list[str], list[list[str]]]:
    """Headings and rows; arms are the rows unless there are more columns than arms."""
    titles = [arm.title for arm in table.study.arms]
    columns = [column.title for column in table.columns]
    cells = [
        [entry_words(entry, column.metric) for entry, column in zip(row, table.columns, strict=True)]
        for row in table.entries
    ]
    if len(columns) <= max(4, len(titles)):
        return ["arm", *(f">{title}" for title in columns)], [
            [title, *row] for title, row in zip(titles, cells, strict=True)
        ]
    turned = [list(column) for column in zip(*cells, strict=True)]
    return ["", *(f">{title}" for title in titles)], [[title, *row] for title, row in zip(columns, turned, strict=True)]


def entry_words(entry: StudyEntry, metric: str) -> str:
    """ "81.2 % (79.8 to 82.6) *", or "0.352 (0.331 to 0.373)" of an error."""
    if entry.interval is None:
        return "–"
    star = (" *" if entry.best else "") + (f" {MARK}" if entry.caveats else "")
    return f"{with_interval(entry.interval, metric)}{star}"


def lead_objects(now: StudyNow) -> list[dict[str, object]]:
    """The verdict of each column's best arm against the next."""
    titles = [arm.title for arm in now.study.arms]
    return [
        {"column": column.title, "a": titles[lead.first], "b": titles[lead.second], **asdict(lead.difference)}
        for column, lead in zip(now.table.columns, now.table.leads, strict=True)
        if lead is not None
    ]


def study_object(now: StudyNow) -> dict[str, object]:
    """A study for programs: every column of every arm, and the sentences."""
    entries = [
        {
            "arm": arm.title, "column": column.title, "labels": column.labels, "metric": column.name,
            "shift": column.condition.model_dump() if isinstance(column.condition, Shift) else None,
            "distance": column.condition if isinstance(column.condition, float) else None, "best": entry.best,
            "caveats": list(entry.caveats),
            "scores": {str(seed): score for seed, score in sorted(entry.scores.items())},
            **(asdict(entry.interval) if entry.interval else {}),
        }
        for arm, row in zip(now.study.arms, now.table.entries, strict=True)
        for column, entry in zip(now.table.columns, row, strict=True)
    ]  # fmt: skip
    return {
        "event": "table", "study": now.row.uid, "id": now.row.id, "title": now.row.title, **asdict(now.progress),
        "entries": entries, "verdicts": lead_objects(now),
        "crossings": [sentence(now.table, found) for found in now.crossings],
        "sentences": now.sentences(), "failed": failed_words(now),
    }  # fmt: skip
