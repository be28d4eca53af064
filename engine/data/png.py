"""A quick look at a PNG file: its header and the checksum of every chunk, without decoding a pixel."""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, PALETTE, GREY_ALPHA = 0, 3, 4


class BrokenPng(Exception):
    """The bytes are not a whole PNG; the text says why in a few words."""


def plain_header(body: bytes) -> tuple[int, int, bool] | None:
    """(height, width, grey) of a whole PNG; None for a palette, EXIF or 16-bit grey, which deserve a closer look.

    Raises `BrokenPng` when it ends early or a checksum is wrong.
    """
    place, kinds = len(SIGNATURE), []
    view = memoryview(body)
    while b"IEND" not in kinds:
        if place + 12 > len(body):
            raise BrokenPng("truncated image")
        length, kind = struct.unpack_from(">I4s", body, place)
        end = place + 12 + length
        if end > len(body):
            raise BrokenPng("truncated image")
        if zlib.crc32(view[place + 4 : end - 4]) != struct.unpack_from(">I", body, end - 4)[0]:
            raise BrokenPng("damaged image")
        kinds.append(kind)
        place = end
    if kinds[0] != b"IHDR" or b"IDAT" not in kinds:
        raise BrokenPng("damaged image")
    width, height, depth, colour = struct.unpack_from(">IIBB", body, 16)
    if colour == PALETTE or (colour == GREY and depth == 16) or b"eXIf" in kinds or b"acTL" in kinds:
        return None
    return height, width, colour in (GREY, GREY_ALPHA)
