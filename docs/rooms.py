"""Draws the house from its code: `python docs/rooms.py` writes docs/rooms.svg.

Rows are the layers of the import contracts in pyproject.toml, arrows the imports that grimp finds. An
arrow that follows from others (a -> b -> c gives a -> c) is left out, so is how many files a room has: a new file among
others changes nothing here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import grimp

REPOSITORY = Path(__file__).resolve().parents[1]
PICTURE = REPOSITORY / "docs" / "rooms.svg"
WIDTH, HEIGHT, ROW, EDGE = 126, 30, 60, 20  # of a box, of a row, around all; in pixels
PANEL, TOP, WIDEST = 690, 74, 5  # width of a package, where it begins, its most rooms beside each other
STYLE = """text { font: 600 15px sans-serif; fill: #1f2933; text-anchor: middle }
.title { font-size: 18px; text-anchor: start }
.house { fill: #f7f9fb; stroke: #cbd2d9 } .room { fill: #dbeafe; stroke: #3b82f6 } .file { fill: #fff; stroke: #9aa5b1 }
path { fill: none; stroke: #7b8794; stroke-width: 1.1; opacity: .7 }"""
TIP = """<marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 8 4 0 8z" style="fill:#7b8794;stroke:none"/></marker>"""

Rows = list[list[str]]
Arrows = Mapping[str, set[str]]


def layers() -> dict[str, Rows]:
    """Room names by root package, a list for each layer from the top, as the contracts have them."""
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return {
        contract["containers"][0]: [row.replace(":", "|").replace(" ", "").split("|") for row in contract["layers"]]
        for contract in contracts["contracts"]
        if contract["type"] == "layers"
    }


def arrows(graph: grimp.ImportGraph, root: str, rooms: Iterable[str]) -> dict[str, set[str]]:
    """Which rooms of a root package each of them imports."""
    own = {room: {f"{root}.{room}", *graph.find_descendants(f"{root}.{room}")} for room in rooms}
    imported = {room: set().union(*map(graph.find_modules_directly_imported_by, names)) for room, names in own.items()}
    return {room: {to for to in own if to != room and imported[room] & own[to]} for room in own}


def reached(start: str, by: Arrows) -> set[str]:
    """Everything below a room, through any number of arrows."""
    found: set[str] = set()
    new = {start}
    while new:
        new = set().union(*(by[room] for room in new)) - found
        found |= new
    return found


def reduced(by: Arrows) -> dict[str, set[str]]:
    """Without the arrows that follow from others."""
    return {room: to - set().union(*(reached(one, by) for one in to), set()) for room, to in by.items()}


def ordered(rows: Rows, by: Arrows) -> Rows:
    """Each row so that a room stands near the middle of those that lead to it."""
    place: dict[str, float] = {}

    def middle(room: str) -> float:
        above = [place[one] for one, to in by.items() if room in to and one in place]
        return sum(above) / len(above) if above else 0.0

    result = []
    for row in rows:
        row = sorted(row, key=lambda room: (middle(room), room))
        place |= {room: index - (len(row) - 1) / 2 for index, room in enumerate(row)}
        result.append(row)
    return result


def box(x: float, y: float, package: Path) -> str:
    """A room where the package is a folder, a file otherwise; x: its middle, y: its upper edge."""
    kind, end = ("room", "/") if package.is_dir() else ("file", ".py")
    return (
        f'<rect class="{kind}" x="{x - WIDTH / 2:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f'<text x="{x:.0f}" y="{y + 20:.0f}">{package.name}{end}</text>'
    )


def path(line: str) -> str:
    return f'<path marker-end="url(#tip)" d="{line}"/>'


def arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (to_x, to_y) = start, end
    half = (y + HEIGHT + to_y) / 2
    return path(f"M{x:.0f} {y + HEIGHT:.0f}C{x:.0f} {half:.0f} {to_x:.0f} {half:.0f} {to_x:.0f} {to_y - 4:.0f}")


def wrapped(rows: Rows) -> Rows:
    """Long rows in two or more of at most `WIDEST` rooms."""
    return [row[first : first + WIDEST] for row in rows for first in range(0, len(row), WIDEST)]


def panel(root: str, rows: Rows, by: Arrows, left: float) -> Iterator[str]:
    """One root package: a frame, its arrows, its rooms row by row."""
    height = len(rows) * ROW + 36
    yield f'<rect class="house" x="{left:.0f}" y="{TOP}" width="{PANEL}" height="{height}" rx="10"/>'
    yield f'<text class="title" x="{left + 14:.0f}" y="{TOP + 28}">{root}/</text>'
    places = {
        room: (left + PANEL * (index + 0.5) / len(row), TOP + 34 + number * ROW)
        for number, row in enumerate(rows)
        for index, room in enumerate(row)
    }
    yield from (arrow(places[room], places[to]) for room in places for to in sorted(by[room]))
    yield from (box(x, y, REPOSITORY / root / room) for room, (x, y) in places.items())


def drawn() -> str:
    """The whole picture as SVG text; the same code gives the same text."""
    graph = grimp.build_graph("engine", "storage", "ui", cache_dir=None)
    left, height, parts = float(EDGE), 0, []
    for root, rows in sorted(layers().items(), reverse=True):
        by = reduced(arrows(graph, root, [room for row in rows for room in row]))
        rows = wrapped(ordered(rows, by))
        parts += panel(root, rows, by, left)
        left, height = left + PANEL + 2 * EDGE, max(height, len(rows) * ROW + 36)
    middle, into = left / 2, left - PANEL * 0.7
    parts += [
        path(f"M{EDGE + PANEL} {TOP + 50}H{left - PANEL - 2 * EDGE - 4:.0f}"),
        path(f"M{PANEL * 0.6:.0f} {TOP}C{PANEL * 0.6:.0f} 25 {PANEL * 0.7:.0f} 31 {middle - WIDTH / 2 - 4:.0f} 31"),
        path(f"M{middle + WIDTH / 2:.0f} 31C{into - 40:.0f} 31 {into:.0f} 25 {into:.0f} {TOP - 4}"),
        box(middle, 16, REPOSITORY / "storage"),
    ]
    size = f'viewBox="0 0 {left - EDGE:.0f} {TOP + height + EDGE}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{STYLE}</style>\n{TIP}'
    paper = f'<rect x="0" y="0" width="{left - EDGE:.0f}" height="{TOP + height + EDGE}" fill="#fff"/>'
    return "\n".join([head, paper, *parts, "</svg>\n"])


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
