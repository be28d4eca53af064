"""Which hyperparameters a search may choose, and between which bounds: the method's own. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from engine.comparison.differences import fields_of
from engine.comparison.wording import compact
from engine.errors import InvalidExperiment, nearest
from engine.experiment import Experiment, RangeChoice
from engine.method import Method
from engine.registry import HyperparameterField, fields, method

Value = bool | int | float | str  # of a hyperparameter that can be searched
SMALLEST = 1e-6  # where a logarithmic range begins whose bound is zero
REACH = 100.0  # a logarithmic range goes so far either side of the usual value, within the method's bounds
MOST_SETTINGS = 1000  # of one search
FIXED = ("batch_size", "tested", "patience")  # with everything counted in epochs: they set how long a run is


@dataclass(frozen=True, slots=True)
class Range:
    """One hyperparameter's values: low..high (log: by equal ratios), or `choices`."""

    name: str
    label: str
    low: float
    high: float
    log: bool
    whole: bool
    choices: tuple[Value, ...] = ()
    values: int = 3  # how many a sweep tries
    least: float = -math.inf  # what the method allows
    most: float = math.inf

    def words(self) -> str:
        """ "1e-6 to 1, by equal ratios" or "cosine, constant"."""
        if self.choices:
            return ", ".join(_word(choice) for choice in self.choices)
        ends = [compact(end) for end in (self.low, self.high)]
        return f"{' to '.join(ends)}{', by equal ratios' if self.log else ''}"

    def spread(self) -> tuple[Value, ...]:
        """What a sweep tries: every choice, or values from low to high at equal distances (log: ratios)."""
        if self.choices:
            return self.choices
        parts = [place / (self.values - 1) for place in range(self.values)]
        between = [self._at(part) for part in parts[1:-1]]
        ends = (math.ceil(self.low), math.floor(self.high)) if self.whole else (self.low, self.high)
        inner = [round(one) for one in between] if self.whole else between
        return tuple(dict.fromkeys([ends[0], *inner, ends[1]]))

    def _at(self, part: float) -> float:
        if self.log:
            return self.low * (self.high / self.low) ** part
        return self.low + (self.high - self.low) * part

    def nearest(self, value: Value) -> Value:
        """The value itself, or the bound it lies beyond."""
        return value if isinstance(value, str) or self.choices else type(value)(min(max(value, self.low), self.high))


def searchable(chosen: type[Method]) -> tuple[Range, ...]:
    """Every hyperparameter of the method that may be searched, in the order of its form."""
    found = (_range(field) for field in fields(chosen) if chosen.searched and not _sets_length(field.name))
    return tuple(one for one in found if one is not None)


def usual(chosen: type[Method]) -> tuple[str, ...]:
    """What is searched when nobody says otherwise."""
    return tuple(one.name for one in searchable(chosen) if one.name in chosen.searched)


def space(experiment: Experiment) -> tuple[Range, ...]:
    """The ranges of the experiment's search, in the order of the form; raises `InvalidExperiment`."""
    chosen = method(experiment.method.name)
    known = {one.name: one for one in searchable(chosen)}
    wanted = (experiment.search.parameters if experiment.search else ()) or usual(chosen)
    for name in wanted:
        if name not in known:
            raise _refused(chosen, name, known)
    given, ranges = experiment.method.hyperparameters, experiment.search.ranges if experiment.search else {}
    for name in ranges:
        if name not in wanted:
            raise InvalidExperiment(
                f"The search has a range for “{name}”, which it does not search.",
                f"Search it too, or give a range for one of: {', '.join(wanted)}.", "search",
            )  # fmt: skip
    sweeps = experiment.search is not None and experiment.search.strategy == "sweep"
    return tuple(
        narrowed(one, ranges[one.name]) if one.name in ranges
        else one if sweeps else _with_own(one, given.get(one.name))
        for one in known.values() if one.name in wanted
    )  # fmt: skip


def narrowed(one: Range, choice: RangeChoice) -> Range:
    """The range as a person wants it, within what the method allows; raises `InvalidExperiment`."""
    if one.choices:
        raise InvalidExperiment(f"{one.label} has no range: it is one of its choices.", "Remove its range.", "search")
    low, high = (given if given is not None else own for given, own in ((choice.low, one.low), (choice.high, one.high)))
    log = one.log if choice.log is None else choice.log
    if not one.least <= low < high <= one.most:
        raise InvalidExperiment(
            f"{one.label} cannot be searched from {compact(low)} to {compact(high)}.",
            f"Give a range within {compact(one.least)} to {compact(one.most)} that begins below its end.", "search",
        )  # fmt: skip
    if log and low <= 0:
        raise InvalidExperiment(
            f"{one.label} cannot be searched by equal ratios from {compact(low)}.",
            "Begin above 0, or search by equal differences.", "search",
        )  # fmt: skip
    return replace(one, low=low, high=high, log=log, values=choice.values)


