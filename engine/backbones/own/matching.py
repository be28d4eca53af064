"""Which tensor of a file belongs to which of a network: by name, then by the name's ending and shape, then by order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from engine.backbones.own.adapting import adapted
from engine.backbones.own.unwrapping import shorter

ENOUGH = 0.8  # share of the network's values that has to be found in the file
COUNTER = "num_batches_tracked"  # of batch norm: not needed
State = Literal["matched", "changed", "wrong shape", "missing", "left over", "not needed"]
Shapes = Mapping[str, torch.Size]


@dataclass(frozen=True, slots=True)
class MatchRow:
    """name: in the network, "" of what is left over. source: in the file, "" where it is missing. note: by what it was
    found, or what is wrong."""

    state: State
    name: str
    source: str
    shape: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True, eq=False)
class Match:
    """rows: the network's tensors in its order, then what is left over. values: by the network's names, in its shapes.
    share: of the network's values, the head not counted."""

    rows: tuple[MatchRow, ...]
    values: Mapping[str, Tensor] = field(repr=False)
    share: float

    @property
    def is_enough(self) -> bool:
        return self.share >= ENOUGH

    def number(self, *states: State) -> int:
        return sum(row.state in states for row in self.rows)

    @property
    def changes(self) -> tuple[str, ...]:
        """What was made to fit, in words, each once."""
        return tuple(dict.fromkeys(row.note for row in self.rows if row.state == "changed"))

    @property
    def words(self) -> str:
        """ "60 of 62 tensors, 98 % of the network; 2 missing; 3 left over"."""
        used = self.number("matched", "changed")
        parts = [
            f"{used} of {used + self.number('wrong shape', 'missing')} tensors, {100 * self.share:.0f} % of the network"
        ]
        for state in ("wrong shape", "missing", "left over"):
            if count := self.number(state):
                parts.append(f"{count} {'of another shape' if state == 'wrong shape' else state}")
        return "; ".join((*parts, *self.changes))


def match(found: Mapping[str, Tensor], wanted: Shapes, head: frozenset[str] = frozenset()) -> Match:
    """found: of the file, by its names. wanted: of the network. head: those of `wanted` that are not asked for."""
    pairs = Pairs(found, {name: shape for name, shape in wanted.items() if COUNTER not in name})
    pairs.by_name()
    pairs.by_ending()
    pairs.by_order()
    pairs.by_change()
    return _told(pairs, wanted, head)


class Pairs:
    """What belongs together so far. source, how: by the network's name. odd: of the right name and a wrong shape."""

    def __init__(self, found: Mapping[str, Tensor], wanted: Shapes) -> None:
        self.found, self.wanted = found, wanted
        self.source: dict[str, str] = {}
        self.how: dict[str, str] = {}
        self.odd: dict[str, str] = {}

    def by_name(self) -> None:
        for source, value in self.found.items():
            name = next((one for one in shorter(source) if one in self.wanted), "")
            if not name or name in self.source:
                continue
            if adapted(name, value, self.wanted[name]) is None:
                self.odd.setdefault(name, source)
            else:
                self._pair(name, source, "by name")

    def by_ending(self) -> None:
        """The longest endings first, where one tensor of that ending and shape is left on either side."""
        longest = max((name.count(".") for name in self.wanted), default=0) + 1
        for parts in range(longest, 1, -1):
            mine = grouped((name, (_ending(name, parts), shape)) for name, shape in self._open())
            theirs = grouped((source, (_ending(source, parts), value.shape)) for source, value in self._free())
            for key, names in mine.items():
                if len(names) == len(theirs.get(key, ())) == 1:
                    self._pair(names[0], theirs[key][0], "by its ending")

    def by_order(self) -> None:
        """Where as many of the same kind and shape are left on either side, they are taken in their order."""
        mine = grouped((name, (_ending(name, 1), shape)) for name, shape in self._open())
        theirs = grouped((source, (_ending(source, 1), value.shape)) for source, value in self._free())
        for key, names in mine.items():
            if len(names) == len(theirs.get(key, ())):
                for name, source in zip(names, theirs[key], strict=True):
                    self._pair(name, source, "by its place")

    def by_change(self) -> None:
        """What is left alone on its side and can be made to fit: the input layer of another number of colours."""
        for name, shape in self._open():
            fitting = [source for source, value in self._free() if adapted(name, value, shape) is not None]
            if len(fitting) == 1:
                self._pair(name, fitting[0], "by its place")

    def _pair(self, name: str, source: str, how: str) -> None:
        self.source[name], self.how[name] = source, how

    def _open(self) -> list[tuple[str, torch.Size]]:
        return [
            (name, shape) for name, shape in self.wanted.items() if name not in self.source and name not in self.odd
        ]

    def _free(self) -> list[tuple[str, Tensor]]:
        taken = {*self.source.values(), *self.odd.values()}
        return [
            (source, value) for source, value in self.found.items() if source not in taken and COUNTER not in source
        ]


def grouped(pairs: Iterable[tuple[str, Hashable]]) -> dict[Hashable, list[str]]:
    found: dict[Hashable, list[str]] = defaultdict(list)
    for name, key in pairs:
        found[key].append(name)
    return found


def _ending(name: str, parts: int) -> str:
    """ "layer1.0.conv1.weight", 2 -> "conv1.weight"; a number alone before the last word says nothing."""
    end = name.split(".")[-parts:]
    return ".".join(end) if parts == 1 or not "".join(end[:-1]).isdigit() else name


def _told(pairs: Pairs, wanted: Shapes, head: frozenset[str]) -> Match:
    rows, values, asked, had = [], {}, 0, 0
    for name, shape in pairs.wanted.items():
        if name in head:
            continue
        row, value = _row(pairs, name, shape)
        rows.append(row)
        asked += shape.numel()
        if value is not None:
            values[name] = value
            had += shape.numel()
    used = {row.source for row in rows}
    for source, value in pairs.found.items():
        if source not in used:
            needless = COUNTER in source or any(pairs.source.get(name, pairs.odd.get(name)) == source for name in head)
            rows.append(MatchRow("not needed" if needless else "left over", "", source, tuple(value.shape)))
    return Match(tuple(rows), values, had / asked if asked else 0.0)


def _row(pairs: Pairs, name: str, shape: torch.Size) -> tuple[MatchRow, Tensor | None]:
    if name in pairs.odd and name not in pairs.source:
        source = pairs.odd[name]
        note = f"{_times(pairs.found[source].shape)} in the file"
        return MatchRow("wrong shape", name, source, tuple(shape), note), None
    if name not in pairs.source:
        return MatchRow("missing", name, "", tuple(shape)), None
    source = pairs.source[name]
    made = adapted(name, pairs.found[source], shape)
    assert made is not None
    value, change = made
    return MatchRow("changed" if change else "matched", name, source, tuple(shape), change or pairs.how[name]), value


def _times(shape: torch.Size) -> str:
    return "×".join(map(str, shape)) or "one number"
