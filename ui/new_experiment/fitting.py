"""Whether weights suit the images, why they do not, and the ways out that a click takes. No Qt, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.backbones.info import COLOURS, FAR, BackboneInfo, ImageForm
from engine.experiment import BackboneChoice
from ui.new_experiment.offers import Offer

STEP = 32  # pixels; image sizes are offered in multiples of it
KINDS = {1: "grey", COLOURS: "in colour"}
READ_AS = {
    "images": "images",
    "texts": "texts",
    "numbers": "numbers",
    "states": "places",
}  # by the kind of a network's form


@dataclass(frozen=True, slots=True)
class Seen:
    """What the chosen data hold. side, channels: of their images, 0 where there are none. drawn: what a network reads
    of them then, "texts", "numbers" or "states"."""

    side: int
    channels: int
    drawn: str = "numbers"

    @property
    def kind(self) -> str:
        """As a network's form has it."""
        return "images" if self.side else self.drawn

    @property
    def words(self) -> str:
        return f"{self.side} px {_colours(self.channels)}"


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of a misfit: what its button says, and what is chosen by it."""

    words: str
    choice: BackboneChoice


def misfit(info: BackboneInfo, seen: Seen, size: int | None = None) -> str:
    """Why a network does not suit such data, "" where it does. size: pixels on a side that it is asked to read."""
    form = info.form
    if not isinstance(form, ImageForm) or not seen.side:
        return "" if form.kind == seen.kind else f"It reads {READ_AS[form.kind]}; these are {READ_AS[seen.kind]}."
    asked = replace(form, size=size or form.size)
    bands = form.channels > COLOURS >= seen.channels
    if form.channels < seen.channels or bands or not _near(asked.size, seen.side):
        return f"Made for {asked.size} px {_colours(form.channels)}; these images are {seen.words}."
    return ""


def _near(size: int, side: int) -> bool:
    """As `engine.backbones.info.suits`."""
    return size < FAR * side and side < FAR * size


def _colours(channels: int) -> str:
    return KINDS.get(channels, f"of {channels} bands")


def ways(offer: Offer, size: int | None, seen: Seen, offers: Sequence[Offer]) -> list[Way]:
    """Out of the misfit of an offer, or of weights that are not here. size: pixels that are asked for, None for the
    network's own."""
    info, found = offer.info, list[Way]()
    if not misfit(info, seen, size) and (offer.here or offer.fetched or offer.needs):
        return []
    other = fitting_size(info, seen)
    if other and misfit(info, seen, size) and offer.here:
        found.append(Way(f"Read at {other} px", offer.choice.model_copy(update={"image_size": other})))
    better = next((one for one in offers if one.here and not misfit(one.info, seen) and one.key != offer.key), None)
    if better is not None:
        found.append(Way(f"Use {better.info.title}", better.choice))
    return found


def fitting_size(info: BackboneInfo, seen: Seen) -> int:
    """Pixels on a side at which the network suits the images, as near to its own as can be; 0 where no size helps."""
    form = info.form
    if not isinstance(form, ImageForm) or form.fixed:
        return 0
    steps = range(STEP, max(FAR * seen.side, form.size) + 1, STEP)
    good = [size for size in steps if form.reads(size) and not misfit(info, seen, size)]
    return min(good, key=lambda size: abs(size - form.size), default=0)
