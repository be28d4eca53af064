"""One curve as the plot takes it, what is computed from curves without Qt (smoothing, readout, table), and what a plot
shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from engine.comparison.bands import smooth
from engine.comparison.outline import FEW
from engine.comparison.wording import NO_NUMBER
from ui.figures.curve_axes import x_text, y_text
from ui.figures.whole_curve import Across, Whole
from ui.growing_curve import GrowingCurve

Style = Literal["train", "validation", "band"]
ENDED = "ended at"
MOST_FIRST = 50  # values that may count as first ones, and at most a twentieth of all
TOWER = 1.0  # times the range of all later values
LOG_FLOOR = 1e-8  # what a log axis shows for zero and below


@dataclass(frozen=True, eq=False)
class CurveLine:
    """One curve. x, y: float [N], x rising; low, high: float [N] edges of a band around y, or None.

    colour: "#rrggbb" or QColor. style: "train" thin and pale, "validation" bold, "band" bold with its band filled.
    dashed: a second cue beside colour. best: index into y that is marked, with `best_text` beside the mark. raw: y as
    measured, where y is smoothed; at raw_x if that is not x. counts: int [N] seeds behind each point of a band. gaps:
    x [M] without a number. whole: the curve that x and y are the outline of, where it has too many points to draw.
    """

    label: str
    x: np.ndarray
    y: np.ndarray
    colour: object = "#0072B2"
    style: Style = "validation"
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    dashed: bool = False
    best: int | None = None
    best_text: str = ""
    raw: np.ndarray | None = field(default=None, repr=False)
    counts: np.ndarray | None = field(default=None, repr=False)
    gaps: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)
    raw_x: np.ndarray | None = field(default=None, repr=False)
    whole: Whole | None = field(default=None, repr=False)

    def measured(self) -> CurveLine:
        """The line before it was smoothed."""
        if self.raw is None:
            return self
        return replace(self, x=self.x if self.raw_x is None else self.raw_x, y=self.raw, raw=None, raw_x=None)


def long_line(line: CurveLine, curve: GrowingCurve, across: Across, best: int | None = None) -> CurveLine:
    """`line` with the points of `curve`; of many those of its outline. best: the place that is marked."""
    if curve.outline.size == 1:
        return replace(line, x=across(curve.steps, curve.times), y=curve.values, best=best)
    whole, places = Whole(curve, across), curve.outline.points(curve.values)
    if best is not None:
        places = np.union1d(places, [best])
        best = int(np.searchsorted(places, best))
    gaps = np.union1d(line.gaps, whole.x(curve.outline.gaps))
    return replace(line, x=whole.x(places), y=curve.values[places], best=best, gaps=gaps, whole=whole)


def outlined(line: CurveLine) -> CurveLine:
    """A finite line of very many points as its outline; what already has one, or a band, is returned as it is."""
    if line.whole is not None or len(line.x) < FEW or line.raw is not None or line.low is not None:
        return line
    curve = GrowingCurve.from_arrays(np.arange(len(line.x)), line.x, line.y)
    return long_line(line, curve, lambda _, x: x, line.best)


def every_point(line: CurveLine) -> CurveLine:
    """`line` with all points of the curve behind it, without its mark."""
    if line.whole is None:
        return line
    x, values = line.whole.x(slice(None)), line.whole.curve.values
    return finite(replace(line, x=x, y=values, best=None, whole=None))


def finite(line: CurveLine) -> CurveLine:
    """`line` as float64 without the points that are NaN or infinite, whose x become gaps (its best mark stays on the
    same point)."""
    x, y = np.asarray(line.x, float), np.asarray(line.y, float)
    keep = np.isfinite(x) & np.isfinite(y)
    if keep.all():
        return replace(line, x=x, y=y)
    best = int(keep[: line.best].sum()) if line.best is not None and keep[line.best] else None
    low, high, raw, counts = (
        None if part is None else np.asarray(part)[keep] for part in (line.low, line.high, line.raw, line.counts)
    )
    gaps = np.union1d(line.gaps, x[~keep & np.isfinite(x)])
    return replace(line, x=x[keep], y=y[keep], low=low, high=high, best=best, raw=raw, counts=counts, gaps=gaps)


def with_gaps(line: CurveLine, *values: np.ndarray) -> tuple[np.ndarray, ...]:
    """x and each of these values [N] with NaN at the gaps, in order of x: float64 [N + M]."""
    if not len(line.gaps):
        return line.x, *values
    at = np.searchsorted(line.x, line.gaps)
    return np.insert(line.x, at, line.gaps), *(np.insert(np.asarray(one, float), at, np.nan) for one in values)


def smooth_lines(lines: Sequence[CurveLine], weight: float, view: tuple[float, float] | None = None) -> list[CurveLine]:
    """Every line smoothed over the same stretch of x, whatever its density; the measured values stay in `raw`.

    `weight` is what the past counts per point of the densest line, or per thousandth of the x range if that is more.
    Bands, and lines too sparse to change, are returned as they are. view: the x that is looked at, where outlines may
    be too coarse.
    """
    gaps = [spacing(line) for line in lines]
    span = max((float(n.x[-1] - n.x[0]) for n in lines if len(n.x)), default=0.0)
    unit = max(min((gap for gap in gaps if gap > 0), default=1.0), span / 1000)
    weights = [weight ** (gap / unit) if gap and weight else 0.0 for gap in gaps]
    return [_smoothed(line, own, view) for line, own in zip(lines, weights, strict=True)]


def spacing(line: CurveLine) -> float:
    """Mean distance of the points of a line, 0 of fewer than three."""
    count = len(line.x) if line.whole is None else line.whole.count
    return float(line.x[-1] - line.x[0]) / (count - 1) if count > 2 else 0.0


def _smoothed(line: CurveLine, weight: float, view: tuple[float, float] | None) -> CurveLine:
    weight = weight if weight >= 0.02 and line.style != "band" else 0.0
    if line.whole is not None and view is not None and (seen := line.whole.between(*view)) is not None:
        return _closer(line, line.whole, seen, weight) or line
    if not weight:
        return line
    if line.whole is None:
        return replace(line, y=smooth(line.y, weight), raw=line.y)
    x, y = line.whole.smoothed(weight)
    return replace(line, x=x, y=y, raw=line.y, raw_x=line.x)


def _closer(line: CurveLine, whole: Whole, seen: tuple[int, int], weight: float) -> CurveLine | None:
    """The points of a part of the curve, None without any."""
    places, y = whole.part(*seen, weight)
    if not len(places):
        return None
    x, raw = whole.x(places), whole.curve.values[places]
    best = None if line.best is None else int(np.searchsorted(x, line.x[line.best]))
    if best is not None and (best == len(x) or x[best] != line.x[line.best]):
        best = None
    unknown = np.setdiff1d(np.arange(*seen), places)
    gaps = np.union1d(line.gaps, whole.x(unknown)[np.isfinite(whole.x(unknown))])
    return replace(line, x=x, y=y, raw=raw if weight else None, best=best, gaps=gaps)


def value_at(line: CurveLine, x: float) -> tuple[float, float] | None:
    """(x, y) of the point of `line` nearest to `x`, or None where the line has no points."""
    if not len(line.x):
        return None
    right = int(np.searchsorted(line.x, x))
    near = [index for index in (right - 1, right) if 0 <= index < len(line.x)]
    index = min(near, key=lambda i: abs(line.x[i] - x))
    return float(line.x[index]), float(line.y[index])


def nearest_place(line: CurveLine, x: float) -> float | None:
    """The x of the point or gap of `line` nearest to x, or None where it has neither."""
    places = [*([] if (found := value_at(line, x)) is None else [found[0]]), *line.gaps]
    return min(places, key=lambda place: abs(place - x), default=None)


def reading(line: CurveLine, x: float) -> float | str | None:
    """What the line says at x: the value of its nearest point, "no number" in a gap, "ended at" where it ended before
    (one point further would have to be there), None before it begins (one point earlier would have to be there)."""
    found = value_at(line, x)
    step = float(line.x[-1] - line.x[-2]) if len(line.x) > 1 else 0.0
    if len(line.gaps) and (found is None or np.abs(line.gaps - x).min() < abs(found[0] - x)):
        return NO_NUMBER
    if found is None or (x < line.x[0] and x <= line.x[0] - step * (1 - 1e-9)):
        return None
    return ENDED if x > line.x[-1] and x >= line.x[-1] + step * (1 - 1e-9) else found[1]


def settled(y: np.ndarray) -> np.ndarray:
    """`y` [N] without the first values that tower over all later ones: those of a network that has just begun would
    press the rest of its curve flat."""
    first = min(MOST_FIRST, len(y) // 20)
    rest = y[first:]
    if not first or np.max(y[:first]) <= np.max(rest) + TOWER * float(np.ptp(rest)):
        return y
    return rest


def bounds(
    lines: Sequence[CurveLine], log: bool = False, whole: bool = True
) -> tuple[float, float, float, float] | None:
    """(left, right, bottom, top) of everything drawn, bands and raw values included; None without points.

    whole: else without the first outliers, see `settled`.
    """
    drawn = [line for line in lines if len(line.x)]
    if not drawn:
        return None
    values = [edge for line in drawn for edge in (line.y, line.raw, line.low, line.high) if edge is not None]
    lows = [np.min(v[v > 0], initial=np.inf) if log else np.min(v) for v in values]
    bottom = min(float(low) for low in lows)
    top = max(float(np.max(v if whole else settled(v))) for v in values)
    return min(float(n.x[0]) for n in drawn), max(float(n.x[-1]) for n in drawn), bottom, top


def table(lines: Sequence[CurveLine]) -> tuple[list[str], np.ndarray]:
    """Headings of the columns after x, and float64 [rows, 1 + columns]: x, then each curve (NaN: no point there,
    infinite: a point that is no number)."""
    lines = [line for line in lines if len(line.x)]
    x = np.unique(np.concatenate([part for line in lines for part in (line.x, line.gaps)])) if lines else np.zeros(0)
    heads: list[str] = []
    columns = [x]
    for line in lines:
        for name, values in column_values(line):
            column = np.full(len(x), np.nan)
            column[np.searchsorted(x, line.x)] = values
            column[np.searchsorted(x, line.gaps)] = np.inf
            heads.append(name)
            columns.append(column)
    return heads, np.column_stack(columns)


def column_values(line: CurveLine) -> list[tuple[str, np.ndarray]]:
    """The table's columns of one curve: measured values, then smoothed ones or the edges of its band."""
    if line.raw is not None:
        return [(line.label, line.raw), (f"{line.label}, smoothed", line.y)]
    found = [(line.label, line.y)]
    if line.low is not None and line.high is not None:
        found += [(f"{line.label}, low", np.asarray(line.low)), (f"{line.label}, high", np.asarray(line.high))]
    return found


