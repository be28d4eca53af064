"""`mix`: one run with its start (WiSE-FT), or several runs of one start (soups); kept as a run of its own if wished."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.comparison.wording import number
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice, Experiment
from engine.plan import Plan
from storage.store import RunRow, RunStore
from ui.command.flags import dataset_from
from ui.terminal.display import make_display
from ui.terminal.ended_runs import ended_runs
from ui.terminal.output import print_json, print_table, say
from ui.terminal.run import run_plan
from ui.terminal.workspaces import open_workspace

if TYPE_CHECKING:
    from engine.events import Preparing
    from engine.mixtures.soup import Soup
    from engine.mixtures.wise_ft import Along

T = TypeVar("T")


def mix_from_command_line(chosen: argparse.Namespace) -> int:
    """Exit code 1 where the kept mixture's own test failed. Raises `ExperimentError`."""
    workspace = open_workspace(chosen.workspace)
    with RunStore(workspace) as store:
        rows = ended_runs(store, chosen.runs)
        found = [(store.directory(row), title(row)) for row in rows]
    other = DatasetChoice(**dataset_from(chosen.on)) if chosen.on else None
    if len(rows) > 1 and (other is not None or chosen.alpha is not None):
        flag = "--on" if other is not None else "--alpha"
        raise InvalidExperiment(f"{flag} is for one run and its start.", "Name one run, or leave it out.")
    kept = _of_one(found[0], other, chosen) if len(rows) == 1 else _of_several(found, chosen)
    if kept is None:
        return 0
    name, experiment = kept
    return run_plan(Plan("", "", "", (experiment,)), workspace, make_display(chosen.json), chosen.name or name)[1]


def title(row: RunRow) -> str:
    return f"{row.id} {row.name}"


def drained(work: Generator[Preparing, None, T]) -> T:
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: T = end.value
            return found


def _of_one(
    run: tuple[Path, str], other: DatasetChoice | None, chosen: argparse.Namespace
) -> tuple[str, Experiment] | None:
    from engine.mixtures.saving import experiment_of_mixture, keep_mixture
    from engine.mixtures.wise_ft import ALPHAS, line_of

    line = drained(line_of(*run, other, chosen.device or "cpu"))
    found = drained(line.measured())
    (print_along_objects if chosen.json else print_along)(found)
    if not chosen.keep and chosen.alpha is None:
        return None
    if chosen.alpha is None and found.chosen is None:
        raise InvalidExperiment("There is no validation part to choose alpha by.", "Say which one: --alpha 0.5.")
    alpha = ALPHAS[found.chosen] if chosen.alpha is None and found.chosen is not None else float(chosen.alpha)
    uid = line.end.folder.name
    shares = {"start": 1 - alpha, uid: alpha}
    kept = keep_mixture(line.state(alpha), shares, [line.end], line.sighted(alpha, found))
    return f"WiSE-FT of run {run[1]}, alpha {alpha:g}", experiment_of_mixture(kept, line.end)


def _of_several(runs: list[tuple[Path, str]], chosen: argparse.Namespace) -> tuple[str, Experiment] | None:
    from engine.mixtures.saving import experiment_of_mixture, keep_mixture
    from engine.mixtures.soup import cooked

    soup = drained(cooked(runs, chosen.device or "cpu"))
    (print_soup_objects if chosen.json else print_soup)(soup)
    if not chosen.keep:
        return None
    taken = soup.taken
    shares = {corner.folder.name: 1 / len(taken) for corner in taken}
    kept = keep_mixture(soup.kitchen.state(taken), shares, taken)
    return f"Greedy soup of {len(taken)} runs", experiment_of_mixture(kept, taken[0])


# One run and its start


def print_along(found: Along) -> None:
    from engine.mixtures.wise_ft import ALPHAS
    from engine.mixtures.words import along_words, share

    further = [found.further_title] if found.further else []
    heads = [">Alpha", ">Validation, %", ">Test, %", *[f">{one}, %" for one in further]]
    heads += [">Old head, %", ">Fresh probe, %"] if found.source else []
    rows = []
    for place, alpha in enumerate(ALPHAS):
        cells = [f"{alpha:g}{' *' if place == found.chosen else ''}"]
        cells.append(share(found.validation[place]) if found.validation else "–")
        cells.append(share(found.test[place]))
        cells += [share(found.further[place])] if found.further else []
        cells += [number(100 * value) for value in found.source[place].values.values()] if found.source else []
        rows.append(cells)
    print_table(heads, rows)
    for words in along_words(found):
        say(words)


def print_along_objects(found: Along) -> None:
    from engine.mixtures.wise_ft import ALPHAS

    for place, alpha in enumerate(ALPHAS):
        told: dict[str, object] = {"alpha": alpha, "chosen": place == found.chosen}
        told |= {"validation": found.validation[place].accuracy} if found.validation else {}
        told |= {"test": found.test[place].accuracy}
        told |= {"further": found.further[place].accuracy} if found.further else {}
        print_json(told | (found.source[place].values if found.source else {}))


# Several


def print_soup(soup: Soup) -> None:
    from engine.mixtures.words import mixtures, share, soup_words

    rows = [
        (one.corner.title, "yes" if one.taken else "no", share(one.alone.validation), share(one.alone.test))
        for one in soup.ingredients
    ]
    rows += [(name, "", share(one.validation), share(one.test)) for name, one in mixtures(soup)]
    print_table(("Run", "Taken", ">Validation, %", ">Test, %"), rows)
    for words in soup_words(soup):
        say(words)


def print_soup_objects(soup: Soup) -> None:
    from engine.mixtures.words import mixtures

    for one in soup.ingredients:
        alone = {"validation": one.alone.validation.accuracy, "test": one.alone.test.accuracy}
        print_json({"run": one.corner.folder.name, "taken": one.taken} | alone)
    for name, mixed in mixtures(soup):
        print_json({"mixture": name, "validation": mixed.validation.accuracy, "test": mixed.test.accuracy})
