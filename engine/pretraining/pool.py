"""The images or texts that are learnt from without labels. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pool:
    """The images or texts that are learnt from. images: how many. size, channels: as the network reads them.
    background: what lies outside an image, 0..255. batch: how many in a step. texts: themselves, tokenizer: by which
    they are cut; nothing of images."""

    images: int
    size: int
    channels: int
    background: int
    batch: int
    tokenizer: str = ""
    texts: Sequence[str] = field(default=(), repr=False)
