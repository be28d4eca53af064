"""Image files of every format and mode that Pillow writes, with what strangers add to them, and broken ones."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

SIDE = 24
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)
JXL = b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100)
DICOM = bytes(128) + b"DICM" + bytes(300)
NUMPY = b"\x93NUMPY\x01\0" + bytes(200)
WRITTEN = {
    "png": "1 L LA P RGB RGBA I;16", "bmp": "1 L P RGB", "dib": "1 L P RGB", "gif": "1 L P RGB", "webp": "L RGB RGBA",
    "tiff": "1 L LA P RGB RGBA CMYK YCbCr I I;16 F", "jpeg": "L RGB CMYK YCbCr", "ppm": "1 L RGB I;16",
    "avif": "RGB RGBA", "jpeg2000": "L RGB RGBA",
}  # fmt: skip


def body(image: Image.Image, kind: str, **options: object) -> bytes:
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def sheet(mode: str = "RGB", tone: int = 40) -> Image.Image:
    """A noisy image of any mode."""
    noise = np.random.default_rng(tone).integers(tone, tone + 90, (SIDE, SIDE, 3), dtype=np.uint8)
    if mode in ("I", "I;16", "F"):
        return Image.fromarray(noise[..., 0].astype({"I": np.int32, "I;16": np.uint16, "F": np.float32}[mode]) * 16)
    return Image.fromarray(noise).quantize(16) if mode == "P" else Image.fromarray(noise).convert(mode)


def chunk(kind: bytes, inner: bytes) -> bytes:
    return struct.pack(">I", len(inner)) + kind + inner + struct.pack(">I", zlib.crc32(kind + inner))


def png(colour: int, depth: int, pixels: bytes, *extra: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", SIDE, SIDE, depth, colour, 0, 0, 0)
    inner = chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + inner


def jpeg_with_exif(*fields: bytes) -> bytes:
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + b"".join(fields) + bytes(4)
    plain = body(sheet(), "jpeg")
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]


@cache
def sound() -> dict[str, bytes]:
    """By name with its ending; each is an image that must be used."""
    found = {
        f"{mode.replace(';', '')}.{kind}": body(sheet(mode), kind)
        for kind, modes in WRITTEN.items()
        for mode in modes.split()
    }
    text = PngInfo()
    text.add_text("parameters", "masterpiece, " * 120_000, zip=True)
    turned = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    rows = b"".join(b"\0" + bytes(range(SIDE)) for _ in range(SIDE))
    coloured = b"".join(b"\0" + bytes(range(3 * SIDE)) for _ in range(SIDE))
    found |= {
        "text.png": body(sheet(), "png", pnginfo=text),
        "broken_profile.png": png(0, 8, rows, chunk(b"iCCP", b"x\0\0junk"), chunk(b"zTXt", b"\xff")),
        "key.png": png(0, 8, rows, chunk(b"tRNS", b"\0\x05")),
        "key_colour.png": png(2, 8, coloured, chunk(b"tRNS", bytes(6))),
        "raw_resolution.jpg": jpeg_with_exif(turned, struct.pack("<HHI4s", 0x011A, 7, 4, b"72/1")),
        "raw_offset.jpg": jpeg_with_exif(turned, struct.pack("<HHI4s", 0x8769, 7, 4, b"abcd")),
        "text_for_a_number.jpg": jpeg_with_exif(struct.pack("<HHI4s", 0x0112, 2, 4, b"six\0")),
        "many_numbers.jpg": jpeg_with_exif(struct.pack("<HHIHH", 0x0112, 3, 2, 6, 8)),
        "called.jpe": body(sheet(), "jpeg"), "called_otherwise.bin": body(sheet(), "gif"),
        "without": body(sheet(), "png"), "Photo 1.2": body(sheet(), "jpeg"), "wrong.png": body(sheet(), "jpeg"),
    }  # fmt: skip
    return found


@cache
def broken() -> dict[str, bytes]:
    """By name with its ending; each must be named and left out."""
    whole, row = body(sheet(), "png"), b"\0" * (SIDE + 1)
    return {
        "a.heic": HEIC, "b.HEIF": HEIC, "c.jpg": HEIC, "d": HEIC, "e.jxl": JXL, "f.dcm": DICOM, "g": DICOM,
        "h.npy": NUMPY, "i.png": b"", "j.png": b"a letter", "k.png": whole[:-20], "l.png": whole[:40],
        "m.jpg": body(sheet(), "jpeg")[:300], "o.png": png(0, 3, row * SIDE), "p.png": png(9, 8, row * SIDE),
        "q.png": png(0, 8, b"\x09" * 25 * SIDE), "r.psd": b"8BPS" + bytes(99), "s.tif": body(sheet(), "tiff")[:200],
        "twelve_bits.jpg": body(sheet("L"), "jpeg").replace(b"\xff\xc0\0\x0b\x08", b"\xff\xc0\0\x0b\x0c"),
        "t.gif": body(sheet(), "gif")[:60], "u.webp": body(sheet(), "webp")[:60], "v.xyz": b"what is this?",
        "page.jpg": b"\n<!DOCTYPE html><html>", "pointer.png": b"version https://git-lfs.github.com/spec/v1",
        "w.nef": body(sheet(), "tiff"), "x.svg": b"<svg></svg>", "y.jp2": body(sheet(), "jpeg2000")[:120],
    }  # fmt: skip
