"""What a process that works runs for a cluster answers to desks: plain functions, called there by name."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from engine.errors import ExperimentError
from engine.machine.places import home
from engine.remote.journal import FILE, last_entry, lines_after
from engine.remote.keeping import PIECE, KeptFiles
from engine.remote.order import Order, digest_of, version
from engine.remote.work import Control, Tell, folder_of, perform

_at_work: dict[str, Control] = {}


def work(told: str, tell: Tell) -> None:
    """Work an order to its end. tell: hands over what is said of it."""
    order = Order.heard(told)
    control = _at_work[order.uid] = Control()
    try:
        perform(order, home(), tell, control)
    finally:
        _at_work.pop(order.uid, None)


def say(uid: str, word: str) -> None:
    if (control := _at_work.get(uid)) is not None:
        control.say(word)


def journal_of(uid: str) -> tuple[str, bool] | None:
    """(the journal of a run that lies here, whether it has come to its end); None where there is none."""
    last = last_entry(folder_of(home(), uid))
    return None if last is None else (last.place.journal, last.is_last)


def lines(uid: str, journal: str, number: int) -> list[str]:
    return lines_after(folder_of(home(), uid), journal, number)


def missing(digests: list[str]) -> list[str]:
    return KeptFiles(home()).missing(digests)


def put(digest: str, offset: int, piece: bytes, whole: bool) -> None:
    KeptFiles(home()).put(digest, offset, piece, whole)


def left_files(uid: str) -> list[tuple[str, int, str]]:
    """(path below the run's folder, bytes, SHA-256) of what a run left here, but its journal."""
    folder = folder_of(home(), uid)
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != FILE)
    return [(file.relative_to(folder).as_posix(), file.stat().st_size, digest_of(file)) for file in files]


def piece(uid: str, path: str, offset: int) -> bytes:
    """At most 4 MB of a file that a run left here."""
    folder = folder_of(home(), uid)
    file = folder / path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise ExperimentError(f"“{path}” lies outside of the run's folder.", "Begin the run anew.")
    with file.open("rb") as opened:
        opened.seek(offset)
        return opened.read(PIECE)


def forget(uid: str) -> None:
    """Remove what a run left here; one at work stays."""
    if uid not in _at_work:
        shutil.rmtree(folder_of(home(), uid), ignore_errors=True)


def facts() -> Mapping[str, Any]:
    """Of this process and its machine."""
    return {
        "host": socket.gethostname(), "version": version(), "device": os.environ.get("CUDA_VISIBLE_DEVICES") or "cpu",
        "cores": psutil.cpu_count(logical=False) or os.cpu_count() or 1, "memory": psutil.virtual_memory().total,
        "runs": sorted(_at_work), "place": str(Path(home()).resolve()),
    }  # fmt: skip
