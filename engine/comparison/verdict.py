"""Which of two arms is better, by how much, and whether that is more than luck.

The interval is over seeds: Student's t on the differences of the seeds both arms have. When the answers per test item
are kept, a second interval over the same items says whether the test set is large enough; an arm is called better only
if neither interval contains zero. With one shared seed there is only the interval over items, and the sentence says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count as count_from
from itertools import islice
from math import ceil, nan, sqrt
from typing import Literal

import numpy as np

from engine.comparison.arms import Arm, disagreements, shares_items
from engine.comparison.intervals import NORMAL_975, Interval, mean_interval, paired_share_interval, student
from engine.comparison.wording import count, interval_text, lower_is_better, points

Kind = Literal["better", "worse", "too close", "not comparable"]
MORE_SEEDS = 3
ENOUGH_SEEDS = 3
MANY_SEEDS = 20


@dataclass(frozen=True)
class Verdict:
    """kind: of the first arm against the second. difference, low, high: fractions (0.05 is 5 points) or errors, the
    first arm's minus the second's, NaN if unknown.

    pairs: shared seeds. items: interval over the same test items, or None. missing_a, missing_b: the seeds each arm
    should run next to settle it. reasons: why it is not comparable, one phrase each.
    """

    kind: Kind
    difference: float
    low: float
    high: float
    pairs: int
    sentence: str
    missing_a: tuple[int, ...] = ()
    missing_b: tuple[int, ...] = ()
    items: Interval | None = None
    reasons: tuple[str, ...] = ()

    @property
    def missing_seeds(self) -> tuple[int, ...]:
        """Every seed that one of the arms should still run."""
        return tuple(sorted({*self.missing_a, *self.missing_b}))


def verdict(a: Arm, b: Arm) -> Verdict:
    """Compare a with b (the base), paired over shared seeds and shared test items."""
    if reasons := disagreements(a, b):
        return not_comparable(a, b, reasons)
    shared = sorted(set(a.scores) & set(b.scores))
    if not shared:
        return without_shared_seed(a, b)
    items = over_items(a, b, shared)
    seeds = mean_interval(a.scores[seed] - b.scores[seed] for seed in shared)
    return judged(a, b, seeds, items)


def not_comparable(a: Arm, b: Arm, reasons: Sequence[str]) -> Verdict:
    sentence = f"{a.title} and {b.title} are not comparable: {'; '.join(reasons)}."
    return Verdict("not comparable", nan, nan, nan, 0, sentence, reasons=tuple(reasons))


def without_shared_seed(a: Arm, b: Arm) -> Verdict:
    """Both were tested alike but never with the same seed."""
    missing_a, missing_b = missing_seeds(a, b, settled=True)
    sentence = f"{a.title} and {b.title} share no seed, so they cannot be paired. Run the missing seeds."
    reasons = ("no seed in common",)
    return Verdict("not comparable", nan, nan, nan, 0, sentence, missing_a, missing_b, None, reasons)


def over_items(a: Arm, b: Arm, shared: Sequence[int]) -> Interval | None:
    """Interval of the difference over the same test items, each averaged over the shared seeds; None if not kept."""
    seeds = [seed for seed in shared if seed in a.per_item and seed in b.per_item]
    if not seeds or not shares_items(a, b):
        return None
    if len(seeds) == 1 and a.unit == "images":
        return paired_share_interval(a.per_item[seeds[0]][1], b.per_item[seeds[0]][1])
    return mean_interval(np.mean([a.per_item[seed][1] - b.per_item[seed][1] for seed in seeds], axis=0))


def judged(a: Arm, b: Arm, seeds: Interval, items: Interval | None) -> Verdict:
    """Better, worse or too close, with the sentence and the seeds still missing."""
    leading = seeds if seeds.known or items is None else items
    sure = leading.excludes_zero() and (items.excludes_zero() if items else leading.half > 0)
    ahead = seeds.value < 0 if lower_is_better(a.metric) else seeds.value > 0
    kind: Kind = "too close" if not sure else "better" if ahead else "worse"
    missing_a, missing_b = missing_seeds(a, b, settled=sure and seeds.n >= ENOUGH_SEEDS)
    basis = basis_text(leading, seeds.n, items, a)
    more = len({*missing_a, *missing_b})
    sentence = settled(a, b, kind, seeds, basis, more) if sure else open_question(a, b, seeds, basis, more, items)
    return Verdict(kind, seeds.value, leading.low, leading.high, seeds.n, sentence, missing_a, missing_b, items)


def basis_text(leading: Interval, seeds: int, items: Interval | None, a: Arm) -> str:
    """What the figure rests on: "95 % interval 33.1 to 43.3, 5 seeds, same 540 test images"."""
    parts = [interval_text(leading, a.metric)] if leading.known else []
    parts.append(count(seeds, "seeds"))
    if items is not None:
        parts.append(f"same {count(items.n, a.unit, 'test ')}")
    return ", ".join(parts)


def settled(a: Arm, b: Arm, kind: Kind, seeds: Interval, basis: str, more: int) -> str:
    """ "LP-FT is better than From scratch by 38.2 points (…)."; "MAML is better than Reptile: 0.210 lower error (…)."
    With one seed it says what that leaves open."""
    by = f": {error_gap(seeds)} error" if lower_is_better(a.metric) else f" by {points(abs(seeds.value))}"
    said = f"{a.title} is {kind} than {b.title}{by} ({basis})."
    if seeds.n >= ENOUGH_SEEDS:
        return said
    few = "One seed cannot" if seeds.n == 1 else "Two seeds hardly"
    return f"{said} {few} show how much of this is luck: run {count(more, 'more seeds')}."


def open_question(a: Arm, b: Arm, seeds: Interval, basis: str, more: int, items: Interval | None) -> str:
    """ "Too close to call: LP-FT is 1.2 points above Full fine-tuning (…). Run 3 more seeds." Of errors: "MAML has
    0.012 lower error than Reptile"."""
    gap = "equals"
    if seeds.value != 0 and lower_is_better(a.metric):
        gap = f"has {error_gap(seeds)} error than"
    elif seeds.value != 0:
        gap = f"is {points(abs(seeds.value))} {'above' if seeds.value > 0 else 'below'}"
    return f"Too close to call: {a.title} {gap} {b.title} ({basis}). {remedy(seeds, items, a.unit, more)}"


