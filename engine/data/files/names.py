"""Names of files and folders as they are shown and compared, whatever system or archiver wrote them."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from functools import lru_cache
from zipfile import ZipInfo

JOINERS = "\u200c\u200d"  # invisible as well, but part of words and emoji
HOUSEKEEPING = frozenset((
    "__macosx", "__pycache__", "@eadir", "@__thumb", "#recycle", "#snapshot", "$recycle.bin", "recycler", "lost+found",
    "found.000", "system volume information", "network trash folder", "temporary items", "thumbs.db", "ehthumbs.db",
    "desktop.ini", "icon\r", "cvs",
))  # fmt: skip
UTF_8, UNICODE_PATH = 0x800, 0x7075  # flag of a member whose name is UTF-8; field that holds the name once more
PAIR = re.compile(rb"[\x81-\x9f\xe0-\xfc][\x5c\x80-\xfc]")  # a letter of two bytes that a Western name has no use for
KATAKANA = re.compile("[\uff61-\uff9f]")  # half-width: what Chinese bytes look like when they are read as Japanese


def is_housekeeping(name: str) -> bool:
    """Whether one part of a path belongs to a system or a program rather than to someone's data."""
    return name.startswith((".", "~$")) or name.lower() in HOUSEKEEPING


def is_text(name: str) -> bool:
    """Whether a name is letters, and not bytes of no known code."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def clean(path: str) -> str:
    """A path with / whose parts can be shown, saved and compared: one Unicode form, no blanks at the ends, nothing
    invisible."""
    return "/".join(map(clean_part, path.split("/")))


@lru_cache(maxsize=4096)  # of a folder once for all its files
def clean_part(name: str) -> str:
    """One part of a path. Bytes that are not UTF-8 are read as Latin-1, so that different names stay different."""
    if name.isascii() and name.isprintable() and name == name.strip(" ") != "":
        return name
    if not is_text(name):
        name = "".join(_letter(letter) for letter in name)
    name = unicodedata.normalize("NFC", name)
    shown = "".join(letter for letter in map(_shown, name) if letter).strip()
    return shown or "␠" * bool(name)


def _letter(letter: str) -> str:
    """A surrogate as the byte it stands for, or as the sign for what cannot be shown."""
    if not "\ud800" <= letter <= "\udfff":
        return letter
    return chr(ord(letter) - 0xDC00) if "\udc80" <= letter <= "\udcff" else "\ufffd"


def _shown(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind == "Cc":
        return chr(0x2400 + ord(letter)) if ord(letter) < 0x20 else "\ufffd"
    return "" if kind == "Cf" and letter not in JOINERS else letter


def in_zip(members: Sequence[ZipInfo]) -> tuple[list[str], str]:
    """The path of each member with /, and how names were read that do not say it themselves ("" for UTF-8)."""
    untold = {member.orig_filename for member in members if _is_untold(member)}
    coding = _coding([name.encode("cp437") for name in untold])
    names = [_member_name(member, coding) for member in members]
    title = {"utf-8": "", "cp437": "", "cp932": "Shift-JIS", "gb18030": "GBK"}[coding]
    return [name.replace("\\", "/").removeprefix("./") for name in names], title


def _is_untold(member: ZipInfo) -> bool:
    return not member.flag_bits & UTF_8 and not member.orig_filename.isascii()


def _member_name(member: ZipInfo, coding: str) -> str:
    name = member.orig_filename
    if _is_untold(member):
        raw = name.encode("cp437")
        name = _unicode_path(member.extra, raw) or raw.decode(coding)
    return name.partition("\0")[0]


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """The name in UTF-8 that Info-ZIP stores beside one that is not, if it belongs to this one; else ""."""
    while len(extra) >= 4:
        kind, size = (int.from_bytes(extra[place : place + 2], "little") for place in (0, 2))
        body, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and body[:1] == b"\1" and int.from_bytes(body[1:5], "little") == zlib.crc32(raw):
            return body[5:].decode("utf-8", "replace")
    return ""


def _coding(names: Sequence[bytes]) -> str:
    """How the names of an archive without a word about it were written: UTF-8, Japanese or Chinese Windows, or DOS."""
    if _reads(names, "utf-8"):
        return "utf-8"
    if not any(PAIR.search(name) for name in names):
        return "cp437"
    if _reads(names, "cp932") and not any(KATAKANA.search(name.decode("cp932")) for name in names):
        return "cp932"
    return "gb18030" if _reads(names, "gb18030") else "cp437"


def _reads(names: Sequence[bytes], coding: str) -> bool:
    try:
        return all(name.decode(coding) is not None for name in names)
    except UnicodeDecodeError:
        return False
