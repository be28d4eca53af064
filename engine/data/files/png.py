"""The pixels of a PNG file without what else it carries: texts, profiles and times may be broken or of any size."""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS = 100_000
KEPT = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf"))


class BrokenPng(Exception):
    """The bytes are not a whole PNG; the text says why in a few words."""


def pixels_alone(body: bytes) -> bytes:
    """The same image with the chunks alone that decide its pixels. Raises `BrokenPng` when the file ends early or a
    checksum of those is wrong."""
    place, kept, kind = len(SIGNATURE), [SIGNATURE], b""
    view = memoryview(body)
    for _ in range(MOST_CHUNKS):
        if place + 12 > len(body):
            raise BrokenPng("truncated image")
        length, kind = struct.unpack_from(">I4s", body, place)
        end = place + 12 + length
        if end > len(body):
            raise BrokenPng("truncated image")
        if not kind.isalpha():
            raise BrokenPng("damaged image")
        if kind in KEPT:
            if zlib.crc32(view[place + 4 : end - 4]) != struct.unpack_from(">I", body, end - 4)[0]:
                raise BrokenPng("damaged image")
            kept.append(body[place:end])
        place = end
        if kind == b"IEND":
            break
    return body if place == len(body) and sum(map(len, kept)) == place else b"".join(kept)
