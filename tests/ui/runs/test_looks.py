"""Runs: what a run without labels made of a few images, at each look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from engine.events import CheckpointSaved, Event, Metrics, RunFinished, RunStarted, RunState
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from engine.pretraining.album import FILE, KIND, NEITHER, RIGHT, WRONG, Album, LookPicture
from engine.studies.worth import started_from, worth_of
from storage.record import record
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.runs.acting import chosen
from tests.ui.runs.recorded import finished, save
from ui.growing_curve import GrowingCurve
from ui.pages.runs import RunsPage
from ui.runs.collapse_card import CollapseCard
from ui.runs.look_figure import LookFigure, paint_mark
from ui.runs.look_view import LookView, ShownAlbum
from ui.runs.run_now import RunNow

Open = Callable[[], RunsPage]
PUZZLE, NEAR = ("asked", "as guessed", "true"), ("image", "nearest", "2.", "3.", "4.", "5.")


def look(step: int, heads: tuple[str, ...] = PUZZLE) -> LookPicture:
    rows = 8 if heads == PUZZLE else 4
    marks = np.full((rows, len(heads)), NEITHER, np.int8)
    marks[:, 1:] = WRONG
    marks[: rows // 2, 1] = RIGHT
    if heads == PUZZLE:
        marks[:, 2] = NEITHER
    return LookPicture(step, np.full((rows, len(heads), 28, 28, 1), step, np.uint8), marks, f"{step} of 64 right.")


def write(folder: Path, *steps: int, heads: tuple[str, ...] = PUZZLE) -> None:
    album = Album(heads)
    for step in steps:
        album.add(look(step, heads))
    album.save(folder / FILE)


def events(state: type[Event] = RunFinished) -> Iterator[Event]:
    yield RunStarted(10, 5, 16, {})
    yield Metrics(10, {"train/loss": 1.0, "val/spread": 0.5, "val/rank": 3.0})
    yield CheckpointSaved(KIND, FILE, 10)
    yield RunFinished(10)


def saved_run(workspace: Workspace) -> RunRow:
    wanted = Experiment(dataset=DatasetChoice(name="digits"), method=MethodChoice(name="jigsaw"))
    with RunStore(workspace) as store:
        row = store.create(new_run(wanted, "Puzzles"))
        for _ in record(store, row.id, events()):
            pass
        return store.run(row.id)


def test_a_finished_run_shows_its_newest_look_and_goes_back_through_time(
    qtbot: QtBot, open_page: Open, workspace: Workspace
) -> None:
    with RunStore(workspace) as store:
        other = save(store, finished(), "Labelled")
    row = saved_run(workspace)
    write(workspace.runs / row.uid, 0, 5, 10)
    page = open_page()
    page.choose(row.id)
    view = page.detail.looks
    qtbot.waitUntil(view.isVisible)
    assert view.place.text() == "look 3 of 3, step 10"
    assert view.said.text() == "10 of 64 right. Tick: right; cross: wrong."
    high = view.figure.height()
    view.slider.setValue(0)
    assert view.place.text() == "look 1 of 3, before it learnt"
    assert view.figure.height() == high
    view.figure.grab()
    said = [words for _, words in view.figure.marks]
    assert said.count("As guessed: right") == said.count("As guessed: wrong") == 4
    heads, rows = view.figure.figure_table()
    assert heads == ("image number", *PUZZLE)
    assert [row[2] for row in rows] == ["right"] * 4 + ["wrong"] * 4
    page.choose(other.id)
    qtbot.waitUntil(lambda: page.is_settled() and not view.isVisible())


def test_a_new_look_is_followed_unless_the_reader_went_back(
    qtbot: QtBot, open_page: Open, workspace: Workspace
) -> None:
    row = saved_run(workspace)
    folder = workspace.runs / row.uid
    write(folder, 0, 5)
    page = open_page()
    page.choose(row.id)
    view = page.detail.looks
    qtbot.waitUntil(view.isVisible)
    for steps, place in (((0, 5, 10), "look 3 of 3, step 10"), ((0, 5, 10, 15), "look 4 of 4, step 15")):
        write(folder, *steps)
        page.tasks.hear(page.now(), [CheckpointSaved(KIND, FILE, steps[-1])])
        qtbot.waitUntil(lambda wanted=place: view.place.text() == wanted)
    view.slider.setValue(2)
    write(folder, 0, 10, 15, 20)  # the second was thinned out
    page.tasks.hear(page.now(), [CheckpointSaved(KIND, FILE, 20)])
    qtbot.waitUntil(lambda: view.place.text() == "look 2 of 4, step 10")


def test_what_was_learnt_without_labels_is_begun_from_and_weighed_by_one_click(
    qtbot: QtBot, open_page: Open, workspace: Workspace
) -> None:
    with RunStore(workspace) as store:
        labelled = save(store, finished(), "Labelled")
    row = saved_run(workspace)
    page = open_page()
    page.choose(row.id)
    qtbot.waitUntil(lambda: page.is_settled() and chosen(page).id == row.id)
    buttons = page.detail.header.buttons
    assert buttons["begin"].isVisible()
    with qtbot.waitSignal(page.parts.navigator.opened) as asked:
        qtbot.mouseClick(buttons["worth"], Qt.MouseButton.LeftButton)
    assert asked.args == ["studies", worth_of(row.experiment, row.uid)]
    with qtbot.waitSignal(page.parts.navigator.opened) as asked:
        qtbot.mouseClick(buttons["begin"], Qt.MouseButton.LeftButton)
    assert asked.args == ["new_experiment", started_from(row.experiment, row.uid)]
    page.choose(labelled.id)
    qtbot.waitUntil(lambda: page.is_settled() and chosen(page).id == labelled.id)
    assert not buttons["worth"].isVisible()
    assert page.deeds.actions["begin"].isEnabled()
    assert not page.deeds.actions["worth"].isEnabled()


@pytest.mark.parametrize(
    ("spreads", "said"),
    [
        ([0.5, 0.6], False),
        ([0.5, 0.19, 0.19], False),
        ([0.5, 0.19, 0.18, 0.19], True),
        ([0.19, 0.18, 0.19], False),
        ([0.9, 0.04], True),
        ([], False),
    ],
)
def test_a_collapse_offers_to_stop_while_it_works(
    qtbot: QtBot, workspace: Workspace, spreads: list[float], said: bool
) -> None:
    row, steps = saved_run(workspace), np.arange(len(spreads))
    curves = {"val/spread": GrowingCurve.from_arrays(steps, np.zeros(len(spreads)), np.array(spreads))}
    card = CollapseCard()
    qtbot.addWidget(card)
    for name, state, shown in (
        ("simclr", RunState.RUNNING, said), ("simclr", RunState.FINISHED, False), ("rotation", RunState.RUNNING, False)
    ):  # fmt: skip
        wanted = row.experiment.model_copy(update={"method": MethodChoice(name=name)})
        given = replace(row, experiment=wanted, state=state)
        card.show_curves(curves, RunNow(given, state, 0, 0, 1, None, None, "", None, None, here=True))
        assert card.isHidden() != shown, (name, state)
    with qtbot.waitSignal(card.stop_wanted):
        card.stop.click()


@pytest.mark.parametrize("heads", [PUZZLE, NEAR])
@pytest.mark.parametrize("width", [240, 360, 700, 1400])
def test_every_image_lies_within_its_figure_and_none_on_another(
    qtbot: QtBot, heads: tuple[str, ...], width: int
) -> None:
    figure = LookFigure()
    qtbot.addWidget(figure)
    figure.show_look(heads, look(3, heads))
    figure.resize(width, figure.heightForWidth(width))
    figure.grab()
    boxes = [box for box, _ in figure.marks]
    assert len(boxes) == 24
    assert all(figure.rect().contains(box.toRect()) for box in boxes)
    assert not any(one.intersects(other) for place, one in enumerate(boxes) for other in boxes[place + 1 :])
    assert figure.words_at(QPointF(boxes[0].center()))


def test_right_and_wrong_differ_without_their_colour(qtbot: QtBot) -> None:
    """In grey, as some see them, and of every pixel's shade made one: the shapes are others."""
    drawn = []
    for right in (True, False):
        image = QImage(60, 60, QImage.Format.Format_ARGB32)
        image.fill(0xFFFFFFFF)
        painter = QPainter(image)
        paint_mark(painter, QRect(8, 8, 40, 40), right)
        painter.end()
        drawn.append([image.pixel(x, y) != 0xFFFFFFFF for x in range(60) for y in range(60)])
    assert sum(one != other for one, other in zip(*drawn, strict=True)) > 40


