"""The search of a run: recorded, shown from the store and live, chosen setting, "Use it"."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPointF, QSizeF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.events import Event, Metrics, Preparing, RunFinished, RunStarted, RunState, TrialCompleted
from engine.experiment import DatasetChoice, Experiment, MethodChoice, SearchChoice
from storage.record import record
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.runs import recorded
from ui.live import LiveRun
from ui.pages.runs import RunsPage
from ui.runs.run_now import run_now

TRIALS = (
    TrialCompleted(0, {"learning_rate": 1e-4, "probe_weight_decay": 1.0}, (0.6, 0.7, 0.8), "complete", 2.0),
    TrialCompleted(1, {"learning_rate": 1e-3, "probe_weight_decay": 0.1}, (0.8, 0.82, 0.84), "complete", 2.0),
    TrialCompleted(2, {"learning_rate": 0.3, "probe_weight_decay": 0.01}, (0.2, 0.3), "pruned", 1.5),
    TrialCompleted(3, {"learning_rate": 2e-3, "probe_weight_decay": 0.2}, (0.8, 0.81, 0.82), "complete", 2.0),
    TrialCompleted(4, {"learning_rate": 0.9, "probe_weight_decay": 5.0}, (), "failed", 0.5),
)
FACTS = {"searched": ["learning_rate", "probe_weight_decay"], "folds": "3 stratified folds of the training images"}


def searching() -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=10),
        method=MethodChoice(name="lp_ft", hyperparameters={"epochs": 7}),
        search=SearchChoice(trials=5, folds=3),
    )


def events() -> Iterator[Event]:
    yield RunStarted(30, 5, 16, FACTS)
    yield from TRIALS
    yield Metrics(5, {"train/loss": 1.0, "val/accuracy": 0.8})
    yield recorded.tested()
    yield RunFinished(30)


@pytest.fixture
def row(workspace: Workspace) -> RunRow:
    with RunStore(workspace) as store:
        made = store.create(new_run(searching(), "Searched"))
        for _ in record(store, made.id, events()):
            pass
        return store.run(made.id)


Open = Callable[[], RunsPage]


def cells(page: RunsPage) -> list[list[str]]:
    model = page.detail.search.table.model()
    return [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(model.rowCount())]


def test_a_saved_search_is_shown_with_its_uncertainty(qtbot: QtBot, open_page: Open, row: RunRow) -> None:
    page = open_page()
    view = page.detail.search
    qtbot.waitUntil(lambda: len(view.table.tried) == 5)
    assert view.isVisible()
    assert view.card.values.text() == "Learning rate 0.001, head weight decay 0.1"
    # by hand: 0.82 ± 4.3027 · 0.02 / √3 = 0.82 ± 0.0497
    assert view.card.certainty.text() == (
        "82.0 % (77.0 to 87.0) over 3 folds. 1 of the 2 other complete settings is as good within the noise."
    )
    assert view.progress.text() == (
        "5 of 5 settings tried, 1 given up early, 1 diverged · 3 stratified folds of the training images"
    )
    shown = cells(page)
    assert shown[1][:6] == ["2", "82.0 % (77.0 to 87.0)", "chosen", "0.001", "0.1", "3"]
    assert shown[2][1:3] == ["25.0 %", "given up early"]
    assert shown[4][1:3] == ["–", "diverged"]
    view.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert [line[0] for line in cells(page)] == ["2", "4", "1", "3", "5"]


def test_the_figures_follow_the_hyperparameter_and_say_their_points(qtbot: QtBot, open_page: Open, row: RunRow) -> None:
    page = open_page()
    view = page.detail.search
    qtbot.waitUntil(lambda: len(view.table.tried) == 5)
    size = QSizeF(view.against.size())
    plot = view.against.plot(size)
    assert plot.x.share(1e-3) == pytest.approx(0.75)  # 1e-6 to 1e-2 by equal ratios
    assert "Setting 2: 82.0 % (77.0 to 87.0)" in view.against.words_at(plot.point(1e-3, 0.82) + QPointF(2, 2))
    assert view.against.words_at(QPointF(-50, -50)) == ""
    assert view.parameter.set_key("probe_weight_decay")
    assert "Setting 2:" in view.against.words_at(view.against.plot(size).point(0.1, 0.82))
    heads, rows = view.best.figure_table()
    assert list(heads)[:3] == ["setting", "learning_rate", "probe_weight_decay"]
    assert len(list(rows)) == 4
    view.table.setFocus()
    QTest.keyClick(view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().splitlines()[2].startswith("2\t82.0 % (77.0 to 87.0)\tchosen\t0.001\t0.1")


def test_use_it_fills_new_experiment_without_a_search(qtbot: QtBot, open_page: Open, row: RunRow) -> None:
    page = open_page()
    view = page.detail.search
    qtbot.waitUntil(lambda: view.card.use.isEnabled())
    with qtbot.waitSignal(page.parts.navigator.opened) as asked:
        view.card.use.click()
    (_, wanted) = asked.args
    assert wanted.search is None
    assert wanted.method.hyperparameters == {"epochs": 7, "learning_rate": 1e-3, "probe_weight_decay": 0.1}


def test_a_live_search_grows_and_has_no_curves_yet(qtbot: QtBot, open_page: Open, row: RunRow) -> None:
    page = open_page()
    live = LiveRun(row.id)
    live.add(RunStarted(30, 5, 16, FACTS))
    live.add(Preparing("Setting 1 of 5, fold 1 of 3", 0.0))
    queued = row.__class__(**{name: getattr(row, name) for name in row.__slots__} | {"state": live.state})
    now = run_now(queued, live)
    assert now.epoch_text() == ""
    page.deeds.adjust([now])
    assert page.deeds.actions["stop"].text() == "Stop and keep the search"  # it keeps no model: none was trained
    stopped = row.__class__(
        **{name: getattr(row, name) for name in row.__slots__} | {"state": RunState.STOPPED, "step": 0}
    )
    assert "during its search" in run_now(stopped, None).sentence()
    page.detail.start_run(now)
    page.detail.show_live(live, now, None)
    view = page.detail.search
    assert view.card.values.text() == "No setting is chosen yet"
    assert not view.card.use.isEnabled()
    assert page.detail.curves.isHidden()
    for trial in TRIALS[:2]:
        live.add(trial)
    live.add(Preparing("Setting 3 of 5, fold 1 of 3", 0.4))
    page.detail.show_live(live, now, None)
    assert view.card.values.text().startswith("Learning rate 0.001")
    assert view.progress.text().startswith("2 of 5 settings tried")
    assert live.seconds_left() == pytest.approx(live.elapsed() * 1.5, rel=0.2)


@pytest.mark.parametrize("measured", [True, False])
def test_a_run_without_a_search_has_no_such_view(
    qtbot: QtBot, open_page: Open, workspace: Workspace, measured: bool
) -> None:
    """Nor has one that never measured a loss plots for it: no empty axes with their controls."""
    losses = [Metrics(5, {"train/loss": 1.0})] if measured else []
    with RunStore(workspace) as store:
        made = store.create(new_run(searching().model_copy(update={"search": None}), "Plain"))
        for _ in record(store, made.id, iter([RunStarted(30, 5, 16), *losses, RunFinished(30)])):
            pass
    page = open_page()
    qtbot.waitUntil(lambda: page.now() is not None and page.is_settled())
    assert page.detail.search.isHidden()
    assert page.detail.curves.isHidden() is not measured
