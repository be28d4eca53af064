"""How one file comes here: whole or not at all."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from engine.downloads.arriving import Arriving, hold_space, on_disk
from engine.downloads.checks import BLOCK, HEAD, begins, fits, is_web_page
from engine.downloads.hosts import Answer, HostError, NoSuchPart, asked
from engine.downloads.remote import Remote
from engine.errors import Cancelled, DownloadError
from engine.machine.locks import locked
from engine.machine.offline import VARIABLE, is_offline

PAUSES = (1.0, 4.0, 10.0)  # seconds before each further try at an address that brings nothing new
LONGEST_WAIT = 60.0  # seconds that a host may ask for before it is told instead
ROUNDED = 0.02  # share by which a stated size may be wrong where it was rounded
NEWS = 2**20  # bytes after which tries are counted anew

Progress: TypeAlias = Callable[[int, int, str], None]  # bytes here, of so many (0: not known), the host that sends
Cancel: TypeAlias = Callable[[], bool]


def fetch(remote: Remote, folder: Path, progress: Progress | None = None, cancelled: Cancel | None = None) -> Path:
    """The file in `folder`: as it lies there, or fetched, going on from where an earlier try was cut off.

    What comes stands under another name until its size, its first bytes and its digest are right. Raises `Cancelled`,
    `DownloadError` in one sentence.
    """
    target, stop = folder / remote.name, cancelled or _never
    with on_disk(target):
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / f"{remote.name}.lock", stop):
            if not is_whole(target, remote, stop):
                _from_any(remote, Arriving(target), progress or _untold, stop)
    return target


def is_whole(target: Path, remote: Remote, cancelled: Cancel | None = None) -> bool:
    """Whether the file lies there already, by all that is stated of it. Raises `OSError`, `Cancelled`."""
    if not target.is_file() or not begins(target, remote.magic) or _is_of_another_size(remote, target.stat().st_size):
        return False
    return fits(target, remote.digest, cancelled or _never)


def _never() -> bool:
    return False


def _untold(done: int, total: int, host: str) -> None:
    """Nobody asks how far it is."""


def refuse_offline(name: str) -> None:
    """Raises `DownloadError`."""
    if is_offline():
        raise DownloadError(
            f"Warmstart works offline, so {name} is not fetched.",
            f"Leave out --offline and unset the variable {VARIABLE}, or choose what is on this machine.",
        )


def _from_any(remote: Remote, part: Arriving, progress: Progress, cancelled: Cancel) -> None:
    """From the first of its addresses that gives it; where none does, the first one's reason is told."""
    refuse_offline(remote.name)
    reasons: list[HostError] = []
    for url in remote.addresses:
        try:
            return _from_one(remote, url, part, progress, cancelled)
        except HostError as error:
            reasons.append(error)
    raise reasons[0]


def _from_one(remote: Remote, url: str, part: Arriving, progress: Progress, cancelled: Cancel) -> None:
    """Tries again after a pause where that may help; a try that brought much is not counted."""
    tries, most = 0, part.size
    while True:
        try:
            return _ask(remote, url, part, progress, cancelled)
        except HostError as error:
            tries = 0 if part.size >= most + NEWS else tries + 1
            most = max(most, part.size)
            if not error.again or tries > len(PAUSES) or error.wait > LONGEST_WAIT:
                raise
            _pause(max(error.wait, PAUSES[max(tries, 1) - 1]), cancelled)


def _pause(seconds: float, cancelled: Cancel) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if cancelled():
            raise Cancelled
        time.sleep(min(0.1, seconds))


def _ask(remote: Remote, url: str, part: Arriving, progress: Progress, cancelled: Cancel) -> None:
    same = part.same(url)
    start = part.size if same or remote.digest else 0
    try:
        with asked(url, start, same, cancelled) as answer:
            _hold_meant(remote, answer)
            hold_space(part.target, (answer.total or remote.bytes) - answer.start)
            _stream(remote, url, answer, part, progress, cancelled)
            digest = remote.digest or answer.digest
    except NoSuchPart:
        if not (remote.digest and fits(part.path, remote.digest, cancelled)):
            part.drop()
            raise
        digest = ""
    _take(remote, digest, part, bool(start), cancelled)


def _is_of_another_size(remote: Remote, octets: int) -> bool:
    return bool(remote.bytes) and abs(octets - remote.bytes) > ROUNDED * remote.bytes


def _hold_meant(remote: Remote, answer: Answer) -> None:
    """Raises `HostError` where what the host offers cannot be the file."""
    wrong = answer.total and _is_of_another_size(remote, answer.total)
    if wrong or is_web_page(remote.name, answer.kind, b""):
        what = "sent a web page" if is_web_page(remote.name, answer.kind, b"") else "offers another file"
        raise _not_given(answer.host, remote, what)


def _not_given(host: str, remote: Remote, what: str, again: bool = False) -> HostError:
    return HostError(
        f"{host} did not give the file {remote.name}: it {what}.",
        "Try again later, or fetch it with a browser and choose the file or folder by hand.",
        again,
    )


def _stream(remote: Remote, url: str, answer: Answer, part: Arriving, progress: Progress, cancelled: Cancel) -> None:
    """From the host to the disk; the first bytes are looked at before all others come."""
    done, looked, most = answer.start, answer.start > 0, remote.bytes * (1 + ROUNDED) or math.inf
    with part.opened(answer.start) as file:
        part.note(url, answer.same)
        while block := answer.body.read1(BLOCK):
            if cancelled():
                raise Cancelled
            with on_disk(part.target):
                file.write(block)
            done += len(block)
            if not looked and done >= HEAD:
                file.flush()
                looked = _hold_head(remote, answer, part)
            if done > most:
                raise _not_given(answer.host, remote, "sends more than the file has")
            progress(done, answer.total or remote.bytes, answer.host)
    if cancelled():
        raise Cancelled
    if done < (answer.total or remote.bytes * (1 - ROUNDED)):
        raise HostError(f"{answer.host} cut the file off.", "Try again: what has come is kept.", again=True)
    _hold_head(remote, answer, part)


def _hold_head(remote: Remote, answer: Answer, part: Arriving) -> bool:
    with on_disk(part.target), part.path.open("rb") as file:
        head = file.read(HEAD)
    page = is_web_page(remote.name, "", head)
    if page or not head.startswith(remote.magic):
        part.drop()
        raise _not_given(answer.host, remote, f"sent {'a web page' if page else 'something else'}", answer.start > 0)
    return True


def _take(remote: Remote, digest: str, part: Arriving, resumed: bool, cancelled: Cancel) -> None:
    """The whole file takes its name; a damaged one is dropped. One that was put together is tried once more, whole."""
    with on_disk(part.target):
        right = fits(part.path, digest, cancelled)
    if right:
        return part.finish()
    part.drop()
    host = urlsplit(remote.url).hostname
    raise HostError(
        f"The file {remote.name} from {host} arrived damaged, or is not the one that is meant.",
        "Try again; if it stays so, look for a newer version of Warmstart.",
        again=resumed,
    )
