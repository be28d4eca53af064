"""The four horizontal axes of a learning curve, and the words for values on them. No Qt here."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.comparison.wording import compact, percent

X_AXES: dict[str, str] = {"step": "Step", "epoch": "Epoch", "time": "Training time", "examples": "Examples seen"}
NICE_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


@dataclass(frozen=True)
class StepScale:
    """What one optimiser step is worth: steps in an epoch and images in a step. has_epochs: not so where tasks are
    drawn anew, and an epoch is no more than what lies between two validations."""

    steps_per_epoch: int = 1
    examples_per_step: int = 1
    has_epochs: bool = True

    def place(self, step: float) -> str:
        """ "epoch 2.5", or "step 1,250"."""
        if not self.has_epochs:
            return f"step {step:,.0f}"
        return f"epoch {round(step / self.steps_per_epoch, 1):g}"

    def positions(self, axis: str, steps: np.ndarray, times: np.ndarray | None = None) -> np.ndarray:
        """float64 [N] positions on `axis` of points at `steps` [N], taken `times` [N] seconds after the start."""
        if axis == "time":
            return np.asarray(steps if times is None else times, float)
        factor = {"step": 1.0, "epoch": 1.0 / max(1, self.steps_per_epoch), "examples": float(self.examples_per_step)}
        return np.asarray(steps, float) * factor[axis]


def clock(seconds: float) -> str:
    """ "45 s", "2:05" (minutes) or "1:02:05" (hours); "–" for what is not a time."""
    if not math.isfinite(seconds):
        return "–"
    if abs(seconds) < 60:
        return f"{seconds:.0f} s" if abs(seconds) >= 9.95 or seconds == round(seconds) else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def x_text(axis: str, value: float) -> str:
    """The cursor's place in words: "step 1,234", "epoch 3.25", "2:05", "12,800 examples"."""
    if axis == "time":
        return clock(value)
    if axis == "epoch":
        return f"epoch {value:.2f}".rstrip("0").rstrip(".")
    return f"step {value:,.0f}" if axis == "step" else f"{value:,.0f} examples"


def x_tick(axis: str, value: float, spacing: float) -> str:
    """A tick's text on the horizontal axis, short: "20,000" becomes "20k"."""
    if axis == "time":
        return clock(value)
    if abs(value) >= 1e6 and spacing >= 1e5:
        return f"{value / 1e6:g}M"
    if abs(value) >= 1e4 and spacing >= 1e3:
        return f"{value / 1e3:g}k"
    return f"{value:,.10g}"


def time_spacing(span: float, ticks: int) -> float:
    """Distance in seconds between ticks that divides `span` seconds into about `ticks` round parts."""
    wanted = span / max(1, ticks)
    return float(next((nice for nice in NICE_SECONDS if nice >= wanted), 86400 * math.ceil(wanted / 86400)))


def y_text(value: float, unit: str) -> str:
    """A value in words: a fraction as "81.2 %" when unit is "percent", else four significant digits."""
    if not math.isfinite(value):
        return "–"
    if unit == "percent":
        return percent(value)
    return compact(value, 4)
