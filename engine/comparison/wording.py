"""Figures as a person reads them: points, intervals, counts. Used by the window and the terminal alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from engine import metrics
from engine.comparison.intervals import Interval

MINUS = "−"
MARK = "⚠"
AT_TEST = "at test"  # the note of a figure whose network followed the images that it was tested on
OTHER_TASK = "other tasks"  # the note of a figure some of whose test images another task of the run learnt from
CAVEATS = (
    "seen before",
    "copies",
    "classes tested",
    AT_TEST,
    OTHER_TASK,
    "chosen in sight",
)  # what is said against a figure
NO_NUMBER = "no number"  # a value that was measured and is none; a dash where nothing was measured
ACCURACY = "test/accuracy"


def number(value: float, digits: int = 1) -> str:
    """A number with a true minus sign and no "−0.0"; a dash when it is not known."""
    if not isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", MINUS)


def with_minus(text: str) -> str:
    """ "-3.2" -> "−3.2"."""
    return MINUS + text[1:] if text.startswith("-") else text


def compact(value: float, digits: int = 6) -> str:
    """A number as briefly as it can be, in one way everywhere: 0.001, 1e-5, 2.5e6, −0.77 with a true minus sign."""
    mantissa, _, power = with_minus(f"{value:.{digits}g}").partition("e")
    return f"{mantissa}e{int(power)}" if power else mantissa


def percent(value: float, digits: int = 1) -> str:
    """0.812 -> "81.2 %"."""
    return f"{number(100 * value, digits)} %" if isfinite(value) else "–"


def lower_is_better(metric: str) -> bool:
    """Whether the smaller of two figures is the better one: for errors and losses."""
    return metrics.of(metric).lower_is_better


def is_share(metric: str) -> bool:
    """Whether a figure is a fraction, told in percent; an error is a plain number."""
    return metrics.of(metric).is_share


def figure(metric: str, value: float) -> str:
    """ "81.2 %" of an accuracy, "0.352" of an error."""
    if not isfinite(value):
        return NO_NUMBER
    if metrics.of(metric).unit == "points":
        return f"{_plain(value, metric)} points"
    return percent(value, metrics.of(metric).digits) if is_share(metric) else _plain(value, metric)


def caveats(notes: Mapping[str, object]) -> list[str]:
    """What a reader must know of a figure: "255 of 423 test classes were in the weights' training set"."""
    titles = {"classes tested": "tested on "}
    found = ((key, str(notes[key])) for key in CAVEATS if key in notes)
    return [titles.get(key, "") + words for key, words in found if words != "nothing"]


def marked(text: str, notes: Mapping[str, object]) -> str:
    """The figure with a mark where there is a caveat."""
    return f"{text} {MARK}" if caveats(notes) else text


def points(difference: float, metric: str = ACCURACY) -> str:
    """A difference of two shares: 0.382 -> "38.2 points"; of two errors: "0.210"."""
    return f"{number(100 * difference)} points" if is_share(metric) else _plain(difference, metric)


def interval_text(interval: Interval, metric: str = ACCURACY) -> str:
    """ "95 % interval 33.1 to 43.3", in points, or in the unit of the error; "no interval" without one."""
    if not interval.known:
        return "no interval"
    return f"95 % interval {_plain(interval.low, metric)} to {_plain(interval.high, metric)}"


def with_interval(interval: Interval, metric: str = ACCURACY) -> str:
    """ "97.0 % (94.1 to 98.5)", "97.0 %" without an interval; of an error "0.352 (0.331 to 0.373)". Both ends are told
    even where they lie as far away, so that every interval reads alike and one can be held against another."""
    return _with_ends(figure(metric, interval.value), interval, metric)


def bare_interval(interval: Interval) -> str:
    """The same of a share where a heading says the unit: "97.0 (94.1 to 98.5)"."""
    return _with_ends(number(100 * interval.value), interval)


def _with_ends(value: str, interval: Interval, metric: str = ACCURACY) -> str:
    if not interval.known or not isfinite(interval.value):
        return value
    return f"{value} ({_plain(interval.low, metric)} to {_plain(interval.high, metric)})"


def with_seeds(values: Sequence[float], metric: str = ACCURACY) -> str:
    """ "75.4 %, seeds 71.9 to 81.1": the mean of one figure per seed, and how far the seeds go."""
    low, high = (_plain(value, metric) for value in (min(values), max(values)))
    return f"{figure(metric, sum(values) / len(values))}, seeds {low} to {high}"


def _plain(value: float, metric: str) -> str:
    """The number alone, in percent for a share."""
    return number(metrics.of(metric).scale * value, metrics.of(metric).digits)


def thousands(value: float | None) -> str:
    """12345 -> "12,345"; a dash when it is not known."""
    return "–" if value is None else with_minus(f"{value:,.0f}")


def count(n: int, what: str, kind: str = "") -> str:
    """ "5 seeds", "1 seed", "1 class", "540 test images": `what` in the plural, `kind` before it."""
    one = what.removesuffix("es") if what.endswith("sses") else what.removesuffix("s")
    return f"{thousands(n)} {kind}{one if n == 1 else what}"


def brief(value: float) -> str:
    """11_180_616 -> "11.2 M", 113_088 -> "113 k"."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            scaled = value / size
            return f"{scaled:.0f} {unit}" if scaled >= 99.5 else f"{scaled:.3g} {unit}"
    return f"{value:.0f}"


def size(octets: float) -> str:
    """Bytes in decimal units: 4_800_000 -> "4.8 MB"."""
    for step, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if octets >= step:
            scaled = octets / step
            return f"{scaled:.0f} {unit}" if scaled >= 10 else f"{scaled:.1f} {unit}"
    return f"{octets:.0f} bytes"


def duration(seconds: float | None) -> str:
    """ "4 ms", "4.2 s", "48 s", "3 min 20 s", "2 h 5 min"; a dash when it is not known."""
    if seconds is None or not isfinite(seconds) or seconds < 0:
        return "–"
    if 0 < seconds < 0.95:
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def to_go(seconds: float) -> str:
    """ "1 s", "4 s", "3 min 20 s": of a guess, which knows no parts of a second."""
    return f"{max(1, round(seconds))} s" if seconds < 9.95 else duration(seconds)


def known_words(runs: Sequence[tuple[int, str]]) -> str:
    """ "The same settings and seed as run 12, which is finished: …"; "" of none. runs: earlier ones by number and
    state."""
    if not runs:
        return ""
    said = "expect the same figures from the same version and machine."
    if len(runs) == 1:
        (number, state), *_ = runs
        return f"The same settings and seed as run {number}, which is {state}: {said}"
    return f"The same settings and seeds as runs {', '.join(str(number) for number, _ in runs)}: {said}"


def short_host(name: str) -> str:
    """ "gpu-7" of "gpu-7.faculty.example.org"; an address stays as it is."""
    first = name.partition(".")[0]
    return name if first.isdecimal() else first
