"""A thing that was asked for on its way here, and the list of such things as it is kept between starts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from engine.downloads.remote import Remote
from engine.downloads.wanted import Wanted

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
    wanted = asdict(entry.wanted) | {"folder": str(entry.wanted.folder)}
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
        wanted = dict(body["wanted"])
        files = tuple(_remote(dict(one)) for one in wanted.pop("files"))
        wanted["folder"] = Path(wanted["folder"])
        state: State = "failed" if body["state"] == "failed" else "stopped"
        return Download(
            Wanted(files=files, **wanted), state, int(body["done"]), int(body["total"]), why=str(body["why"])
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _remote(body: dict[str, Any]) -> Remote:
    body["magic"], body["mirrors"] = bytes.fromhex(body["magic"]), tuple(body["mirrors"])
    return Remote(**body)
