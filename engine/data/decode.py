"""From the bytes of an image file to an upright L or RGB image."""

from __future__ import annotations

import ctypes
import io
import struct
import warnings
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps, UnidentifiedImageError

from engine.data.grey import Levels, eight_bits, is_wide, levels
from engine.data.hashes import digest
from engine.data.png import SIGNATURE, BrokenPng, plain_header

GREY_MODES = frozenset(("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N", "F"))
MOST_PIXELS = 150_000_000
FAULTS = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, MemoryError, OverflowError, IndexError)
KNOWN_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "DIB", "TIFF", "WEBP")


def _hush_libtiff() -> None:
    """The C library writes its complaints straight to the terminal; what matters of them is an exception as well."""
    beside = Path(PIL.__file__).resolve().parent
    for file in (*beside.parent.glob("pillow.libs/libtiff*"), *beside.glob(".dylibs/libtiff*")):
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(str(file))
            library.TIFFSetErrorHandler(None)
            library.TIFFSetWarningHandler(None)


_hush_libtiff()

# Large photographs are checked against MOST_PIXELS here and named; Pillow's own warning would only go to the terminal.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class Damaged(Exception):
    """The bytes are not a whole image; the text says why in a few words."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a whole image. levels: of grey values beyond 0..255. digest: of the file's bytes, 64 bits."""

    height: int
    width: int
    grey: bool
    levels: Levels | None = None
    digest: int = 0


def examine(body: bytes) -> Facts:
    """Size, colour and digest of a whole image; raises `Damaged` for text, truncated or broken files."""
    if not body:
        raise Damaged("empty file")
    facts = _png_facts(body) if body.startswith(SIGNATURE) else None
    return replace(facts or _looked_at(body), digest=digest(body))


def _looked_at(body: bytes) -> Facts:
    try:
        with _opened(body) as image:
            facts = _facts(image)
            _check_whole(image)
            return replace(facts, levels=levels(image))
    except Image.DecompressionBombError:
        raise Damaged("too many pixels") from None
    except UnidentifiedImageError:
        raise Damaged("not an image") from None
    except FAULTS as error:
        raise Damaged(_reason(error)) from None


def _png_facts(body: bytes) -> Facts | None:
    try:
        header = plain_header(body)
    except BrokenPng as error:
        raise Damaged(str(error)) from None
    if header is not None and header[0] * header[1] > MOST_PIXELS:
        raise Damaged("too many pixels")
    return None if header is None else Facts(*header)


def decode(body: bytes, size: int, channels: int, scales: tuple[Levels, ...] = ()) -> Image.Image:
    """The image, upright, mode L or RGB, at least `size` on the shorter side where it was; raises `Damaged`.

    scales: of the set it belongs to, for grey values beyond 0..255.
    """
    try:
        with _opened(body) as image:
            if image.format in ("JPEG", "MPO"):
                image.draft("L" if channels == 1 else None, (2 * size, 2 * size))
            image.load()
            return plain(ImageOps.exif_transpose(image), scales)
    except Image.DecompressionBombError:
        raise Damaged("too many pixels") from None
    except FAULTS as error:
        raise Damaged(_reason(error)) from None


def plain(image: Image.Image, scales: tuple[Levels, ...] = ()) -> Image.Image:
    """Mode L or RGB of any mode: 16-bit and float are scaled as their set is, what is transparent becomes white."""
    if image.mode in ("L", "RGB"):
        return image
    if is_wide(image):
        return eight_bits(image, scales)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return _on_white(image)
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGB")


def _opened(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body), formats=KNOWN_FORMATS)
    if image.width * image.height > MOST_PIXELS:
        raise Image.DecompressionBombError
    return image


def _facts(image: Image.Image) -> Facts:
    width, height = image.size
    if _lies_on_its_side(image):
        width, height = height, width
    return Facts(height, width, image.mode in GREY_MODES or _grey_palette(image))


def _lies_on_its_side(image: Image.Image) -> bool:
    """By its EXIF orientation; asking a PNG without one would decode it."""
    if image.format == "PNG" and "exif" not in image.info:
        return False
    return image.getexif().get(0x0112, 1) in (5, 6, 7, 8)


def _grey_palette(image: Image.Image) -> bool:
    if image.mode != "P" or image.palette is None:
        return False
    colours = np.frombuffer(bytes(image.palette.tobytes()), dtype=np.uint8)
    width = len(image.palette.mode)
    colours = colours[: len(colours) // width * width].reshape(-1, width)
    return bool((colours[:, :1] == colours[:, :3]).all())


def _check_whole(image: Image.Image) -> None:
    """PNG by the checksums of its chunks, all others by decoding; JPEG at an eighth of its size, which is quick."""
    if image.format == "PNG" and not is_wide(image):
        image.verify()
        return
    if image.format in ("JPEG", "MPO"):
        image.draft(None, (max(1, image.width // 8), max(1, image.height // 8)))
    image.load()


def _on_white(image: Image.Image) -> Image.Image:
    grey = image.mode in ("LA", "La")
    coloured = image.convert("RGBA")
    sheet = Image.new("RGBA", coloured.size, (255, 255, 255, 255))
    sheet.alpha_composite(coloured)
    return sheet.convert("L" if grey else "RGB")


def _reason(error: BaseException) -> str:
    text = str(error).lower()
    if "truncated" in text or isinstance(error, EOFError) or "not enough" in text or "end of file" in text:
        return "truncated image"
    return "damaged image"
