"""A fourth kind of procedure, as a row of the table and a file among the methods: listed, costed, run, shown."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

import engine.methods
from engine import registry
from engine.events import RunState
from engine.experiment import Experiment, parse_experiment
from engine.families import FAMILIES, Family, later
from engine.preflight.problems import problems
from tests.recipes import among
from tests.ui.conftest import wait_until_checked
from ui.terminal.listing import list_methods
from ui.window.main_window import MainWindow

METHOD = '''
"""The simplest pretraining: the mean image of the images without their labels, found pass by pass."""

from engine.method import HyperparameterModel, Method, hyper


class Settings(HyperparameterModel):
    passes: int = hyper(3, "Passes", "How often all images are looked at.", low=1, high=100)


class MeanImage(Method):
    name = "mean_image"
    title = "Mean image"
    family = "pretrain"
    group = "Without labels"
    idea = "Find the mean of all images."
    paper = "Folklore"
    Hyperparameters = Settings

    def treatments(self, blocks):
        return dict.fromkeys(blocks, "frozen")


def run(experiment, method, directory, limits, bookmark):
    from engine.data.sources import load
    from engine.events import Metrics, RunFinished, RunStarted

    data = load(experiment.dataset)
    pixels = data.pixels(range(100), 8, 1).astype(float)
    passes = method.hyperparameters.passes
    yield RunStarted(passes, 1, len(pixels))
    mean = 0 * pixels[0]
    for step in range(1, passes + 1):
        mean += (pixels.mean(0) - mean) / step
        yield Metrics(step, {"train/loss": float(((pixels - mean) ** 2).mean())})
    yield RunFinished(passes)


def cost(experiment, method):
    from engine.families import Cost

    return Cost(64, 64, method.hyperparameters.passes, 1.0, 1.0 * method.hyperparameters.passes, 1000)
'''


@pytest.fixture
def pretraining(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Family]:
    """The method's file, and its family's row."""
    row = Family(
        "pretrain", "Pretraining", start="mean_image", step="passes", data_settings=frozenset({"part"}),
        run=later("engine.methods.mean_image", "run"), cost=later("engine.methods.mean_image", "cost"),
    )  # fmt: skip
    monkeypatch.setitem(FAMILIES, row.key, row)
    with among(engine.methods, tmp_path / "methods", registry.methods.cache_clear, mean_image=METHOD):
        yield row


def asked(**more: Any) -> Experiment:
    return parse_experiment({"dataset": {"name": "digits", **more}, "method": {"name": "mean_image"}})


@pytest.mark.usefixtures("pretraining")
def test_it_is_checked_and_costed() -> None:
    from engine.preflight.cost import estimate

    assert problems(asked(part="source half")) == []
    assert "mean_image" in [row[0] for row in list_methods(Namespace()).rows]
    (refused,) = problems(asked(labels_per_class=2))
    assert refused.message == "Labels per class does not apply to pretraining."
    assert estimate(asked()).seconds == 3.0


def test_it_is_listed_set_up_run_and_shown(qtbot: QtBot, pretraining: Family, request: pytest.FixtureRequest) -> None:
    window: MainWindow = request.getfixturevalue("window")
    page = window.show_page("new_experiment")
    wait_until_checked(qtbot, page)
    assert [button.text() for button in page.method.families.values()][-1] == pretraining.title
    qtbot.mouseClick(page.method.families[pretraining.key], Qt.MouseButton.LeftButton)
    settings = page.data.settings
    assert not settings.labels.isVisibleTo(page)
    assert not settings.shift.isVisibleTo(page)
    wait_until_checked(qtbot, page)
    settings.part.set_key("source half")
    wait_until_checked(qtbot, page)
    assert page.experiment().method.name == "mean_image"
    assert page.experiment().dataset.labels_per_class is None
    assert page.experiment().dataset.part == "source half"
    page.start()
    runs = window.show_page("runs")
    qtbot.waitUntil(lambda: (now := runs.now()) is not None and now.state is RunState.FINISHED)
    now = runs.now()
    assert (now.row.family, now.epoch_text()) == (pretraining.key, "3 of 3 passes")
    qtbot.waitUntil(lambda: "3 of 3 passes" in runs.detail.header.facts.text())
    qtbot.waitUntil(lambda: runs.detail.curves.loss.isVisibleTo(runs))
