"""What a report says of each run and configuration beyond its figures: mistakes by class, and what it was made with."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from engine.comparison.per_class import FoldedClasses
from engine.comparison.wording import count, duration
from ui.comparison.confusion import Mistakes, mistakes
from ui.comparison.run_figures import date_text, test_text
from ui.comparison.sides import ComparedRun, Comparison, Side
from ui.exploring.confusion_matrix import MOST_CLASSES, ConfusionMatrix, cell_text
from ui.figures.figure_export import Figure
from ui.made_with import code, data, hardware, packages

SHOWN = 20  # classes that a matrix shows one by one, those that are mistaken most
MOST_LISTED = 10  # mistakes of one configuration that are listed
RUN_HEADS = ("Run", "Seeds", "State", "Test", "Time taken", "Date", "Code", "Made with")
UNBROKEN = ("Seeds", "State", "Time taken")
MADE_HEADS = ("", "Data fingerprint", "Packages", "Hardware")


def escape(text: object) -> str:
    return html.escape(str(text))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are HTML already."""
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join("<tr>" + "".join(row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def cell(text: object, kind: str = "") -> str:
    return f'<td class="{kind}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"


def runs(comparison: Comparison) -> str:
    """A line for each run, and under them a line for each data set, set of packages and machine they were made with."""
    lines = [(side, run) for side in comparison.sides for run in side.runs]
    made = list(dict.fromkeys(_made_with(run) for _, run in lines))
    rows = [[cell(text, "short" if head in UNBROKEN else "") for head, text in zip(RUN_HEADS, cells, strict=True)]
            for cells in (_run_cells(side, run, made) for side, run in lines)]  # fmt: skip
    under = [(cell(letter(place)), *map(cell, one)) for place, one in enumerate(made)]
    return table(RUN_HEADS, rows) + "<h2>Made with</h2>" + table(MADE_HEADS, under)


def _made_with(run: ComparedRun) -> tuple[str, str, str]:
    return data(run.row), packages(run.environment), hardware(run.environment, run.row.facts)


def _run_cells(side: Side, run: ComparedRun, made: Sequence[tuple[str, str, str]]) -> list[object]:
    row, settings = run.row, run.row.experiment
    name = row.name if side.title in row.name else f"{side.title}: {row.name}"
    return [name, f"{settings.seed}, split {settings.dataset.split_seed}", row.state, test_text(row),
            duration(row.took), date_text(row.created), code(run.environment),
            letter(made.index(_made_with(run)))]  # fmt: skip


def letter(place: int) -> str:
    """A, B, …, Z, A2, …"""
    return chr(ord("A") + place % 26) + (str(place // 26 + 1) if place >= 26 else "")


def matrices(comparison: Comparison, picture: Callable[[Figure], str]) -> str:
    """The confusion matrix of each configuration and its commonest mistakes, with the names of the classes."""
    found = [(side, mistakes(side)) for side in comparison.sides]
    shown = [(side, one) for side, one in found if one is not None and len(one.names) <= MOST_CLASSES]
    if not shown:
        return ""
    return "<h2>Which classes are mistaken for which</h2>" + "".join(
        picture(_matrix(side, one)) + _commonest(one) for side, one in shown
    )


def _matrix(side: Side, found: Mistakes) -> ConfusionMatrix:
    matrix = ConfusionMatrix(found.title)
    seeds = f", mean of {count(found.seeds, 'seeds')}" if found.seeds > 1 else ""
    shown = FoldedClasses.of(found.counts, found.names, SHOWN)
    counts = shown.counts(found.counts)
    matrix.show_values(f"{found.title}{seeds}", shown.names, counts, False, side.colour, shown.most(counts))
    return matrix


def _commonest(found: Mistakes) -> str:
    wrong = found.counts * (1 - np.eye(len(found.names)))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_LISTED]
    places = [np.unravel_index(int(place), wrong.shape) for place in order if wrong.flat[place] > 0]
    if not places:
        return "<p>Nothing that was tested is mistaken.</p>"
    rows = [(cell(found.names[true]), cell(found.names[taken]), cell(cell_text(float(wrong[true, taken]), False)))
            for true, taken in places]  # fmt: skip
    return table(("True class", "Taken for", "Examples"), rows)
