"""The work behind the dialog that mixes weights: measured in the background, kept as a run of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.errors import Cancelled
from engine.experiment import DatasetChoice, Experiment

if TYPE_CHECKING:
    from engine.events import Preparing
    from engine.mixtures.soup import Soup
    from engine.mixtures.wise_ft import Along, MixLine

T = TypeVar("T")
Say = Callable[[str, float], None]
Cancelling = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class BetweenEnds:
    """A run between its start and its result: what was measured, and where more can be asked."""

    line: MixLine
    found: Along


def along(run: tuple[Path, str], path: str, say: Say) -> Callable[[Cancelling], BetweenEnds]:
    """path: of a further folder or zip of images; "" for none."""

    def work(cancelled: Cancelling) -> BetweenEnds:
        from engine.data.sources import resolve
        from engine.mixtures.wise_ft import line_of

        other: DatasetChoice | None = resolve(path) if path else None
        line = watched(line_of(*run, other), say, cancelled)
        return BetweenEnds(line, watched(line.measured(), say, cancelled))

    return work


def soup_of(runs: Sequence[tuple[Path, str]], say: Say) -> Callable[[Cancelling], Soup]:
    def work(cancelled: Cancelling) -> Soup:
        from engine.mixtures.soup import cooked

        return watched(cooked(runs), say, cancelled)

    return work


def watched(work: Generator[Preparing, None, T], say: Say, cancelled: Cancelling) -> T:
    """What the work comes to; what it says meanwhile is passed on. Raises `Cancelled`."""
    while True:
        if cancelled():
            raise Cancelled
        try:
            said = next(work)
        except StopIteration as end:
            found: T = end.value
            return found
        say(said.text, said.fraction or 0.0)


def kept_alpha(between: BetweenEnds, alpha: float) -> Callable[[Cancelling], tuple[Experiment, str]]:
    """Writes this mixture; returns the experiment that tests it, and a name for its run."""

    def work(cancelled: Cancelling) -> tuple[Experiment, str]:
        from engine.mixtures.saving import experiment_of_mixture, keep_mixture

        line = between.line
        shares = {"start": 1 - alpha, line.end.folder.name: alpha}
        name = keep_mixture(line.state(alpha), shares, [line.end], line.sighted(alpha, between.found))
        return experiment_of_mixture(name, line.end), f"WiSE-FT of {line.end.title}, alpha {alpha:g}"

    return work


def kept_soup(soup: Soup) -> Callable[[Cancelling], tuple[Experiment, str]]:
    """The same of the greedy soup."""

    def work(cancelled: Cancelling) -> tuple[Experiment, str]:
        from engine.mixtures.saving import experiment_of_mixture, keep_mixture

        taken = soup.taken
        shares = {corner.folder.name: 1 / len(taken) for corner in taken}
        name = keep_mixture(soup.kitchen.state(taken), shares, taken)
        return experiment_of_mixture(name, taken[0]), f"Greedy soup of {len(taken)} of {len(soup.ingredients)} runs"

    return work
