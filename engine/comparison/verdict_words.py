"""A verdict as a sentence: what stands, what it rests on, and what would settle it. The same words everywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from engine import metrics
from engine.comparison.arms import Arm
from engine.comparison.crossed import ENOUGH_SEEDS, TWO, Spread, seeds_needed
from engine.comparison.intervals import Interval
from engine.comparison.wording import count, interval_text, number, points

MANY_SEEDS = 20
LEVEL = 0.05
BEGINNINGS = {"one seed": "One seed", "too few": "Too few seeds to call", "too close": "Too close to call"}
Kind = Literal["better", "worse", "too close", "too few", "one seed", "not comparable"]
FEW = {1: "One seed cannot", 2: "Two seeds hardly"}


@dataclass(frozen=True)
class Gap:
    """How far a is from b (the base), paired over shared seeds and test items. values: of each shared seed, rising."""

    a: Arm
    b: Arm
    values: tuple[float, ...]
    spread: Spread
    interval: Interval
    items: Interval | None

    @property
    def counts(self) -> bool:
        """Whether it can be called at all, and so belongs to what is corrected for."""
        return len(self.values) >= TWO

    @property
    def lower_is_better(self) -> bool:
        return metrics.of(self.a.metric).lower_is_better

    @property
    def ahead(self) -> bool:
        return self.spread.value < 0 if self.lower_is_better else self.spread.value > 0


def sentence(found: Gap, kind: Kind, adjusted: float, together: int, more: int) -> str:
    """ "LP-FT is better than From scratch by 38.2 points (…)." or "Too close to call: LP-FT is 1.2 points above Full
    fine-tuning (…). Run 3 more seeds." adjusted: p corrected for `together` verdicts; more: seeds still to run."""
    seeds, doubt = len(found.values), ""
    if seeds < ENOUGH_SEEDS:
        doubt = f" {FEW[seeds]} show how much of this is luck: run {count(more, 'more seeds')}."
    if kind in ("better", "worse"):
        by = f": {lower_by(found)}" if found.lower_is_better else f" by {distance(found)}"
        return f"{found.a.title} is {kind} than {found.b.title}{by} ({basis(found)}).{doubt}"
    said = f"{BEGINNINGS[kind]}: {found.a.title} {standing(found)} {found.b.title} ({basis(found)})."
    return f"{said}{doubt}" if doubt else f"{said} {remedy(found, adjusted, together, more)}"


def corrected(together: int) -> str:
    """What verdicts that are shown together are corrected for."""
    return f"Verdicts are corrected for all {together} together (Holm); each interval is for itself alone."


def distance(found: Gap) -> str:
    """ "38.2 points" of shares, "0.210" of other metrics."""
    return points(abs(found.spread.value), found.a.metric)


def lower_by(found: Gap) -> str:
    """ "0.210 lower error": how far the first is from the second."""
    lower = "lower" if found.spread.value < 0 else "higher"
    return f"{distance(found)} {lower} {metrics.of(found.a.metric).words}"


def standing(found: Gap) -> str:
    """ "is 1.2 points above"; of errors "has 0.012 lower error than"; "equals"."""
    if found.spread.value == 0:
        return "equals"
    if found.lower_is_better:
        return f"has {lower_by(found)} than"
    return f"is {distance(found)} {'above' if found.spread.value > 0 else 'below'}"


def basis(found: Gap, ahead: bool = False) -> str:
    """What a difference rests on: "95 % interval 33.1 to 43.3, 5 seeds, same 540 test images", "… over seeds alone"
    where the items were not kept, and of two seeds what each of them gave. ahead: tell how far the first is
    ahead, also where that is a smaller error."""
    seeds, parts, shown = len(found.values), [], found.interval
    turned = ahead and found.lower_is_better
    if shown.known:
        shown = replace(shown, low=-shown.high, high=-shown.low) if turned else shown
        over = "" if found.spread.items and seeds > 1 else f" over test {found.a.unit}" if seeds == 1 else ""
        over = over or ("" if found.spread.items else " over seeds alone")
        parts.append(interval_text(shown, found.a.metric) + over)
    parts.append(count(seeds, "seeds") + (f" with {each_seed(found, turned)}" if seeds == 2 else ""))
    if found.spread.items:
        parts.append(f"same {count(found.spread.items, found.a.unit, 'test ')}")
    return ", ".join(parts)


def each_seed(found: Gap, turned: bool = False) -> str:
    """ "10.0 and 12.0": the differences of two seeds, in points or in the unit of the metric."""
    measured = metrics.of(found.a.metric)
    scale = (100 if measured.is_share else 1) * (-1 if turned else 1)
    return " and ".join(number(scale * value, measured.digits) for value in found.values)


def remedy(found: Gap, adjusted: float, together: int, more: int) -> str:
    """What would settle it: more seeds, more test items, or nothing affordable."""
    if found.interval.excludes_zero() and together > 1:
        return f"Alone it would stand, among {together} verdicts it may be luck. Run {count(more, 'more seeds')}."
    needed, items = seeds_needed(found.spread, LEVEL / together), found.spread.items
    if needed is None and items and found.spread.value and found.spread.between_items > found.spread.between_seeds:
        return (
            f"{count(items, found.a.unit, 'test ')} are too few for a difference this small, however many seeds are "
            f"run. Test on more {found.a.unit}."
        )
    if needed is not None and needed > MANY_SEEDS:
        return f"A difference this small would take about {needed:,} seeds."
    return f"Run {count(more, 'more seeds')}."
