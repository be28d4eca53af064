"""Figures as a person reads them: points, intervals, counts. Used by the window and the terminal alike."""

from __future__ import annotations

from math import isfinite

from engine.comparison.intervals import Interval

MINUS = "−"


def number(value: float, digits: int = 1) -> str:
    """A number with a true minus sign and no "−0.0"; a dash when it is not known."""
    if not isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", MINUS)


def percent(value: float, digits: int = 1) -> str:
    """0.812 -> "81.2 %"."""
    return f"{number(100 * value, digits)} %" if isfinite(value) else "–"


def points(difference: float) -> str:
    """A difference of two shares: 0.382 -> "38.2 points"; 0.01 -> "1.0 points"."""
    return f"{number(100 * difference)} points"


def interval_text(interval: Interval) -> str:
    """ "95 % interval 33.1 to 43.3", in points."""
    return f"95 % interval {number(100 * interval.low)} to {number(100 * interval.high)}"


def with_interval(interval: Interval) -> str:
    """ "81.2 ± 1.4 %" where the interval is even, "97.0 (94.1 to 98.5) %" where it is not, "81.2 %" without one."""
    value = number(100 * interval.value)
    if not interval.known:
        return f"{value} %"
    above, below = interval.high - interval.value, interval.value - interval.low
    if abs(above - below) < 0.0005:
        return f"{value} ± {number(50 * (above + below))} %"
    return f"{value} ({number(100 * interval.low)} to {number(100 * interval.high)}) %"


def count(n: int, what: str, kind: str = "") -> str:
    """ "5 seeds", "1 seed", "540 test images": `what` in the plural, `kind` before it."""
    return f"{n:,} {kind}{what.removesuffix('s') if n == 1 else what}"


def duration(seconds: float | None) -> str:
    """ "48 s", "3 min 20 s", "2 h 5 min"; a dash when it is not known."""
    if seconds is None or not isfinite(seconds) or seconds < 0:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
