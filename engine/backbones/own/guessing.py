"""Which network a file of weights is of: the one whose names and shapes fit best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor

from engine.backbones import catalog, listed
from engine.backbones.own.matching import COUNTER, match
from engine.backbones.own.sources import source_of
from engine.backbones.own.transformers_names import KINDS
from engine.errors import Cancelled, WeightsError

SURE = 0.995  # share of a network found by name from which no other is looked at
TRIED = 24  # networks of about the size that are looked at besides the usual ones
SMALLER = 0.25  # of the file's values that the network's blocks have at least: a head may be large
ALIKE = 1e-6  # shares that differ by less are the same
MOST_CLASSES = 50_000
UNLEARNED = (COUNTER, "running_mean", "running_var", "relative_position_index", "attn_mask")
CHOOSE = "Choose its network yourself."


def best_networks(
    found: Mapping[str, Tensor], kind: str = "", cancelled: Callable[[], bool] = lambda: False
) -> tuple[str, ...]:
    """The name of the backbone, then of others that fit as well: they differ in what no tensor tells, such as padding.

    kind: of the model, where it is known. Raises `WeightsError` where none fits.
    """
    best, share = [""], 0.0
    for name, may_end in _likely(found, kind):
        if cancelled():
            raise Cancelled
        if share >= SURE and may_end:
            break
        fits = _fit(found, name)
        if fits > share + ALIKE:
            best, share = [name], fits
        elif fits >= SURE and fits > share - ALIKE:
            best.append(name)
    if share < 0.5:
        raise WeightsError("No network in the list has tensors of these names and shapes.", CHOOSE)
    return tuple(best)


def _fit(found: Mapping[str, Tensor], name: str) -> float:
    """Share of the network, by name above all: others may have the same shapes in another order."""
    source = source_of(name)
    fitting = match(found, source.shapes, source.head)
    named = sum(row.note == "by name" or row.state == "changed" for row in fitting.rows)
    used = fitting.number("matched", "changed")
    left = fitting.number("left over")
    return fitting.share * (0.9 + 0.1 * named / max(used, 1)) * len(fitting.rows) / (len(fitting.rows) + left)


def _likely(found: Mapping[str, Tensor], kind: str) -> Iterator[tuple[str, bool]]:
    """The usual networks, then torchvision's of about the size, the nearest first, then timm's of exactly the size;
    and whether none is to be looked at any more once one before was sure."""
    of_timm = bool(kind) and KINDS[kind].library == "timm"
    missing = listed.missing("timm")
    if of_timm and missing:
        raise WeightsError(
            f"A {kind} of transformers is built by timm, which is not installed.",
            f"Install it (pip install {missing}), or choose other weights.",
        )
    if not of_timm:
        yield from ((name, True) for name in _of_torchvision(found))
    if not missing:
        yield from ((name, place == 0) for place, name in enumerate(_of_timm(found, kind)))


def _of_torchvision(found: Mapping[str, Tensor]) -> list[str]:
    size = sum(value.numel() for key, value in found.items() if COUNTER not in key)
    usual = [info.name for info in catalog.backbones()]
    others = {name: one.total for name, one in listed.networks().items() if one.library == "torchvision"}
    fitting = [name for name, values in others.items() if SMALLER * size <= values <= size and name not in usual]
    return [*usual, *sorted(fitting, key=lambda name: size - others[name])[:TRIED]]


def _of_timm(found: Mapping[str, Tensor], kind: str) -> list[str]:
    """Those that have exactly as many values to learn, or with a head of whole classes besides."""
    values = sum(value.numel() for key, value in found.items() if not key.endswith(UNLEARNED))
    exact, headed = [], []
    for name, one in listed.networks().items():
        rest = values - one.total
        if one.library != "timm" or rest < 0:
            continue
        if rest == 0:
            exact.append(name)
        elif 0 in (rest % one.features, rest % (one.features + 1)) and rest // one.features <= MOST_CLASSES:
            headed.append(name)
    named = f"{listed.TIMM}{kind}"
    return sorted(exact + headed, key=lambda name: (name in headed, not name.startswith(named), len(name)))[:TRIED]
