"""What a process that works runs for a cluster answers to desks: plain functions, called there by name."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Any

import psutil

from engine.errors import ExperimentError
from engine.machine.memory import total
from engine.machine.places import home
from engine.remote.attempts import Attempts
from engine.remote.journal import lines_after
from engine.remote.keeping import PIECE, KeptFiles
from engine.remote.needed import digest_of
from engine.remote.order import Order, version
from engine.remote.room import CannotWork, has_room
from engine.remote.trimming import trim
from engine.remote.work import Control, Tell, perform

TRIM_AGAIN = 600.0  # seconds
keep = 20 * 10**9  # bytes of files for other runs
_at_work: dict[str, Control] = {}
_trimmed = 0.0  # when files were last looked through


def work(told: str, tell: Tell, rest: Callable[[], object]) -> None:
    """Work an order to its end. tell: hands over what is said of it. rest: takes no more orders for a while, as it
    has no room for them."""
    order = Order.heard(told)
    control = _at_work[order.uid] = Control(order.attempt)
    try:
        perform(order, home(), tell, control)
    except CannotWork as error:
        if error.full:
            rest()
        tell({"refused": [str(order.attempt), error.message]})
    finally:
        if _at_work.get(order.uid) is control:
            del _at_work[order.uid]
        trim_if_due()


def trim_if_due() -> None:
    """Keep no more files than are wanted here."""
    global _trimmed
    if not _trimmed or time.monotonic() - _trimmed > TRIM_AGAIN:
        _trimmed = time.monotonic()
        with suppress(OSError):
            trim(home(), keep)


async def answer(function: Callable[..., object], *given: object) -> tuple[str, object]:
    """("said", what it returns) or ("refused", (message, advice)), beside the work of the line that carries it."""
    try:
        return "said", await asyncio.to_thread(function, *given)
    except ExperimentError as error:
        return "refused", (error.message, error.advice)
    except OSError as error:
        return "refused", (
            f"{socket.gethostname()} says: {(error.strerror or str(error)).lower()}.",
            "It is tried again.",
        )


def say(uid: str, word: str) -> bool:
    """Whether the run is at work here and was told."""
    if (control := _at_work.get(uid)) is None:
        return False
    control.say(word)
    return True


def journals_of(uids: list[str]) -> dict[str, list[tuple[str, bool]]]:
    """(journal, whether it has come to its end) of each attempt that lies here of those runs, the newest first."""
    found = {uid: [(one.place.journal, one.is_last) for one in Attempts(home()).known(uid)] for uid in uids}
    return {uid: journals for uid, journals in found.items() if journals}


def lines(uid: str, journal: str, number: int) -> list[str]:
    """What is written behind this place of the attempt to hear of, from its beginning where that is another one."""
    folder = Attempts(home()).newest(uid)
    return [] if folder is None else lines_after(folder, number if folder.name == journal else 0)


def missing(digests: list[str]) -> list[str]:
    return KeptFiles(home()).missing(digests)


def put(digest: str, offset: int, piece: bytes, whole: bool, sender: str) -> None:
    KeptFiles(home()).put(digest, offset, piece, whole, sender)


def left_files(uid: str, journal: str) -> tuple[list[tuple[str, int, str]], dict[str, bytes]]:
    """(path below the run's folder, bytes, SHA-256) of what an attempt left here; and by digest what is in the smaller
    ones, as many as are a piece together: a question for each of them would cost more than they do."""
    folder = Attempts(home()).run(uid, journal)
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix != ".part")
    told = [(file.relative_to(folder).as_posix(), file.stat().st_size, digest_of(file)) for file in files]
    small, room = dict[str, bytes](), PIECE
    for path, size, digest in sorted(told, key=itemgetter(1)):
        if digest in small:
            continue
        if size > room:
            break
        small[digest] = (folder / path).read_bytes()
        room -= size
    return told, small


def piece(uid: str, journal: str, path: str, offset: int) -> bytes:
    """At most 4 MB of a file that an attempt left here."""
    folder = Attempts(home()).run(uid, journal)
    file = folder / path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise ExperimentError(f"“{path}” lies outside of the run's folder.", "Begin the run anew.")
    with file.open("rb") as opened:
        opened.seek(offset)
        return opened.read(PIECE)


def forget(uid: str, last: int) -> None:
    """Remove what attempts of a run up to this one left here; one of them at work is given up."""
    if (control := _at_work.get(uid)) is not None and control.attempt <= last:
        control.say("discard")
    Attempts(home()).forget(uid, last)


def forget_all(known: dict[str, int]) -> None:
    """See `forget`; of each run the last attempt."""
    for uid, last in known.items():
        forget(uid, last)


def facts() -> Mapping[str, Any]:
    """Of this process and its machine."""
    there = Path(home())
    return {
        "host": socket.gethostname(), "version": version(), "device": os.environ.get("CUDA_VISIBLE_DEVICES") or "cpu",
        "cores": psutil.cpu_count(logical=False) or os.cpu_count() or 1, "memory": total(),
        "runs": sorted(_at_work), "place": str(there.resolve()), "free": shutil.disk_usage(there).free,
        "trouble": "" if has_room(there) else "Its disk is full", "gpu": gpu_title(),
    }  # fmt: skip


def gpu_title() -> str:
    """Of the GPU that this process computes on, once torch is here; "" on the processor."""
    with suppress(AttributeError, RuntimeError):
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            return str(torch.cuda.get_device_name(0))
    return ""
