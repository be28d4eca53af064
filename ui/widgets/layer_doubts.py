"""Cells of a layer table that can hardly be meant: a block that never has its turn, or outruns its sisters. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

from engine.layers import HEAD, too_late
from ui.widgets.layer_edits import LayerView

TOO_FAST = 100.0  # times the rate at which the other blocks learn

Doubts = Mapping[tuple[str, str], str]


def doubts(view: LayerView) -> Doubts:
    """{(block, column): a sentence}."""
    if not view.epochs:
        return {}
    late = too_late(view.table, view.epochs)
    found = {(block, "from_epoch"): _late_words(view, block) for block in late}
    return found | {(block, column): words for block, column, words in _too_fast(view) if block not in late}


def _late_words(view: LayerView, block: str) -> str:
    begins, epochs = view.table[block].from_epoch, view.epochs
    return f"{view.titles[block]} begins after {begins} epochs and never learns: the training has {epochs}."


def _too_fast(view: LayerView) -> Iterator[tuple[str, str, str]]:
    """Blocks that a person has changed, held against the usual one of the others. The head is no sister: it is new."""
    fastest = {block: max(view.peaks(block), default=0.0) for block in view.table}
    for block in view.table:
        others = [rate for name, rate in fastest.items() if name not in (block, HEAD) and rate > 0]
        column = next((name for name in ("rate", "from_epoch") if view.is_changed(block, name)), "")
        if column and others and fastest[block] >= TOO_FAST * median(others) * (1 - 1e-9):
            times = fastest[block] / median(others)
            words = f"learns at {fastest[block]:.3g}, {times:,.0f} times the rate of the other blocks."
            yield block, column, f"{view.titles[block]} {words}"
