"""What tells the sides of a comparison apart: a short name, a colour, a dash."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from engine.comparison.differences import NONE, ORDER, Difference, differences, shown
from engine.naming import method_title, name_before, run_name
from storage.rows import RunRow

LONGEST_TITLE = 40
COLOURS = 6  # that read well side by side, see ui.theme
ALIKE = {0: 5, 5: 0}  # the two blues
SEED_IN_NAME = re.compile(r"[\s,·(\-]*seed \d+\)?$")
NAMED_BY_VALUE = frozenset(
    {"dataset.name", "dataset.split", "backbone.name", "backbone.weights", "device", "precision", ORDER}
)

BESIDE = frozenset({"backbone.what_it_keeps", "checkpoints"})  # settings that change no figure: said where no other is


def distinct_looks(run_ids: Sequence[int]) -> list[tuple[int, bool]]:
    """(colour, dashed) of each: twelve differ. A run keeps its own colour where nobody has it, else it takes the next
    that is free; the two blues only stand beside each other where there is no other. Every second one is dashed, and
    where a colour comes round again the other way than before."""
    found: list[tuple[int, bool]] = []
    had: set[tuple[int, bool]] = set()
    for place, run_id in enumerate(run_ids):
        dashed = place % 2 == 1
        order = [(run_id + step) % COLOURS for step in range(COLOURS)]
        taken = [colour for colour, _ in found[place - place % COLOURS :]]
        free = [colour for colour in order if colour not in taken]
        apart = [colour for colour in free if ALIKE.get(colour) not in taken]
        colour = (apart or free)[0]
        found.append((colour, not dashed if (colour, dashed) in had else dashed))
        had.add(found[-1])
    return found


def titles(groups: Sequence[Sequence[RunRow]]) -> list[str]:
    """A name for each side that tells it from the others: the person's own, else the method and what differs."""
    own = shortened([own_name(rows) or "" for rows in groups])
    methods = [method_title(rows[0].experiment.method.name) for rows in groups]
    named = [name or _of_method(methods, place, groups) for place, name in enumerate(own)]
    often = Counter(named)
    said = [f"{name}, {extra}" if often[name] > 1 and extra else name
            for name, extra in zip(named, apart(groups), strict=True)]  # fmt: skip
    still = Counter(said)
    return [f"{name} ({rows[0].uid})" if still[name] > 1 else name for name, rows in zip(said, groups, strict=True)]


def _of_method(methods: Sequence[str], place: int, groups: Sequence[Sequence[RunRow]]) -> str:
    """Where a side with a name of its own is of the same method, the method and the first thing that differs."""
    alike = [own_name(rows) for rows, method in zip(groups, methods, strict=True) if method == methods[place]]
    first = apart(groups, most=1)[place] if any(alike) and alike.count(None) == 1 else ""
    return f"{methods[place]}, {first}" if first else methods[place]


def shortened(names: Sequence[str]) -> list[str]:
    """Long names cut so that a sentence with two of them stays readable; the table has the whole. Those that begin
    alike keep their ends."""
    cut = [name if len(name) <= LONGEST_TITLE else name[: LONGEST_TITLE - 1].rstrip() + "…" for name in names]
    often = Counter(short for short, _ in dict.fromkeys(zip(cut, names, strict=True)))
    alike = {short for short, times in often.items() if times > 1}
    half = LONGEST_TITLE // 2
    return [f"{name[: half - 1].rstrip()}…{name[-half:].lstrip()}" if short in alike else short
            for name, short in zip(names, cut, strict=True)]  # fmt: skip


def own_name(rows: Sequence[RunRow]) -> str | None:
    """The name a person or a plan gave to all of these runs, without the seed; None when there is none."""
    stems = {stem(row.name) for row in rows}
    made = {stem(name(row.experiment)) for row in rows for name in (run_name, name_before)}
    return stems.pop() if len(stems) == 1 and not stems & made else None


def stem(name: str) -> str:
    """A run's name without its seed at the end."""
    return SEED_IN_NAME.sub("", name) or name


def apart(groups: Sequence[Sequence[RunRow]], most: int = 3) -> list[str]:
    """For each side, the first settings that differ between sides, in a few words: "5 labels per class"."""
    experiments = [rows[0].experiment for rows in groups]
    single = len({rows[0].group for rows in groups}) == 1
    rows = [row for row in differences(experiments, grouped=not single) if row.key != "method.name"]
    found = sorted(rows, key=lambda row: row.key in BESIDE)[:most]
    return [", ".join(setting_words(row, place) for row in found if row.values[place] != NONE)
            for place in range(len(groups))]  # fmt: skip


def setting_words(row: Difference, place: int) -> str:
    """One setting of one side as it stands in a title."""
    value = shown(row.values[place])
    if row.key in NAMED_BY_VALUE:
        return value
    if row.key == "dataset.labels_per_class":
        return f"{value} label{'' if value == '1' else 's'} per class"
    return f"{row.label.lower()} {value}"
