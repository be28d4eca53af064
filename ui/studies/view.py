"""What the figure of a study shows of its table: error or accuracy, which curves, and the words of its points.

A share is told in percent, and may be shown as the error that it leaves; other metrics are plain numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.comparison.intervals import Interval
from engine.comparison.wording import compact, count, is_share, with_interval
from engine.data.target import NUMBERS
from engine.metrics import title
from engine.studies.columns import StudyColumn
from engine.studies.crossings import Crossing
from engine.studies.table import BEST, StudyEntry, StudyTable


@dataclass(frozen=True)
class View:
    """What the figure shows of a table. error: 1 - accuracy, where the study
    is about accuracy."""

    table: StudyTable
    crossings: tuple[Crossing, ...] = ()
    error: bool = False
    place: int = 0  # which of `curve_places` the curves are of

    @property
    def kind(self) -> str:
        """ "labels", "shift", "arm" or "tasks", as the study says and its grid allows."""
        numbers = [labels for labels in self.table.study.labels if labels is not None]
        wanted = self.table.study.figure
        if wanted == "tasks":
            one = len(self.table.study.labels) == len(self.table.study.conditions) == 1
            return wanted if one and len(self.table.tasks) > 1 else "arm"
        return wanted if wanted != "labels" or len(numbers) > 1 else "arm"

    @property
    def metric(self) -> str:
        """What the figures are words of."""
        return self.table.metric

    @property
    def highest(self) -> float:
        """The most that a figure can be: 1 of a share; of an error somewhat above all that are shown."""
        if is_share(self.metric):
            return 1.0
        shown = [one.interval for row in self.table.entries for one in row if one.interval is not None]
        return 1.08 * max((max(one.value, one.high if one.known else 0.0) for one in shown), default=0.0) or 1.0

    def shown(self, entry: StudyEntry) -> Interval | None:
        """The figure of an entry as accuracy or error."""
        found = entry.interval
        if found is None or not self.error or not is_share(self.metric):
            return found
        return Interval(1 - found.value, 1 - found.high, 1 - found.low, found.n)


def curve_places(table: StudyTable) -> list[tuple[object, str, str]]:
    """(shift, name of the figures, words) of every set of curves over the label counts."""
    first = table.study.labels[0]
    found = [column for column in table.columns if column.labels == first]
    return [(column.condition, column.name, place_words(table, column)) for column in found]


def place_words(table: StudyTable, column: StudyColumn) -> str:
    """A column's title without its label count."""
    words = column.title.split(", ")
    return ", ".join(words[1:] if len(table.study.labels) > 1 else words) or "Test set"


def unit(view: View) -> str:
    if view.error and is_share(view.metric):
        return "Test error"
    return title(view.metric) + (" (mean squared)" if view.table.study.target == NUMBERS else "")


def rows_of(view: View) -> list[list[object]]:
    """The numbers behind the figure, one line per arm and column that has any."""
    return [
        [arm.title, column.title, shown.value, shown.low, shown.high, shown.n,
         " ".join(f"{seed}:{score:.4f}" for seed, score in sorted(entry.scores.items())),
         with_interval(shown, view.metric)]
        for arm, row in zip(view.table.study.arms, view.table.entries, strict=True)
        for column, entry in zip(view.table.columns, row, strict=True)
        if (shown := view.shown(entry)) is not None
    ]  # fmt: skip


def tip(view: View, arm: int, column: StudyColumn, entry: StudyEntry) -> str:
    """What a point or bar says: whose it is, its figure, what it rests on."""
    shown = view.shown(entry)
    assert shown is not None
    rates = ", ".join(f"{compact(rate)} ({count(n, 'seeds')})" for rate, n in sorted(entry.rates.items()))
    return "\n".join(filter(None, [
        f"{view.table.study.arms[arm].title}, {column.title}",
        f"{unit(view)} {with_interval(shown, view.metric)}, {count(shown.n, 'seeds')}, {entry.arm.basis}",
        f"Learning rates chosen on validation: {rates}" if rates else "",
        BEST[:1].upper() + BEST[1:] if entry.best else "",
    ]))  # fmt: skip
