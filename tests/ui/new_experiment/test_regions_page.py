"""Land cover in New experiment: chosen by its card, what fits in a region is said before Start, distance is a field."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from tests.ui.conftest import wait_until_checked
from ui.pages.new_experiment import NewExperimentPage

SMALL = {"way": 4, "query": 5, "training_way": 4}


def land_cover(**values: int) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="regions", distance=1.5),
        backbone=BackboneChoice(name="bands_cnn"),
        method=MethodChoice(name="protonet", hyperparameters={**SMALL, **values}),
    )


def test_regions_are_chosen_and_their_distance_set(page: NewExperimentPage, qtbot: QtBot) -> None:
    page.fill(land_cover())
    wait_until_checked(qtbot, page)
    settings, preview = page.data.settings, page.data.preview
    assert page.data.cards["regions"].isChecked()
    distance = settings.own["regions"].rows["distance"].input
    assert distance.isVisible()
    assert distance.value() == 1.5
    assert preview.sentence.text().endswith("85 regions, 6 classes")
    assert settings.split_words.text().startswith("Regions: 60 to learn")
    assert not preview.fault
    assert not preview.episode_fault
    assert page.launch.start_button.isEnabled()
    distance.setValue(0.0)
    assert page.experiment().dataset.distance == 0.0
    page.data.fill(DatasetChoice(name="glyphs"))
    assert not distance.isVisible()
    assert page.experiment().dataset == DatasetChoice(name="glyphs")


def test_a_way_that_no_region_has_is_said_before_start(page: NewExperimentPage, qtbot: QtBot, tmp_path: Path) -> None:
    page.fill(land_cover(training_way=20))
    wait_until_checked(qtbot, page)
    assert "20-way training episodes" in page.data.preview.episode_fault
    assert "Use at most 6-way episodes." in page.data.preview.episode_fault
    assert not page.launch.start_button.isEnabled()
