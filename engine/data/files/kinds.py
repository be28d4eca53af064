"""What a file is, by its first bytes, and by its ending where those are not asked."""

from __future__ import annotations

from functools import cache

IMAGE_ENDINGS = frozenset((
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp", ".ppm",
    ".pgm", ".pbm", ".pnm",
))  # fmt: skip
RAW = (".dng", ".nef", ".cr2", ".cr3", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw")
OTHER_ENDINGS = {
    ".heic": "HEIC", ".heif": "HEIC", ".hif": "HEIC", ".avif": "AVIF", ".jxl": "JPEG XL", ".jp2": "JPEG 2000",
    ".j2k": "JPEG 2000", ".jpf": "JPEG 2000", ".jpx": "JPEG 2000", ".dcm": "DICOM", ".dicom": "DICOM",
    ".npy": "a NumPy array", ".npz": "NumPy arrays", ".svg": "SVG", ".psd": "Photoshop", ".exr": "OpenEXR",
    ".ico": "an icon", ".tga": "Targa", ".pcx": "PCX", ".qoi": "QOI", ".fits": "FITS", ".nii": "NIfTI",
} | dict.fromkeys(RAW, "a camera's raw data")  # fmt: skip
COMPANIONS = frozenset((
    ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".log",
    ".html", ".htm", ".css", ".js", ".py", ".ipynb", ".m", ".r", ".sh", ".bat", ".pdf", ".doc", ".docx", ".xls",
    ".xlsx", ".bib", ".tex", ".url", ".lnk", ".xmp", ".aae", ".md5", ".sha1", ".sha256",
))  # fmt: skip
TEXT_ENDINGS = frozenset((".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson", ".json"))  # of a file of many texts
NOT_READ = ", which is not read here"
HEAD = 144  # bytes that are enough to know every kind
READABLE = (
    b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"MM*\0", b"II\0*",
    b"II+\0", b"MM\0+",
)  # fmt: skip
DIB_SIZES = (12, 40, 52, 56, 64, 108, 124)
JPEG_2000 = (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n")
BRANDS = {b"avif": "AVIF", b"avis": "AVIF"} | dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC"
)
FOREIGN = {
    b"\xff\x0a": "JPEG XL", b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL", b"\x93NUMPY": "a NumPy array", b"8BPS": "Photoshop",
    b"v/1\x01": "OpenEXR", b"SIMPLE  =": "FITS", b"qoif": "QOI", b"\0\0\1\0": "an icon", b"<svg": "SVG",
    b"FUJIFILMCCD-RAW": RAW[-1],
}  # fmt: skip

PRETENDERS = {
    b"<!doctype": "a web page", b"<html": "a web page", b"%pdf": "a PDF", b"pk\x03\x04": "an archive",
    b"version https://git-lfs": "a pointer of Git LFS",
}  # fmt: skip


def ending(path: str) -> str:
    """ ".png" of "a/B.PNG"; "" of ".png" and "a.b/c". In itself, as it is asked of every file of a folder."""
    stem, dot, last = path[path.rfind("/") + 1 :].rpartition(".")
    return dot + last.lower() if stem.strip(".") else ""


def lies_as(path: str) -> str:
    """ "zip", "file" of many texts, or "folder", as what a person brings is called; by its name alone."""
    found = ending(path)
    return "zip" if found == ".zip" else "file" if found in TEXT_ENDINGS else "folder"


def promises_image(path: str) -> bool:
    """Whether the ending is one of an image, read here or not."""
    return (found := ending(path)) in IMAGE_ENDINGS or found in OTHER_ENDINGS


def unread(path: str, head: bytes) -> str:
    """Why a file that begins so is not read, in a few words; "" where it may be."""
    if not head:
        return "empty file"
    if ending(path) in RAW:
        return OTHER_ENDINGS[ending(path)] + NOT_READ
    found = kind(head)
    if found is None:
        named = _no_image(head) or (OTHER_ENDINGS.get(ending(path)) if b"\0" in head else None)
        return named + NOT_READ if named else "not an image"
    return "" if found == "" or _decodes(found) else found + NOT_READ


def kind(head: bytes) -> str | None:
    """ "" of the usual images, "HEIC" and the like by name, None of what is no image."""
    if head.startswith(READABLE) or _is_dib(head) or _is_netpbm(head) or (head[:4], head[8:12]) == (b"RIFF", b"WEBP"):
        return ""
    if head.startswith(JPEG_2000):
        return "JPEG 2000"
    if head[4:8] == b"ftyp":
        return BRANDS.get(head[8:12])
    if head[128:132] == b"DICM":
        return "DICOM"
    return next((name for begin, name in FOREIGN.items() if head.startswith(begin)), None)


def _no_image(head: bytes) -> str | None:
    """What scraped and half-copied sets hold under an image's name."""
    begin = head.lstrip()[:32].lower()
    return "a video" if head[4:8] == b"ftyp" else next((n for b, n in PRETENDERS.items() if begin.startswith(b)), None)


def _is_dib(head: bytes) -> bool:
    return int.from_bytes(head[:4], "little") in DIB_SIZES and int.from_bytes(head[12:14], "little") == 1


def _is_netpbm(head: bytes) -> bool:
    return head[:1] == b"P" and head[1:2] in b"123456fFy" and head[2:3].isspace()


@cache
def _decodes(name: str) -> bool:
    """Whether Pillow was built with what a format needs."""
    from PIL import features

    needed = {"AVIF": "avif", "JPEG 2000": "jpg_2000"}
    return name in needed and bool(features.check(needed[name]))
