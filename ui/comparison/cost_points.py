"""Which sides stand in the figure of accuracy against cost, where, and why others do not. No Qt."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import isfinite

from engine.comparison.arms import disagreements
from engine.comparison.cost import RunCost, frontier, time_of_image
from engine.comparison.intervals import Interval
from engine.comparison.wording import is_share
from ui.comparison.sides import Comparison, Side

TIME, PARAMETERS, FILE = "time", "parameters", "file"
AXES = {TIME: "Time of one example", PARAMETERS: "Parameters", FILE: "Size of the weights’ file"}
UNITS = {TIME: "ms an example", PARAMETERS: "parameters", FILE: "MB of weights"}
UNKNOWN = {
    TIME: "its time was not measured: it was made before times were kept, or tested on less than a full batch",
    PARAMETERS: "its number of parameters is not known",
    FILE: "it has no weights on the disk",
}
MEGABYTE = 1e6


@dataclass(frozen=True, eq=False)
class CostPoint:
    """cost: with an interval where it was measured. best: on the frontier."""

    side: Side
    cost: Interval
    accuracy: Interval
    best: bool = False


@dataclass(frozen=True, eq=False)
class CostPoints:
    """left_out: (title, why). basis: what the costs rest on, in words."""

    points: tuple[CostPoint, ...]
    left_out: tuple[tuple[str, str], ...]
    basis: str


def cost_points(comparison: Comparison, axis: str) -> CostPoints:
    """The sides tested on the base's division whose cost is known; times of the machine that most were timed on."""
    machines = Counter(cost.machine for side in comparison.sides for cost in costs_of(side) if len(cost.seconds))
    machine = machines.most_common(1)[0][0] if machines else ""
    found, left = [], []
    for side in comparison.sides:
        costs = [cost for cost in costs_of(side) if axis != TIME or cost.machine == machine]
        cost = cost_of(costs, axis)
        if reason := why_not(side, comparison.base, cost, axis, bool(costs)):
            left.append((side.title, reason))
        elif cost is not None and side.interval is not None:
            found.append(CostPoint(side, cost, side.interval))
    best = frontier([(one.cost.value, one.accuracy.value) for one in found])
    points = tuple(CostPoint(one.side, one.cost, one.accuracy, top) for one, top in zip(found, best, strict=True))
    return CostPoints(points, tuple(left), basis_of(points, axis, machine))


def costs_of(side: Side) -> list[RunCost]:
    return [run.cost for run, _ in side.tested if run.cost is not None]


def cost_of(costs: list[RunCost], axis: str) -> Interval | None:
    if axis == TIME:
        return time_of_image(costs)
    known = [cost.parameters if axis == PARAMETERS else cost.octets / MEGABYTE for cost in costs]
    value = float(max(known, default=0))
    return Interval(value, value, value, len(known)) if value else None


def why_not(side: Side, base: Side, cost: Interval | None, axis: str, here: bool) -> str:
    """Why a side does not stand in the figure; "" where it does."""
    if side.interval is None or not isfinite(side.interval.value):
        return "it was not tested"
    if not is_share(side.metric):
        return "its figure is an error, not a share of right answers"
    if base.tested and side is not base and (unlike := disagreements(side.arm, base.arm)):
        return f"it was tested otherwise than the base ({unlike[0]})"
    if axis == TIME and not here and any(len(one.seconds) for one in costs_of(side)):
        return "it was timed on another machine"
    return UNKNOWN[axis] if cost is None else ""


def basis_of(points: tuple[CostPoint, ...], axis: str, machine: str) -> str:
    """ "The network alone, in batches of 64, in each run's own test; Linux …, worked by CPU, 2 threads." """
    if axis != TIME or not points:
        return ""
    batches = sorted({cost.batch for one in points for cost in costs_of(one.side) if cost.batch})
    sizes = " and ".join(map(str, batches))
    return f"Measured in each run’s own test: the network alone, in batches of {sizes}, on {machine}."
