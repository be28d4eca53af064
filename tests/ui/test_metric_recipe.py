"""The metric of CONTRIBUTING.md and one where less is better, by a tiny method: kept, listed, drawn, compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import engine.methods
from engine import metrics, registry
from engine.execute import execute
from engine.experiment import Experiment, parse_experiment
from engine.families import FAMILIES, Family, later
from engine.metrics import Metric
from engine.studies.cells import cells
from engine.studies.study import parse_study
from engine.studies.table import CellOutcome, answers, study_table
from main import main
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.recipes import among, recipe
from tests.ui.comparison.acting import header_click, settle, texts
from ui.comparison.report import report
from ui.comparison.sides import compare, load
from ui.runs.run_now import run_now
from ui.terminal.display import LatestValues
from ui.window.main_window import MainWindow

METHOD = '''
"""What a person says it will find."""

from engine.method import HyperparameterModel, Method, hyper


class Settings(HyperparameterModel):
    value: float = hyper(0.0, "Value", "What it finds.")


class Said(Method):
    name = "said"
    title = "Said"
    family = "saying"
    group = "Without learning"
    idea = "Find what was said."
    paper = "None"
    Hyperparameters = Settings

    def treatments(self, blocks):
        return dict.fromkeys(blocks, "frozen")


def run(experiment, method, directory, limits, bookmark):
    from engine.events import Evaluated, Metrics, RunFinished, RunStarted

    found = method.hyperparameters.value * (1 + experiment.seed / 100)
    yield RunStarted(3, 1, 1)
    for step, value in enumerate((2 * found, found, 3 * found), 1):
        yield Metrics(step, {"train/loss": 1 / step, "val/loss": 1 / step, "val/KEY": value, "train/KEY": found})
    yield Evaluated("test/KEY", found, found - 0.1, found + 0.1, 50, "images", notes={"weights": "none"})
    yield Evaluated("test/KEY", found / 2, 0.0, found, 50, "images", {"shift": "noise 5"})
    yield RunFinished(3)


def cost(experiment, method):
    from engine.preflight.cost import Cost

    return Cost(64, 64, 3, 1.0, 3.0, 1000)
'''


@dataclass(frozen=True)
class Case:
    """A metric, what two settings of the tiny method find by it, the better one first, and how that is told."""

    metric: Metric
    better: float
    worse: float
    told: str
    whole: str
    best: str
    ahead: str
    judged: str


def of_the_recipe() -> Metric:
    made: list[Metric] = []
    exec(recipe("metric"), {"Metric": Metric, "register": made.append})
    return made[0]


PERPLEXITY = Metric("perplexity", "Perplexity", "min", digits=1)
CASES = [
    Case(of_the_recipe(), 0.62, 0.41, "0.62", "0.62 (0.52 to 0.72)", "1.86", "0.21 above",
         "0.41 is worse than 0.62 by 0.21 ("),
    Case(PERPLEXITY, 12.5, 17.3, "12.5", "12.5 (12.4 to 12.6)", "12.5", "4.8 below",
         "17.3 is worse than 12.5: 4.8 higher perplexity ("),
    Case(Metric("f1", "F1", unit="percent", digits=1), 0.3, 0.2, "30.0 %", "30.0 % (20.0 to 40.0)", "90.0 %",
         "10.1 points above", "0.2 is worse than 0.3 by 10.1 points ("),
]  # fmt: skip


@pytest.fixture(params=CASES, ids=lambda case: case.metric.key)
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """The metric registered, and the method that measures it among the methods."""
    case: Case = request.param
    metrics.register(case.metric)
    family = Family("saying", "Saying", start="said", run=later("engine.methods.said", "run"),
                    cost=later("engine.methods.said", "cost"))  # fmt: skip
    monkeypatch.setitem(FAMILIES, family.key, family)
    text = METHOD.replace("KEY", case.metric.key)
    with among(engine.methods, tmp_path / "methods", registry.methods.cache_clear, said=text):
        yield case
    del metrics._TABLE[case.metric.key]
    metrics.of.cache_clear()


def asked(value: float, seed: int) -> Experiment:
    return parse_experiment({
        "dataset": {"name": "digits"}, "seed": seed, "method": {"name": "said", "hyperparameters": {"value": value}},
    })  # fmt: skip


@pytest.fixture
def saved(case: Case, workspace: Workspace) -> Workspace:
    """Three seeds of the better setting, runs 1 to 3, and three of the worse one."""
    with RunStore(workspace) as store:
        for value in (case.better, case.worse):
            for seed in range(3):
                run = store.create(new_run(asked(value, seed), f"{value:g}, seed {seed}"))
                for _ in record(store, run.id, execute(run.experiment, store.directory(run))):
                    pass
    return workspace


def test_it_is_listed_shown_compared_and_exported(
    case: Case, saved: Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    def said(*words: str) -> str:
        assert main([*words, "--workspace", str(saved.root)]) == 0
        return capfd.readouterr().out

    key, words = case.metric.key, case.metric.words
    shown = said("show", "1")
    assert f"test {words} {case.whole}, 50 images" in shown
    assert f"test {words}, noise 5 " in shown
    assert f"best validation {words} {case.best} after" in shown
    assert case.told in said("list", "runs")
    figures = json.loads(said("show", "1", "--json"))["results"]
    assert [one["metric"] for one in figures] == [f"test/{key}", f"test/{key}, noise 5"]
    assert f"test {words}" in said("compare", *"123456")
    with RunStore(saved) as store:
        comparison = compare(load(store, range(1, 7)), base="")
    assert comparison is not None
    (judged,) = comparison.verdicts.values()
    assert case.judged in judged.sentence
    page = report(comparison, ())
    assert f"Test {case.metric.words}" in page
    assert case.told in page


def test_a_run_at_work_says_it(case: Case, saved: Workspace) -> None:
    latest = LatestValues()
    latest.values.update({"train/loss": 0.5, **{f"{part}/{case.metric.key}": case.better for part in ("train", "val")}})
    assert latest.words() == f"loss 0.500  training {case.told}  validation {case.told}"
    with RunStore(saved) as store:
        now = run_now(store.run(1), None)
    assert now.value() == ("test", case.told)
    assert now.best is not None
    assert now.best.name == f"validation {case.metric.words}"
    assert now.best.step == (2 if case.metric.lower_is_better else 3)


@pytest.mark.usefixtures("saved")
def test_the_window_draws_and_orders_it(qtbot: QtBot, case: Case, request: pytest.FixtureRequest) -> None:
    window: MainWindow = request.getfixturevalue("window")
    runs = window.show_page("runs")
    qtbot.waitUntil(lambda: bool(runs.order.rowCount()))
    runs.choose(1)
    curves = runs.detail.curves
    qtbot.waitUntil(lambda: runs.is_settled() and runs.detail.result.isVisible() and bool(curves.accuracy.given))
    assert runs.detail.result.value.text() == case.told
    assert f"Test {case.metric.words}, noise 5" in runs.detail.result.others.text()
    assert (curves.accuracy._title, curves.accuracy.unit) == (case.metric.title, case.metric.unit)
    assert [line.label for line in curves.accuracy.given] == ["training", "validation"]
    assert curves.accuracy._caption.text().startswith(f"best {case.best[:3]}")
    page = window.show_page("compare")
    settle(qtbot, page)
    page.choose([1, 2, 3, 4, 5, 6])
    settle(qtbot, page)
    assert page.pane.curves.chosen_metric() == f"val/{case.metric.key}"
    assert page.pane.curves.plot.unit == case.metric.unit
    assert len(page.pane.curves.plot.lines) == 2
    for _ in range(2):
        header_click(qtbot, page, "test")
    assert any(text.startswith(case.told) for text in texts(page, "test")[:3])  # the better one first


def test_a_study_is_about_it(case: Case) -> None:
    name = f"test/{case.metric.key}"
    study = parse_study({
        "title": "Two", "dataset": {"name": "digits"}, "labels": [1], "seeds": [0, 1, 2],
        "arms": [{"title": "A", "method": {"name": "linear_probe"}}, {"title": "B", "method": {"name": "scratch"}}],
    })  # fmt: skip
    values = {0: case.worse, 1: case.better}
    outcomes = {one.key: CellOutcome({name: values[one.arm or 0] * (1 + one.seed / 100)}) for one in cells(study)}
    found = study_table(study, outcomes)
    assert found.metric == name
    assert found.columns[0].title == f"test {case.metric.words}"
    assert f"B is best, {case.ahead} A" in answers(found)[0]
