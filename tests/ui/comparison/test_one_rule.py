"""One rule for figures and verdicts wherever they are shown, and one run for each seed."""

from __future__ import annotations

import html
import json
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.comparison.arms import per_item
from engine.events import RunState
from engine.experiment import MethodChoice
from engine.studies.cells import cells
from engine.studies.study import parse_study
from engine.studies.table import CellOutcome, answers, study_table
from storage.store import Curve, RunRow
from tests.ui.comparison.saved_runs import experiment, figure
from ui import theme
from ui.comparison.curve_lines import curve_lines
from ui.comparison.report import report
from ui.comparison.result_bars import ResultBars, row_of
from ui.comparison.run_figures import labels_order, labels_text
from ui.comparison.sides import ComparedRun, Comparison, compare, sentences
from ui.comparison.verdict_card import KINDS, VerdictCard
from ui.terminal.verdicts import print_comparison


def run(number: int, method: str, seed: int, wrong: int | None, state: RunState = RunState.FINISHED) -> ComparedRun:
    settings = experiment(method, seed)
    row = RunRow(number, f"u{number:07d}", f"run {number}", state, "finetune", settings, settings.group_hash(),
                 1000.0 + number, 1000.0, 2000.0, steps_per_epoch=10)  # fmt: skip
    return ComparedRun(row, None if wrong is None else figure(wrong, seed))


def runs_of(**wrong: tuple[int, ...]) -> list[ComparedRun]:
    """Method -> wrong answers by seed."""
    pairs = [(method, seed, one) for method, each in wrong.items() for seed, one in enumerate(each)]
    return [run(number, *pair) for number, pair in enumerate(pairs)]


def comparison(**wrong: tuple[int, ...]) -> Comparison:
    found = compare(runs_of(**wrong))
    assert found is not None
    return found


FOUR = {"lp_ft": (10, 13, 9, 12), "full_ft": (30, 34, 29, 33), "scratch": (60, 63, 58, 62)}


def test_card_terminal_report_and_json_say_the_same(qtbot: QtBot, capsys: pytest.CaptureFixture[str]) -> None:
    found = comparison(**FOUR)
    said = sentences(found)
    assert [one.kind for one in found.verdicts.values()] == ["better", "better"]
    assert "corrected for all 3 together" in said[-1]
    card = VerdictCard()
    qtbot.addWidget(card)
    card.show_comparison(found)
    page = html.unescape(report(found, []))
    print_comparison(found, as_json=False)
    printed = capsys.readouterr().out
    for sentence in said:
        assert sentence in card.accessibleDescription()
        assert sentence in page
        assert sentence in printed
    print_comparison(found, as_json=True)
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    verdicts = [one for one in objects if one["event"] == "verdict"]
    assert [one["sentence"] for one in verdicts] == [sentence.removeprefix("The best two: ") for sentence in said[:-1]]
    assert all(one["together"] == 3 and one["p"] <= one["adjusted"] < 0.05 for one in verdicts)
    low = {one["title"]: one["low"] for one in objects if one["event"] == "arm"}
    assert low == {row[0]: row[2] for row in map(row_of, found.sides)}


def test_a_study_of_the_same_runs_says_the_same() -> None:
    wrong = {"lp_ft": FOUR["lp_ft"], "scratch": FOUR["scratch"]}
    found = comparison(**wrong)
    arms = [
        {"title": title, "method": {"name": name}} for title, name in (("LP-FT", "lp_ft"), ("From scratch", "scratch"))
    ]
    study = parse_study({"title": "t", "dataset": {"name": "digits"}, "arms": arms, "seeds": [0, 1, 2, 3]})
    outcomes = {}
    for cell in cells(study):
        result = figure(list(wrong.values())[cell.arm or 0][cell.seed], cell.seed)
        items = per_item(result)
        assert items is not None
        outcomes[cell.key] = CellOutcome({result.metric: result.value}, items={result.metric: items})
    table = study_table(study, outcomes)
    (verdict,) = found.verdicts.values()
    lead = table.leads[0]
    assert lead is not None
    assert (lead.difference.low, lead.difference.high, lead.difference.p) == (verdict.low, verdict.high, verdict.p)
    assert f"({lead.difference.basis})" in verdict.sentence
    assert f"({lead.difference.basis})" in answers(table)[0]
    assert [row[0].interval for row in table.entries] == [side.interval for side in found.sides]


@pytest.mark.parametrize("seeds, kind", [(1, "one seed"), (2, "too few"), (3, "better")])
def test_few_seeds_are_amber_whatever_the_difference(seeds: int, kind: str) -> None:
    found = comparison(lp_ft=(20, 26, 22)[:seeds], scratch=(40, 43, 41)[:seeds])
    (verdict,) = found.verdicts.values()
    assert verdict.kind == kind
    assert KINDS[verdict.kind][1] == ("good" if kind == "better" else "warning")