def combinations(ranges: Sequence[Range]) -> Iterator[dict[str, Value]]:
    """Every setting of a sweep; the last hyperparameter changes fastest."""
    for values in product(*(one.spread() for one in ranges)):
        yield dict(zip((one.name for one in ranges), values, strict=True))


def planned(experiment: Experiment) -> int:
    """How many settings the experiment's search tries at most; raises `InvalidExperiment`."""
    if experiment.search is None:
        return 0
    if experiment.search.strategy != "sweep":
        return experiment.search.trials
    return math.prod(len(one.spread()) for one in space(experiment))


def _with_own(one: Range, own: float | None) -> Range:
    """The range widened to the person's own value, which is tried first."""
    if one.choices or own is None:
        return one
    return replace(one, low=min(one.low, max(own, SMALLEST) if one.log else own), high=max(one.high, own))


def search_faults(experiment: Experiment) -> Iterator[InvalidExperiment]:
    """What is wrong with the experiment's search, before any data are read."""
    if experiment.search is None:
        return
    chosen = method(experiment.method.name)
    if not searchable(chosen):
        yield InvalidExperiment(
            f"A search by cross-validation is for fine-tuning; {chosen.title} has none.",
            "Switch the search off, or choose a fine-tuning method.", "search",
        )  # fmt: skip
        return
    try:
        space(experiment)
        count = planned(experiment)
    except InvalidExperiment as fault:
        yield fault
        return
    if count > MOST_SETTINGS:
        yield InvalidExperiment(
            f"A sweep over this tries {count:,} settings.",
            f"Search fewer hyperparameters or fewer values of each: at most {MOST_SETTINGS:,} settings.", "search",
        )  # fmt: skip


def with_values(experiment: Experiment, values: Mapping[str, Value]) -> Experiment:
    """The experiment with these hyperparameters and without a search: what "Use it" hands on."""
    filled = {**experiment.method.hyperparameters, **values}
    chosen = experiment.method.model_copy(update={"hyperparameters": filled})
    return experiment.model_copy(update={"method": chosen, "search": None})


def words_of(values: Mapping[str, object], labels: Mapping[str, str]) -> str:
    """ "learning rate 0.0031, weight decay 0.2"."""
    return ", ".join(f"{labels.get(name, name).lower()} {shown(value)}" for name, value in values.items())


def shown(value: object) -> str:
    """Two digits say where on a logarithmic range a value lies; three are shown."""
    return compact(value, 3) if isinstance(value, float) else _word(value)


def _word(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def labels_of(name: str) -> dict[str, str]:
    """Hyperparameter -> its label; empty for a method this version does not know."""
    return {field.name: field.label for field in fields_of(name)}


def _sets_length(name: str) -> bool:
    return "epochs" in name or name in FIXED


def _range(field: HyperparameterField) -> Range | None:
    if field.kind in ("bool", "choice"):
        choices: tuple[Value, ...] = (False, True) if field.kind == "bool" else field.choices
        return Range(field.name, field.label, 0, 0, False, False, choices) if len(choices) > 1 else None
    if field.low is None or field.high is None or not math.isfinite(field.low + field.high):
        return None
    low, high = field.low, field.high
    if field.log:
        own = float(field.default)
        low = max(low, SMALLEST, own / REACH)
        high = min(high, own * REACH) if own > 0 else high
    whole = field.kind == "int"
    return Range(field.name, field.label, low, high, field.log, whole, least=field.low, most=field.high)


def _refused(chosen: type[Method], name: str, known: Iterable[str]) -> InvalidExperiment:
    if name in chosen.Hyperparameters.model_fields and _sets_length(name):
        label = labels_of(chosen.name).get(name, name)
        return InvalidExperiment(
            f"“{label}” sets how long a run is and is not searched.", f"Search one of: {', '.join(known)}.", "search"
        )
    return InvalidExperiment(f"{chosen.title} has nothing to search called “{name}”.", nearest(name, known), "search")
