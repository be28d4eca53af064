"""Rows and columns of widgets, each said in one call."""

from __future__ import annotations

from types import EllipsisType
from typing import Any, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QStackedWidget, QVBoxLayout, QWidget

Item = QWidget | QLayout
Part = Item | int | EllipsisType | tuple[Item | EllipsisType, int] | tuple[Item, int, Qt.AlignmentFlag]
Box = TypeVar("Box", bound=QBoxLayout)
Edges = int | tuple[int, int, int, int] | None


def in_row(*parts: Part, owner: QWidget | None = None, gap: int | None = None, edges: Edges = 0) -> QHBoxLayout:
    """The parts beside each other, see `in_column`."""
    return _filled(QHBoxLayout() if owner is None else QHBoxLayout(owner), parts, gap, edges)


def in_column(*parts: Part, owner: QWidget | None = None, gap: int | None = None, edges: Edges = 0) -> QVBoxLayout:
    """The parts under each other. A part: a widget or a layout, or such a one with its stretch and perhaps its
    alignment; pixels that stay free; or `...`, room that stretches, alone or with its stretch.

    owner: the widget that is laid out. gap: pixels between parts. edges: around them, or left, top, right, bottom. None
    is what the style says.
    """
    return _filled(QVBoxLayout() if owner is None else QVBoxLayout(owner), parts, gap, edges)


def one_of(*pages: QWidget) -> QStackedWidget:
    """Pages of which one is seen, the first to begin with."""
    stack = QStackedWidget()
    for page in pages:
        stack.addWidget(page)
    return stack


def set_shown(widget: QWidget, shown: bool) -> None:
    """Show or hide it where it stands. What stands nowhere yet will be seen with what it is put into: shown before, it
    would be a window of its own for a moment."""
    if shown and widget.parentWidget() is None:
        widget.setAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide, False)
    else:
        widget.setVisible(shown)


def _filled(box: Box, parts: tuple[Part, ...], gap: int | None, edges: Edges) -> Box:
    if edges is not None:
        box.setContentsMargins(*(edges if isinstance(edges, tuple) else (edges,) * 4))
    if gap is not None:
        box.setSpacing(gap)
    how: list[Any]
    for part in parts:
        what, *how = part if isinstance(part, tuple) else (part,)
        if isinstance(what, int):
            box.addSpacing(what)
        elif isinstance(what, QLayout):
            box.addLayout(what, *how)
        elif isinstance(what, QWidget):
            box.addWidget(what, *how)
        else:
            box.addStretch(*(how or [1]))
    return box
