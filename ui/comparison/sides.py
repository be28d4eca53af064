"""The chosen runs as sides of a comparison: one side per configuration, its seeds inside. Plain data, no window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.comparison.adaptation import over_episodes_words
from engine.comparison.answers import timed
from engine.comparison.arms import Arm, arm
from engine.comparison.cost import RunCost
from engine.comparison.differences import Difference, differences
from engine.comparison.grouping import configurations, one_per_seed
from engine.comparison.intervals import Interval
from engine.comparison.verdict import Verdict, verdicts
from engine.comparison.verdict_words import corrected
from engine.comparison.wording import ACCURACY, NO_NUMBER, caveats, count, lower_is_better, with_interval
from engine.events import Evaluated, RunState
from engine.experiment import Experiment
from engine.naming import method_title
from ui.comparison.joint import joint_gains, shared_task
from ui.comparison.run_figures import why_untested
from ui.comparison.side_names import distinct_looks, titles
from ui.made_with import hardware

if TYPE_CHECKING:
    from storage.store import Curve, RunRow, RunStore


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """A saved run, the test figure it is known by (None before it was tested), all of its final figures, what it
    was made with (see `storage.artifacts.environment`), and what an answer costs."""

    row: RunRow
    result: Evaluated | None = None
    figures: tuple[Evaluated, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    cost: RunCost | None = None


@dataclass(frozen=True, eq=False)
class Side:
    """One configuration (or one run, when all chosen runs are seeds of the same). runs: by seed.

    colour: index into the curve colours; with dashed it tells twelve sides apart.
    """

    key: str
    title: str
    runs: tuple[ComparedRun, ...]
    colour: int = 0
    dashed: bool = False

    @property
    def experiment(self) -> Experiment:
        return self.runs[0].row.experiment

    @cached_property
    def counted(self) -> tuple[ComparedRun, ...]:
        """The run that stands for each seed, in figures and curves alike."""
        return tuple(one_per_seed((run, run.row, run.result is not None) for run in self.runs))

    @cached_property
    def tested(self) -> tuple[tuple[ComparedRun, Evaluated], ...]:
        """The runs that count and have a test figure."""
        return tuple((run, run.result) for run in self.counted if run.result is not None)

    @property
    def figures(self) -> list[tuple[int, Evaluated]]:
        """All final figures of the runs that count, with their seeds."""
        return [(run.row.experiment.seed, one) for run in self.counted for one in run.figures]

    @cached_property
    def arm(self) -> Arm:
        """For `verdict`; ValueError when nothing was tested."""
        return arm(self.title, ((run.row.experiment, result) for run, result in self.tested))

    @cached_property
    def interval(self) -> Interval | None:
        """Over seeds and test items, see `Arm.interval`; of one seed the figure's own. None if not tested."""
        if not self.tested:
            return None
        if len(self.tested) > 1:
            return self.arm.interval
        own = self.tested[0][1]
        return Interval(own.value, own.low, own.high, own.n)

    @property
    def metric(self) -> str:
        """What its figure is: "test/accuracy" or "test/error"."""
        return self.tested[0][1].metric if self.tested else ACCURACY

    @property
    def figure(self) -> str:
        """ "81.2 % (79.8 to 82.6)", or "0.352 (0.331 to 0.373)" of an error; "" if not tested."""
        if self.interval is None:
            return NO_NUMBER if self.tested else ""
        return with_interval(self.interval, self.metric)

    @property
    def basis(self) -> str:
        """What the figure rests on: "5 seeds · 540 test images · interval over seeds"."""
        if not self.tested:
            return state_words([run.row.state for run in self.runs]) + " · not tested yet"
        result = self.tested[0][1]
        parts = [count(len(self.tested), "seeds"), count(result.n, result.unit, "test ")]
        parts += [f"mean of {result.notes['mean of']}"] if "mean of" in result.notes else []
        parts += [self.arm.basis, *over_episodes_words([figure for _, figure in self.tested])]
        broken = len(self.tested) - len(self.arm.scores)
        parts += [f"{count(broken, 'seeds')} without a number"] if broken else []
        stopped = sum(run.row.state is RunState.STOPPED for run, _ in self.tested)
        return " · ".join([*self.caveats, *parts, *([f"{stopped} stopped early"] if stopped else [])])

    @property
    def caveats(self) -> list[str]:
        """What speaks against its figure, such as test images that its weights had met before."""
        return list(dict.fromkeys(words for _, result in self.tested for words in caveats(result.notes)))

    @property
    def protocol(self) -> str:
        """How it was tested: "batch norm: running statistics · split: stratified"; empty if it was not."""
        first = self.tested[0][1] if self.tested else None
        said = first.protocol if first is not None else {}
        has_any = "batch norm" in said and first is not None and first.unit != "texts"  # no network of texts has any
        parts = [f"batch norm: {said['batch norm']}"] if has_any else []
        parts += [f"queries {said['query images']}"] if "query images" in said else []
        parts += [said["episodes"].replace("query images", "queries")] if "episodes" in said else []
        return " · ".join(parts + ([f"split: {said['split']}"] if "split" in said else []))


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

    @property
    def correction(self) -> str:
        """What several verdicts shown together are corrected for; "" for one."""
        together = max((one.together for one in self.verdicts.values()), default=1)
        return corrected(together) if together > 1 else ""


