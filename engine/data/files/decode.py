"""From the bytes of an image file to an upright L or RGB image; looking at a file and reading it walk one path."""

from __future__ import annotations

import ctypes
import io
import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import PIL
from PIL import Image, UnidentifiedImageError, features
from PIL.Image import Transpose

from engine.data.files.grey import Levels, eight_bits, is_wide, levels
from engine.data.hashes import digest

GREY_MODES = frozenset(("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N", "F"))
MOST_PIXELS, LONGEST_SIDE = 150_000_000, 65_535
KNOWN_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "DIB", "TIFF", "WEBP", "AVIF", "JPEG2000")
HUGE, _huge = 40_000_000, threading.Lock()  # pixels
REDUCED = ("JPEG", "MPO")  # as they are decoded
GLANCE = 8  # of a JPEG's sides, at which looking is quick
ORIENTATION = 0x0112
PNG, MOST_CHUNKS = b"\x89PNG\r\n\x1a\n", 100_000
PNG_PIXELS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf"))  # chunks that decide them
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM, 5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE, 8: Transpose.ROTATE_90,
}  # fmt: skip
ON_ITS_SIDE = (5, 6, 7, 8)


def _hush_libtiff() -> None:
    """The C library writes its complaints straight to the terminal; what matters of them is an exception as well."""
    beside = Path(PIL.__file__).resolve().parent
    for file in (*beside.parent.glob("pillow.libs/libtiff*"), *beside.glob(".dylibs/libtiff*")):
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(str(file))
            library.TIFFSetErrorHandler(None)
            library.TIFFSetWarningHandler(None)


_hush_libtiff()

# What matters of a file is named with it; Pillow's own warnings would only go to the terminal.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").setLevel(logging.CRITICAL)


class Damaged(Exception):
    """The bytes are not a whole image; the text says why in a few words."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is known of a whole image. levels: of grey values beyond 0..255. digest: of the file's bytes, 64 bits."""

    height: int
    width: int
    grey: bool
    levels: Levels | None = None
    digest: int = 0


def examine(body: bytes) -> ImageFacts:
    """Size, colour and digest of an image, which is decoded for it; raises `Damaged` where `decode` would."""
    if not body:
        raise Damaged("empty file")
    with _faults_told(body):
        opened, full = _opened(body, None, 3)
        with _turn(opened):
            image = _upright(opened)
            plain(image)
            grey = image.mode in GREY_MODES or _grey_palette(image)
            found = levels(image)
    turned = full[::-1] if _orientation(opened) in ON_ITS_SIDE else full
    width, height = turned if opened.format in REDUCED else image.size
    return ImageFacts(height, width, grey, found, digest(body))


def decode(body: bytes, size: int, channels: int, scales: tuple[Levels, ...] = ()) -> Image.Image:
    """The image, upright, mode L or RGB, at least `size` on the shorter side where it was; raises `Damaged`.

    scales: of the set it belongs to, for grey values beyond 0..255.
    """
    with _faults_told(body):
        opened, _ = _opened(body, size, channels)
        with _turn(opened):
            return plain(_upright(opened), scales)


def decoders() -> tuple[str, ...]:
    """The versions of what decodes: with others, pixels may be others."""
    return (PIL.__version__, *(features.version(one) or "" for one in ("jpg", "zlib", "webp", "libtiff")))


