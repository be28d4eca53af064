"""Where tiles and headings of a grid in sections stand: arithmetic alone, whatever the number of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QRect

HEAD, GAP = 28, 8  # pixels: height of a section's heading; between tiles


@dataclass(frozen=True, slots=True)
class Tile:
    """place: of the image in the grid's order. rect: where it stands, in pixels from the top of all."""

    place: int
    rect: QRect


class GridRows:
    """Sections of `counts` images, each a heading over rows of `columns` tiles of `side` pixels."""

    def __init__(self, counts: np.ndarray, side: int, width: int) -> None:
        self.side, self.step = side, side + GAP
        self.columns = max(1, (width + GAP) // self.step)
        self.counts = counts
        rows = -(-counts // self.columns)
        heights = np.where(counts > 0, HEAD + rows * self.step + GAP, 0)
        self._tops = np.concatenate(([0], np.cumsum(heights)))
        self._firsts = np.concatenate(([0], np.cumsum(counts)))

    @property
    def height(self) -> int:
        return int(self._tops[-1])

    def heads(self, top: int, bottom: int) -> Iterator[tuple[int, int]]:
        """(section, its top) of the sections that reach into these pixels."""
        for section in range(self._section_at(top), len(self.counts)):
            if self._tops[section] >= bottom:
                return
            if self.counts[section]:
                yield section, int(self._tops[section])

    def tiles(self, top: int, bottom: int) -> Iterator[Tile]:
        """The tiles that reach into these pixels."""
        for first, above, inside in self._inside(top, bottom):
            yield from (Tile(first + inner, self._rect(above, inner)) for inner in inside)

    def places(self, top: int, bottom: int) -> Iterator[int]:
        """The images whose tiles reach into these pixels."""
        for first, _, inside in self._inside(top, bottom):
            yield from range(first + inside.start, first + inside.stop)

    def _inside(self, top: int, bottom: int) -> Iterator[tuple[int, int, range]]:
        """Of each section that reaches into these pixels: its first image, its top, and the tiles of it that do."""
        for section, above in self.heads(top, bottom):
            first_row = max(0, (top - above - HEAD) // self.step)
            last_row = max(0, -(-(bottom - above - HEAD) // self.step))
            last = min(int(self.counts[section]), last_row * self.columns)
            yield int(self._firsts[section]), above, range(first_row * self.columns, last)

    def rect(self, place: int) -> QRect:
        """Where an image stands."""
        section = self.section_of(place)
        return self._rect(int(self._tops[section]), place - int(self._firsts[section]))

    def at(self, point: QPoint) -> int:
        """The image at this place, -1 for none."""
        near = self.tiles(point.y(), point.y() + 1)
        return next((tile.place for tile in near if tile.rect.contains(point)), -1)

    def top_of(self, section: int) -> int:
        return int(self._tops[section])

    def section_of(self, place: int) -> int:
        return int(np.searchsorted(self._firsts, place, side="right")) - 1

    def moved(self, place: int, across: int, down: int) -> int:
        """The image so many tiles away, in the next section where this one ends."""
        if not down:
            return min(max(place + across, 0), int(self._firsts[-1]) - 1)
        here = self.rect(place).center()
        wanted = QPoint(here.x(), here.y() + down * self.step)
        beyond = [*self.tiles(wanted.y() - HEAD - GAP, wanted.y() + HEAD + GAP + 1)]
        others = [tile for tile in beyond if (tile.rect.y() - self.rect(place).y()) * down > 0]
        nearest = min(others, key=lambda tile: (tile.rect.center() - wanted).manhattanLength(), default=None)
        return place if nearest is None else nearest.place

    def _rect(self, above: int, inner: int) -> QRect:
        row, column = divmod(inner, self.columns)
        return QRect(column * self.step, above + HEAD + row * self.step, self.side, self.side)

    def _section_at(self, top: int) -> int:
        return max(0, int(np.searchsorted(self._tops, top, side="right")) - 1)
