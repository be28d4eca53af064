"""Which of two arms is better, by how much, and whether that is more than luck: one rule wherever verdicts are shown.

An arm is better only if the interval over seeds and test items, both of which vary, excludes zero, and still does after
Holm's correction for all verdicts that are shown together. One seed never decides: its interval knows nothing of other
seeds. Two decide only where the test items alone make the difference larger than the widest doubt about the seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from math import nan

import numpy as np

from engine.comparison.arms import Arm, disagreements, guard, shares_items
from engine.comparison.crossed import ENOUGH_SEEDS, TWO, crossed, holm, of_seeds
from engine.comparison.intervals import Interval, mean_interval, paired_share_interval
from engine.comparison.verdict_words import Gap, Kind, basis, sentence
from engine.comparison.wording import is_share
from engine.metrics import SINGLE

MORE_SEEDS = 3
LEVEL = 0.05


@dataclass(frozen=True)
class Verdict:
    """kind: of the first arm against the second. difference, low, high: fractions (0.05 is 5 points) or errors, the
    first arm's minus the second's, NaN if unknown; the interval covers 95 % by itself.

    pairs: shared seeds. items: the interval over the same test items for these very seeds, None if not kept.
    missing_a, missing_b: the seeds each arm should run next to settle it. reasons: why it is not comparable, one phrase
    each. p: of equal arms, two-sided. adjusted: the same, corrected for the `together` verdicts that are shown beside
    it. basis: what the figure rests on, the interval being how far the first arm is ahead.
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
    p: float = 1.0
    adjusted: float = 1.0
    together: int = 1
    basis: str = ""

    @property
    def missing_seeds(self) -> tuple[int, ...]:
        """Every seed that one of the arms should still run."""
        return tuple(sorted({*self.missing_a, *self.missing_b}))

    @property
    def sure(self) -> bool:
        return self.kind in ("better", "worse")


def verdict(a: Arm, b: Arm) -> Verdict:
    """Compare a with b (the base) alone."""
    return verdicts([(a, b)])[0]


def verdicts(pairs: Sequence[tuple[Arm, Arm]]) -> list[Verdict]:
    """Compare each first arm with the second, as verdicts that are shown together."""
    found = [compared(a, b) for a, b in pairs]
    counting = [one for one in found if isinstance(one, Gap) and one.counts]
    ps = [one.spread.p() for one in counting]
    known = {id(one): (p, adjusted) for one, p, adjusted in zip(counting, ps, holm(ps), strict=True)}

    def said(one: Gap | Verdict) -> Verdict:
        return one if isinstance(one, Verdict) else judged(one, known.get(id(one), (1.0, 1.0)), len(counting))

    return [said(one) for one in found]


def compared(a: Arm, b: Arm) -> Gap | Verdict:
    """The difference of two arms, or why there is none."""
    if reasons := disagreements(a, b):
        return not_comparable(a, b, reasons)
    for one in (a, b):
        if not one.scores:
            return not_comparable(a, b, (f"the test figure of {one.title} is no number",))
    shared = sorted(set(a.scores) & set(b.scores))
    if shared:
        return gap(a, b, shared)
    said = f"{a.title} and {b.title} share no seed, so they cannot be paired. Run the missing seeds."
    missing = missing_seeds(a, b, settled=True)
    return Verdict("not comparable", nan, nan, nan, 0, said, *missing, reasons=("no seed in common",))


def not_comparable(a: Arm, b: Arm, reasons: Sequence[str]) -> Verdict:
    sentence = f"{a.title} and {b.title} are not comparable: {'; '.join(reasons)}."
    return Verdict("not comparable", nan, nan, nan, 0, sentence, reasons=tuple(reasons))


def gap(a: Arm, b: Arm, shared: Sequence[int]) -> Gap:
    """The paired difference with all that varies in it."""
    values = tuple(a.scores[seed] - b.scores[seed] for seed in shared)
    kept = all(seed in a.per_item and seed in b.per_item for seed in shared) and shares_items(a, b)
    if not kept:
        spread, items = of_seeds(np.array(values)), None
    else:
        one, other = (np.stack([arm.per_item[seed][1] for seed in shared]) for arm in (a, b))
        spread, items = crossed(one - other, guard(a)), over_items(a, b, shared)
        if not spread.known:  # not one item differs from the next: as they vary unpaired
            spread = replace(spread, items_alone=crossed(one).items_alone + crossed(other).items_alone)
    interval = spread.interval(*((-1.0, 1.0) if is_share(a.metric) else ()))  # what a difference can be
    if len(values) < ENOUGH_SEEDS:
        interval = items if items and len(values) == 1 else Interval(spread.value, nan, nan, len(values))
    return Gap(a, b, values, spread, interval, items)


def over_items(a: Arm, b: Arm, shared: Sequence[int]) -> Interval:
    """Interval of the difference over the same test items, each averaged over the shared seeds."""
    if len(shared) == 1 and a.unit in SINGLE:
        return paired_share_interval(a.per_item[shared[0]][1], b.per_item[shared[0]][1])
    return mean_interval(np.mean([a.per_item[seed][1] - b.per_item[seed][1] for seed in shared], axis=0))


def judged(found: Gap, ps: tuple[float, float], together: int) -> Verdict:
    """Better, worse or why not, with the sentence and the seeds still missing. ps: alone, and corrected."""
    p, adjusted = ps
    kind, seeds = kind_of(found, adjusted), len(found.values)
    enough = seeds >= ENOUGH_SEEDS and kind in ("better", "worse")
    missing_a, missing_b = missing_seeds(found.a, found.b, settled=enough)
    more = len({*missing_a, *missing_b})
    return Verdict(
        kind, found.spread.value, found.interval.low, found.interval.high, seeds,
        sentence(found, kind, adjusted, together, more), missing_a, missing_b, found.items,
        p=p, adjusted=adjusted, together=together, basis=basis(found, ahead=True),
    )  # fmt: skip


def kind_of(found: Gap, adjusted: float) -> Kind:
    if len(found.values) == 1:
        return "one seed"
    if adjusted < LEVEL:
        return "better" if found.ahead else "worse"
    return "too few" if len(found.values) == TWO else "too close"


def missing_seeds(a: Arm, b: Arm, settled: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What each arm should run next: what only the other has, and new seeds where that makes fewer than three pairs."""
    only_a, only_b = set(a.scores) - set(b.scores), set(b.scores) - set(a.scores)
    fresh = () if settled else unused(set(a.scores) | set(b.scores), MORE_SEEDS - len(only_a) - len(only_b))
    return tuple(sorted({*only_b, *fresh})), tuple(sorted({*only_a, *fresh}))


def unused(taken: set[int], how_many: int) -> tuple[int, ...]:
    """The smallest seeds nobody has run yet; none when how_many is zero or less."""
    return tuple(islice((seed for seed in count() if seed not in taken), max(0, how_many)))