def _opened(body: bytes, size: int | None, channels: int) -> tuple[Image.Image, tuple[int, int]]:
    """The image before it is decoded, and its (width, height). A JPEG will be made smaller than it is, with at least
    `size` on the shorter side, or for a glance with None."""
    image = Image.open(io.BytesIO(_pixels_alone(body) if body.startswith(PNG) else body), formats=KNOWN_FORMATS)
    if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
        raise Image.DecompressionBombError
    width, height = image.size
    if image.format in REDUCED:
        wanted = (2 * size, 2 * size) if size else (max(1, width // GLANCE), max(1, height // GLANCE))
        image.draft("L" if channels == 1 else None, wanted)
    return image, (width, height)


def _pixels_alone(body: bytes) -> bytes:
    """The same PNG with the chunks alone that decide its pixels: texts, profiles and times may be broken or any size.
    Raises `Damaged` when the file ends early or a checksum of those is wrong."""
    place, kept, kind = len(PNG), [PNG], b""
    view = memoryview(body)
    for _ in range(MOST_CHUNKS):
        if place + 12 > len(body):
            raise Damaged("truncated image")
        length, kind = struct.unpack_from(">I4s", body, place)
        end = place + 12 + length
        if end > len(body):
            raise Damaged("truncated image")
        if not kind.isalpha():
            raise Damaged("damaged image")
        if kind in PNG_PIXELS:
            if zlib.crc32(view[place + 4 : end - 4]) != struct.unpack_from(">I", body, end - 4)[0]:
                raise Damaged("damaged image")
            kept.append(body[place:end])
        place = end
        if kind == b"IEND":
            break
    return body if place == len(body) and sum(map(len, kept)) == place else b"".join(kept)


def _upright(image: Image.Image) -> Image.Image:
    """Decoded, in its own mode; a TIFF is turned as it is loaded."""
    image.load()
    turned = _orientation(image)
    return image.transpose(UPRIGHT[turned]) if turned in UPRIGHT else image


@contextmanager
def _turn(image: Image.Image) -> Iterator[None]:
    """Of huge images only one is decoded at a time, each taking a GB and more."""
    with _huge if image.width * image.height > HUGE else nullcontext():
        yield


def _orientation(image: Image.Image) -> int:
    """As EXIF tells it, 1 where it tells nothing that can be understood."""
    with suppress(Exception):
        found = image.getexif().get(ORIENTATION, 1)
        return found if isinstance(found, int) else 1
    return 1


@contextmanager
def _faults_told(body: bytes) -> Iterator[None]:
    """`Damaged` instead of any of the exceptions that Pillow raises for bytes of strangers."""
    try:
        yield
    except Damaged:
        raise
    except Image.DecompressionBombError:
        raise Damaged("too many pixels") from None
    except UnidentifiedImageError:
        raise Damaged(_refusal(body)) from None
    except MemoryError:
        raise Damaged("too large for the memory that is free") from None
    except Exception as error:
        raise Damaged(_reason(error)) from error


def plain(image: Image.Image, scales: tuple[Levels, ...] = ()) -> Image.Image:
    """Mode L or RGB of any mode: 16-bit and float are scaled as their set is, what is transparent becomes white."""
    if is_wide(image):
        return eight_bits(image, scales)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return _on_white(image)
    if image.mode in ("L", "RGB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _grey_palette(image: Image.Image) -> bool:
    if image.mode not in ("P", "PA"):
        return False
    colours = image.getpalette("RGB") or []
    return colours[0::3] == colours[1::3] == colours[2::3]


def _on_white(image: Image.Image) -> Image.Image:
    grey = image.mode in GREY_MODES
    coloured = image if image.mode == "RGBA" else image.convert("RGBA")
    white = Image.new("RGBA", coloured.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, coloured).convert("L" if grey else "RGB")


def _refusal(body: bytes) -> str:
    """Why the reader of its format does not take it, or that it is of none; Pillow keeps that to itself."""
    for name in KNOWN_FORMATS:
        factory, accepts = Image.OPEN[name]
        if accepts is None or accepts(body[:16].ljust(16, b"\0")) is True:
            try:
                factory(io.BytesIO(body), "")
            except Exception as error:  # noqa: BLE001 - of a stranger's bytes
                return _reason(error)
    return "not an image"


def _reason(error: BaseException) -> str:
    text = str(error).lower()
    if any(word in text for word in ("unsupported", "not supported", "not available", "unknown", "cannot handle")):
        return "a kind of image that is not read here"
    if "truncated" in text or isinstance(error, EOFError) or "not enough" in text or "end of file" in text:
        return "truncated image"
    return "damaged image"
