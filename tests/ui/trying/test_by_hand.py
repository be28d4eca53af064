"""Classes made by hand in a real pane over a real run: dropped, drawn, told, taken back."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot
from torch import nn

from engine.heads.catalog import HEADS
from engine.preparation.inputs import Normaliser
from engine.using.bins import Bin, Bins, HandedImage
from engine.using.by_hand import HeadLearner
from engine.using.drawn import as_read
from main import main
from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.late import worked_late
from tests.ui.trying.conftest import BARS, LEARN
from ui.export.dialog import ExportDialog
from ui.pages.trying import TryingPage
from ui.trying.hand.keeping import kept_in
from ui.trying.hand.pane import HandPane
from ui.trying.hand.reading import read_again

Open = Callable[..., TryingPage]


@pytest.fixture
def pane(qtbot: QtBot, open_page: Open) -> HandPane:
    page = open_page()
    page.stack.setCurrentIndex(list(page.panes).index("Classes by hand"))
    found = page.panes["Classes by hand"]
    assert isinstance(found, HandPane)
    qtbot.waitUntil(lambda: found.work.by is not None)
    settle(qtbot, found)
    return found


def settle(qtbot: QtBot, pane: HandPane) -> None:
    qtbot.waitUntil(pane.is_settled)


def few(photos: Path, folder: Path, *numbers: int) -> Path:
    """Of each class the images of these numbers."""
    for name in BARS:
        (folder / name).mkdir(parents=True)
        for number in numbers:
            shutil.copy(photos / name / f"{number}.png", folder / name)
    return folder


def drop(widget: QWidget, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at, copy, left, no = (
        QPoint(20, 20),
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, QDragEnterEvent(at, copy, data, left, no))
    QApplication.sendEvent(widget, QDropEvent(QPointF(at), copy, data, left, no))


def draw(qtbot: QtBot, pane: HandPane) -> None:
    pad = pane.pad.pad
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(30, 30))
    qtbot.mouseMove(pad, QPoint(90, 90))
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(90, 90))


def test_dropped_classes_answer_what_is_dropped_and_each_change_is_told(
    qtbot: QtBot, pane: HandPane, photos: Path, tmp_path: Path
) -> None:
    drop(pane.classes, few(photos, tmp_path / "shown", 0))
    settle(qtbot, pane)
    assert pane.work.state.bins.names == BARS
    assert [card.field.text() for card in pane.classes.cards] == list(BARS)
    drop(pane.asked, few(photos, tmp_path / "asked", 5, 6, 7))
    settle(qtbot, pane)
    assert {image.truth for image in pane.work.state.asked} == set(BARS)
    assert set(pane.work.found.answers) == {image.key for image in pane.work.state.asked}
    assert " of 9 right, " in pane.asked.score.text()
    before = pane.work.found.answers
    drop(pane.classes.cards[1], photos / "down" / "9.png")
    settle(qtbot, pane)
    assert [len(one.images) for one in pane.work.state.bins.bins] == [1, 2, 1]
    assert pane.asked.lines[0].startswith("+1 example of down: ")
    assert "before the last change" in pane.asked.score.text()
    shown = pane.asked.asked
    shown.setCurrentIndex(shown.shown.index(2))
    for number in (2, 3):  # by keys, one line after the other
        qtbot.keyClick(shown, getattr(Qt.Key, f"Key_{number}"))
        settle(qtbot, pane)
        qtbot.keyClick(shown, Qt.Key.Key_Down)
    assert [image.truth for image in pane.work.state.asked[2:4]] == ["down", "slant"]
    pane.undo.click()
    pane.undo.click()
    settle(qtbot, pane)
    assert pane.work.by is not None
    assert pane.work.by.features.computed == 13  # each image once
    pane.undo.click()
    settle(qtbot, pane)
    assert pane.work.found.answers == before
    assert pane.work.by.features.computed == 13
    assert pane.asked.lines[0].startswith("Undone: +1 example of down")


def test_what_is_dropped_before_the_network_is_ready_is_read_then(
    qtbot: QtBot, open_page: Open, photos: Path, tmp_path: Path
) -> None:
    page = open_page()
    pane = page.panes["Classes by hand"]
    assert isinstance(pane, HandPane)
    assert pane.work.by is None
    drop(pane.classes, few(photos, tmp_path / "shown", 0))
    drop(pane.asked, photos / "down" / "5.png")
    assert pane.problem.text.text().startswith("Kept: ")
    page.stack.setCurrentIndex(list(page.panes).index("Classes by hand"))
    qtbot.waitUntil(lambda: len(pane.work.found.answers) == 1)
    settle(qtbot, pane)
    assert pane.work.state.bins.names == BARS
    assert not pane.problem.text.text()


def test_too_few_classes_are_told_and_names_are_kept_apart(qtbot: QtBot, pane: HandPane, photos: Path) -> None:
    drop(pane.classes, photos / "down" / "1.png", photos / "down" / "2.png")
    settle(qtbot, pane)
    assert pane.work.state.bins.names == ("Class 1",)
    pane.work.ask([str(photos / "down" / "3.png")])
    settle(qtbot, pane)
    assert "One class leaves nothing to tell apart" in pane.hint.text()
    drop(pane.classes, photos / "slant")
    settle(qtbot, pane)
    assert pane.work.state.bins.names == ("Class 1", "slant")
    assert len(pane.work.found.answers) == 1
    pane.classes.renamed.emit(0, "slant")
    assert "already" in pane.problem.text.text()
    card = pane.classes.cards[0]
    card.field.setText("down")
    card.field.editingFinished.emit()
    settle(qtbot, pane)
    assert pane.work.state.bins.names == ("down", "slant")
    pane.classes.renamed.emit(0, "down, and all others whose bars lie across the whole of the image")
    settle(qtbot, pane)
    assert card.field.text().endswith("of the image")
    assert card.field.cursorPosition() == 0  # its beginning is seen
    pane.classes.cards[1].remove.click()
    settle(qtbot, pane)
    assert len(pane.classes.cards) == 1
    assert not pane.work.found.answers


def test_a_drawing_becomes_an_example_or_is_classified(qtbot: QtBot, pane: HandPane) -> None:
    for number in (1, 2):
        pane.classes.add_class.click()
        settle(qtbot, pane)
        draw(qtbot, pane)
        qtbot.keyClick(pane.pad.pad, getattr(Qt.Key, f"Key_{number}"))
        settle(qtbot, pane)
    assert [len(one.images) for one in pane.work.state.bins.bins] == [1, 1]
    assert pane.pad.pad.is_empty
    draw(qtbot, pane)
    settle(qtbot, pane)
    assert "%" in pane.pad.said.text()  # while it lies on the pad
    qtbot.keyClick(pane.pad.pad, Qt.Key.Key_Return)
    settle(qtbot, pane)
    assert [image.ink is not None for image in pane.work.state.asked] == [True]
    pane.asked.asked.selectAll()
    qtbot.keyClick(pane.asked.asked, Qt.Key.Key_1)
    settle(qtbot, pane)
    assert pane.work.state.asked[0].truth == "Class 1"
    assert "of 1 right" in pane.asked.score.text()
    pane.asked.asked.selectAll()
    pane.asked.asked.exampled.emit(pane.asked.asked.chosen, "Class 2")
    settle(qtbot, pane)
    assert not pane.work.state.asked
    assert [len(one.images) for one in pane.work.state.bins.bins] == [1, 2]
    pane.classes.cards[1].tiles.removed.emit(0)
    settle(qtbot, pane)
    assert [len(one.images) for one in pane.work.state.bins.bins] == [1, 1]


def test_broken_and_pasted_files_and_another_network(
    qtbot: QtBot, pane: HandPane, photos: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    pane.work.add_classes([str(few(photos, tmp_path / "shown", 0, 1))])
    settle(qtbot, pane)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in (broken, photos / "down" / "4.png")])
    QGuiApplication.clipboard().setMimeData(data)
    pane.paste()
    settle(qtbot, pane)
    assert "“broken.png” is not read: not an image." in pane.problem.text.text()
    assert len(pane.work.found.answers) == 1
    squeezed = [one for one in pane.sources if one.answering.backbone is not None]
    other = next(one for one in pane.sources if one.answering != pane.source.key())
    pane.source.set_key((squeezed or [other])[0].answering)
    settle(qtbot, pane)
    assert pane.work.state.bins.count == 6
    assert len(pane.work.found.answers) == 1
    pane.head.set_key("ridge")
    settle(qtbot, pane)
    assert pane.work.by is not None
    assert "Ridge" in pane.work.by.title
    assert len(pane.work.found.answers) == 1


def test_classes_are_kept_and_opened_again(
    qtbot: QtBot, pane: HandPane, photos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pane.work.add_classes([str(few(photos, tmp_path / "shown", 0, 1))])
    pane.work.ask([str(photos / "down" / "4.png")])
    settle(qtbot, pane)
    (answer,) = pane.work.found.shares.values()
    pane.keeping.keep("bars: three")
    settle(qtbot, pane)
    folder = pane.parts.workspace.root / "classes" / "bars- three"
    assert kept_in(folder.parent) == [folder]
    for place in (2, 1, 0):
        pane.classes.cards[place].remove.click()
    settle(qtbot, pane)
    assert not pane.work.found.answers
    pane.keeping.open(folder)
    qtbot.waitUntil(lambda: pane.is_settled() and bool(pane.work.found.answers))
    assert pane.work.state.bins.names == BARS
    pane.work.ask([str(photos / "down" / "4.png")])
    settle(qtbot, pane)
    assert list(pane.work.found.shares.values()) == [answer]
    at = ("--workspace", str(pane.parts.workspace.root))
    capfd.readouterr()
    assert main(["adapt", str(folder), str(photos / "down" / "4.png"), "--json", *at]) == 0
    said = json.loads(capfd.readouterr().out)
    assert [(one["class"], one["probability"]) for one in said["answers"]] == list(answer)
    assert main(["export", str(folder), "--to", str(tmp_path / "model"), *at]) == 0
    capfd.readouterr()
    assert main(["predict", str(tmp_path / "model"), str(photos / "down" / "4.png"), "--json", *at]) == 0
    said = json.loads(capfd.readouterr().out)
    assert [(one["class"], one["probability"]) for one in said["answers"]] == list(answer)
    export_from_menu(qtbot, pane)


def export_from_menu(qtbot: QtBot, pane: HandPane) -> None:
    """The dialog opens on what was kept."""
    menu = pane.keeping.menu()
    menu.aboutToShow.emit()
    (exporting,) = (one.menu() for one in menu.actions() if one.text() == "Export")
    assert isinstance(exporting, QMenu)
    (one,) = exporting.actions()
    assert one.text() == "bars- three…"
    one.trigger()
    (dialog,) = pane.window().findChildren(ExportDialog)
    qtbot.waitUntil(lambda: dialog._plan is not None)
    assert dialog.place.path.name.startswith("bars- three")
    assert dialog.classes.isHidden()
    dialog.reject()


def test_a_meta_learner_s_menu_leads_to_its_classes_by_hand(
    qtbot: QtBot, open_page: Open, tmp_path: Path, photos: Path
) -> None:
    at = ("--workspace", str(tmp_path / "ws"))
    learn = ("--method", "protonet", "--set", "steps=2", "--set", "way=2", "--set", "shot=1")
    assert main(["run", "--data", "glyphs", "--backbone", "conv4", *learn, *at]) == 0
    assert main(["run", "--data", str(photos), *LEARN, *at]) == 0
    page = open_page(Workspace(tmp_path / "ws").open())
    with RunStore(page.parts.workspace) as store:
        tasks, fixed = store.run(1), store.run(2)
    page.receive([tasks])
    assert page.stack.currentWidget() is page.by_hand
    qtbot.waitUntil(lambda: page.by_hand.work.by is not None)
    qtbot.waitUntil(page.by_hand.is_settled)
    assert page.by_hand.work.source is not None
    assert page.by_hand.work.source.row is not None
    assert page.by_hand.work.source.row.uid == tasks.uid
    page.receive([tasks, fixed])
    assert page.stack.currentWidget() is page.images


def test_another_name_changes_no_answer(qtbot: QtBot, pane: HandPane, photos: Path, tmp_path: Path) -> None:
    drop(pane.classes, few(photos, tmp_path / "shown", 0, 1))
    settle(qtbot, pane)
    drop(pane.asked, few(photos, tmp_path / "asked", 5, 6, 7))
    settle(qtbot, pane)
    right = pane.asked.score.text().partition(";")[0]
    pane.classes.renamed.emit(1, "upright")
    settle(qtbot, pane)
    assert pane.asked.lines[0] == "“down” is “upright”: no answer changed"
    assert pane.asked.score.text() == f"{right}; before the last change {right.partition(' right')[0]}"
    pane.undo.click()
    settle(qtbot, pane)
    assert pane.asked.lines[0] == "Undone: “down” is “upright”: no answer changed"
    assert "down" in pane.work.found.answers.values()


def test_drawings_are_read_by_another_network_as_they_were_drawn(photos: Path) -> None:
    """In the middle where they were, and light on dark as its examples are."""
    by = HeadLearner(nn.Identity(), HEADS[0], "Another", Normaliser(40, 3))  # type: ignore[arg-type]
    ink = np.full((105, 105), 255, np.uint8)
    ink[10:30, 10:20] = 0
    dark = Image.new("RGB", (28, 28), (20, 20, 20))
    dark.save(photos.parent / "dark.png")
    example = HandedImage(str(photos.parent / "dark.png"), np.zeros((28, 28, 3), np.uint8))
    drawings = tuple(HandedImage("Drawing", np.zeros((28, 28, 3), np.uint8), "", ink, so) for so in (True, False))
    bins, asked, refused = read_again(Bins((Bin("one", (example, drawings[0])),)), drawings, by, lambda: False)
    assert not refused
    for found, centred in ((bins.images[1], True), (asked[0], True), (asked[1], False)):
        assert np.array_equal(found.pixels, as_read(ink, by.form, True, centred))
    assert not np.array_equal(asked[0].pixels, asked[1].pixels)


def test_classes_that_kept_ones_took_the_place_of_come_back(qtbot: QtBot, pane: HandPane, photos: Path) -> None:
    drop(pane.classes, photos / "down")
    settle(qtbot, pane)  # else whichever is read first comes first
    drop(pane.classes, photos / "slant")
    settle(qtbot, pane)
    pane.keeping.keep("Two")
    settle(qtbot, pane)
    pane.classes.added.emit()
    settle(qtbot, pane)
    assert len(pane.work.state.bins.bins) == 3
    folder = next(one for one in kept_in(pane.parts.workspace.root / "classes") if one.name == "Two")
    pane.keeping.open(folder)
    settle(qtbot, pane)
    assert pane.work.state.bins.names == ("down", "slant")
    pane.undo.click()
    settle(qtbot, pane)
    assert len(pane.work.state.bins.bins) == 3
    shutil.rmtree(folder)


def test_a_drawing_that_is_looked_at_is_not_kept(qtbot: QtBot, pane: HandPane) -> None:
    for _ in range(5):
        draw(qtbot, pane)
    settle(qtbot, pane)
    assert not pane.work.originals


def test_an_image_on_the_clipboard_goes_to_a_class_or_is_classified(qtbot: QtBot, pane: HandPane) -> None:
    work = pane.work
    pane.classes.add_class.click()
    pane.classes.add_class.click()
    picture = QImage(40, 30, QImage.Format.Format_RGB32)
    picture.fill(QColor(200, 100, 50))
    QGuiApplication.clipboard().setImage(picture)
    card = pane.classes.cards[1]
    qtbot.mouseClick(card.paste, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(work.state.bins.bins[1].images) == 1)
    (example,) = work.state.bins.bins[1].images
    assert example.name.startswith("pasted ")
    assert example.truth == work.state.bins.names[1]
    assert abs(int(example.pixels.mean()) - round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)) <= 1
    pane.paste()
    qtbot.waitUntil(lambda: len(work.state.asked) == 1)
    assert not work.state.bins.bins[0].images
    QGuiApplication.clipboard().setText("words")
    pane.paste()
    settle(qtbot, pane)
    assert "reads images and no texts" in pane.problem.text.text()


def test_images_of_a_class_that_is_called_otherwise_meanwhile_are_not_lost_without_a_word(
    qtbot: QtBot, pane: HandPane, photos: Path, tmp_path: Path
) -> None:
    drop(pane.classes, few(photos, tmp_path / "shown", 0))
    settle(qtbot, pane)
    with worked_late(qtbot, pane.parts.background):
        pane.work.add_examples(0, [str(few(photos, tmp_path / "more", 1) / BARS[0])])
        pane.classes.renamed.emit(0, "wide")
    assert "“across” is no class any more." in pane.problem.text.text()


def test_the_newest_answer_says_what_can_answer(qtbot: QtBot, pane: HandPane, monkeypatch: pytest.MonkeyPatch) -> None:
    there, free = pane.sources, threading.Event()
    answers = [lambda: (free.wait(60), ())[1], lambda: there]
    monkeypatch.setattr("ui.trying.hand.pane.sources", lambda rows: answers.pop(0)())
    pane.refresh()
    qtbot.waitUntil(lambda: len(answers) == 1)
    pane.refresh()
    qtbot.waitUntil(lambda: not answers)
    free.set()
    with worked_late(qtbot, pane.parts.background):
        pass
    assert pane.sources == there
    assert pane.is_settled()
