"""Files that come from a machine of a cluster into a run's own folder here: checked, and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from engine.errors import StorageError
from engine.machine.files import replacing
from engine.remote.cluster import ClusterAway
from engine.remote.needed import digest_of


def brought(folder: Path, path: str, size: int, digest: str, piece: Callable[[str, int], bytes]) -> None:
    """Bring one file, unless it lies here already. path: below the folder. piece: its next bytes from an offset on.
    Raises `ClusterAway` where it did not come whole, `StorageError` where it cannot lie here."""
    place = folder / path
    if not place.resolve().is_relative_to(folder.resolve()):
        raise StorageError(f"A machine of the cluster sent “{path}”, which lies outside of the run's folder.", "")
    try:
        if place.is_file() and place.stat().st_size == size and digest_of(place) == digest:
            return
        with replacing(place) as part:
            if _written(part, path, size, piece) != digest:
                raise ClusterAway(f"The file {path} arrived damaged.", "It is fetched again.")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(f"{path} cannot be written to {folder} ({reason}).", "Free some disk space.") from error


def _written(part: Path, path: str, size: int, piece: Callable[[str, int], bytes]) -> str:
    """SHA-256 of what came."""
    digest = hashlib.sha256()
    with part.open("wb") as file:
        while file.tell() < size:
            if not (came := piece(path, file.tell())):
                raise ClusterAway(f"The file {path} ended early.", "It is fetched again.")
            file.write(came)
            digest.update(came)
    return digest.hexdigest()
