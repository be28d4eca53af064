"""Rows and columns said in one call: every kind of part, gaps and edges."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from ui.widgets.layouts import in_column, in_row


def test_parts_stand_in_their_order_with_stretch_room_and_alignment(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    first, second, third, inner = (QLabel(words) for words in ("a", "b", "c", "d"))
    aligned = (third, 0, Qt.AlignmentFlag.AlignTop)
    row = in_row(first, ..., (second, 2), 8, aligned, in_column(inner), owner=owner, gap=3, edges=(1, 2, 3, 4))
    assert owner.layout() is row
    places = [row.itemAt(place) for place in range(row.count())]
    assert [place.widget() for place in places] == [first, None, second, None, third, None]
    assert [row.stretch(place) for place in range(row.count())] == [0, 1, 2, 0, 0, 0]
    assert places[3].sizeHint() == QSize(8, 0)
    assert places[4].alignment() == Qt.AlignmentFlag.AlignTop
    assert places[5].layout().itemAt(0).widget() is inner
    margins = row.contentsMargins()
    assert (row.spacing(), margins.left(), margins.top(), margins.right(), margins.bottom()) == (3, 1, 2, 3, 4)
    assert all(label.parent() is owner for label in (first, second, third, inner))


def test_edges_are_none_at_all_or_those_of_the_style(qtbot: QtBot) -> None:
    bare, styled = QWidget(), QWidget()
    for widget in (bare, styled):
        qtbot.addWidget(widget)
    assert in_column(owner=bare).contentsMargins().isNull()
    assert not in_column(owner=styled, edges=None).contentsMargins().isNull()
    assert in_column(edges=5).contentsMargins().bottom() == 5
