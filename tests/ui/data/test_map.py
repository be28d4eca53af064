"""The map of a set in the window: real networks look at real files, points are walked through, caught and used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.data.lists import kept
from engine.events import RunFinished, RunStarted
from engine.experiment import BackboneChoice, DatasetChoice, Experiment
from engine.machine.warm import load_torch
from engine.maps.eye import Eye
from storage.record import record
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.data.conftest import open_folder
from ui.data.map_networks import MapNetwork
from ui.data.map_view import SLIDE, MapView
from ui.data.map_words import CHANGED, FLAT
from ui.pages.data import DataPage
from ui.window.main_window import MainWindow

EACH = 12


@pytest.fixture
def strokes(tmp_path: Path) -> Path:
    """Two classes that any network tells apart: a bar across and a bar down, each somewhere else."""
    for name in ("across", "down"):
        (tmp_path / "strokes" / name).mkdir(parents=True)
        for place in range(EACH):
            pixels = np.full((28, 28), 255, np.uint8)
            at = 6 + place
            pixels[(slice(at, at + 3), slice(4, 24)) if name == "across" else (slice(4, 24), slice(at, at + 3))] = 0
            Image.fromarray(pixels).save(tmp_path / "strokes" / name / f"{place:02}.png")
    return tmp_path / "strokes"


def draw(qtbot: QtBot, page: DataPage, window: MainWindow, network: str = "conv4 omniglot-supervised") -> MapView:
    """The tab with a map of the set that is shown, drawn to its end."""
    page.detail.show_tab("Map")
    view = page.map
    load_torch()
    window.parts.live.engine_ready.emit()
    qtbot.waitUntil(view.draw_button.isEnabled)
    assert view.network.set_key(network)
    view.draw_button.click()
    qtbot.waitUntil(lambda: view.map is not None and view.map.done and page.is_settled())
    return view


def test_a_set_is_drawn_and_each_point_is_its_image(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path
) -> None:
    open_folder(qtbot, page, strokes)
    view = draw(qtbot, page, window)
    assert view.words.text() == "All 24 images."
    assert "t-SNE" in view.reading.text()
    assert view.between.isHidden()
    assert [view.side.legend.list.item(row).text() for row in (0, 1)] == ["across  12", "down  12"]
    place = 15
    at = view.cloud.seen()[place]
    qtbot.mouseClick(view.cloud, Qt.MouseButton.LeftButton, pos=QPoint(*np.rint(at).astype(int).tolist()))
    chosen = view.cloud.current
    assert np.hypot(*(view.cloud.seen()[chosen] - at)) < 2
    lines = [view.side.nearest.list.item(row).text() for row in range(view.side.nearest.list.count())]
    assert lines[0] == f"{view.data.class_names[view.cloud.labels[chosen]]} · {view.data.image_name(chosen)}"
    away = 1 - view.map.points[0] @ view.map.points[0][chosen]
    nearest = np.argsort(away)[1]
    assert lines[1] == f"{away[nearest]:.3f}  {view._of_point(int(nearest))}"
    view.kind.set_key(FLAT)
    assert f"{view.map.explained[0]:.0%}".replace("%", " %") in view.reading.text()
    qtbot.waitUntil(page.is_settled)


def test_images_in_a_loop_are_left_out_of_what_the_form_is_set_to(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path
) -> None:
    open_folder(qtbot, page, strokes)
    view = draw(qtbot, page, window)
    seen = view.cloud.seen()
    wanted = {0, 13}
    view.cloud.zoom(1.5)
    loop_around(qtbot, view, 0)
    assert view.caught().tolist()[0] == 0
    view.cloud.catch(np.isin(np.arange(24), list(wanted)))
    assert view.side.segments["Chosen"].text() == "Chosen (2)"
    assert len(seen) == 24
    qtbot.waitUntil(page.is_settled)
    view.side.samples.click()
    assert sorted(page.detail.grid.order.tolist()) == [0, 13]
    page.detail.all.click()
    assert len(page.detail.grid.order) == 24
    page.detail.show_tab("Map")
    assert view.side.segments["Chosen"].isChecked()
    view.cloud.catch(np.zeros(24, bool))  # let go: nothing is left to be seen there
    assert view.side.segments["Classes"].isChecked()
    view.side.segments["Chosen"].click()  # to read how
    assert view.side.words.isVisible()
    view.cloud.catch(np.isin(np.arange(24), list(wanted)))
    view.side.leave.click()
    form = window.page("new_experiment")
    qtbot.waitUntil(lambda: form.is_settled() and bool(form.data.choice().listed))
    names = kept(form.data.choice().listed).names
    assert len(names) == 22
    assert {"across/00.png", "down/01.png"}.isdisjoint(names)
    qtbot.waitUntil(page.is_settled)


def loop_around(qtbot: QtBot, view: MapView, place: int) -> None:
    """A small square drawn with the mouse around one point."""
    centre = view.cloud.seen()[place]
    corners = [QPointF(*(centre + corner)).toPoint() for corner in ((-4, -4), (4, -4), (4, 4), (-4, 4))]
    qtbot.mousePress(view.cloud, Qt.MouseButton.LeftButton, pos=corners[0])
    for corner in corners[1:]:
        qtbot.mouseMove(view.cloud, corner)
    qtbot.mouseRelease(view.cloud, Qt.MouseButton.LeftButton, pos=corners[-1])


def test_the_keys_go_from_point_to_point_choose_and_let_go(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path
) -> None:
    open_folder(qtbot, page, strokes)
    view = draw(qtbot, page, window)
    qtbot.keyClick(view.cloud, Qt.Key.Key_Right)
    first = view.cloud.current
    assert first >= 0
    for _ in range(30):
        qtbot.keyClick(view.cloud, Qt.Key.Key_Right)
    ahead = view.cloud.seen() - view.cloud.seen()[view.cloud.current]
    assert not ((ahead[:, 0] > 0) & (abs(ahead[:, 1]) <= ahead[:, 0])).any()
    qtbot.keyClick(view.cloud, Qt.Key.Key_Space)
    assert view.caught().tolist() == [view.cloud.current]
    qtbot.keyClick(view.cloud, Qt.Key.Key_Escape)
    assert view.cloud.current == -1
    assert not len(view.caught())
    view.side.legend.search.setText("acr")
    qtbot.keyClick(view.cloud, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert view.caught().tolist() == list(range(EACH))  # only what is looked at
    qtbot.waitUntil(page.is_settled)


def test_a_map_stays_while_its_images_do_and_is_taken_away_with_a_word_once_they_change(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path
) -> None:
    open_folder(qtbot, page, strokes)
    view = draw(qtbot, page, window)
    drawn = view.map
    page.read_again()
    qtbot.waitUntil(page.is_settled)
    assert view.map is drawn
    (strokes / "down" / "11.png").unlink()
    page.read_again()
    qtbot.waitUntil(lambda: page.is_settled() and view.words.text() == CHANGED)
    assert view.map is None
    assert not len(view.cloud.points)


def test_a_map_is_looked_at_while_its_set_is_read_anew_and_gone_with_its_set(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path, photos: Path
) -> None:
    """What a point is called is asked for in the moment in which another set, or the same, begins to be read."""
    open_folder(qtbot, page, strokes)
    view = draw(qtbot, page, window)
    seen: list[tuple[bool, str]] = []

    def point(_: object) -> None:
        at = view.cloud.seen()[0] if len(view.cloud.points) else (0.0, 0.0)
        seen.append((view.data is None, view.cloud.words_at(QPointF(*at))))
        view.cloud.choose(0 if len(view.cloud.points) else -1)
        view.cloud.catch(np.ones(len(view.cloud.points), bool))
        view.side.samples.click()

    page.read_again()
    point(None)
    assert view.data is None
    assert seen[0][1].startswith("across · across/")
    qtbot.waitUntil(page.is_settled)
    page.list.chosen.connect(point)
    open_folder(qtbot, page, photos)
    assert seen[1] == (True, "")
    assert view.map is None
    assert view.words.text() == ""


def save_run(workspace: Workspace, path: Path) -> RunRow:
    """A finished run on a folder, whose file of weights is there."""
    with RunStore(workspace) as store:
        run = store.create(new_run(Experiment(dataset=DatasetChoice(name="folder", path=str(path))), "Source"))
        store.directory(run).mkdir(parents=True, exist_ok=True)
        (store.directory(run) / "best.safetensors").write_bytes(b"weights")
        list(record(store, run.id, iter([RunStarted(1, 1, 1), RunFinished(1)])))
        return store.run(str(run.id))


def test_a_runs_map_is_drawn_of_its_own_set_and_of_no_other(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path, photos: Path, workspace: Workspace
) -> None:
    run = save_run(workspace, photos)
    begun: list[str] = []
    view = page.map
    view.drawing.begun.connect(lambda _: begun.append(view.data.title))
    open_folder(qtbot, page, strokes)
    load_torch()
    window.parts.live.engine_ready.emit()
    page.downloads.click()
    view.want_run(run.uid, f"folder:{photos}")  # its set is not chosen yet, as while the list is read
    qtbot.waitUntil(lambda: any(one.run is not None for one in view._networks.values()))
    assert not view.drawing.is_at_work
    page.receive(run)
    qtbot.waitUntil(lambda: bool(begun) and page.is_settled())
    assert begun == ["photos"]
    assert view.isVisible()
    assert "are damaged" in view.words.text() or "cannot be read" in view.words.text()


def test_a_run_that_ended_meanwhile_is_among_the_networks(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path, workspace: Workspace
) -> None:
    open_folder(qtbot, page, strokes)
    page.detail.show_tab("Map")
    qtbot.waitUntil(lambda: page.map.network.count() > 0)
    run = save_run(workspace, strokes)
    page.detail.show_tab("Samples")
    page.detail.show_tab("Map")
    qtbot.waitUntil(lambda: page.map.network.findData(f"run:{run.uid}") >= 0)


def test_a_map_that_is_stopped_leaves_what_was_drawn(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path
) -> None:
    open_folder(qtbot, page, strokes)
    view = draw(qtbot, page, window)
    view.draw_button.click()
    assert view.drawing.is_at_work
    assert view.stop_button.isVisible()
    view.stop_button.click()
    assert not view.drawing.is_at_work
    assert view.draw_button.isVisible()
    assert view.map is None
    assert view.words.text() == "Nothing was drawn to the end."
    qtbot.waitUntil(page.is_settled)
    assert view.map is None  # nothing comes after all


def test_a_double_click_on_draw_does_not_stop_it(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path
) -> None:
    """Its second press comes to the button that took the place of the first."""
    open_folder(qtbot, page, strokes)
    view = draw(qtbot, page, window)
    qtbot.mouseClick(view.draw_button, Qt.MouseButton.LeftButton)
    at = QPointF(view.stop_button.rect().center())
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for kind in (QEvent.Type.MouseButtonDblClick, QEvent.Type.MouseButtonRelease):
        event = QMouseEvent(kind, at, view.stop_button.mapToGlobal(at), left, left, none)
        QApplication.sendEvent(view.stop_button, event)
    assert view.drawing.is_at_work
    qtbot.mouseClick(view.stop_button, Qt.MouseButton.LeftButton)
    assert not view.drawing.is_at_work
    qtbot.waitUntil(page.is_settled)


def test_before_and_after_move_the_same_points(qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path) -> None:
    open_folder(qtbot, page, strokes)
    view = draw(qtbot, page, window)
    eyes = (Eye("Before run 1", BackboneChoice(weights="random")), Eye("After run 1", BackboneChoice()))
    view._take_networks([MapNetwork("run:a", "Run 1", eyes)])
    view.network.set_key("run:a")
    view.draw_button.click()
    qtbot.waitUntil(lambda: view.map is not None and view.map.done and page.is_settled())
    assert view.between.isVisible()
    before = view.cloud.points.copy()
    assert np.array_equal(before, view.map.near[0])
    view.slider.setValue(SLIDE // 2)
    assert np.allclose(view.cloud.points, (view.map.near[0] + view.map.near[1]) / 2, atol=1e-4)
    view.play.click()
    qtbot.waitUntil(lambda: view.slider.value() == SLIDE)
    assert np.allclose(view.cloud.points, view.map.near[1], atol=1e-4)
    view.cloud.choose(0)
    assert view.side.nearest.words.text().startswith("After run 1: distance")
    qtbot.waitUntil(page.is_settled)
