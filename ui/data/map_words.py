"""What a map says of itself: which images it shows, what its distances mean, what a point is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.comparison.wording import count

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet
    from engine.maps.mapped import Mapped
    from ui.data.map_networks import Taken

NEAR, FLAT = "near", "flat"
KINDS: list[tuple[object, str]] = [(NEAR, "Neighbours together"), (FLAT, "Principal components")]
CHANGED = "The set has changed since its map was drawn. Draw it again."
TOGETHER = "A network puts what it finds alike near each other."
HANDS = "Click: this and the nearest. Drag: choose. Wheel: closer. Right button: move. Double-click: all."


def of_sample(found: Mapped, data: LabelledSet, taken: Taken | None) -> str:
    """ "5,000 of 100,000 images, drawn at random; 31 of 400 test images wrong, ringed."."""
    shown, total = len(found.ids), len(data)
    first = f", the run's test {data.what} first" if taken is not None else ""
    some = f"{shown:,} of {total:,} {data.what}, drawn at random{first}"
    words = f"All {count(total, data.what)}" if shown == total else some
    if taken is None:
        return f"{words}."
    seen = np.isin(taken.ids, found.ids)
    wrong, tested = int((taken.wrong & seen).sum()), int(seen.sum())
    return f"{words}; {wrong:,} of {tested:,} test {data.what} wrong after the run, ringed."


def of_kind(found: Mapped, flat: bool, eye: int) -> str:
    """What distances mean in this picture."""
    if flat or not found.near:
        held = f"{found.explained[eye]:.0%}".replace("%", " %")
        return f"These two components hold {held} of the variance: what lies together may differ in the others."
    return "Only nearness means something here (t-SNE): how large groups are, and how far from each other, does not."


def of_point(image: int, data: LabelledSet, taken: Taken | None) -> str:
    """ "glass · glass/glass12.jpg, taken for metal"."""
    words = f"{data.class_names[data.labels[image]]} · {data.image_name(image)}"
    if taken is None or image not in taken.ids:
        return words
    place = int(np.flatnonzero(taken.ids == image)[0])
    return f"{words}, {'taken for' if taken.wrong[place] else 'rightly taken for'} {taken.names[place]}"
