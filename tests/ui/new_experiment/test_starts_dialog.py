"""When will transfer help? Scores of every start, what runs reached from them, and no more said than is known."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.advice.starts import StartingPoint, StartScores
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.transferability.table import KINDS, KNN, SIZE
from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.comparison.saved_runs import save
from ui.new_experiment.starts_dialog import StartsDialog
from ui.new_experiment.starts_figure import StartsFigure
from ui.new_experiment.starts_words import luck_words, ranked, table_of, taus, too_few, vote_words
from ui.new_experiment.trained_starts import own_starts, recipe_of, trained
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow

DIGITS = DatasetChoice(name="digits", classes=4)
BUNDLED = (
    ("conv4", "omniglot-supervised"), ("conv4", "omniglot-protonet"), ("resnet_small", "omniglot-supervised"),
)  # fmt: skip


def probe(start: tuple[str, str], seed: int = 0, labels: int = 2, method: str = "linear_probe") -> Experiment:
    return Experiment(
        dataset=DIGITS.model_copy(update={"labels_per_class": labels}),
        backbone=BackboneChoice(name=start[0], weights=start[1]),
        method=MethodChoice(name=method),
        seed=seed,
    )


@pytest.fixture(autouse=True)
def bundled_alone(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("engine.backbones.catalog.find_spec", lambda name: None)


def own_run(store: RunStore) -> str:
    """A run on other images with its real weights; its uid."""
    glyphs = DatasetChoice(name="glyphs", classes=5)
    given = Experiment(dataset=glyphs, method=MethodChoice(name="scratch", hyperparameters={"epochs": 1}))
    row = save(store, given, 30, "Mine")
    assert list(execute(given, store.directory(row)))
    return row.uid


def measured(qtbot: QtBot, window: MainWindow) -> StartsDialog:
    dialog = StartsDialog(window.parts, DIGITS, window)
    dialog.open()
    qtbot.waitUntil(lambda: "Measured on" in dialog.state.text(), timeout=200_000)
    return dialog


@pytest.mark.timeout(300)
def test_scores_are_held_against_what_runs_reached(qtbot: QtBot, window: MainWindow, workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        starts = [*BUNDLED, ("conv4", f"run:{own_run(store)}")]
        for place, start in enumerate(starts):
            for seed in (0, 1):
                save(store, probe(start, seed), 10 * place + 5)
    dialog = measured(qtbot, window)
    assert len(dialog.scores) == 4
    assert dialog.scores[-1].start.title == "Run 1, Mine"
    assert set(dialog.scores[-1].values) == {kind.name for kind in KINDS}  # its own head is asked
    assert dialog.reached.isVisibleTo(dialog)
    assert "LEEP and NCE cannot be asked of every start" in dialog.votes.text()
    assert "of 6 scores put" in dialog.votes.text()
    assert dialog.luck.text().startswith("n = 4 starts: a tau below 1.00 may be luck")
    names = [row[0] for row in dialog.tau.cells.texts()]
    assert names == ["kNN", "LogME", "H-score", "GBC", "PARC", "TransRate", "Size alone"]
    assert [one.reached.n for one in dialog.figure.points] == [2] * 4
    dialog.score.set_key("logme")
    assert dialog.figure.score == "logme"
    assert "LogME" in dialog.figure.accessibleDescription()
    for name in ("gbc", SIZE):
        dialog.score.set_key(name)
        assert not dialog.figure.grab().isNull()
        assert len(dialog.figure.marks) == 4
    dialog.accept()


@pytest.mark.timeout(300)
def test_without_runs_no_figure_is_shown(qtbot: QtBot, window: MainWindow) -> None:
    dialog = measured(qtbot, window)
    assert not dialog.reached.isVisibleTo(dialog)
    assert "from 4 of these starts" in dialog.votes.text()
    assert "So far there is none" in dialog.votes.text()
    assert dialog.table.cells.rowCount() == 3
    dialog.accept()


def test_closing_ends_the_measurement(qtbot: QtBot, window: MainWindow, page: NewExperimentPage) -> None:
    dialog = StartsDialog(window.parts, DIGITS, window)
    dialog.open()
    qtbot.waitUntil(dialog._timer.isActive)
    timer = dialog._timer
    dialog.reject()
    assert not timer.isActive()
    qtbot.waitUntil(page.is_settled)


# What is said, without a window


def scores(*values: float) -> list[StartScores]:
    """Starts "start 0", … with such scores of their nearest neighbours and twice that of LogME."""
    made = []
    for place, value in enumerate(values):
        choice = BackboneChoice(name="conv4", weights=f"weights-{place}")
        start = StartingPoint(choice, f"start {place}", 100 * (place + 1))
        made.append(StartScores(start, {KNN: value, "logme": 2 * value}, 500))
    return made


def runs_of(store: RunStore, wrong: list[int]) -> None:
    for place, one in enumerate(wrong):
        save(store, probe(("conv4", f"weights-{place}")), one)


def test_runs_are_together_by_recipe_and_images(workspace: Workspace) -> None:
    """Other labels, other methods and other images are apart; training from scratch has no start."""
    with RunStore(workspace) as store:
        for seed in (0, 1):
            save(store, probe(BUNDLED[0], seed), 12 + 12 * seed)
        save(store, probe(BUNDLED[1]), 30)
        save(store, probe(BUNDLED[0], labels=5), 6)
        save(store, probe(BUNDLED[0], method="scratch"), 6)
        other = probe(BUNDLED[0]).dataset.model_copy(update={"classes": 3})
        save(store, probe(BUNDLED[0]).model_copy(update={"dataset": other}), 6)
        save(store, probe(BUNDLED[2]), 6, tested=False)
        found = trained(store.runs(), DIGITS)
    assert [(one.title, len(one.reached)) for one in found] == [
        ("Linear probe, 2 labels per class", 2), ("Linear probe, 5 labels per class", 1),
    ]  # fmt: skip
    first = found[0].reached["conv4 omniglot-supervised"]
    assert (first.value, first.n) == (pytest.approx(0.85), 2)
    assert recipe_of(probe(BUNDLED[0])) == recipe_of(probe(BUNDLED[1], seed=3))


def test_tau_and_luck_are_told(workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        runs_of(store, [50, 40, 30, 10, 20, 5])
        (runs,) = trained(store.runs(), DIGITS)
    found = taus(scores(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), runs)
    assert list(found) == [KNN, "logme", SIZE]
    assert found[KNN].value == pytest.approx(13 / 15)
    assert luck_words(6) == "n = 6 starts: a tau below 0.73 may be luck; one in twenty random orders reaches that."
    assert [one.title for one in ranked(scores(0.1, 0.2), runs, KNN)] == ["start 0", "start 1"]
    assert taus(scores(0.1, 0.2, 0.3), runs) == {}
    assert too_few(scores(0.1), runs).endswith("So far there is one.")


def test_the_best_is_bold_and_what_is_missing_says_why() -> None:
    made = [*scores(0.2, 0.6), StartScores(scores(0.1)[0].start, fault="Its file is gone.")]
    heads, rows = table_of(made, None)
    assert heads[:2] == ["Start", "kNN"]
    assert [row[1].bold for row in rows] == [False, True, False]
    assert [row[1].words for row in rows] == ["20.0 %", "60.0 %", "–"]
    assert rows[2][0].tip == "Its file is gone."
    assert "head" in rows[0][heads.index("LEEP")].tip
    alone = StartScores(made[0].start, {KNN: 0.1, "leep": -1.0})
    assert not table_of([alone], None)[1][0][heads.index("LEEP")].bold  # the best of one
    assert vote_words(made).startswith("2 of 2 scores put start 1 first, kNN among them.")


def test_runs_on_these_images_are_no_starts(workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        save(store, probe(BUNDLED[0]), 5)
        other = save(store, Experiment(dataset=DatasetChoice(name="glyphs", classes=5)), 5, "Other")
        found = own_starts(store.runs(), DIGITS)
    assert [(one.title, one.choice.weights) for one in found] == [(f"Run {other.id}, Other", f"run:{other.uid}")]


def test_names_in_the_figure_do_not_cover_each_other(qtbot: QtBot, workspace: Workspace) -> None:
    """Also where dots lie close together; every dot is told by its words."""
    with RunStore(workspace) as store:
        runs_of(store, [20, 20, 21, 50])
        (runs,) = trained(store.runs(), DIGITS)
    figure = StartsFigure()
    qtbot.addWidget(figure)
    figure.resize(460, 300)
    figure.show_points(ranked(scores(0.5, 0.505, 0.51, 0.9), runs, KNN), KNN)
    assert not figure.grab().isNull()
    assert [figure.words_at(box.center()) for box, _ in figure.marks].count("") == 0
    table = list(figure.figure_table()[1])
    assert (len(table), table[0][0]) == (4, "start 0")
    assert np.isfinite(table[0][1])
