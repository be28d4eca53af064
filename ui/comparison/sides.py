"""The chosen runs as sides of a comparison: one side per configuration, its seeds inside. Plain data, no window."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from engine.comparison.adaptation import over_episodes_words
from engine.comparison.arms import Arm, arm
from engine.comparison.differences import NONE, Difference, differences, method_title, shown
from engine.comparison.grouping import over_seeds
from engine.comparison.intervals import Interval
from engine.comparison.verdict import Verdict, verdict
from engine.comparison.wording import ACCURACY, count, lower_is_better, with_interval
from engine.events import Evaluated, RunState
from engine.experiment import Experiment
from engine.naming import run_name

if TYPE_CHECKING:
    from storage.store import Curve, RunRow, RunStore

LONGEST_TITLE = 40
COLOURS = 6  # that read well side by side, see ui.theme
SEED_IN_NAME = re.compile(r"[\s,·(\-]*seed \d+\)?$")
NAMED_BY_VALUE = frozenset(
    {"dataset.name", "dataset.split", "backbone.name", "backbone.weights", "device", "precision"}
)


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """A saved run, the test figure it is known by (None before it was tested), and all of its final figures."""

    row: RunRow
    result: Evaluated | None = None
    figures: tuple[Evaluated, ...] = ()


@dataclass(frozen=True, eq=False)
class Side:
    """One configuration (or one run, when all chosen runs are seeds of the same). runs: by seed.

    place: 0, 1, … in the comparison; colour: index into the curve colours, never the same on two of the first six.
    """

    key: str
    title: str
    runs: tuple[ComparedRun, ...]
    place: int = 0
    colour: int = 0

    @property
    def experiment(self) -> Experiment:
        return self.runs[0].row.experiment

    @property
    def dashed(self) -> bool:
        """Every second side is dashed: a cue beside colour."""
        return self.place % 2 == 1

    @cached_property
    def tested(self) -> tuple[tuple[ComparedRun, Evaluated], ...]:
        """The runs that have a test figure, one per seed (the newest)."""
        found = {run.row.experiment.seed: (run, run.result) for run in self.runs if run.result is not None}
        return tuple(found[seed] for seed in sorted(found))

    @cached_property
    def arm(self) -> Arm:
        """For `verdict`; ValueError when nothing was tested."""
        return arm(self.title, ((run.row.experiment, result) for run, result in self.tested))

    @cached_property
    def interval(self) -> Interval | None:
        """Over seeds when there are several, else the figure's own interval over test items; None if not tested."""
        if not self.tested:
            return None
        if len(self.tested) > 1:
            return over_seeds({run.row.experiment.seed: result.value for run, result in self.tested})
        result = self.tested[0][1]
        return Interval(result.value, result.low, result.high, result.n)

    @property
    def metric(self) -> str:
        """What its figure is: "test/accuracy" or "test/error"."""
        return self.tested[0][1].metric if self.tested else ACCURACY

    @property
    def figure(self) -> str:
        """ "81.2 ± 1.4 %", or "0.352 ± 0.021" of an error; "" if not tested."""
        return "" if self.interval is None else with_interval(self.interval, self.metric)

    @property
    def basis(self) -> str:
        """What the figure rests on: "5 seeds · 540 test images · interval over seeds"."""
        if not self.tested:
            return state_words([run.row.state for run in self.runs]) + " · not tested yet"
        result = self.tested[0][1]
        parts = [count(len(self.tested), "seeds"), count(result.n, result.unit, "test ")]
        parts += [f"interval {self.interval_basis}", *over_episodes_words([figure for _, figure in self.tested])]
        stopped = sum(run.row.state is RunState.STOPPED for run, _ in self.tested)
        return " · ".join(parts + ([f"{stopped} stopped early"] if stopped else []))

    @property
    def protocol(self) -> str:
        """How it was tested: "batch norm: running statistics · split: stratified"; empty if it was not."""
        said = self.tested[0][1].protocol if self.tested else {}
        parts = [f"batch norm: {said['batch norm']}"] if "batch norm" in said else []
        parts += [said["episodes"]] if "episodes" in said else []
        return " · ".join(parts + ([f"split: {said['split']}"] if "split" in said else []))

    @property
    def interval_basis(self) -> str:
        """What the interval speaks about: other seeds, or other test images."""
        if not self.tested:
            return ""
        return "over seeds" if len(self.tested) > 1 else f"over test {self.tested[0][1].unit}"


