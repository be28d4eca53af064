"""From a file to weights that can be chosen: read, find its network, match, check, keep."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from engine.backbones import encoders
from engine.backbones.backbone import digest
from engine.backbones.kept import Kept, identity
from engine.backbones.own.checking import doubts, refuse_numberless
from engine.backbones.own.exported import KEY
from engine.backbones.own.guessing import best_networks
from engine.backbones.own.matching import ENOUGH, Match, match
from engine.backbones.own.reading import BERT, OF_HUB, SAVE, Brought, read
from engine.backbones.own.sources import SavedNetwork, source_of
from engine.backbones.own.unwrapping import tensors
from engine.errors import WeightsError
from engine.machine.files import replacing

NAMED = 4  # networks that a sentence names


@dataclass(frozen=True, eq=False)
class Bringing:
    """A file and the network it fits. title: the name of the file or folder that was chosen. around: what its tensors
    were saved in, "" where in nothing. doubts: why these cannot be trained weights of this network. others: names of
    networks that fit as well."""

    brought: Brought
    title: str
    around: str
    network: SavedNetwork = field(repr=False)
    match: Match = field(repr=False)
    doubts: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def also(self) -> str:
        """ "No tensor tells it from timm/tf_efficientnet_b0: …", "" where no other network fits as well."""
        if not self.others:
            return ""
        named = ", ".join(self.others[:NAMED]) + ", …" * (len(self.others) > NAMED)
        return f"No tensor tells it from {named}: choose the network if you know that it is another."

    @property
    def refusal(self) -> str:
        """Why these weights are not used unless a person insists, in one sentence, or ""."""
        if not self.match.is_enough:
            share, least = round(100 * self.match.share), round(100 * ENOUGH)
            return f"Only {share} % of {self.network.info.title} was found in {self.title}, less than {least} %."
        return self.doubts[0] if self.doubts else ""


def look(path: Path, backbone: str = "", cancelled: Callable[[], bool] = lambda: False) -> Bringing:
    """backbone: which network it is for; where none is said, a folder says it, or the one that fits best is taken.

    Raises `WeightsError` when the file cannot be read or holds no weights, `InvalidExperiment` for an unknown backbone,
    `Cancelled`.
    """
    brought = read(path)
    around, found = tensors(brought.content)
    if not found:
        raise WeightsError(f"{brought.file.name} holds no tensors.", SAVE)
    ours = brought.kind in (KEY, BERT, OF_HUB)
    stated = brought.network if ours else backbone or brought.network
    name, *others = (stated,) if stated else best_networks(found, brought.kind, cancelled)
    source = source_of(name, ours)
    fitting = match(found, source.shapes, source.head)
    refuse_numberless(fitting.values)
    title = os.path.basename(os.path.abspath(path))  # not of what a link leads to, which caches call by a hash
    return Bringing(brought, title, around, source, fitting, doubts(source, fitting.values), tuple(others))


def keep(looked: Bringing, insist: bool = False) -> Kept:
    """Write the blocks' weights beside the workspace, the same file for the same weights that are used alike.

    insist: though only some of the network was found, or it cannot be told from a random one. Raises `WeightsError`
    when they are refused or cannot be written.
    """
    if looked.refusal and not insist:
        raise WeightsError(looked.refusal, "Choose the network they were trained with, or insist.")
    state = looked.network.trunk(looked.match.values)
    name, mean, std, cut = looked.network.info.name, looked.brought.mean, looked.brought.std, looked.brought.cut
    kept = Kept(
        identity(digest(state), name, mean, std, cut), name, looked.title, str(looked.brought.file), looked.match.words,
        sum(value.nbytes for value in state.values()), mean, std, cut,
    )  # fmt: skip
    try:
        if looked.brought.pieces:
            encoders.keep(name, looked.brought.pieces)
        _write(kept, state)
    except OSError as error:
        reason = error.strerror or error
        raise WeightsError(f"The weights cannot be kept: {reason}.", "Free some disk space and try again.") from None
    return kept


def _write(kept: Kept, state: Mapping[str, Tensor]) -> None:
    if not _is_there(kept):
        with replacing(kept.file) as part:
            part.write_bytes(save({name: value.contiguous() for name, value in state.items()}))
    kept.write()


def _is_there(kept: Kept) -> bool:
    """Whether they are kept already, whole."""
    try:
        return kept.holds(digest(load_file(kept.file)))
    except (OSError, SafetensorError):
        return False
