"""Fetches torchvision's published weights into torchvision's own cache, with progress and cancel."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from engine.backbones import catalog
from engine.errors import Cancelled, WeightsError

CHUNK = 256 * 1024
LARGEST = 2**32  # bytes
NAMED = re.compile(r"-([0-9a-f]{8,})\.")  # torchvision's file names end in the first characters of their SHA-256


def published_url(name: str) -> str:
    """The address torchvision itself would load the ImageNet weights of this backbone from."""
    from torchvision.models import get_model_weights

    return str(get_model_weights(name).IMAGENET1K_V1.url)


def fetch(
    name: str, progress: Callable[[float], None], cancelled: Callable[[], bool] = lambda: False, url: str | None = None
) -> Path:
    """Download the weights of backbone `name`; progress gets fractions 0..1. Returns the file in the cache.

    Raises `Cancelled` when asked to stop and `WeightsError` without a network or when the file is damaged; either
    way no partial file stays behind.
    """
    address = url or published_url(name)
    target = catalog.hub_checkpoints() / Path(address).name
    part = target.with_suffix(f".{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not fits_name(target, _stream(address, part, progress, cancelled)):
            raise WeightsError("The downloaded weights are damaged.", "Try the download again.")
        part.replace(target)
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise WeightsError(
            f"The weights of {catalog.backbone(name).title} could not be downloaded.",
            "Check the network connection and the free disk space, then try again.",
        ) from error
    finally:
        with contextlib.suppress(OSError):  # there may be no folder to have it in
            part.unlink()
    return target


def _stream(address: str, part: Path, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> str:
    digest, done = hashlib.sha256(), 0
    with urllib.request.urlopen(address, timeout=20) as response, part.open("wb") as file:
        total = int(response.headers.get("Content-Length") or 0)
        while chunk := response.read(CHUNK):
            if cancelled():
                raise Cancelled
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if done > LARGEST:
                raise OSError("more bytes than any weights have")
            progress(done / total if total else 0.0)
    if total and done != total:
        raise OSError(f"{done} of {total} bytes arrived")
    return digest.hexdigest()


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
