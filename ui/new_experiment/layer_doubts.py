"""Cells of a layer table that can hardly be meant: a block that never has its turn, or outruns its sisters. No Qt."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from engine.layers import HEAD, too_late
from ui.new_experiment.layer_view import LayerView

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
    """Blocks that a person has changed, held against what the method gives the others; the head is no sister."""
    own = replace(view, table=view.own)
    usual = {name: max(peaks) for name in view.own if name != HEAD and (peaks := own.peaks(name))}
    ordered = sorted(usual.values())
    for block in view.table:
        column = next((name for name in ("rate", "from_epoch") if view.is_changed(block, name)), "")
        if not column or not (sisters := len(ordered) - (block in usual)):
            continue
        fastest, middle = max(view.peaks(block), default=0.0), median_of_others(ordered, usual.get(block), sisters)
        if fastest >= TOO_FAST * middle * (1 - 1e-9):
            words = f"learns at {fastest:.3g}, {fastest / middle:,.0f} times the usual rate of the other blocks."
            yield block, column, f"{view.titles[block]} {words}"


def median_of_others(ordered: Sequence[float], without: float | None, count: int) -> float:
    """Of these ascending values but one; count: how many remain. A median of its own for each block would sort them
    anew for each."""
    gap = len(ordered) if without is None else bisect_left(ordered, without)
    low, high = (ordered[place + (place >= gap)] for place in ((count - 1) // 2, count // 2))
    return (low + high) / 2


def sentences(view: LayerView) -> list[str]:
    """What is to be read beside the table; a person's own beginning after the end is refused by the checks already."""
    found = doubts(view).items()
    return [
        words
        for (block, column), words in found
        if words != _late_words(view, block) or not view.is_changed(block, column)
    ]
