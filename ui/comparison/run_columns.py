"""The columns of the run table: what each says for one run and for a configuration with its seeds, and how it sorts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from engine.comparison.crossed import TWO
from engine.comparison.grouping import RunGroup, one_per_seed, over_seeds
from engine.comparison.intervals import Interval
from engine.comparison.wording import (
    caveats,
    duration,
    figure,
    is_share,
    lower_is_better,
    marked,
    with_interval,
    with_seeds,
)
from engine.events import RunState
from engine.naming import data_title, method_title, network_title
from storage.rows import RunRow
from ui.comparison.run_figures import (
    best_value,
    date_text,
    labels_order,
    labels_text,
    last_value,
    starred,
    state_text,
    test_text,
    test_value,
    tested,
    watched,
    weights_text,
)
from ui.comparison.side_names import stem
from ui.comparison.sides import state_words

STATES = list(RunState)
NOTHING = "(none)"  # stands for no tag, no study
Words = Callable[[RunRow], tuple[str, ...]]
Metric = Callable[[RunRow], str]  # which metric of a run


@dataclass(frozen=True)
class Quantity:
    """The number that a run has in a column, None where it has none, and its unit."""

    value: Callable[[RunRow], float | None]
    unit: str = ""


@dataclass(frozen=True)
class RunField:
    """text and order take a RunRow; group_text and group_order a RunGroup, by default what all its members share.

    order: None sorts last whatever the direction. width: in characters of the table's font. filtered: by the words
    or the number that a run has there; None: by neither. short: its name where the title does not do, see `called`.
    """

    key: str
    title: str
    help: str
    width: int
    text: Callable[[RunRow], str]
    order: Callable[[RunRow], Any]
    group_text: Callable[[RunGroup[RunRow]], str]
    group_order: Callable[[RunGroup[RunRow]], Any]
    number: bool = False
    shown: bool = True
    filtered: Words | Quantity | None = None
    short: str = ""

    @property
    def called(self) -> str:
        """Its name in menus, filters and notes."""
        return self.short or self.title


def same(text: Callable[[RunRow], str]) -> Callable[[RunGroup[RunRow]], str]:
    """What all members say, or "…" when they differ."""

    def shared(group: RunGroup[RunRow]) -> str:
        found = {text(run) for run in group.members}
        return found.pop() if len(found) == 1 else "…"

    return shared


def words(
    key: str, title: str, help: str, width: int, text: Callable[[RunRow], str],
    order: Callable[[RunRow], Any] | None = None, shown: bool = True, number: bool = False,
    filtered: Words | Quantity | None = None,
) -> RunField:  # fmt: skip
    """A column of text, filtered by that text; groups say what all members share and sort by their first member."""
    by = order or (lambda run: text(run).casefold() or None)
    said = filtered or (lambda run: (text(run) or NOTHING,))
    shared, first = same(text), lambda group: by(group.members[0])
    return RunField(key, title, help, width, text, by, shared, first, number, shown, said)


def name_of(group: RunGroup[RunRow]) -> str:
    """The newest member's name without its seed."""
    return stem(max(group.members, key=lambda run: run.created).name)


def share(value: Callable[[RunRow], float | None]) -> Callable[[RunRow], str]:
    """A fraction as "81.2 %", an error as "0.352", empty while there is none."""
    return lambda run: "" if (found := value(run)) is None else figure(watched(run), found)


def in_percent(value: Callable[[RunRow], float | None], metric: Metric = watched) -> Quantity:
    """As the table shows it: accuracies in percent, errors as they are."""

    def shown(run: RunRow) -> float | None:
        found = value(run)
        return 100 * found if found is not None and is_share(metric(run)) else found

    return Quantity(shown, "%")


def better(value: Callable[[RunRow], float | None], metric: Metric = watched) -> Callable[[RunRow], float | None]:
    """What to sort by, so that more is better: an error counts with a minus."""
    return lambda run: signed(value(run), metric(run))


def better_group(
    interval: Callable[[RunGroup[RunRow]], Interval | None], metric: Metric = watched
) -> Callable[[RunGroup[RunRow]], float | None]:
    """The same of a configuration."""
    return lambda group: signed(value_of(interval(group)), shared(group, metric))


def shared(group: RunGroup[RunRow], metric: Metric = watched) -> str:
    """The metric of a configuration: of the first member that has one."""
    return next(filter(None, map(metric, group.members)), "")


def signed(value: float | None, metric: str) -> float | None:
    return -value if value is not None and lower_is_better(metric) else value


def validated(key: str, title: str, help: str, value: Callable[[RunRow], float | None], shown: bool = True) -> RunField:
    """A column of a figure on validation images; grouped, over seeds."""

    def said(group: RunGroup[RunRow]) -> str:
        interval = of_members(group, value)
        return "" if interval is None else with_interval(interval, shared(group))

    by = better_group(lambda group: of_members(group, value))
    return RunField(key, title, help, 21, share(value), better(value), said, by, True, shown, in_percent(value))