class CurveState:
    """given: the lines as the caller gave them, finite. lines: as drawn, smoothed. x_axis: a key of `X_AXES`.
    unit: "number" or "percent" (values are fractions). reach: how far the horizontal axis goes at least."""

    unit = "number"
    x_axis = "step"
    log = False
    weight = 0.0  # of the smoothing, in [0, 1)
    live = False  # drawn fast
    reach = 0.0
    cursor_x: float | None = None

    def __init__(self) -> None:
        self.given: list[CurveLine] = []
        self.lines: list[CurveLine] = []

    def readout(self, x: float) -> tuple[str, list[tuple[str, str]]]:
        """The words at x: the place, and (label, value) of each curve there, always in the order of the curves."""
        places = [place for line in self.lines if (place := nearest_place(line, x)) is not None]
        nearest = min(places, key=lambda place: abs(place - x), default=x)
        found = [(line, value) for line in self.lines if (value := reading(line, nearest)) is not None]
        return x_text(self.x_axis, nearest), [(line.label, self._said(line, value, nearest)) for line, value in found]

    def _said(self, line: CurveLine, value: float | str, x: float) -> str:
        if isinstance(value, str):
            return value if value != ENDED else f"{ENDED} {x_text(self.x_axis, float(line.x[-1]))}"
        words = y_text(value, self.unit)
        if line.counts is not None and len(line.counts):
            n, most = int(line.counts[np.argmin(np.abs(line.x - x))]), int(line.counts.max())
            words += f" ({n} of {most} seeds)" if n < most else ""
        return words