def test_texts_stand_in_lines_with_what_was_made_of_them(qtbot: QtBot, tmp_path: Path) -> None:
    """Long ones are cut, none of them makes the view wider, and their numbers are their words."""
    album, marks = Album(("masked", "rebuilt", "true")), np.full((2, 3), NEITHER, np.int8)
    marks[:, 1] = RIGHT, WRONG
    texts = np.array([["the ▢ falls", "the rain falls", "the rain falls"], ["▢ " * 80, "", "a\nb"]])
    for step in (0, 10):
        album.add(LookPicture(step, texts, marks, f"1 of 2 words right at {step}."))
    album.save(tmp_path / FILE)
    found = Album.load(tmp_path / FILE)
    assert found is not None
    assert found.looks[0].images.tolist() == texts.tolist()
    view = LookView()
    qtbot.addWidget(view)
    view.show_album(ShownAlbum(1, found))
    view.resize(400, 300)
    view.show()
    assert view.figure is view.texts
    view.grab()
    assert view.texts.minimumSizeHint().width() == 240
    assert [words for _, words in view.texts.marks] == ["the ▢ falls", "the rain falls", "the rain falls", "▢ " * 80,
                                                        "(nothing)", "a\nb"]  # fmt: skip
    heads, rows = view.figure.figure_table()
    assert list(heads)[2:4] == ["rebuilt", "rebuilt, right or wrong"]
    assert [row[3] for row in rows] == ["right", "wrong"]
    view.menu.aboutToShow.emit()
    assert view.menu.actions() == view.texts.menu.actions()
    assert view.said.text().startswith("1 of 2 words right at 10.")
    write(tmp_path, 0)
    images = Album.load(tmp_path / FILE)
    assert images is not None
    view.show_album(ShownAlbum(2, images))
    assert view.figure is view.images
    assert view.figure.title == "What it makes of these images"
