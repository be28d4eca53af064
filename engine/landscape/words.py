"""What lies between two networks, in sentences. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.comparison.intervals import Interval
from engine.comparison.wording import interval_text, number, percent, points
from engine.landscape.barriers import LEVEL, Barrier, LossLine
from engine.landscape.grids import LossPlane

KINDS = {"train": "Training", "test": "Test"}


@dataclass(frozen=True, slots=True)
class Noise:
    """What the error of one and the same run differs by: a share. basis: what that rests on."""

    level: float = LEVEL
    basis: str = "the usual threshold, Frankle et al. 2020"

    @classmethod
    def of_seeds(cls, accuracies: Sequence[float]) -> Noise:
        """Standard deviation over the seeds of one setting, from three on; else the usual threshold."""
        known = [value for value in accuracies if np.isfinite(value)]
        if len(known) < 3:
            return cls()
        return cls(float(np.std(known, ddof=1)), f"the deviation over {len(known)} seeds of the same settings")

    @property
    def words(self) -> str:
        return f"{points(self.level)} of error ({self.basis})"


def verdict(line: LossLine, noise: Noise) -> str:
    """Whether the two lie in one basin as far as the test images tell: by the interval of the error's barrier."""
    found = line.error_barrier("test").height
    if not np.isfinite(found.value):
        return ""
    if found.high <= noise.level:
        return f"One basin: on the straight line between them the test error never rises by more than {noise.words}."
    if found.low > noise.level:
        return f"A barrier lies between them: on the straight line the test error rises by more than {noise.words}."
    return (
        f"Not clear: whether the test error rises by more than {noise.words} cannot be told from {found.n:,} of them."
    )


def barrier_words(line: LossLine, part: str) -> str:
    """ "Test images: no barrier in the loss; …", "Test images: at α = 0.5 the loss is 1.20 above the straight line
    (2.31 against 1.11; 95 % interval 1.05 to 1.35); …"."""
    loss, error = line.loss_barrier(part), line.error_barrier(part)
    if not np.isfinite(loss.height.value):
        return ""
    return f"{KINDS[part]} examples: {_loss_words(loss)}; {_error_words(error)}."


def _loss_words(found: Barrier) -> str:
    if found.none:
        return f"the loss never rises above the straight line{_most(found.height, False)}"
    against = f"{number(found.there, 2)} against {number(found.straight, 2)}"
    return (
        f"at α = {found.at:g} the loss is {number(found.height.value, 2)} above the straight line "
        f"({against}{_ends(found.height, False)})"
    )


def _error_words(found: Barrier) -> str:
    if found.none:
        return f"the error never rises above its own{_most(found.height, True)}"
    against = f"{percent(found.there)} against {percent(found.straight)}"
    return (
        f"at α = {found.at:g} the error is {points(found.height.value)} above its own "
        f"({against}{_ends(found.height, True)})"
    )


def _most(found: Interval, share: bool) -> str:
    """Of what was not seen to rise."""
    high = points(found.high) if share else number(found.high, 2)
    return f" (95 % interval up to {high})" if found.known else ""


def _ends(found: Interval, share: bool) -> str:
    if not found.known:
        return ""
    low, high = number(found.low, 2), number(found.high, 2)
    return f"; {interval_text(found)}" if share else f"; 95 % interval {low} to {high}"


def rests_on(found: LossLine | LossPlane) -> str:
    """What every point was measured on."""
    kept = "batch norm's statistics as they are mixed" if not found.averaged else (
        f"batch norm's statistics averaged anew at each point in {found.averaged:,} layers, over the training examples"
    )  # fmt: skip
    return f"Each point on {found.images}; {kept}."


def distance_words(line: LossLine) -> str:
    """How far apart two networks are, beside how long they are themselves."""
    first, second = line.sizes
    return (
        f"The weights are {line.distance:.3g} apart; their own lengths are {first:.3g} and {second:.3g}, "
        f"so two unrelated networks of these lengths would be about {(first**2 + second**2) ** 0.5:.3g} apart."
    )


def plane_words(plane: LossPlane) -> str:
    """What the marked networks have, and how far the plane goes."""
    said = [
        f"{title}: test loss {number(loss, 2)}, accuracy {percent(accuracy)}"
        for title, loss, accuracy in zip(
            plane.titles, plane.ends["loss", "test"], plane.ends["accuracy", "test"], strict=True
        )
        if np.isfinite(loss)
    ]
    return "; ".join(said) + "." if said else ""


def trail_words(plane: LossPlane) -> str:
    """What the lines on it are."""
    if not plane.trails:
        return ""
    names = dict.fromkeys(
        "epochs 1, 2, 4, …" if name.startswith("epoch ") else name for trail in plane.trails for name in trail.names
    )
    far = max(float(trail.off.max()) for trail in plane.trails)
    return f"Lines: ways of the runs ({', '.join(names)}), as seen from above: up to {far:.2g} away from this plane."