def load(store: RunStore, run_ids: Iterable[int]) -> list[ComparedRun]:
    """Read the chosen runs with the figures they are known by; call it in the storage thread."""
    return [compared_run(store, store.run(run_id)) for run_id in run_ids]


def compared_run(store: RunStore, row: RunRow) -> ComparedRun:
    """One run with its first test figure, if it has one."""
    environment = store.environment(row.id)
    figures = tuple(store.results(row.id)) if row.test is not None else ()
    cost = cost_of_run(store, row, environment) if figures else None
    return ComparedRun(row, next(iter(figures), None), figures, environment, cost)


def cost_of_run(store: RunStore, row: RunRow, environment: Mapping[str, Any]) -> RunCost:
    """What an answer of this run costs, as far as it is known."""
    folder, parameters = store.directory(row), row.facts.get("parameters", 0)
    seconds, batch = timed(folder)
    octets = 0
    with suppress(OSError):
        octets = (folder / "best.safetensors").stat().st_size
    known = parameters if isinstance(parameters, int) else 0
    return RunCost(seconds, batch, known, octets, hardware(environment, row.facts))


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
        return Comparison(tuple(sides), chosen, {}, tuple(differences([s.experiment for s in sides])), summary(runs))
    best = best_two(sides, chosen)
    pairs = [(side, chosen) for side in sides if side is not chosen] + ([best] if best else [])
    judged = judge(pairs)
    by_key = {side.key: one for (side, base), one in zip(pairs, judged, strict=True) if base is chosen}
    found = differences([side.experiment for side in sides], grouped=True)
    last = (*best, judged[-1]) if best and judged[-1].kind != "not comparable" else None
    return Comparison(tuple(sides), chosen, by_key, tuple(found), best_two=last)


def best_two(sides: Sequence[Side], base: Side) -> tuple[Side, Side] | None:
    """The two best sides; None when one of them is the base."""
    known = [(side.interval, side) for side in sides if side.interval is not None]
    tested = [(interval.value, side) for interval, side in known if isfinite(interval.value)]
    ordered = [s for _, s in sorted(tested, key=lambda pair: pair[0] * (1 if lower_is_better(pair[1].metric) else -1))]
    return None if len(ordered) < 3 or base in ordered[:2] else (ordered[0], ordered[1])


def one_configuration(runs: Sequence[ComparedRun]) -> bool:
    """True when the runs differ in nothing but the seed."""
    return len(configurations(run.row for run in runs)) == 1


