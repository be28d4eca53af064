"""How cost grows with size: every curve is to be linear or better.

    python -m benchmarks.growth                     all curves, about ten minutes
    python -m benchmarks.growth --only runs points  the curves over these sizes
    python -m benchmarks.growth --most 10000        no size beyond it

Images from 10^3, classes from 10, runs from 10^2, points from 10^3, tasks of a meta-step and blocks of a network. Each
size is prepared in a folder of its own, then worked several times; the time told is the processor's own of the fastest,
which other programs lengthen least. The exponent is the slope of the logarithm of time over that of size from the
middle size on, where the costs that no size changes weigh little: 1 is linear, and n log n stays below the bound.
Table, JSON and picture lie in `--workspace`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from math import log
from pathlib import Path

from benchmarks.growth_curve import Curve, Growth, measure
from benchmarks.growth_picture import picture
from benchmarks.measure import machine, save


def curves() -> list[Curve]:
    """Every curve that there is."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from benchmarks import growth_data, growth_networks, growth_runs, growth_window

    return [*growth_data.CURVES, *growth_runs.CURVES, *growth_window.CURVES, *growth_networks.CURVES]


def duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.{max(0, int(2 - log(1000 * seconds, 10)))}f} ms"


def words(found: Growth) -> str:
    told = "  ".join(f"{size:,}: {duration(value)}" for size, value in zip(found.sizes, found.seconds, strict=True))
    return f"{found.curve.over:<7} {found.curve.title:<48} {found.exponent:5.2f}  {found.verdict:<17} {told}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = curves()
    parser.add_argument("--only", nargs="+", choices=dict.fromkeys(curve.over for curve in every), default=None)
    parser.add_argument("--titled", default="", help="only curves in whose title this occurs")
    parser.add_argument("--most", type=int, default=10**9, help="the largest size")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workspace", type=Path, default=Path("growth"), help="where JSON and picture go")
    given = parser.parse_args(arguments)
    print(", ".join(f"{key} {value}" for key, value in machine().items()))
    found = []
    for curve in every:
        sizes = [size for size in curve.sizes if size <= given.most]
        if sizes and given.titled in curve.title and (given.only is None or curve.over in given.only):
            found.append(measure(curve, sizes, given.repeats))
            print(words(found[-1]), flush=True)
    rows = [
        {"over": one.curve.over, "title": one.curve.title, "sizes": one.sizes, "seconds": one.seconds,
         "exponent": one.exponent, "verdict": one.verdict}
        for one in found
    ]  # fmt: skip
    save("growth", rows, given.workspace)
    (given.workspace / "growth.svg").write_text(picture(rows), encoding="utf-8")
    worse = sum(one.verdict == "SUPERLINEAR" for one in found)
    print(f"{len(found) - worse} of {len(found)} curves are linear or better.")


if __name__ == "__main__":
    main()