def error_gap(seeds: Interval) -> str:
    """ "0.210 lower": how far the first error is from the second."""
    return f"{points(abs(seeds.value), 'error')} {'lower' if seeds.value < 0 else 'higher'}"


def remedy(seeds: Interval, items: Interval | None, unit: str, more: int) -> str:
    """What would settle it: more seeds, more test items, or nothing affordable."""
    if seeds.excludes_zero() and items is not None:
        return f"The seeds agree, but {count(items.n, unit, 'test ')} are too few to be sure: test on more {unit}."
    needed = seeds_needed(seeds)
    if needed is not None and needed > MANY_SEEDS:
        return f"A difference this small would take about {needed:,} seeds."
    return f"Run {count(more, 'more seeds')}."


def seeds_needed(seeds: Interval) -> int | None:
    """Seeds after which a difference of this size and spread would stand out; None when the spread is not known."""
    if not seeds.known or seeds.value == 0 or seeds.n < ENOUGH_SEEDS:
        return None
    deviation = seeds.half * sqrt(seeds.n) / student(seeds.n - 1)
    return ceil((NORMAL_975 * deviation / seeds.value) ** 2)


def missing_seeds(a: Arm, b: Arm, settled: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What each arm should run next: what only the other has, and new seeds where that makes fewer than three pairs."""
    only_a, only_b = set(a.scores) - set(b.scores), set(b.scores) - set(a.scores)
    fresh = () if settled else unused(set(a.scores) | set(b.scores), MORE_SEEDS - len(only_a) - len(only_b))
    return tuple(sorted({*only_b, *fresh})), tuple(sorted({*only_a, *fresh}))


def unused(taken: set[int], how_many: int) -> tuple[int, ...]:
    """The smallest seeds nobody has run yet; none when how_many is zero or less."""
    free = (seed for seed in count_from(0) if seed not in taken)
    return tuple(islice(free, max(0, how_many)))
