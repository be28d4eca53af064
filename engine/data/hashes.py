"""Short hashes by which data sets, single images and lists of episodes are known."""

from __future__ import annotations

import hashlib

BY_CONTENT = "bytes-"  # begins the fingerprint of files that are known by what is in them; older ones were by name


def short_hash(*parts: str | bytes | memoryview) -> str:
    """16 hexadecimal digits that stand for all `parts`."""
    found = hashlib.sha256()
    for part in parts:
        body = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        found.update(len(body).to_bytes(8, "little"))
        found.update(body)
    return found.hexdigest()[:16]


def digest(body: bytes | memoryview) -> int:
    """64 bits that stand for these bytes: of a million files two unlike ones share theirs with odds of 1 to 10^7."""
    return int.from_bytes(hashlib.blake2b(body, digest_size=8).digest(), "little")