@dataclass(frozen=True, eq=False)
class Comparison:
    """The sides, which one is the base, the verdict of each other side against it, and the settings that differ.

    When all sides are seeds of one configuration there are no verdicts, and `summary` says what they give together.
    best_two: the best side, the second and their verdict, when neither is the base.
    """

    sides: tuple[Side, ...]
    base: Side
    verdicts: Mapping[str, Verdict]
    differences: tuple[Difference, ...]
    summary: str = ""
    best_two: tuple[Side, Side, Verdict] | None = None

    @property
    def others(self) -> tuple[Side, ...]:
        return tuple(side for side in self.sides if side is not self.base)


def load(store: RunStore, run_ids: Iterable[int]) -> list[ComparedRun]:
    """Read the chosen runs with the figures they are known by; call it in the storage thread."""
    return [compared_run(store, store.run(run_id)) for run_id in run_ids]


def compared_run(store: RunStore, row: RunRow) -> ComparedRun:
    """One run with its first test figure, if it has one."""
    if row.test is None:
        return ComparedRun(row)
    known_by, figures = row.test.metric, tuple(store.results(row.id))
    return ComparedRun(row, next((one for one in figures if one.metric == known_by), None), figures)


def load_curves(store: RunStore, run_ids: Iterable[int], metric: str) -> dict[int, Curve]:
    """Every point of one metric for these runs; runs without it are left out."""
    return {run_id: curve for run_id in run_ids if len(curve := store.curve(run_id, metric))}


def compare(runs: Sequence[ComparedRun], base: str | None = None) -> Comparison | None:
    """Put runs side by side; base: key of a side, else `natural_base`. None when there is nothing to compare."""
    sides = make_sides(runs)
    if len(sides) < 2:
        return None
    chosen = next((side for side in sides if side.key == base), natural_base(sides))
    if one_configuration(runs):
        return Comparison(tuple(sides), chosen, {}, tuple(differences([s.experiment for s in sides])), summary(sides))
    verdicts = {side.key: judge(side, chosen) for side in sides if side is not chosen}
    found = differences([side.experiment for side in sides], grouped=True)
    return Comparison(tuple(sides), chosen, verdicts, tuple(found), best_two=best_two(sides, chosen))


def best_two(sides: Sequence[Side], base: Side) -> tuple[Side, Side, Verdict] | None:
    """The two best sides with their verdict; None when one of them is the base or they are not comparable."""
    tested = [(side.interval.value, side) for side in sides if side.interval is not None]
    ordered = [s for _, s in sorted(tested, key=lambda pair: pair[0] * (1 if lower_is_better(pair[1].metric) else -1))]
    if len(ordered) < 3 or base in ordered[:2]:
        return None
    found = judge(ordered[0], ordered[1])
    return None if found.kind == "not comparable" else (ordered[0], ordered[1], found)


def one_configuration(runs: Sequence[ComparedRun]) -> bool:
    """True when the runs differ in nothing but the seed."""
    return len({run.row.group for run in runs}) == 1


def summary(sides: Sequence[Side]) -> str:
    """What several seeds of one configuration give together."""
    tested = {run.row.experiment.seed: result.value for side in sides for run, result in side.tested}
    together = over_seeds(tested)
    name = method_title(sides[0].experiment.method.name)
    if together is None:
        return f"These are {count(len(sides), 'runs')} of one configuration ({name}); none is tested yet."
    if not together.known:
        return f"These are {count(len(sides), 'runs')} of one configuration ({name}) with the same seed."
    figure = with_interval(together, next(side.metric for side in sides if side.tested))
    return f"These are {count(len(tested), 'seeds')} of one configuration ({name}): {figure} over seeds."


def judge(side: Side, base: Side) -> Verdict:
    """The verdict of one side against the base, also when one of them was not tested."""
    for one in (side, base):
        if not one.tested:
            sentence = f"{one.title} has no test result yet, so there is nothing to compare."
            return Verdict("not comparable", np.nan, np.nan, np.nan, 0, sentence, reasons=("no test result",))
    return verdict(side.arm, base.arm)


