"""What is to be fetched for published weights, and whether what lies in torchvision's cache is what its name says."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from engine.backbones import catalog, listed, located
from engine.downloads.remote import Remote
from engine.downloads.wanted import Wanted
from engine.errors import called

NAMED = re.compile(r"-([0-9a-f]{8,})\.")  # torchvision's file names end in the first characters of their SHA-256


def key(backbone: str, weights: str) -> str:
    """What they are called among downloads."""
    return f"weights:{backbone}:{weights}"


def wanted(backbone: str, weights: str) -> Wanted | None:
    """The file of these weights, in the folder of its library; None where there is none to fetch. Raises
    `InvalidExperiment` for an unknown name."""
    info = catalog.backbone(backbone)
    one = called(weights, {each.name: each for each in catalog.weights(backbone)}, "set of weights", "backbone")
    network, file = listed.networks().get(backbone), remote(backbone, weights)
    if network is None or file is None or one.state not in ("download", "on this machine"):
        return None
    title = f"{one.title} weights of {info.title}"
    folder = located.folder_of(network.library)
    return Wanted(key(backbone, weights), title, (file,), folder, licence=one.licence, about=one.bytes)


def remote(backbone: str, weights: str) -> Remote | None:
    """The file as its library lists it, None where none does. Its size is not stated: libraries round it."""
    network = listed.networks().get(backbone)
    one = next((one for one in network.weights if one.name == weights), None) if network else None
    if one is None:
        return None
    found = NAMED.search(one.file)
    return Remote(one.address, one.file, digest=f"sha256-prefix:{found.group(1)}" if found else "")


def fits_name(path: Path, digest: str) -> bool:
    """Whether the digest begins as the name says; true for a name that says nothing."""
    found = NAMED.search(path.name)
    return found is None or digest.startswith(found.group(1))


def is_as_named(path: Path, whole: str = "") -> bool:
    """Whether the file's own bytes fit its name and `whole`, their SHA-256 where it is known; read once for as long as
    the file stays the same. Raises `OSError`."""
    status = path.stat()
    found = _digest(path, status.st_size, status.st_mtime_ns, status.st_ino)
    return fits_name(path, found) and whole in ("", found)


@lru_cache(maxsize=16)
def _digest(path: Path, size: int, changed: int, inode: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
