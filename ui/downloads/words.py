"""Downloads in words: what would be fetched before it is, how far it is, what may be done."""

from __future__ import annotations

from pathlib import Path

from engine.comparison.wording import percent, size, to_go
from engine.downloads.entries import Download
from engine.downloads.wanted import Wanted

DEEDS = {"waiting": "Cancel", "at work": "Cancel", "stopped": "Go on", "failed": "Try again", "done": "Show folder"}


def before(wanted: Wanted) -> str:
    """What a person should know before the first byte: how much, from where, under which terms, where to."""
    rounded = f"About {size(wanted.about)}" if wanted.about else "Its size is not stated"
    much = size(wanted.bytes) if wanted.bytes else rounded
    terms = f"Licence: {wanted.licence}" if wanted.licence else "No licence is stated"
    return f"{much}, from {_all(wanted.hosts)}. {terms}. It goes to {_short(wanted.folder)}."


def facts(wanted: Wanted) -> str:
    """ "CC BY 4.0 · from zenodo.org · to ~/Warmstart/datasets/eurosat"."""
    parts = (wanted.licence, f"from {_all(wanted.hosts)}", f"to {_short(wanted.folder)}")
    return " · ".join(part for part in parts if part)


def progress(one: Download) -> str:
    """How far it is, in one line."""
    much = f"{size(one.done)} of {size(one.total)}" if one.total else size(one.done)
    if one.state == "failed":
        return one.why
    if one.state == "waiting":
        return "Waits for its turn"
    if one.state == "stopped":
        return f"Stopped at {much}: “Go on” continues from there" if one.done else "Stopped before it began"
    if one.state == "done":
        return "On this machine"
    if one.total and one.done >= one.total:
        return "Checked and unpacked…" if one.wanted.unpack else "Checked…"
    if not one.host:
        return f"Asks {_all(one.wanted.hosts)}…"
    left = f"{to_go(one.seconds_left)} left" if one.seconds_left is not None else ""
    speed = f"{size(one.rate)}/s" if one.rate else ""
    host = f"sent by {one.host}" if one.host not in one.wanted.hosts else ""
    return " · ".join(part for part in (much, speed, left, host) if part)


def summary(entries: tuple[Download, ...]) -> str:
    """For the lowest line of the window: "EuroSAT 43 % · 2 waiting"; "" where nothing is on the list."""
    if at_work := next((one for one in entries if one.state == "at work"), None):
        far = f" {percent(at_work.fraction, 0)}" if at_work.fraction is not None else ""
        waiting = sum(one.state == "waiting" for one in entries)
        return f"{at_work.wanted.title}{far}" + (f" · {waiting} waiting" if waiting else "")
    counts = [(sum(one.state == state for one in entries), state) for state in ("waiting", "failed", "stopped", "done")]
    number, state = next(((n, state) for n, state in counts if n), (0, ""))
    return f"{number} download{'s' if number > 1 else ''} {'over' if state == 'done' else state}" if number else ""


def _all(hosts: tuple[str, ...]) -> str:
    return " and ".join(hosts[:2]) + (f" and {len(hosts) - 2} more" if len(hosts) > 2 else "")


def _short(folder: Path) -> str:
    """With ~ for the person's own folder."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(folder)