def sentences(comparison: Comparison) -> list[str]:
    """Every verdict as one sentence or more, in the order of the sides."""
    said = [comparison.summary] if comparison.summary else []
    judged = (comparison.verdicts.get(side.key) for side in comparison.others)
    said += [found.sentence for found in judged if found is not None]
    return said + ([f"The best two: {comparison.best_two[2].sentence}"] if comparison.best_two else [])


def natural_base(sides: Sequence[Side]) -> Side:
    """The baseline among the methods if there is one, else the oldest side."""
    scratch = [side for side in sides if side.experiment.method.name == "scratch"]
    return (scratch or sorted(sides, key=lambda side: min(run.row.created for run in side.runs)))[0]


def make_sides(runs: Sequence[ComparedRun]) -> list[Side]:
    """One side per configuration; runs of a single configuration become a side each."""
    by_key: dict[str, list[ComparedRun]] = {}
    single = one_configuration(runs)
    for run in runs:
        by_key.setdefault(run.row.uid if single else run.row.group, []).append(run)
    groups = [sorted(found, key=lambda run: (run.row.experiment.seed, run.row.created)) for found in by_key.values()]
    names = titles([[run.row for run in found] for found in groups])
    colours = distinct_colours([found[0].row.id for found in groups])
    parts = zip(by_key, names, groups, colours, strict=True)
    return [Side(key, name, tuple(found), place, tint) for place, (key, name, found, tint) in enumerate(parts)]


def distinct_colours(run_ids: Sequence[int]) -> list[int]:
    """A run keeps its own colour; where two would share one, the later takes the next that is free."""
    taken: list[int] = []
    for run_id in run_ids:
        free = [(run_id + step) % COLOURS for step in range(COLOURS) if (run_id + step) % COLOURS not in taken]
        taken.append(free[0] if free else run_id % COLOURS)
    return taken


def titles(groups: Sequence[Sequence[RunRow]]) -> list[str]:
    """A name for each side that tells it from the others: the person's own, else the method and what differs."""
    own = [shortened(own_name(rows) or "") for rows in groups]
    named = [name or method_title(rows[0].experiment.method.name) for name, rows in zip(own, groups, strict=True)]
    said = [f"{name}, {extra}" if named.count(name) > 1 and extra else name
            for name, extra in zip(named, apart(groups), strict=True)]  # fmt: skip
    return [
        f"{name} ({rows[0].uid})" if said.count(name) > 1 else name for name, rows in zip(said, groups, strict=True)
    ]


def shortened(name: str) -> str:
    """A long name cut so that a sentence with two of them stays readable; the table has the whole."""
    return name if len(name) <= LONGEST_TITLE else name[: LONGEST_TITLE - 1].rstrip() + "…"


def own_name(rows: Sequence[RunRow]) -> str | None:
    """The name a person or a plan gave to all of these runs, without the seed; None when there is none."""
    stems = {stem(row.name) for row in rows}
    made = {stem(run_name(row.experiment)) for row in rows}
    return stems.pop() if len(stems) == 1 and not stems & made else None


def stem(name: str) -> str:
    """A run's name without its seed at the end."""
    return SEED_IN_NAME.sub("", name) or name


def apart(groups: Sequence[Sequence[RunRow]]) -> list[str]:
    """For each side, the settings that differ between sides, in a few words: "5 labels per class"."""
    experiments = [rows[0].experiment for rows in groups]
    single = len({rows[0].group for rows in groups}) == 1
    found = [row for row in differences(experiments, grouped=not single) if row.key != "method.name"][:3]
    return [", ".join(setting_words(row, place) for row in found if row.values[place] != NONE)
            for place in range(len(groups))]  # fmt: skip


def setting_words(row: Difference, place: int) -> str:
    """One setting of one side as it stands in a title."""
    value = shown(row.values[place])
    if row.key in NAMED_BY_VALUE:
        return value
    if row.key == "dataset.labels_per_class":
        return f"{value} label{'' if value == '1' else 's'} per class"
    return f"{row.label.lower()} {value}"


def state_words(states: Sequence[RunState]) -> str:
    """ "5 finished" or "3 finished, 1 running"; the bare state for one run."""
    if len(states) == 1:
        return states[0].value
    return ", ".join(f"{states.count(state)} {state.value}" for state in RunState if state in states)
