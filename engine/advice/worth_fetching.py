"""Which weights that are not on this machine would be worth a download for these images, and why. Torch-free; nothing
is fetched and nobody is asked: what is known is what those who publish them state, and what was measured here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log2

from engine.advice.adviser import LITTLE, MANY, PIXELS, SMALL_IMAGE, DataFacts, Score, preferred
from engine.backbones.info import COLOURS, HERE
from engine.backbones.shelf import ShelfRow
from engine.comparison.intervals import paired_share_interval
from engine.comparison.wording import size

LARGEST = 200_000_000  # bytes of a file that is still advised
LIGHT = 25_000_000  # bytes, up to which the size is no matter
GAIN = 2.0  # points of stated accuracy, below which it is not worth it
LATER_RECIPE = "imagenet_v2"  # torchvision's second recipe: better on ImageNet, and said to transfer worse


@dataclass(frozen=True)
class Fetch:
    """row: the weights. why: one or two sentences."""

    row: ShelfRow
    why: str


def worth_fetching(facts: DataFacts, scores: Sequence[Score], rows: Iterable[ShelfRow]) -> Fetch | None:
    """The one download to try first; None where none is likely to help.

    What is published was trained on photos: it is advised for colour images alone, and not where the features of the
    photo networks that are here were measured to be of little use.
    """
    photos = facts.channels == COLOURS and facts.side > SMALL_IMAGE
    if not photos or _photos_do_not_help(scores):
        return None
    rows = tuple(rows)
    best_here = max((row for row in rows if _is_here(row)), key=stated, default=None)
    least = stated(best_here) + GAIN if best_here is not None else 0.0
    better = [row for row in rows if _can_be_fetched(row, facts) and stated(row) >= least]
    if not better:
        return None
    row = max(better, key=_worth)
    return Fetch(row, _why(row, best_here))


def stated(row: ShelfRow) -> float:
    """Per cent of ImageNet-1k's photos right, as those say who publish the weights; 0 where they say nothing."""
    number, _, of = row.accuracy.partition(" % of ")
    try:
        return float(number) if of.startswith("ImageNet-1k") else 0.0
    except ValueError:
        return 0.0


def _photos_do_not_help(scores: Sequence[Score]) -> bool:
    """Measured, and what is here does not take away a quarter of the errors on raw pixels."""
    pixels = next((score for score in scores if score.backbone == PIXELS), None)
    start = preferred([score for score in scores if score.backbone != PIXELS])
    if pixels is None or start is None:
        return False
    gained = (start.accuracy - pixels.accuracy) / max(1e-9, 1 - pixels.accuracy)
    return paired_share_interval(start.right, pixels.right).low <= 0 or gained < LITTLE


def _is_here(row: ShelfRow) -> bool:
    return row.state in HERE and row.channels == COLOURS


def _can_be_fetched(row: ShelfRow, facts: DataFacts) -> bool:
    """At most as large as is reasonable, and of the first recipe where few labels leave most of the features as they
    are."""
    of_recipe = facts.labels >= MANY or row.weights != LATER_RECIPE
    fits = row.channels == COLOURS and not row.needs and 0 < row.bytes <= LARGEST
    return row.state == "download" and fits and of_recipe


def _worth(row: ShelfRow) -> float:
    """Stated accuracy, less a point for every doubling of a light file: it is fetched, and it is computed."""
    return stated(row) - max(0.0, log2(row.bytes / LIGHT))


def _why(row: ShelfRow, here: ShelfRow | None) -> str:
    beside = f", where {here.title} here has {stated(here):.1f} %" if here is not None and stated(here) else ""
    right = f"{stated(row):.1f} % of ImageNet’s photos right as stated by {row.stated_by}{beside}"
    return (
        f"{row.title} ({size(row.bytes)}) would be worth a download: {right}. "
        "Whether that holds for your data, Measure says once it is here."
    )