def of_members(group: RunGroup[RunRow], value: Callable[[RunRow], float | None]) -> Interval | None:
    """Over seeds, each once."""
    counted = one_per_seed((run, run, run.test is not None) for run in group.members)
    found = [one for run in counted if (one := value(run)) is not None]
    return over_seeds(found, shared(group))


def group_test_text(group: RunGroup[RunRow]) -> str:
    """The mean and how far the seeds go: an interval needs the test items too, which are read where runs are compared.
    One seed alone keeps its own interval over test items."""
    tested = one_per_seed((run, run, True) for run in group.members if run.test is not None)
    found = [run.test for run in tested if run.test is not None and isfinite(run.test.value)]
    if len(found) < TWO:
        return test_text(tested[0]) if tested else ""
    known = next((test.notes for test in found if caveats(test.notes)), {})
    return marked(with_seeds([test.value for test in found], found[0].metric), known)


def value_of(interval: Interval | None) -> float | None:
    return None if interval is None else interval.value


def seeds_text(group: RunGroup[RunRow]) -> str:
    """ "5" seeds; the tooltip and the members say which."""
    return str(len(group.seeds))


def total_seconds(group: RunGroup[RunRow]) -> float | None:
    known = [run.took for run in group.members if run.took is not None]
    return sum(known) if known else None


def newest(group: RunGroup[RunRow]) -> float:
    return max(run.created for run in group.members)


COLUMNS: list[RunField] = [
    RunField("star", "★", "Star: mark the runs you want to find again (S)", 4, lambda run: "", starred,
             lambda group: "", lambda group: min(map(starred, group.members)), short="Star",
             filtered=lambda run: ("starred" if run.starred else "not starred",)),
    RunField("name", "Name", "Name of the run (F2 renames)", 34, lambda run: run.name, lambda run: run.name.casefold(),
             name_of, lambda group: name_of(group).casefold()),
    RunField("state", "State", "Queued, running, finished, stopped, failed or interrupted", 13, state_text,
             lambda run: STATES.index(run.state), lambda group: state_words([run.state for run in group.members]),
             lambda group: STATES.index(group.members[0].state), filtered=lambda run: (run.state.value,)),
    words("data", "Data", "Data set", 12, lambda run: data_title(run.experiment)),
    words("backbone", "Backbone", "The network", 12, lambda run: network_title(run.experiment)),
    words("weights", "Weights", "What the backbone was pretrained on", 18, weights_text, shown=False),
    words("method", "Method", "How it was trained", 16, lambda run: method_title(run.experiment.method.name)),
    words("labels", "Labels", "Labelled training examples per class, or shots per class in episodes", 8, labels_text,
          labels_order, number=True),
    validated("best", "Best validation", "Highest validation accuracy (lowest error) of all epochs", best_value),
    validated("last", "Last validation", "Validation accuracy (or error) of the last epoch", last_value, shown=False),
    RunField("test", "Test, 95 % interval",
             "Test accuracy (or error) with its 95 % interval over test examples or episodes; grouped, the mean and "
             "how far the seeds go (choose runs for an interval over both); sorted, the better one counts as more",
             27, test_text, better(test_value, tested), group_test_text,
             better_group(lambda group: group.test, tested), True, filtered=in_percent(test_value, tested),
             short="Test"),
    RunField("seed", "Seed", "The run's seed; grouped, the number of seeds", 7,
             lambda run: str(run.experiment.seed), lambda run: run.experiment.seed, seeds_text,
             lambda group: len(group.seeds), True, filtered=Quantity(lambda run: run.experiment.seed)),
    RunField("took", "Time taken", "Work from the first step to the end, without pauses; grouped, in all", 11,
             lambda run: duration(run.took), lambda run: run.took,
             lambda group: duration(total_seconds(group)), total_seconds, True,
             filtered=Quantity(lambda run: run.took, "s")),
    RunField("date", "Date", "When the run was made; grouped, the newest", 18, lambda run: date_text(run.created),
             lambda run: run.created, lambda group: date_text(newest(group)), newest,
             filtered=lambda run: (date_text(run.created).split()[0],)),
    words("tags", "Tags", "Your tags (T types them); the filter “tag:x” shows the runs that have one", 16,
          lambda run: " ".join(run.tags), filtered=lambda run: run.tags or (NOTHING,)),
    words("note", "Note", "Your note (N writes one)", 24, lambda run: run.note),
    words("study", "Study", "The study that the run belongs to", 20, lambda run: run.study, shown=False),
    words("ending", "Ended", "How the run came to its end", 24, lambda run: run.why, shown=False),
    words("device", "Device", "Where it was trained", 8, lambda run: run.experiment.device, shown=False),
    replace(words("code", "Code", "The run's short code, also the name of its folder", 8, lambda run: run.uid,
                  shown=False), filtered=None),
]  # fmt: skip
PLACES: dict[str, int] = {column.key: place for place, column in enumerate(COLUMNS)}


def search_text(run: RunRow) -> str:
    """Everything the filter looks in, in lower case."""
    return " ".join([*(column.text(run) for column in COLUMNS), run.uid, run.plan]).casefold()