def test_equal_differences_of_two_seeds_are_no_certainty() -> None:
    found = comparison(lp_ft=(20, 22), scratch=(27, 29))
    (verdict,) = found.verdicts.values()
    assert (verdict.kind, verdict.low == verdict.low) == ("too few", False)
    assert "2 seeds with 5.8 and 5.8" in verdict.sentence
    assert all("too few seeds for an interval" in side.basis for side in found.sides)
    assert not any(side.interval is None or side.interval.known for side in found.sides)


def test_a_seed_counts_once_in_figures_and_curves() -> None:
    chosen = runs_of(lp_ft=(10, 13, 9), scratch=(60, 63, 58))
    again = [run(10, "lp_ft", 0, 30), run(11, "lp_ft", 1, None, RunState.FAILED), run(12, "lp_ft", 0, 10)]
    steps = np.arange(1, 21) * 10
    curves = {one.row.id: Curve(steps, steps * 1.0, np.full(20, 0.9 - 0.01 * one.row.id)) for one in [*chosen, *again]}
    curves[12] = curves[0]
    once, often = compare(chosen), compare([*chosen, *again])
    assert once is not None
    assert often is not None
    assert [one.row.id for one in often.sides[0].counted] == [12, 1, 2]
    assert [side.interval for side in once.sides] == [side.interval for side in often.sides]
    for first, second in zip(curve_lines(once, curves, "epoch"), curve_lines(often, curves, "epoch"), strict=True):
        assert first.label == second.label
        assert (first.low is not None, second.low is not None) == (True, True)
        assert np.allclose([first.y, first.low, first.high], [second.y, second.low, second.high])


def test_a_second_seed_does_not_change_how_the_first_is_smoothed() -> None:
    """Both seeds are the same curve, so that its mean is the curve; single lines and bands are smoothed alike."""
    steps = np.arange(1, 401)
    values = 0.5 + 0.1 * np.sin(steps / 3.0)
    alone = compare([run(1, "lp_ft", 0, 10), run(2, "scratch", 0, 60)])
    both = compare([run(1, "lp_ft", 0, 10), run(3, "lp_ft", 1, 10), run(2, "scratch", 0, 60)])
    assert alone is not None
    assert both is not None
    curves = {number: Curve(steps, steps * 1.0, values) for number in (1, 3)}
    curves[2] = Curve(steps[::40], steps[::40] * 1.0, values[::40])
    for weight in (0.0, 0.6, 0.97):
        line, band = (curve_lines(found, curves, "step", weight)[0] for found in (alone, both))
        assert (line.style, band.style) == ("validation", "band")
        assert np.allclose(line.y, band.y)
        assert (line.raw is None) == (weight == 0.0)


def test_a_figure_that_is_no_number_is_told(qtbot: QtBot, qapp) -> None:
    theme.apply(qapp, "light")
    broken = replace(figure(10), value=np.nan, low=np.nan, high=np.nan, ids=None, truth=None, predicted=None)
    found = compare([ComparedRun(run(1, "lp_ft", 0, None).row, broken), run(2, "scratch", 0, 60)])
    assert found is not None
    assert found.sides[0].figure == "no number"
    (verdict,) = found.verdicts.values()
    assert verdict.sentence == "run 1 and run 2 are not comparable: the test figure of run 1 is no number."
    bars = ResultBars()
    qtbot.addWidget(bars)
    bars.show_comparison(found)
    bars.grab()
    assert "no number" in bars.accessibleDescription()
    more = compare(
        [ComparedRun(run(1, "lp_ft", 0, None).row, broken), run(3, "lp_ft", 1, 12), run(2, "scratch", 0, 60)]
    )
    assert more is not None
    assert more.sides[0].figure.startswith("90.0 % (")
    assert "1 seed without a number" in more.sides[0].basis
    bars.show_comparison(more)
    bars.grab()


def test_runs_are_ordered_by_labels_and_those_of_episodes_by_shot_after_them() -> None:
    tuned, benched, episodes = (run(number, "lp_ft", 0, None).row for number in range(3))
    benched = replace(benched, family="bench")
    few = benched.experiment.dataset.model_copy(update={"labels_per_class": 1})
    benched = replace(benched, experiment=benched.experiment.model_copy(update={"dataset": few}))
    shots = MethodChoice(name="protonet", hyperparameters={"shot": 3})
    episodes = replace(episodes, family="meta", experiment=episodes.experiment.model_copy(update={"method": shots}))
    assert sorted((episodes, tuned, benched), key=labels_order) == [benched, tuned, episodes]
    assert labels_text(episodes) == "3-shot"
