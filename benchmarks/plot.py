"""How long one repaint of the learning-curve plot takes, by number of points: `python benchmarks/plot.py`.

One repaint is what the window does at each tick: new points handed over, items updated, the widget painted. Medians of
`--repeats` repaints of a 900 x 500 plot: a noisy training curve, and a validation curve with a thirtieth of its points.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PySide6.QtWidgets import QApplication

from ui import theme
from ui.figures.curve_line import CurveLine
from ui.figures.curve_plot import CurvePlot

SIZES = (1_000, 10_000, 100_000)


def curves(points: int, dashed: bool = False) -> list[CurveLine]:
    """A training curve of `points` noisy values and a smooth validation curve."""
    x = np.arange(1, points + 1)
    noise = np.random.default_rng(0).normal(0, 0.1, points)
    every = x[:: max(1, points // max(30, points // 30))]
    colour = theme.run_colour(0)
    return [
        CurveLine("training", x, 2 * np.exp(-3 * x / points) + 0.5 + noise, colour, "train"),
        CurveLine("validation", every, 2 * np.exp(-3 * every / points) + 0.7, colour, dashed=dashed),
    ]


def median_ms(
    app: QApplication, points: int, live: bool, smoothing: float, repeats: int, dashed: bool = False
) -> float:
    """Median milliseconds of processor time of one repaint: other programs count little."""
    plot = CurvePlot("Loss")
    plot.resize(900, 500)
    plot.show()
    plot.set_smoothing(smoothing)
    lines, times = curves(points, dashed), []
    for _ in range(repeats + 2):
        start = time.process_time()
        plot.set_curves(lines, live=live)
        app.processEvents()
        times.append(1000 * (time.process_time() - start))
    plot.close()
    plot.deleteLater()
    return statistics.median(times[2:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    app = QApplication([])
    theme.apply(app, "light")
    cases = [("live", True, 0.0, False), ("live, smoothed", True, 0.9, False), ("resting", False, 0.0, False),
             ("dashed, live", True, 0.0, True)]  # fmt: skip
    found = {name: {n: median_ms(app, n, live, weight, options.repeats, dashed) for n in SIZES}
             for name, live, weight, dashed in cases}  # fmt: skip
    if options.json:
        print(json.dumps({"repaint_cpu_ms": found}))
        return
    print("median CPU ms a repaint" + "".join(f"{size:>12,}" for size in SIZES) + "  points")
    for name, row in found.items():
        print(f"{name:<23}" + "".join(f"{row[size]:>12.1f}" for size in SIZES))


if __name__ == "__main__":
    main()
