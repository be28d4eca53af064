"""Files that come from a machine of a cluster into a run's own folder here: checked, and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from engine.errors import StorageError
from engine.machine.files import begin_writing, replacing, settle
from engine.remote.attempts import linked
from engine.remote.cluster import Change, ClusterAway
from engine.remote.needed import digest_of

Piece = Callable[[str, int], bytes]  # the next bytes of a path from an offset on
Left = Iterable[tuple[str, int, str]]  # path below the run's folder, bytes, SHA-256


def all_brought(
    folder: Path, left: Left, small: Mapping[str, bytes], piece: Piece, changes: Mapping[str, Change]
) -> None:
    """Bring the files of a run, each content once: the best weights are often the last. small: contents that came
    already, by digest, which take their places together; the others come by `piece`. changes: see `Cluster.fetch`.
    Raises as `brought` does."""
    here, again = dict[str, str](), dict[str, str]()
    parts = list[Path]()
    with ExitStack() as together:
        for path, size, digest in left:
            if path not in changes and here.setdefault(digest, path) != path:
                again[path] = here[digest]
            elif digest in small:
                content = small[digest]
                part = together.enter_context(_arriving(folder, path, size, digest, content, changes.get(path)))
                parts += [part] if part is not None else []
            else:
                brought(folder, path, size, digest, piece, changes.get(path))
        for part in parts:
            begin_writing(part)
    for path, same in again.items():
        _brought_again(folder, path, folder / same)


def brought(
    folder: Path, path: str, size: int, digest: str, piece: Piece, change: Change | None = None
) -> None:  # fmt: skip
    """Bring one file, unless it lies here already. change: what is to lie here in place of what came. Raises
    `ClusterAway` where it did not come whole, `StorageError` where it cannot lie here."""
    with _arriving(folder, path, size, digest, piece, change):
        """Nothing else has to be there first."""


@contextmanager
def _arriving(
    folder: Path, path: str, size: int, digest: str, told: Piece | bytes, change: Change | None
) -> Iterator[Path | None]:  # fmt: skip
    """See `brought`; under another name until it takes its place at the end, None where it lies here. told: what came
    with its digest, in the same answer, or its pieces, which came in others and are checked."""
    place = _below(folder, path)
    try:
        if place.is_file() and place.stat().st_size == size and digest_of(place) == digest:
            yield None
            return
        with replacing(place) as part:
            if isinstance(told, bytes):
                part.write_bytes(told)
            elif _written(part, path, size, told) != digest:
                raise ClusterAway(f"The file {path} arrived damaged.", "It is fetched again.")
            if change is not None:
                part.write_bytes(change(part.read_bytes()))
            yield part
    except OSError as error:
        raise _unwritten(folder, path, error) from error


def _brought_again(folder: Path, path: str, same: Path) -> None:
    """What lies here under another name."""
    place = _below(folder, path)
    try:
        if not (place.is_file() and place.samefile(same)):
            with replacing(place, shared=True) as part:
                if not linked(same, part):
                    settle(part)
    except OSError as error:
        raise _unwritten(folder, path, error) from error


def _unwritten(folder: Path, path: str, error: OSError) -> StorageError:
    reason = (error.strerror or str(error)).lower()
    return StorageError(f"{path} cannot be written to {folder} ({reason}).", "Free some disk space.")


def _below(folder: Path, path: str) -> Path:
    """Where it lies; links are followed only where there are folders between."""
    place = folder / path
    directly = place.parent == folder and place.name != ".."
    if not directly and not place.resolve().is_relative_to(folder.resolve()):
        raise StorageError(f"A machine of the cluster sent “{path}”, which lies outside of the run's folder.", "")
    return place


def _written(part: Path, path: str, size: int, piece: Piece) -> str:
    """SHA-256 of what came."""
    digest = hashlib.sha256()
    with part.open("wb") as file:
        while file.tell() < size:
            if not (came := piece(path, file.tell())):
                raise ClusterAway(f"The file {path} ended early.", "It is fetched again.")
            file.write(came)
            digest.update(came)
    return digest.hexdigest()
