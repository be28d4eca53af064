"""Which of several ways a run is computed by.

A choice that a person forced comes first, then the one that is recorded of this experiment on this machine, then what
was measured here before, then a timed trial. Ways may round otherwise: the record makes the same experiment come out
the same to the last bit, whatever a clock would say now.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from engine.errors import InvalidExperiment, nearest
from engine.events import Formulation, Preparing
from engine.machine.devices import several, sharing_threads, usable_cores
from engine.machine.environment import processor
from engine.machine.files import cache_folder, replacing

Value = int | str
Way = Mapping[str, Value]
Timing = Generator[Preparing, None, list[float]]
Trial = Callable[[Sequence[Way]], Timing]

FILE = "calibration.json"  # in the cache folder: what was measured, by what it was measured on
THREADS = "torch threads"
GAIN = 0.97  # of the first way's time, which another has to be under: noise makes no choice
FORCED, RECORDED, CACHED, MEASURED, FIRST = "forced", "recorded", "cached", "measured", "first"


def machine(device: str = "cpu") -> str:
    """What decides how sums are rounded: processor with its instruction set or card, and torch."""
    own, *others = several(device)
    if others:
        return f"{1 + len(others)} of: {machine(own)}"
    if device.startswith("cuda"):
        return f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}"
    name, own = processor() or "processor", torch.backends.cpu.get_cpu_capability()
    return f"{name} ({own}), {'' if device == 'cpu' else f'{device}, '}torch {torch.__version__}"


@dataclass(frozen=True)
class Chosen:
    """way: that was chosen. why: by what, of the words above. seconds: of each way that was timed, beside it."""

    way: Way
    why: str
    seconds: Sequence[tuple[Way, float]] = field(default_factory=tuple)


class Choices:
    """Of one run. known: what its experiment was computed by before, its own first. cache: the file of what was
    measured, by default in the user's cache folder."""

    def __init__(self, known: Sequence[Formulation] = (), device: str = "cpu", cache: Path | None = None) -> None:
        self.machine = ""
        self._known, self._device, self._cache = known, device, cache
        self._forced = {name: one.values[name] for one in reversed(known) for name in one.forced if name in one.values}
        self.made: dict[str, Value] = {}

    def choose(self, of: str, ways: Sequence[Way], trial: Trial | None = None) -> Generator[Preparing, None, Chosen]:
        """Returns one of the ways, all with the same names, that are possible here.

        of: what is computed, such as the network, the method and the shapes. trial: says `Preparing` before each step
        that it times and returns the seconds of each way; without one the first is taken. Raises `InvalidExperiment`
        where none is as a person asked.
        """
        if trial is None or self._recorded(ways[0]) or len(self._as_forced(ways)) == 1:
            found = self._untimed(ways)
        else:
            found = yield from self._timed(of, ways, trial)
        self.made |= found.way
        return found

    def _untimed(self, ways: Sequence[Way]) -> Chosen:
        left = self._as_forced(ways)
        forced = FORCED if len(left) < len(ways) else ""
        if (recorded := self._recorded(ways[0])) is not None:
            return Chosen(recorded, forced or RECORDED)
        return Chosen(left[0], forced or FIRST)

    def _timed(self, of: str, ways: Sequence[Way], trial: Trial) -> Generator[Preparing, None, Chosen]:
        """As it was measured here before, or is now."""
        left = self._as_forced(ways)
        program = f"version {version('warmstart')}, {len(left)} ways"  # what was measured of another says nothing here
        key = f"{self._here()}; {sharing_threads()} threads; {program}; {of}"
        kept = read(self._file()).get(key)
        if kept in left:
            return Chosen(kept, CACHED)
        seconds = yield from trial(left)
        best = min(range(len(left)), key=seconds.__getitem__)
        best = best if seconds[best] < GAIN * seconds[0] else 0
        write(self._file(), key, left[best])
        return Chosen(left[best], MEASURED, tuple(zip(left, seconds, strict=True)))

    def _as_forced(self, ways: Sequence[Way]) -> list[Way]:
        left = list(ways)
        for name in ways[0].keys() & self._forced.keys():
            value, possible = self._forced[name], sorted({way[name] for way in left})
            left = [way for way in left if str(way[name]) == str(value)]
            if not left:
                raise InvalidExperiment(
                    f"This run cannot be computed with “{name}” {value} here.",
                    f"Choose one of: {', '.join(map(str, possible))}.", "compute",
                )  # fmt: skip
        return left

    def _recorded(self, names: Way) -> Way | None:
        """Of this machine, all that is asked for, in values of its kind; what was forced is as it is forced now."""
        for one in self._known:
            if one.machine == self._here() and names.keys() <= one.values.keys():
                way = {name: one.values[name] for name in names}
                alike = all(type(way[name]) is type(value) for name, value in names.items())
                if alike and all(way[name] == self._forced.get(name, way[name]) for name in way):
                    return way
        return None

    def set_threads(self) -> None:
        """torch computes on as many threads as before, as a person asked, or as there are now."""
        now = torch.get_num_threads()
        counts = [now, *(count for count in range(1, usable_cores() + 1) if count != now)]
        self.made |= self._untimed([{THREADS: count} for count in counts]).way
        torch.set_num_threads(int(self.made[THREADS]))

    @property
    def formulation(self) -> Formulation:
        """What the run is computed by, as far as it is chosen."""
        return Formulation(dict(self.made), self._here(), tuple(self._forced))

    def check(self) -> None:
        """All is chosen; raises `InvalidExperiment` where a person asked for what nobody chooses."""
        for name in self._forced.keys() - self.made.keys():
            raise InvalidExperiment(
                f"There is no “{name}” to choose that this run is computed by.", nearest(name, self.made), "compute"
            )

    def _here(self) -> str:
        self.machine = self.machine or machine(self._device)
        return self.machine

    def _file(self) -> Path:
        return self._cache or cache_folder() / FILE


def read(file: Path) -> dict[str, Any]:
    """What was measured; empty where there is nothing that can be read: it can be measured again."""
    with suppress(OSError, ValueError):
        found = json.loads(file.read_text("utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def write(file: Path, key: str, way: Way) -> None:
    """Keep it beside what was measured before; a disk that refuses costs another trial."""
    with suppress(OSError), replacing(file, shared=True) as part:
        part.write_text(json.dumps({**read(file), key: dict(way)}, indent=1), "utf-8")
