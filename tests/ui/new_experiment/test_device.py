"""Where a run works: devices here and the cluster, and what the cost and the rate finder say of the latter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from engine.events import CLUSTER
from engine.families import Cost
from engine.machine.devices import devices
from engine.remote.cluster import MachineState
from ui.elsewhere import SeenCluster
from ui.new_experiment.costs import elsewhere
from ui.pages.new_experiment import NewExperimentPage
from ui.parts import Parts
from ui.studies.study_form import StudyForm
from ui.window.main_window import MainWindow

PLACE = MachineState("tls://10.0.0.2:4000", "office", "0.16.0", "cpu", 8, 16_000_000_000, (), 0.5)
THERE = SeenCluster("tls://10.0.0.1:8786", places=(PLACE, replace(PLACE, address="tls://10.0.0.2:4001")))
COST = Cost(1, 2, 30, 2.0, 60.0, 6, least_seconds_per_epoch=1.0)


def know(parts: Parts, now: SeenCluster) -> None:
    parts.machines.now = now
    parts.machines.changed.emit()


def options(box: object) -> list[object]:
    return [box.itemData(index) for index in range(box.count())]


def test_a_cluster_is_offered_only_where_there_is_one(page: NewExperimentPage) -> None:
    device = page.launch.device
    assert CLUSTER not in options(device)
    know(page.parts, SeenCluster("tls://10.0.0.1:8786"))
    assert options(device)[-1] == CLUSTER
    assert device.itemText(device.count() - 1) == "Cluster"
    know(page.parts, THERE)
    assert device.itemText(device.count() - 1) == "Cluster (2 places)"
    know(page.parts, SeenCluster())
    assert CLUSTER not in options(device)


def test_what_is_chosen_stays_when_the_cluster_goes(page: NewExperimentPage) -> None:
    know(page.parts, THERE)
    page.launch.device.set_key(CLUSTER)
    know(page.parts, SeenCluster())
    page.launch.device._show_here(devices())
    assert page.launch.device.currentText() == "Cluster (none is known)"
    assert page.experiments()[0].device == CLUSTER
    assert page.launch.free_bytes() is None


def test_a_study_is_put_on_the_cluster(qtbot: QtBot, window: MainWindow) -> None:
    form = StudyForm(window.parts)
    qtbot.addWidget(form)
    heard: list[None] = []
    form.changed.connect(lambda: heard.append(None))
    know(window.parts, THERE)
    assert not heard
    form.device.set_key(CLUSTER)
    assert len(heard) == 1
    study = form.study()
    assert study.device == CLUSTER
    form.fill(None)
    assert form.study().device == "cpu"
    form.fill(study)
    assert form.study() == study


def test_the_cost_is_that_of_the_clusters_machines_where_it_is_known() -> None:
    known = elsewhere(COST, 1, 4, (20.0, "office"))
    assert (known.seconds, known.seconds_per_epoch) == (20.0, pytest.approx(2 / 3))
    assert known.remark == "As the last such run took on office."
    unknown = elsewhere(COST, 1, 4, None)
    assert unknown.seconds == COST.seconds
    assert unknown.remark == "Timed here: the cluster's machines differ."


@pytest.mark.parametrize(
    ("runs", "places", "turns"), [(1, 0, 1), (5, 0, 5), (5, 1, 5), (5, 2, 3), (4, 4, 1), (3, 8, 1)]
)
def test_runs_side_by_side_take_as_long_as_their_turns(runs: int, places: int, turns: int) -> None:
    assert elsewhere(COST, runs, places, None).seconds * runs == pytest.approx(turns * COST.seconds)


def test_the_cost_is_measured_here_for_a_run_that_works_there(qtbot: QtBot, page: NewExperimentPage) -> None:
    page.parts.live.engine_ready.emit()
    know(page.parts, THERE)
    page.launch.device.set_key(CLUSTER)
    card = page.launch.cost
    qtbot.waitUntil(lambda: card.state.text() == "Timed here: the cluster's machines differ.")
    assert card.values["Time in all"].text() != "–"


def test_the_rate_finder_runs_here(qtbot: QtBot, page: NewExperimentPage) -> None:
    page.parts.live.engine_ready.emit()
    know(page.parts, THERE)
    page.launch.device.set_key(CLUSTER)
    dialog = page.rates.open()
    assert dialog is not None
    qtbot.waitUntil(lambda: bool(dialog._points) or dialog.problem.isVisible())
    assert not dialog.problem.isVisible()
    dialog.reject()


@pytest.mark.parametrize("way", ["known before", "known after", "in a hidden page"])
def test_how_many_places_a_restored_cluster_has_is_asked_by_itself(page: NewExperimentPage, way: str) -> None:
    asked: list[None] = []
    page.parts.machines.look = lambda: asked.append(None)  # type: ignore[method-assign]
    there = page.experiments()[0].model_copy(update={"device": CLUSTER})
    page.setVisible(way != "in a hidden page")
    if way == "known after":
        page.launch.fill(there)
        assert not asked
        know(page.parts, SeenCluster("tls://10.0.0.1:8786"))
    else:
        know(page.parts, SeenCluster("tls://10.0.0.1:8786"))
        assert not asked, "nobody chose it"
        page.launch.fill(there)
        assert bool(asked) == (way == "known before")
        page.show()
    assert len(asked) == 1
    know(page.parts, THERE)
    page.launch.fill(there)
    assert len(asked) == 1, "it is known"
    assert page.launch.device.currentText() == "Cluster (2 places)"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (SeenCluster("tls://10.0.0.1:8786", fault="No answer."), "Cluster (does not answer)"),
        (SeenCluster("tls://10.0.0.1:8786", places=()), "Cluster (no machine yet)"),
    ],
)
def test_a_cluster_that_gives_nothing_to_work_on_says_so(page: NewExperimentPage, now: SeenCluster, words: str) -> None:
    know(page.parts, now)
    page.launch.device.set_key(CLUSTER)
    assert page.launch.device.currentText() == words


def test_the_cost_is_shared_among_places_as_soon_as_they_are_known(qtbot: QtBot, page: NewExperimentPage) -> None:
    page.parts.live.engine_ready.emit()
    know(page.parts, SeenCluster("tls://10.0.0.1:8786", fault="No answer."))
    page.launch.seeds.setValue(2)
    page.launch.device.set_key(CLUSTER)
    said = "Timed here: the cluster's machines differ."
    qtbot.waitUntil(lambda: page.launch.cost.state.text() == said)
    know(page.parts, THERE)
    assert page.launch.cost.state.text() == f"{said} 2 at a time."
