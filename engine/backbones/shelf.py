"""Every set of weights there is to start from, a row each, without a network or a library loaded. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from engine.backbones import catalog
from engine.backbones.info import BackboneInfo, Family, WeightsInfo, WeightsState

Source = Literal["program", "torchvision", "timm", "own"]


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """One set of weights of one network, chosen as `BackboneChoice(name=row.backbone, weights=row.weights)`.

    parameters: of the network without a head. bytes: of the file, 0 where there is none. size: pixels on a side they
    were trained with. mean, std: of a channel's values in 0..1. how: of training
    (supervised, distilled, …). licence: as stated by `stated_by`. accuracy: on which data set and by whose word, empty
    where nobody says. needs: the extra that has to be installed, "" when none.
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
    mean: tuple[float, ...]
    std: tuple[float, ...]
    trained_on: str
    how: str
    licence: str
    stated_by: str
    accuracy: str
    state: WeightsState
    needs: str = ""


def rows() -> tuple[ShelfRow, ...]:
    """The usual networks first, then all others by name; what lies on this machine is looked up anew."""
    return tuple(row for info in catalog.backbones() for row in _of(info))


def _of(info: BackboneInfo) -> Iterator[ShelfRow]:
    for one in catalog.weights(info.name):
        yield _row(info, one)


def _row(info: BackboneInfo, one: WeightsInfo) -> ShelfRow:
    theirs = one.state in ("on this machine", "download")
    return ShelfRow(
        info.name, one.name, info.title if one.kind == "random" else f"{info.title}, {one.title}",
        "torchvision" if theirs else "program", info.family, info.parameters, one.bytes,
        info.form.size, info.form.channels, one.pixels.mean, one.pixels.std, one.trained_on, one.kind, one.licence,
        "torchvision" if theirs else one.needs or "Warmstart", "", one.state, "" if one.here else one.needs,
    )  # fmt: skip
