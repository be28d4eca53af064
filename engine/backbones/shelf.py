"""Every set of weights there is to start from, a row each, without a network or a library loaded. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from engine.backbones import catalog, download, listed, located
from engine.backbones.info import COLOURS, BackboneInfo, Family, Pixels, WeightsInfo, WeightsState
from engine.backbones.kept import kept
from engine.backbones.listed import LIBRARIES, ListedNetwork, ListedWeights
from engine.downloads.remote import Remote

Source = Literal["program", "torchvision", "timm", "own"]


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """One set of weights of one network, chosen as `BackboneChoice(name=row.backbone, weights=row.weights)`.

    parameters: of the network without a head. bytes: of the file, 0 where there is none. kind: what the network reads,
    as its form has it. size: pixels on a side they were trained with, prepared as `pixels` says, or pieces of a text.
    how: of training (supervised, distilled, …). licence: as stated by `stated_by`. accuracy: on which data set and by
    whose word, empty where nobody says. needs: the extra that has to be installed, "" when none.
    """

    backbone: str
    weights: str
    title: str
    source: Source
    family: Family
    parameters: int
    bytes: int
    size: int
    channels: int
    pixels: Pixels
    trained_on: str
    how: str
    licence: str
    stated_by: str
    accuracy: str
    state: WeightsState
    needs: str = ""
    kind: str = "images"


def rows() -> tuple[ShelfRow, ...]:
    """The usual networks first, then all others by library; what lies on this machine is looked up anew."""
    usual = catalog.backbones()
    names, here = {info.name for info in usual}, located.names_here()
    missing = {library: listed.missing(library) for library in LIBRARIES}
    others = [one for one in listed.networks().values() if one.name not in names]
    own = dict.fromkeys(one.backbone for one in kept() if catalog.is_known(one.backbone))
    brought = [catalog.backbone(name) for name in own if name not in names]
    found = (_row(info, one) for info in usual for one in catalog.weights(info.name))
    theirs = (_row(info, one) for info in brought for one in catalog.weights(info.name) if one.kind == "own")
    return (*found, *theirs, *(_listed(net, one, here, missing[net.library]) for net in others for one in net.weights))


def having(words: Iterable[str]) -> tuple[ShelfRow, ...]:
    """The rows that say all these words, in whatever case."""
    wanted = [word.casefold() for word in words]
    return tuple(row for row in rows() if all(word in text_of(row) for word in wanted))


def text_of(row: ShelfRow) -> str:
    """What is searched of a row."""
    network = f"{row.backbone} {row.weights} {row.title} {row.source} {row.family}"
    return f"{network} {row.trained_on} {row.how} {row.licence} {row.state}".casefold()


def remote(row: ShelfRow) -> Remote | None:
    """The file of a row that can be fetched, None of others. Its size is not stated exactly by those who publish it."""
    return download.remote(row.backbone, row.weights)


def _listed(network: ListedNetwork, one: ListedWeights, here: frozenset[str], missing: str) -> ShelfRow:
    state: WeightsState = "not installed" if missing else "on this machine" if one.file in here else "download"
    return ShelfRow(
        network.name, one.name, f"{network.title}, {one.title}", network.library, network.family,
        network.total, one.bytes, one.size, COLOURS, one.pixels, one.trained_on, one.how,
        one.licence, network.library, one.accuracy, state, missing,
    )  # fmt: skip


def _row(info: BackboneInfo, one: WeightsInfo) -> ShelfRow:
    network = listed.networks().get(info.name)
    theirs = {each.name: each for each in network.weights}.get(one.name) if network else None
    library: Source = "own" if one.kind == "own" else network.library if network and theirs else "program"
    by = "you" if library == "own" else one.needs or "Warmstart" if library == "program" else library
    return ShelfRow(
        info.name, one.name, info.title if one.kind == "random" else f"{info.title}, {one.title}",
        library, info.family, info.parameters, one.bytes,
        one.size or info.form.size, info.form.channels, one.pixels, one.trained_on,
        one.how or one.kind, one.licence, by, one.accuracy, one.state,
        "" if one.here else one.needs, info.form.kind,
    )  # fmt: skip
