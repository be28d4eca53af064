"""What is said of how far a run's probabilities can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.comparison.intervals import Interval
from engine.comparison.reliability import PROTOCOL, TASKS
from engine.comparison.wording import count, number, percent, with_interval

if TYPE_CHECKING:
    from engine.using.calibration import Calibration

UNMEASURED = (
    "Networks are often surer than they are right. By how much was not measured for this run: that takes one pass over "
    "its validation and test examples."
)


def findings(found: Calibration) -> str:
    """What came out, in sentences."""
    tested = count(found.after.error.n, "examples", "test ")
    if learnt_tasks(found):
        tested = f"{count(found.after.error.n, 'examples')} asked about in test tasks"
    return (
        f"Calibration error on {tested}: {with_interval(found.before.error)} as the network gives it, "
        f"{with_interval(found.after.error)} after dividing by a temperature of {found.temperature:.2f}: "
        f"{change(found.lowered)}. {by_chance(found)}"
    )


def learnt_tasks(found: Calibration) -> bool:
    return TASKS in found.conditions


def change(lowered: Interval) -> str:
    """ "8.0 points lower (5.6 to 10.3)", "no clear change (−0.4 to 1.2 points)"."""
    ends = f"{number(100 * lowered.low)} to {number(100 * lowered.high)}"
    if not lowered.excludes_zero():
        return f"no clear change ({ends} points lower)"
    if lowered.value > 0:
        return f"{number(100 * lowered.value)} points lower ({ends})"
    return (
        f"{number(-100 * lowered.value)} points higher ({number(-100 * lowered.high)} to {number(-100 * lowered.low)})"
    )


def by_chance(found: Calibration) -> str:
    return f"On so many chance alone gives up to {percent(found.after.chance)} where every probability is true."


def rests_on(found: Calibration) -> str:
    """What the figures rest on."""
    if learnt_tasks(found):
        said = {key: value for key, value in found.conditions.items() if key != TASKS}
        asked = count(found.fitted_on, "examples")
        fitted = f"Temperature fitted on {found.conditions[TASKS]} ({asked} asked about)"
        return f"{fitted}; for other shapes it was not measured. {conditions(said)}. {PROTOCOL}, drawn task by task."
    images = count(found.fitted_on, "examples", "validation ")
    refused = f"{percent(found.refusal.rate)} of them would be called none of these"
    return f"Temperature and threshold chosen on {images}; {refused}. {conditions(found.conditions)}. {PROTOCOL}."


def conditions(said: Mapping[str, str]) -> str:
    """ "Split: stratified, …; split seed: 0; seed: 0; batch norm: running statistics; data: 4f2a"."""
    joined = "; ".join(f"{key}: {value}" for key, value in said.items())
    return joined[:1].upper() + joined[1:]
