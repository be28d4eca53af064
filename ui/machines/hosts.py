"""The places of a cluster told machine by machine, with those that were here and are gone. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.comparison.wording import count, duration, size

if TYPE_CHECKING:
    from engine.remote.cluster import MachineState
    from ui.figures.plain_table import TableCell

HEADS = ("Machine", "Free", "Works on", "Cores", "Memory", "Version", "Last sign")

SILENT = "The cluster does not answer, so nobody knows. What is at work there goes on."


@dataclass(frozen=True)
class Host:
    """One machine. at: by which its places are reached. free: of its places. gpus: of which a place works with each.
    seconds: since its last sign of life. wrong: what is said of its version. trouble: why it takes no runs now. gone:
    when it was last here, in seconds since the epoch; None while it is. titles: of its GPUs."""

    name: str
    at: str
    places: int
    free: int
    gpus: int
    cores: int
    memory: int
    version: str
    seconds: float
    wrong: str = ""
    runs: tuple[str, ...] = ()
    trouble: str = ""
    gone: float | None = None
    titles: str = ""


def hosts(places: Iterable[MachineState], wrong: Mapping[str, str]) -> dict[str, Host]:
    """By name and address, as two machines may have one name. wrong: what is said of a version that is not this
    program's, by version."""
    found: dict[tuple[str, str], list[MachineState]] = {}
    for one in places:
        found.setdefault((one.host, urlsplit(one.address).hostname or ""), []).append(one)
    return {" ".join(which): _host(*which, group, wrong) for which, group in sorted(found.items())}


def _host(name: str, at: str, group: list[MachineState], wrong: Mapping[str, str]) -> Host:
    first = group[0]
    gpus = {one.device for one in group if one.device != "cpu"}
    said = next((wrong[one.version] for one in group if wrong.get(one.version)), "")
    return Host(
        name, at, len(group), sum(not one.runs and not one.trouble for one in group), len(gpus), first.cores,
        first.memory, ", ".join(sorted({one.version or "from a folder" for one in group})),
        min(one.seconds for one in group), said, tuple(run for one in group for run in one.runs),
        next((one.trouble for one in group if one.trouble), ""), titles=_titles(group),
    )  # fmt: skip


def _titles(group: list[MachineState]) -> str:
    """ "2 × NVIDIA H200"; several places may work with one."""
    counted = Counter(title for title, _ in {(one.gpu, one.device) for one in group if one.gpu})
    return ", ".join(title if many == 1 else f"{many} × {title}" for title, many in sorted(counted.items()))


def kept(before: Mapping[str, Host], here: Mapping[str, Host], now: float) -> dict[str, Host]:
    """Those that are here, and those that were before with when they were last seen."""
    lost = {
        name: one if one.gone is not None else replace(one, gone=now - one.seconds, free=0, runs=())
        for name, one in before.items()
        if name not in here
    }
    return dict(sorted({**lost, **here}.items()))


def summary(known: Mapping[str, Host]) -> str:
    """ "6 places on 2 machines, 4 of them free"."""
    here = [one for one in known.values() if one.gone is None]
    if not here:
        return "No machine works for it yet." if not known else "No machine works for it any more."
    places, free = sum(one.places for one in here), sum(one.free for one in here)
    works = "all of them free" if places == free else f"{free} of them free" if free else "none of them free"
    if places == 1:
        works = "free" if free else "at work"
    return f"{count(places, 'places')} on {count(len(here), 'machines')}, {works}."


def rows(known: Mapping[str, Host], now: float, is_silent: bool = False) -> list[tuple[TableCell, ...]]:
    """Of those that share a name the address is told as well. is_silent: the cluster does not answer, so nothing is
    known of them but that they were there."""
    shared = Counter(one.name for one in known.values())
    names = [f"{one.name} ({one.at})" if shared[one.name] > 1 else one.name for one in known.values()]
    return [row(one, now, name, is_silent) for one, name in zip(known.values(), names, strict=True)]


def row(host: Host, now: float, name: str, is_silent: bool) -> tuple[TableCell, ...]:
    from ui.figures.plain_table import TableCell

    away = is_silent or host.gone is not None
    free = "–" if away else f"{host.free} of {host.places}" + " (!)" * bool(host.trouble)
    words = (
        (name, f"{host.name}, {host.at}"), (free, SILENT if is_silent else _at_work(host)),
        (f"{count(host.gpus, 'GPUs')}" if host.gpus else "the processor", host.titles), (str(host.cores), ""),
        (size(host.memory), ""), (f"{host.version} (other)" if host.wrong else host.version, host.wrong),
        (_sign(host, now, is_silent), ""),
    )  # fmt: skip
    right = (3, 4)
    return tuple(
        TableCell(text, tip, right=place in right, muted=away, bold=place == 0 and not away)
        for place, (text, tip) in enumerate(words)
    )


def _sign(host: Host, now: float, is_silent: bool) -> str:
    if host.gone is not None:
        return "gone just now" if now - host.gone < 3 else f"gone {duration(now - host.gone)}"
    if is_silent:
        return "not known"
    return "now" if host.seconds < 3 else f"{duration(host.seconds)} ago"


def _at_work(host: Host) -> str:
    """What its places do, for a tooltip."""
    if host.gone is not None:
        return "It does not answer any more. Runs that it worked go on on another machine."
    if host.trouble:
        return host.trouble
    return f"{count(len(host.runs), 'runs')} at work" if host.runs else "Nothing is at work there"