def summary(runs: Sequence[ComparedRun]) -> str:
    """What several seeds of one configuration give together."""
    together = Side("", "", tuple(runs))
    name = method_title(together.experiment.method.name)
    if len(together.tested) > 1:
        seeds = count(len(together.tested), "seeds")
        return f"These are {seeds} of one configuration ({name}): {together.figure}, {together.arm.basis}."
    said = f"These are {count(len(runs), 'runs')} of one configuration ({name})"
    if together.tested:
        return f"{said} with the same seed."
    live = any(run.row.is_live for run in runs)
    return f"{said}; none is tested yet." if live else f"{said}; none was tested."


def judge(pairs: Sequence[tuple[Side, Side]]) -> list[Verdict]:
    """Each side against its base, also when one of them was not tested; these verdicts are shown together."""
    tested = [all(side.tested for side in pair) for pair in pairs]
    known = iter(verdicts([arms(a, b) for (a, b), both in zip(pairs, tested, strict=True) if both]))
    return [next(known) if both else untested(*pair) for pair, both in zip(pairs, tested, strict=True)]


def arms(*pair: Side) -> tuple[Arm, Arm]:
    """Both whole, or where they learnt different tasks by the one that they share."""
    one, other = ((side.arm, [(run.row.experiment, run.figures) for run, _ in side.tested]) for side in pair)
    return shared_task(one, other) or (one[0], other[0])


def untested(side: Side, base: Side) -> Verdict:
    title = (base if side.tested else side).title
    states = [run.row.state for run in (base if side.tested else side).runs]
    sentence = f"{title} {why_untested(states)}, so there is nothing to compare."
    return Verdict("not comparable", np.nan, np.nan, np.nan, 0, sentence, reasons=("no test result",))


def sentences(comparison: Comparison) -> list[str]:
    """Every verdict as one sentence or more, in the order of the sides, and what they are corrected for."""
    said = [comparison.summary] if comparison.summary else []
    judged = (comparison.verdicts.get(side.key) for side in comparison.others)
    said += [found.sentence for found in judged if found is not None]
    said += [f"The best two: {comparison.best_two[2].sentence}"] if comparison.best_two else []
    said += [f"{side.title}: {'; '.join(side.caveats)}." for side in comparison.sides if side.caveats]
    return [*said, *together(comparison), *([comparison.correction] if comparison.correction else [])]


def together(comparison: Comparison) -> list[str]:
    """What sides that learnt several tasks gained or lost by it, where each task was also learnt alone."""
    figures = {side.title: side.figures for side in comparison.sides}
    return [one.sentence for one in joint_gains(figures)]


def natural_base(sides: Sequence[Side]) -> Side:
    """The baseline among the methods if there is one, else the oldest side."""
    scratch = [side for side in sides if side.experiment.method.name == "scratch"]
    return (scratch or sorted(sides, key=lambda side: min(run.row.created for run in side.runs)))[0]


def make_sides(runs: Sequence[ComparedRun]) -> list[Side]:
    """One side per configuration; runs of a single configuration become a side each."""
    by_row = {id(run.row): run for run in runs}
    found = configurations(run.row for run in runs)
    if len(found) == 1:
        found = {run.row.uid: [run.row] for run in runs}
    by_key = {key: [by_row[id(row)] for row in rows] for key, rows in found.items()}
    groups = [sorted(side, key=lambda run: (run.row.experiment.seed, run.row.created)) for side in by_key.values()]
    names = titles([[run.row for run in side] for side in groups])
    looks = distinct_looks([side[0].row.id for side in groups])
    parts = zip(by_key, names, groups, looks, strict=True)
    return [Side(key, name, tuple(side), *look) for key, name, side, look in parts]


def state_words(states: Sequence[RunState]) -> str:
    """ "5 finished" or "3 finished, 1 running"; the bare state for one run."""
    if len(states) == 1:
        return states[0].value
    return ", ".join(f"{states.count(state)} {state.value}" for state in RunState if state in states)
