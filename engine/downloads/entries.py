"""A thing that was asked for on its way here, and the list of such things as it is kept between starts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, cast

from engine.downloads.remote import Remote
from engine.downloads.wanted import Wanted
from engine.machine.places import home

State: TypeAlias = Literal["waiting", "at work", "stopped", "failed", "done"]
OVER = ("stopped", "failed", "done")  # states in which nothing happens by itself


@dataclass(frozen=True, slots=True)
class Download:
    """done: bytes here, of `total` (0: not known). rate: bytes a second lately. host: who sends. why: what is wrong, in
    words, of a failed one."""

    wanted: Wanted
    state: State = "waiting"
    done: int = 0
    total: int = 0
    rate: float = 0.0
    host: str = ""
    why: str = ""

    @property
    def key(self) -> str:
        return self.wanted.key

    @property
    def fraction(self) -> float | None:
        """0..1; None while it is not known."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def seconds_left(self) -> float | None:
        return (self.total - self.done) / self.rate if self.total and self.rate > 0 else None


def as_json(entries: Iterable[Download]) -> str:
    """Those that are not done: what is here needs no list."""
    return json.dumps([_body(entry) for entry in entries if entry.state != "done"], indent=1)


def _body(entry: Download) -> dict[str, Any]:
    folder = entry.wanted.folder
    with suppress(ValueError):  # of what lies in the workspace only where it lies there, as that may be moved
        folder = folder.relative_to(home())
    wanted = asdict(entry.wanted) | {"folder": str(folder)}
    wanted["files"] = [asdict(file) | {"magic": file.magic.hex()} for file in entry.wanted.files]
    state = "failed" if entry.state == "failed" else "stopped"
    return {"wanted": wanted, "state": state, "done": entry.done, "total": entry.total, "why": entry.why}


def from_json(text: str) -> list[Download]:
    """What was kept. Nothing of it goes on by itself; lines that make no sense are left out."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    entries = [_entry(body) for body in found if isinstance(body, dict)] if isinstance(found, list) else []
    return [entry for entry in entries if entry is not None]


def _entry(body: dict[str, Any]) -> Download | None:
    try:
        wanted, state = _wanted(body["wanted"]), "failed" if body["state"] == "failed" else "stopped"
        return Download(wanted, cast(State, state), int(body["done"]), int(body["total"]), why=str(body["why"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _wanted(body: dict[str, Any]) -> Wanted:
    files = tuple(_remote(one) for one in body["files"])
    if not files:
        raise ValueError("nothing is wanted")
    key, title, licence = (str(body[name]) for name in ("key", "title", "licence"))
    return Wanted(key, title, files, home() / str(body["folder"]), bool(body["unpack"]), licence)


def _remote(body: dict[str, Any]) -> Remote:
    url, name, digest = (str(body[key]) for key in ("url", "name", "digest"))
    mirrors = tuple(map(str, body["mirrors"]))
    return Remote(url, name, int(body["bytes"]), digest, bytes.fromhex(body["magic"]), mirrors)
