"""Which network a file of weights is of: the one whose names and shapes fit best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor

from engine.backbones import catalog, listed
from engine.backbones.own.matching import COUNTER, match
from engine.backbones.own.sources import source_of
from engine.errors import Cancelled, WeightsError

SURE = 0.995  # share of a network found by name from which no other is looked at
TRIED = 24  # networks of about the size that are looked at besides the usual ones
SMALLER = 0.25  # of the file's values that the network's blocks have at least: a head may be large
CHOOSE = "Choose its network yourself."


def best_network(found: Mapping[str, Tensor], cancelled: Callable[[], bool] = lambda: False) -> str:
    """The name of the backbone; raises `WeightsError` where none fits."""
    best, share = "", 0.0
    for name in _likely(sum(value.numel() for key, value in found.items() if COUNTER not in key)):
        if cancelled():
            raise Cancelled
        fits = _fit(found, name)
        if fits > share:
            best, share = name, fits
        if share >= SURE:
            break
    if share < 0.5:
        raise WeightsError("No network in the list has tensors of these names and shapes.", CHOOSE)
    return best


def _fit(found: Mapping[str, Tensor], name: str) -> float:
    """Share of the network, by name above all: others may have the same shapes in another order."""
    source = source_of(name)
    fitting = match(found, source.shapes, source.head)
    named = sum(row.note == "by name" or row.state == "changed" for row in fitting.rows)
    used = fitting.number("matched", "changed")
    left = fitting.number("left over")
    return fitting.share * (0.9 + 0.1 * named / max(used, 1)) * len(fitting.rows) / (len(fitting.rows) + left)


def _likely(size: int) -> Iterator[str]:
    """size: values in the file. The usual networks, then torchvision's of about the size, the nearest first: timm has
    so many that a person names the one."""
    usual = [info.name for info in catalog.backbones()]
    yield from usual
    others = {name: one.total for name, one in listed.networks().items() if one.library == "torchvision"}
    fitting = [name for name, values in others.items() if SMALLER * size <= values <= size and name not in usual]
    yield from sorted(fitting, key=lambda name: size - others[name])[:TRIED]
