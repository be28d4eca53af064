"""Where tiles stand, against a layout written out by hand."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRect

from ui.data.grid_rows import GAP, HEAD, GridRows

COUNTS = np.array([5, 0, 1, 2])
SIDE = 40
STEP = SIDE + GAP


def by_hand() -> list[QRect]:
    """Two columns: three rows of the first class, none of the second, one of each other."""
    second = HEAD + 3 * STEP + GAP
    third = second + HEAD + STEP + GAP
    first = [QRect(column * STEP, HEAD + row * STEP, SIDE, SIDE) for row in range(3) for column in range(2)]
    return [*first[:5], QRect(0, second + HEAD, SIDE, SIDE),
            *(QRect(column * STEP, third + HEAD, SIDE, SIDE) for column in range(2))]  # fmt: skip


def test_tiles_stand_in_rows_under_the_heading_of_their_class() -> None:
    rows, wanted = GridRows(COUNTS, SIDE, 2 * STEP), by_hand()
    assert rows.columns == 2
    assert [rows.rect(place) for place in range(8)] == wanted
    assert [(tile.place, tile.rect) for tile in rows.tiles(0, rows.height)] == list(enumerate(wanted))
    assert [section for section, _ in rows.heads(0, rows.height)] == [0, 2, 3]
    assert rows.height == wanted[-1].bottom() + 1 + 2 * GAP
    assert [rows.at(rect.center()) for rect in wanted] == list(range(8))
    assert rows.at(QPoint(SIDE + 2, HEAD + 1)) == -1  # between two
    assert rows.at(QPoint(0, 3)) == -1


def test_only_what_reaches_into_the_view_is_asked_for_wherever_it_is() -> None:
    rows = GridRows(np.full(1000, 100), SIDE, 10 * STEP)
    for top in range(0, rows.height, 9_973):
        seen = {tile.place for tile in rows.tiles(top, top + 300)}
        assert len(seen) <= 10 * (300 // STEP + 2)
        ends = (min(seen), max(seen))
        assert all(rows.rect(place).bottom() >= top - STEP for place in ends)
        inside = {place for place in range(max(0, min(seen) - 40), min(100_000, max(seen) + 40))
                  if rows.rect(place).bottom() >= top and rows.rect(place).top() < top + 300}  # fmt: skip
        assert inside <= seen


def test_arrows_go_to_the_next_row_also_across_classes_and_stop_at_the_ends() -> None:
    rows = GridRows(COUNTS, SIDE, 2 * STEP)
    assert [rows.moved(place, 0, 1) for place in range(8)] == [2, 3, 4, 4, 5, 6, 6, 7]
    assert [rows.moved(place, 0, -1) for place in range(8)] == [0, 1, 0, 1, 2, 4, 5, 5]
    assert (rows.moved(0, -1, 0), rows.moved(7, 1, 0), rows.moved(4, 1, 0)) == (0, 7, 5)
