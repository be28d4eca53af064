"""What is said of starts and their scores: a table, how many agree, and how far an order is to be trusted. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.advice.starts import StartScores
from engine.comparison.intervals import Interval
from engine.comparison.wording import compact, number, percent, with_interval
from engine.transferability.ranking import LEAST_STARTS, beyond_luck, kendall, vote
from engine.transferability.table import KINDS, KNN, SIZE, TITLES
from ui.figures.plain_table import TableCell
from ui.new_experiment.trained_starts import Trained, start_key

NOT_ASKED = "It needs the head that the weights were trained with, which did not come with them"
IDEAS = {kind.name: kind.idea for kind in KINDS}
LARGE, TINY = 1000, 1e-3
NOT_TRAINED = "No saved run of this recipe began from it"


@dataclass(frozen=True)
class Ranked:
    """A start with a score and what was reached from it."""

    title: str
    score: float
    reached: Interval


def score_words(name: str, value: float) -> str:
    """ "94.0 %" of nearest neighbours, "0.705", "1,126", "−2e−8" of the others."""
    if name == KNN:
        return percent(value)
    usual = value == 0 or abs(value) >= TINY
    words = f"{value:,.0f}" if abs(value) >= LARGE else f"{value:#.3g}".rstrip(".") if usual else compact(value, 3)
    return words.replace("-", "−")


def values_of(scores: Sequence[StartScores], name: str) -> dict[str, float]:
    """By the start's key; of size alone its parameters."""
    known = (one for one in scores if one.values)
    if name == SIZE:
        return {start_key(one.start.choice): float(one.start.parameters) for one in known}
    return {start_key(one.start.choice): one.values[name] for one in known if name in one.values}


def table_of(scores: Sequence[StartScores], runs: Trained | None) -> tuple[list[str], list[list[TableCell]]]:
    """Headings and a row for each start; the best of several in a column is bold."""
    heads = ["Start", *(kind.title for kind in KINDS), "Reached"]
    known = {kind.name: list(values_of(scores, kind.name).values()) for kind in KINDS}
    best = {name: max(values) if len(values) > 1 else None for name, values in known.items()}
    rows = []
    for one in scores:
        cells = [_cell(kind.name, one, best[kind.name]) for kind in KINDS]
        rows.append([TableCell(one.start.title, one.fault, one.start.title), *cells, _reached(one, runs)])
    return heads, rows


def _cell(name: str, one: StartScores, best: float | None) -> TableCell:
    value = one.values.get(name)
    if value is None:
        return TableCell("–", one.fault or NOT_ASKED, float("-inf"), right=True, muted=True, spoken="not known")
    return TableCell(score_words(name, value), IDEAS[name], value, bold=value == best, right=True)


def _reached(one: StartScores, runs: Trained | None) -> TableCell:
    found = runs.reached.get(start_key(one.start.choice)) if runs else None
    if found is None:
        return TableCell("–", NOT_TRAINED, float("-inf"), right=True, muted=True, spoken="not known")
    return TableCell(percent(found.value), f"{with_interval(found)}, {found.n} runs", found.value, right=True)


def vote_words(scores: Sequence[StartScores]) -> str:
    """ "5 of 6 scores put Conv-4 (Omniglot, ProtoNet) first, kNN among them." """
    titles = {start_key(one.start.choice): one.start.title for one in scores if one.values}
    by_score = {kind.name: values_of(scores, kind.name) for kind in KINDS}
    found = vote(by_score, list(titles))
    if found is None:
        return ""
    left = [TITLES[name] for name, values in by_score.items() if not set(titles) <= set(values)]
    silent = f" {' and '.join(left)} cannot be asked of every start." if left else ""
    near = by_score[KNN]
    best = max(near, key=lambda key: near[key])
    first = f"{found.agreeing} of {found.asked} scores put {titles[found.start]} first"
    if near[found.start] == near[best]:
        return f"{first}, kNN among them.{silent}"
    return f"kNN puts {titles[best]} first; {first}.{silent}"


def ranked(scores: Sequence[StartScores], runs: Trained, name: str) -> list[Ranked]:
    """The starts that have this score and were trained from."""
    titles = {start_key(one.start.choice): one.start.title for one in scores}
    values = values_of(scores, name)
    return [Ranked(titles[key], value, runs.reached[key]) for key, value in values.items() if key in runs.reached]


def taus(scores: Sequence[StartScores], runs: Trained) -> dict[str, Interval]:
    """Kendall's tau of each score that enough starts have, size alone last."""
    found: dict[str, Interval] = {}
    for name in (*(kind.name for kind in KINDS), SIZE):
        points = ranked(scores, runs, name)
        if len(points) >= LEAST_STARTS:
            found[name] = kendall([one.score for one in points], [one.reached.value for one in points])
    return found


def tau_table(found: Mapping[str, Interval]) -> tuple[list[str], list[list[TableCell]]]:
    rows = []
    for name, tau in found.items():
        ends = f"{number(tau.low, 2)} to {number(tau.high, 2)}" if tau.known else "–"
        cells = [TableCell(words, right=True) for words in (number(tau.value, 2), ends, str(tau.n))]
        rows.append([TableCell(TITLES[name], muted=name == SIZE), *cells])
    return ["Score", "Tau", "95 % interval", "Starts"], rows


def luck_words(n: int) -> str:
    """ "n = 6 starts: a tau below 0.73 may be luck." """
    return f"n = {n} starts: a tau below {beyond_luck(n):.2f} may be luck; one in twenty random orders reaches that."


def too_few(scores: Sequence[StartScores], runs: Trained | None) -> str:
    """Why there is no figure, and what would make one."""
    known = len(ranked(scores, runs, KNN)) if runs else 0
    have = f"there {'is one' if known == 1 else f'are {known}'}" if known else "there is none"
    return (
        f"Whether any score is right on these data only training says: with finished runs of one recipe from "
        f"{LEAST_STARTS} of these starts, their order is held against the scores’ here. So far {have}."
    )
