"""What the characters of Glyphs look like: each a few pen strokes, drawn up from uniform numbers alone.

Only + - * / and comparisons touch the numbers, so that every machine gets the same shapes bit by bit: directions come
from the rational points of the circle, never from sine or cosine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
TURNS = {"line": 0.0, "bend": 0.16, "arc": 0.36, "bowl": 0.6}


class Draws:
    """Uniform numbers from the raw bits of PCG64, whose stream NumPy promises never to change."""

    def __init__(self, *seed: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(seed))

    def uniform(self, low: float, high: float, *shape: int) -> Points:
        """float64 `shape` in [low, high)."""
        count = 1
        for length in shape:
            count *= length
        raw = self._bits.random_raw(count).reshape(shape)
        return low + (high - low) * ((raw >> np.uint64(11)).astype(np.float64) * 2.0**-53)

    def number(self, low: float, high: float) -> float:
        return float(self.uniform(low, high, 1)[0])

    def below(self, count: int) -> int:
        """An integer 0..count-1."""
        return min(int(self.number(0, count)), count - 1)

    def chance(self, share: float) -> bool:
        return self.number(0, 1) < share

    def sign(self) -> float:
        return 1.0 if self.chance(0.5) else -1.0


@dataclass(frozen=True)
class Stroke:
    """One movement of the pen. nodes: float64 [nodes, 2], x to the right and y down; smooth: float64 [nodes], 0 at a
    corner and 1 where the pen glides through."""

    nodes: Points
    smooth: Points


def turned(vector: Points, half: float | Points) -> Points:
    """`vector` [..., 2] turned by the angle whose half has the tangent `half`, one for all or for each [...]."""
    cosine, sine = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
    x, y = vector[..., 0], vector[..., 1]
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1)


def heading(draws: Draws) -> Points:
    """A direction near one of the eight that handwriting prefers."""
    favoured = [(0.0, 1.0), (0.0, 1.0), (1.0, 0.0), (1.0, 0.0), (0.7, 0.7), (-0.7, 0.7), (0.0, -1.0), (-1.0, 0.0)]
    return turned(np.array(favoured[draws.below(len(favoured))]), draws.number(-0.12, 0.12))


def walk(start: Points, direction: Points, halves: list[float], step: float, corners: frozenset[int]) -> Stroke:
    """Nodes reached by walking `step` and turning by each of `halves` (tangents of half angles) in between."""
    nodes = [start]
    for half in halves:
        direction = turned(direction, half)
        nodes.append(nodes[-1] + step * direction)
    smooth = np.array([0.0 if place in corners else 1.0 for place in range(len(nodes))])
    return Stroke(np.stack(nodes), smooth)


def _glide(draws: Draws, start: Points, direction: Points, length: float) -> Stroke:
    half = TURNS[("line", "bend", "bend", "arc", "arc", "bowl")[draws.below(6)]] * draws.sign()
    steps = 4 if abs(half) < 0.3 else 5
    return walk(start, direction, [half * draws.number(0.75, 1.25) for _ in range(steps)], length / steps, frozenset())


def _wave(draws: Draws, start: Points, direction: Points, length: float) -> Stroke:
    half, cut, steps = draws.number(0.35, 0.65) * draws.sign(), 2 + draws.below(3), 6
    halves = [half if place <= cut else -half for place in range(steps)]
    return walk(start, direction, halves, 1.5 * length / steps, frozenset())


def _loop(draws: Draws, start: Points, direction: Points, length: float) -> Stroke:
    half, steps = draws.number(0.36, 0.46) * draws.sign(), 8 + draws.below(2)
    return walk(start, direction, [half] * steps, draws.number(1.6, 2.6) * length / steps, frozenset())


def _hook(draws: Draws, start: Points, direction: Points, length: float) -> Stroke:
    bend, sign = draws.number(0.45, 0.8), draws.sign()
    halves = [0.0, 0.04, 0.0, bend * sign, bend * sign, 0.5 * bend * sign]
    if draws.chance(0.4):
        halves = [0.0, *(-half for half in halves[::-1])]
    return walk(start, direction, halves, 1.3 * length / len(halves), frozenset())


def _corner(draws: Draws, start: Points, direction: Points, length: float) -> Stroke:
    """Two or three straight legs with sharp turns between them."""
    legs, sign = 2 + draws.below(2), draws.sign()
    halves, corners = [0.0, 0.0], {2}
    for leg in range(1, legs):
        halves += [draws.number(0.7, 1.7) * sign, 0.0]
        corners.add(2 * leg)
        sign = -sign if draws.chance(0.6) else sign
    return walk(start, direction, halves, 1.4 * length / len(halves), frozenset(corners))


def _dot(draws: Draws, start: Points, direction: Points, length: float) -> Stroke:
    return walk(start, direction, [0.5, 0.5], 0.07, frozenset())


KINDS = (_glide, _glide, _glide, _glide, _wave, _loop, _loop, _hook, _hook, _corner, _corner, _corner)


def _further(draws: Draws, strokes: list[Stroke]) -> Stroke:
    """One more stroke, tied to those before it as in a letter: branching off, crossing, repeated or apart."""
    before = strokes[draws.below(len(strokes))]
    anchor = before.nodes[draws.below(len(before.nodes))]
    length, direction, way = draws.number(0.5, 1.2), heading(draws), draws.number(0, 1)
    if way < 0.10:
        return _dot(draws, anchor + draws.uniform(-0.5, 0.5, 2), direction, length)
    if way < 0.30:
        return _repeated(draws, before)
    if way < 0.60:
        crossing = _glide(draws, anchor, direction, length)
        middle = crossing.nodes[len(crossing.nodes) // 2]
        return Stroke(crossing.nodes + (anchor - middle), crossing.smooth)
    apart = draws.uniform(-0.35, 0.35, 2) if way > 0.9 else 0.0
    return KINDS[draws.below(len(KINDS))](draws, anchor + apart, direction, length)


def _repeated(draws: Draws, before: Stroke) -> Stroke:
    """The same stroke beside itself, as it is or in the mirror."""
    flip = np.array([draws.sign(), 1.0 if draws.chance(0.7) else -1.0])
    nodes = before.nodes[0] + (before.nodes - before.nodes[0]) * flip * draws.number(0.7, 1.1)
    shift = np.array([draws.number(0.25, 0.6) * draws.sign(), draws.number(-0.35, 0.35)])
    return Stroke(nodes + shift, before.smooth)


def character(draws: Draws) -> tuple[Stroke, ...]:
    """A new character of one to four strokes, its larger side filling -1..1."""
    count = (1, 1, 2, 2, 2, 3, 3, 3, 4, 4)[draws.below(10)]
    first = (_wave, _loop, _hook, _corner)[draws.below(4)] if count == 1 else KINDS[draws.below(len(KINDS))]
    strokes = [first(draws, np.zeros(2), heading(draws), draws.number(0.8, 1.4))]
    while len(strokes) < count:
        strokes.append(_further(draws, strokes))
    return _centred(strokes)


def _centred(strokes: list[Stroke]) -> tuple[Stroke, ...]:
    nodes = np.concatenate([stroke.nodes for stroke in strokes])
    low, high = nodes.min(axis=0), nodes.max(axis=0)
    middle, half = (low + high) / 2, max(float((high - low).max()) / 2, 0.2)
    return tuple(Stroke((stroke.nodes - middle) / half, stroke.smooth) for stroke in strokes)
