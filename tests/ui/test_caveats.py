"""What speaks against a figure stands at the figure: before the start, on the card, in tables and reports."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from engine.bench.figures import BenchFigure
from engine.comparison.intervals import Interval
from engine.comparison.wording import MARK, with_interval
from engine.events import Evaluated, RunState
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.studies.cells import cells
from engine.studies.study import Study, StudyArm, completed
from storage.rows import CellRun, RunRow, StudyRow
from tests.ui.comparison.saved_runs import experiment, figure
from tests.ui.conftest import wait_until_checked
from ui.comparison.report import report
from ui.comparison.result_bars import tip
from ui.comparison.run_figures import test_text as text_of_test
from ui.comparison.sides import ComparedRun, compare, sentences
from ui.pages.new_experiment import NewExperimentPage
from ui.runs.bench_words import accuracy_words
from ui.runs.result_card import ResultCard, interval_words
from ui.runs.run_now import run_now
from ui.studies.reading import KeptItems, said_against, study_now
from ui.studies.result_table import table_of
from ui.studies.view import View
from ui.terminal.display import event_fields, result_words
from ui.terminal.listing import run_cells
from ui.terminal.show import result_object
from ui.terminal.study_display import print_study
from ui.terminal.verdicts import print_comparison

SEEN = "255 of 423 test classes were in the weights' training set"
COPIES = "3 of 100 test images are copies of training images"
MET = figure(10).given(notes={"seen before": SEEN, "copies": COPIES})
CLEAN = figure(12).given(notes={"seen before": "nothing"})


def run(number: int, method: str, result: Evaluated) -> ComparedRun:
    row = RunRow(
        number, f"u{number}", method, RunState.FINISHED, "finetune", experiment(method), str(number), float(number),
        test=result,
    )  # fmt: skip
    return ComparedRun(row, result)


def test_the_card_says_it_in_the_colour_of_a_warning(qtbot: QtBot) -> None:
    card = ResultCard()
    qtbot.addWidget(card)
    card.show_results([MET])
    assert card.caveats.text.text() == f"{SEEN}.\n{COPIES}."
    assert not card.caveats.isHidden()
    assert SEEN in card.accessibleDescription()
    card.show_results([CLEAN])
    assert card.caveats.isHidden()


def test_tables_bars_report_and_terminal_say_it(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [run(1, "lp_ft", MET), run(2, "scratch", CLEAN)]
    found = compare(runs)
    assert found is not None
    met, clean = found.sides
    assert SEEN in tip(met)
    assert SEEN not in tip(clean)
    assert f"lp_ft: {SEEN}; {COPIES}." in sentences(found)
    assert report(found, []).count("255 of 423") >= 2
    assert [text_of_test(one.row).endswith(MARK) for one in runs] == [True, False]
    assert [str(run_cells(one.row)[3]).endswith(MARK) for one in runs] == [True, False]
    assert [run_now(one.row, None).value()[1].endswith(MARK) for one in runs] == [True, False]
    assert result_words(MET).endswith(f"; {SEEN}; {COPIES}")
    for as_json in (False, True):
        print_comparison(found, as_json)
        assert "255 of 423" in capsys.readouterr().out.replace("\n", " ")


def test_it_does_not_make_figures_incomparable() -> None:
    found = compare([run(1, "lp_ft", MET), run(2, "scratch", CLEAN)])
    assert found is not None
    assert found.verdicts[found.others[0].key].kind != "not comparable"


def test_the_form_says_before_the_start_what_the_weights_know(
    qtbot: QtBot, page: NewExperimentPage, tmp_path: Path
) -> None:
    for group in ("Greek", "Tengwar"):
        for number in range(1, 6):
            folder = tmp_path / group / f"character0{number}"
            folder.mkdir(parents=True)
            for drawer in range(4):
                Image.new("L", (28, 28), 40 * number + drawer + len(group)).save(folder / f"{drawer}.png")
    data = DatasetChoice(name="omniglot", path=str(tmp_path))
    method = MethodChoice(name="linear_probe")
    page.fill(Experiment(dataset=data, backbone=BackboneChoice(weights="omniglot-supervised"), method=method))
    wait_until_checked(qtbot, page)
    words = "5 of 10 test classes were in the weights' training set"
    qtbot.waitUntil(lambda: words in page.launch.warning.text.text())
    page.fill(Experiment(dataset=DatasetChoice(name="digits"), backbone=BackboneChoice(), method=method))
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(lambda: not page.launch.warning.isVisibleTo(page))


def test_the_data_card_counts_copies_and_few_shot_folders_are_named(
    qtbot: QtBot, page: NewExperimentPage, tmp_path: Path
) -> None:
    for place, (part, name) in enumerate([("train", "a"), ("train", "b"), ("test", "c"), ("test", "d")]):
        folder = tmp_path / part / name
        folder.mkdir(parents=True)
        for number in range(4):
            Image.new("L", (20, 20), 10 * place + max(number, 1)).save(folder / f"{number}.png")
    page.receive(tmp_path)
    preview = page.data.preview
    words = "The folders of .* hold different classes to train"
    qtbot.waitUntil(lambda: re.search(words, preview.fault) is not None)
    assert preview.warnings.text.text() == "4 of 16 images are copies of others."
    assert preview.warnings.isVisibleTo(page)


@pytest.mark.parametrize("low, high", [(0.2, 0.2), (float("nan"), float("nan"))])
def test_no_form_shows_an_interval_without_width(low: float, high: float) -> None:
    """Ten tasks at chance, or one alone: neither is certainty."""
    shown = Evaluated("test/accuracy", 0.2, low, high, 10, "episodes")
    assert interval_words(shown) == "no interval"
    assert with_interval(Interval(0.2, low, high, 10)) == "20.0 %"
    for said in (result_object(shown), event_fields(shown)):
        assert all(math.isnan(float(str(said[end]))) for end in ("low", "high"))
    assert accuracy_words(BenchFigure("mean", "1 label", 1, 0.2, low, high)) == "20.0"


def test_the_tables_of_a_study_mark_what_the_weights_have_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """One arm whose test classes the weights have met, beside one that is clean."""
    study = completed(Study(
        title="Seen", dataset=DatasetChoice(name="digits"), seeds=(0, 1),
        arms=(StudyArm(title="Met"), StudyArm(title="Clean", method=MethodChoice(name="scratch"))),
    ))  # fmt: skip
    row = StudyRow(1, "s1", study.title, study.canonical(), 1.0)
    wanted = cells(study)
    runs = [CellRun(place, f"u{place}", "", cell.key, RunState.FINISHED, 1.0, 0.9, 0.9, {"test/accuracy": 0.8}, None)
            for place, cell in enumerate(wanted)]  # fmt: skip
    kept = {run.id: KeptItems({}, "images", said_against([CLEAN if wanted[run.id].arm else MET])) for run in runs}
    now = study_now(row, runs, kept)
    (_, met), (_, clean) = table_of(View(now.table))[1]
    assert met.words.endswith(MARK)
    assert met.tip.splitlines()[-2:] == [SEEN, COPIES]
    assert MARK not in clean.words
    print_study(now, as_json=False)
    said = capsys.readouterr().out
    assert f"{MARK} Met: {SEEN}" in said
    assert said.count(MARK) == 4  # the figure, its two reasons, and what the study says of it
    print_study(now, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert [entry["caveats"] for entry in found["entries"]] == [[SEEN, COPIES], []]
