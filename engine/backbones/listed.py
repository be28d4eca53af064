"""The networks that libraries publish, as `docs/catalogue.py` wrote them down from the libraries. Torch-free.

No library is imported and no network asked: whoever browses sees what the files in `resources/catalogue/` say.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias

from engine.backbones.info import Block, Family, Pixels

Value: TypeAlias = Any  # of JSON
Library = Literal["torchvision", "timm"]
LIBRARIES: tuple[Library, ...] = ("torchvision", "timm")
FOLDER = Path(__file__).resolve().parents[2] / "resources" / "catalogue"
HUB = "/resolve/main/"  # between repository and file in a hub's address
TIMM = "timm/"  # how the names of its networks begin here


@dataclass(frozen=True, slots=True)
class ListedWeights:
    """One set of weights. address: of the file. bytes: of the file, about. size: pixels on a side they were trained at.
    accuracy: on what, and by whose word; "" where nobody says."""

    name: str
    title: str
    address: str
    bytes: int
    pixels: Pixels
    size: int
    trained_on: str
    how: str
    licence: str
    accuracy: str

    @property
    def file(self) -> str:
        """The name it is kept under: of a hub's, whose files are all called alike, the repository's."""
        if HUB not in self.address:
            return self.address.rsplit("/", 1)[1]
        owner, repository = self.repository.split("/")
        return f"{owner}--{repository}.{self.address.rsplit('.', 1)[1]}"

    @property
    def repository(self) -> str:
        """On the hub."""
        return "/".join(self.address.split(HUB)[0].split("/")[-2:])


@dataclass(frozen=True, slots=True)
class ListedNetwork:
    """One architecture. least: the fewest pixels on a side it reads, 0 where it reads `size` alone. parameters: of each
    block, in order. options: what its builder is told."""

    name: str
    title: str
    library: Library
    family: Family
    size: int
    least: int
    features: int
    batch_norm: bool
    parameters: tuple[tuple[str, int], ...]
    options: tuple[tuple[str, bool], ...]
    weights: tuple[ListedWeights, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(Block(name, titled(name, self.family), count) for name, count in self.parameters)

    @property
    def total(self) -> int:
        return sum(count for _, count in self.parameters)

    @property
    def missing(self) -> str:
        return missing(self.library)


def missing(library: Library) -> str:
    """What pip has to be asked for before a network of this library can be built, "" where nothing."""
    return "" if library == "torchvision" or find_spec(library) else f"warmstart[{library}]"


def titled(block: str, family: Family) -> str:
    """ "layers1_3" -> "Layers 1–3"."""
    if block == "stem" and family == "transformer":
        return "Patches"
    words = block.rstrip("0123456789_")
    number = block[len(words) :].replace("_", "–")
    return f"{words.capitalize()} {number}".strip()


@cache
def networks() -> dict[str, ListedNetwork]:
    """By name, torchvision's first."""
    return {one.name: one for one in (*_of("torchvision"), *_of("timm"))}


def _of(library: Library) -> list[ListedNetwork]:
    file = FOLDER / f"{library}.json.gz"
    rows = json.loads(gzip.decompress(file.read_bytes()))["networks"] if file.is_file() else []
    return [_network(library, row) for row in rows]


def _network(library: Library, row: list[Value]) -> ListedNetwork:
    name, title, family, size, least, features, norm, parameters, options, weights = row
    blocks = tuple((block, count) for block, count in parameters)
    sets = tuple(_weights(*one) for one in weights)
    return ListedNetwork(
        name, title, library, family, size, least, features, norm, blocks, tuple(options.items()), sets
    )  # fmt: skip


def _weights(
    name: str, title: str, address: str, size_of_file: int, pixels: list[Value], *rest: Value
) -> ListedWeights:
    mean, std, *cut = pixels
    return ListedWeights(name, title, address, size_of_file, Pixels(tuple(mean), tuple(std), *cut), *rest)
