"""The picture of `benchmarks.growth`: time over size, both logarithmic, a panel for each thing that grows; as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, LEGEND, LINE = 300, 220, 60, 34, 350, 15
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f", "#8c564b", "#17becf")

Row = Mapping[str, Any]


def picture(rows: Sequence[Row]) -> str:
    """rows: over, title, sizes, seconds and exponent of each curve."""
    groups = {over: [row for row in rows if row["over"] == over] for over in dict.fromkeys(row["over"] for row in rows)}
    parts, y = [], 0
    for over, group in groups.items():
        parts.append(f'<g transform="translate(0 {y})">{panel(over, group)}</g>')
        y += max(TOP + HEIGHT + 46, TOP + LINE * len(group) + 20)
    size = f'width="{LEFT + WIDTH + 20 + LEGEND}" height="{y}"'
    style = 'font-family="sans-serif" font-size="11"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}><rect {size} fill="#fff"/>{"".join(parts)}</svg>\n'


def panel(over: str, rows: Sequence[Row]) -> str:
    """One set of axes with its curves and their exponents, and a grey line of what is linear."""
    sizes = [size for row in rows for size in row["sizes"]]
    times = [second for row in rows for second in row["seconds"]]
    (left, right), (low, high) = decades(sizes), decades(times)

    def at(size: float, seconds: float) -> str:
        x = LEFT + WIDTH * (log10(size) - left) / (right - left)
        y = TOP + HEIGHT * (high - log10(seconds)) / (high - low)
        return f"{x:.1f},{y:.1f}"

    title = f"Time over {escape(over)}; dashed: linear; beside each its exponent"
    said = [
        f'<text x="{LEFT}" y="20" font-weight="bold">{title}</text>',
        *grid(left, right, low, high),
    ]
    rise = min(right - left, high - low)
    said.append(
        line([at(10**left, 10**low), at(10 ** (left + rise), 10 ** (low + rise))], "#bbb", ' stroke-dasharray="4"')
    )
    for number, row in enumerate(rows):
        colour = COLOURS[number % len(COLOURS)]
        said.append(line([at(*pair) for pair in zip(row["sizes"], row["seconds"], strict=True)], colour))
        y = TOP + 8 + LINE * number
        words = escape(f"{row['exponent']:.2f}  {row['title']}")
        said.append(line([f"{LEFT + WIDTH + 16},{y - 4}", f"{LEFT + WIDTH + 30},{y - 4}"], colour))
        said.append(f'<text x="{LEFT + WIDTH + 36}" y="{y}">{words}</text>')
    return "".join(said)


def decades(values: Sequence[float]) -> tuple[int, int]:
    """Whole powers of ten around the values, at least one apart."""
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def grid(left: int, right: int, low: int, high: int) -> list[str]:
    """A line and a number at each power of ten."""
    found = []
    for power in range(left, right + 1):
        x = LEFT + WIDTH * (power - left) / (right - left)
        found.append(line([f"{x:.1f},{TOP}", f"{x:.1f},{TOP + HEIGHT}"], "#eee"))
        found.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{10**power:,}</text>')
    for power in range(low, high + 1):
        y = TOP + HEIGHT * (high - power) / (high - low)
        found.append(line([f"{LEFT},{y:.1f}", f"{LEFT + WIDTH},{y:.1f}"], "#eee"))
        found.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{duration(power)}</text>')
    return found


def duration(power: int) -> str:
    """So many powers of ten of a second, as people say it: 100 µs, 10 ms, 1 s."""
    for unit, least in (("s", 0), ("ms", -3), ("µs", -6)):
        if power >= least:
            return f"{10 ** (power - least):,} {unit}"
    return f"{10.0 ** (power + 9):g} ns"


def line(points: Sequence[str], colour: str, more: str = "") -> str:
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="1.5"{more}/>'
