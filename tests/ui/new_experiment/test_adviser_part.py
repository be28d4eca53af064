"""The advice of New experiment: follows the data, is measured and stopped, taken with one click, dismissed."""

import threading

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.advice import transfer_scores
from engine.advice.adviser import PIXELS
from engine.backbones.info import BackboneInfo, WeightsInfo
from engine.data.images import ImageSet
from engine.machine.warm import load_torch
from tests.ui.conftest import wait_until_checked
from ui.new_experiment.adviser_part import AdviserPart
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
LONG = 200_000


@pytest.fixture
def adviser(qtbot: QtBot, page: NewExperimentPage) -> AdviserPart:
    qtbot.waitUntil(lambda: page.adviser.advice is not None, timeout=LONG)
    return page.adviser


def shown(adviser: AdviserPart) -> str:
    return adviser.card.title.text()


def reasons(adviser: AdviserPart) -> str:
    return " ".join(line.text() for line in adviser.card.reasons)


def test_the_advice_follows_the_data(qtbot: QtBot, page: NewExperimentPage, adviser: AdviserPart) -> None:
    assert adviser.isVisibleTo(page)
    assert shown(adviser) == "Linear probe with Conv-4 (Omniglot, supervised)"  # 2 labels per class
    assert "not measured" in reasons(adviser)
    page.data.settings.labels.set_count(8)
    qtbot.waitUntil(lambda: shown(adviser).startswith("LP-FT"), timeout=LONG)
    qtbot.mouseClick(page.method.families["meta"], LEFT)
    qtbot.waitUntil(lambda: not adviser.isVisibleTo(page), timeout=LONG)
    page.method.choose("lp_ft")
    qtbot.waitUntil(lambda: adviser.isVisibleTo(page), timeout=LONG)


def test_taking_the_advice_sets_backbone_and_method(
    qtbot: QtBot, page: NewExperimentPage, adviser: AdviserPart
) -> None:
    labels = page.experiment().dataset.labels_per_class
    assert adviser.card.use.text() == "Use this"
    qtbot.mouseClick(adviser.card.use, LEFT)
    wait_until_checked(qtbot, page)
    experiment = page.experiment()
    assert (experiment.method.name, experiment.backbone.weights) == ("linear_probe", "omniglot-supervised")
    assert experiment.dataset.labels_per_class == labels
    assert (adviser.card.use.text(), adviser.card.use.isEnabled()) == ("In use", False)
    page.method.choose("scratch")
    assert adviser.card.use.isEnabled()


def test_dismissed_advice_stays_away_until_it_is_asked_for(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, adviser: AdviserPart
) -> None:
    qtbot.mouseClick(adviser.card.close_button, LEFT)
    assert not adviser.card.card.isVisibleTo(page)
    later = AdviserPart(window.parts, page)
    assert not later.card.card.isVisibleTo(later)
    later.deleteLater()
    qtbot.mouseClick(adviser.card.show_button, LEFT)
    assert adviser.card.card.isVisibleTo(page)
    assert not adviser.card.show_button.isVisibleTo(page)


@pytest.mark.timeout(300)
def test_measuring_changes_the_advice_and_can_be_stopped(
    qtbot: QtBot,
    window: MainWindow,
    page: NewExperimentPage,
    adviser: AdviserPart,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """With the small networks on this machine, which are not begun with before it was stopped once."""
    local, may_begin = transfer_scores.candidates, threading.Event()

    def small(data: ImageSet) -> list[tuple[BackboneInfo, WeightsInfo]]:
        may_begin.wait(60)
        return [(info, weights) for info, weights in local(data) if info.form.channels == 1]

    monkeypatch.setattr(transfer_scores, "candidates", small)
    assert not adviser.card.measure.isEnabled()
    assert not adviser.card.scores.isVisibleTo(page)
    load_torch()
    window.parts.live.engine_ready.emit()
    assert adviser.card.measure.isEnabled()
    page.data._choose("digits")
    page.data.settings.classes.set_count(None)
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(lambda: adviser._data is not None and adviser._data.name == "digits", timeout=LONG)
    data, advised = adviser._data, shown(adviser)
    qtbot.mouseClick(adviser.card.measure, LEFT)
    assert adviser.card.measure.text() == "Stop"
    qtbot.waitUntil(lambda: len(adviser._found) == 1, timeout=LONG)
    assert (shown(adviser), adviser.card.use.isEnabled()) == (advised, False)  # part of the scores says nothing yet
    qtbot.mouseClick(adviser.card.measure, LEFT)
    assert not adviser.card.state.isVisibleTo(page)
    assert (shown(adviser), adviser._scores) == (advised, {})
    may_begin.set()
    qtbot.mouseClick(adviser.card.measure, LEFT)
    qtbot.waitUntil(lambda: shown(adviser) == "From scratch with Conv-4", timeout=LONG)
    assert not adviser.card.measure.isVisibleTo(page)  # it is measured
    assert adviser.card.scores.isVisibleTo(page)
    (scores,) = adviser._scores.values()
    assert scores[0].backbone == PIXELS
    assert "chance 10.0 %" in reasons(adviser)
    page.data._choose("glyphs")
    qtbot.waitUntil(lambda: adviser._data != data and "not measured" in reasons(adviser), timeout=LONG)
    page.data._choose("digits")
    qtbot.waitUntil(lambda: shown(adviser).startswith("From scratch"), timeout=LONG)  # remembered
