"""The page about data sets: the list, the images by class, what is counted, what can be done with a set."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from engine.data.files import folder as of_folder
from engine.data.lists import keep
from engine.data.sources import load
from engine.errors import DataError
from engine.events import RunStarted
from engine.experiment import DatasetChoice, Experiment
from engine.machine.places import VARIABLE, data_home
from storage import saving
from storage.data_sets import DataSeen
from storage.store import RunStore
from tests.engine.data.published_files import cifar100
from tests.new_runs import new_run
from tests.ui.data.conftest import open_folder, write_photos
from ui.data.binning import to_bin
from ui.data.history_view import runs_of
from ui.data.known_sets import BUNDLED, OWN
from ui.downloads.panel import DownloadsPanel
from ui.pages.data import DataPage
from ui.widgets.large_image import LargeImage
from ui.window.main_window import MainWindow


def titles(page: DataPage) -> list[str]:
    return [page.list.item(place).text() for place in range(page.list.count())]


def test_what_comes_with_the_program_is_listed_and_read(page: DataPage) -> None:
    assert titles(page)[0] == BUNDLED
    assert "Sinusoids" not in titles(page)  # which are no images
    assert page.detail.data is not None
    assert len(page.detail.grid.order) == len(page.detail.data)
    assert page.detail.header.problem.isHidden()


def test_an_opened_folder_is_shown_counted_and_kept_in_the_list(qtbot: QtBot, page: DataPage, photos: Path) -> None:
    (photos / "dog" / "broken.png").write_bytes(b"nothing")
    (photos / "DOG").mkdir()
    write_photos(photos, ("DOG",), 3)
    open_folder(qtbot, page, photos)
    assert titles(page)[:2] == [OWN, "photos"]
    header = page.detail.header
    assert header.facts.text().startswith("27 images · 3 classes · about 40 × 30 px · ")
    assert header.facts.text().endswith("1 file left out")
    assert page.detail.balance.words.text() == "3 to 12 images per class"
    assert "“DOG” and “dog”" in page.detail.balance.alike.text.text()
    assert page.detail.sizes.bars.counts.lines == (("40 × 30 px", 24), ("60 × 80 px", 3))
    assert page.detail.sizes.words.text().split("\n")[1:] == [
        "Shapes: wide 24, tall 3",
        "Colours: colour 27",
        "Files: .png 27",
    ]
    assert page.detail.left_out.lines.stringList() == ["dog/broken.png\tnot an image"]
    assert page.detail.tabs["Left out"].text() == "Left out (1)"


def test_each_image_is_painted_where_its_class_stands(qtbot: QtBot, page: DataPage, photos: Path) -> None:
    open_folder(qtbot, page, photos)
    grid = page.detail.grid
    first_dog = int(np.flatnonzero(page.detail.data.labels == 1)[0])
    page.detail.show_class(1)
    qtbot.waitUntil(lambda: page.is_settled() and grid.thumbnails.get(first_dog) is not None)
    shown = grid.thumbnails.get(first_dog).pixelColor(5, 5)
    assert (shown.red(), shown.green(), shown.blue()) == (20, 0, 100)
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert page.detail.pointed.text() == "cat/0.png"
    for key, name in ((Qt.Key.Key_Right, "cat/1.png"), (Qt.Key.Key_Left, "cat/0.png")):
        qtbot.keyClick(grid, key)
        assert page.detail.pointed.text() == name
    assert grid.index_at(QPoint(2, 2)) == -1  # its heading


def test_the_folder_of_a_run_is_listed_and_one_that_is_gone_is_told(
    qtbot: QtBot, page: DataPage, window: MainWindow, tmp_path: Path
) -> None:
    gone = Experiment(dataset=DatasetChoice(name="folder", path=str(tmp_path / "gone")))
    window.parts.library.write(lambda store: store.create(new_run(gone)))
    qtbot.waitUntil(lambda: titles(page)[:2] == [OWN, "gone"])
    page.list.choose(f"folder:{tmp_path / 'gone'}")
    qtbot.waitUntil(page.is_settled)
    assert page.detail.header.problem.text.text() == "There is nothing at its path any more."
    assert not page.deeds.actions["use"].isEnabled()


def test_a_set_is_renamed_taken_off_the_list_and_put_back(qtbot: QtBot, page: DataPage, photos: Path, window) -> None:
    open_folder(qtbot, page, photos)
    page.deeds.call(page.list.current().key, "Holiday")
    qtbot.waitUntil(lambda: titles(page)[:2] == [OWN, "Holiday"])
    page.deeds.actions["forget"].trigger()
    qtbot.waitUntil(lambda: OWN not in titles(page) and bool(window.parts.toasts.shown()))
    window.parts.toasts.shown()[-1].button.click()
    qtbot.waitUntil(lambda: titles(page)[:2] == [OWN, "Holiday"])
    qtbot.waitUntil(page.is_settled)


def test_a_folder_goes_to_the_bin_and_comes_back(
    qtbot: QtBot, page: DataPage, photos: Path, window: MainWindow, own_workspace: Path
) -> None:
    open_folder(qtbot, page, photos)
    page.deeds.move_to_bin(page.list.current())
    qtbot.waitUntil(lambda: not photos.exists() and bool(window.parts.toasts.shown()))
    toast = window.parts.toasts.shown()[-1]
    assert toast.accessibleName() == "photos is in the bin."
    toast.button.click()
    qtbot.waitUntil(lambda: (photos / "cat" / "0.png").exists() and titles(page)[:2] == [OWN, "photos"])
    qtbot.waitUntil(page.is_settled)


def test_a_fetched_set_comes_back_too_and_those_made_of_its_files_are_named(
    qtbot: QtBot, page: DataPage, window: MainWindow, own_workspace: Path
) -> None:
    lies = data_home() / "cifar100"
    cifar100(lies)
    page.receive(DatasetChoice(name="cifar_fs"))
    qtbot.waitUntil(lambda: page.list.current().key == "cifar_fs" and page.is_settled())
    page.deeds.ask_bin()
    box = page.findChild(QMessageBox)
    assert f"All files of {lies} go there, and with them FC100 and CIFAR-100." in box.informativeText()
    box.reject()
    page.deeds.move_to_bin(page.list.current())
    qtbot.waitUntil(lambda: not lies.exists() and bool(window.parts.toasts.shown()))
    window.parts.toasts.shown()[-1].button.click()
    qtbot.waitUntil(lambda: lies.is_dir() and page.list.current().there and page.is_settled())


def test_what_holds_more_than_data_goes_to_no_bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person, workspace = tmp_path / "a" / "me", tmp_path / "b" / "work"
    for variable, folder in (("HOME", person), ("USERPROFILE", person), (VARIABLE, workspace)):
        folder.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(variable, str(folder))
    for folder in (person, person.parent, workspace, workspace.parent):
        with pytest.raises(DataError, match="holds more than a data set"):
            to_bin(folder)
        assert folder.is_dir()


def test_a_set_is_used_in_the_form(qtbot: QtBot, page: DataPage, photos: Path, window: MainWindow) -> None:
    open_folder(qtbot, page, photos)
    page.detail.header.use.click()
    form = window.page("new_experiment")
    qtbot.waitUntil(form.is_settled)
    assert form.data.choice().path == str(photos)
    assert window.stack.currentWidget() is form


def test_copies_are_shown_by_group_and_the_test_is_set_up_without_them(
    qtbot: QtBot, page: DataPage, photos: Path, window: MainWindow
) -> None:
    for place in range(8):  # of twelve images of one class eight are copies in the other
        (photos / "dog" / f"copy {place}.png").write_bytes((photos / "cat" / f"{place}.png").read_bytes())
    open_folder(qtbot, page, photos)
    page.detail.show_tab("Copies")
    view = page.detail.copies
    qtbot.waitUntil(lambda: view.which.isVisible() and page.is_settled())
    assert view.words.text() == "16 images in 8 groups are the same byte for byte."
    assert set(view.grid.names) == {"cat, dog"}
    assert [page.detail.data.image_name(index) for index in view.grid.order[:2]] == ["cat/0.png", "dog/copy 0.png"]
    assert " test images are copies of images to learn" in view.crossing.text()
    view.leave.click()
    form = window.page("new_experiment")
    qtbot.waitUntil(lambda: form.is_settled() and form.data.choice().path == str(photos))
    assert form.data.choice().leave_out == "copies"


def test_an_image_is_shown_large_and_the_arrows_go_on(
    qtbot: QtBot, page: DataPage, photos: Path, window: MainWindow
) -> None:
    open_folder(qtbot, page, photos)
    page.detail.grid.choose(12)
    qtbot.keyClick(page.detail.grid, Qt.Key.Key_Return)
    (large,) = window.findChildren(LargeImage)
    qtbot.waitUntil(lambda: large.picture.image.width() == 60)
    assert large.place.text() == f"13 of 24: {photos / 'dog' / '0.png'}"
    qtbot.keyClick(large, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: large.picture.image.width() == 40)
    assert large.place.text() == f"12 of 24: {photos / 'cat' / '11.png'}"
    large.close()


def test_an_image_that_became_unreadable_is_said_to_be_in_the_large_view(
    qtbot: QtBot, page: DataPage, photos: Path, window: MainWindow
) -> None:
    open_folder(qtbot, page, photos)
    (photos / "cat" / "11.png").write_bytes(b"no image any more")
    page.detail.grid.choose(12)
    qtbot.keyClick(page.detail.grid, Qt.Key.Key_Return)
    (large,) = window.findChildren(LargeImage)
    qtbot.waitUntil(lambda: large.picture.image.width() == 60)
    assert not large.problem.isVisible()
    qtbot.keyClick(large, Qt.Key.Key_Left)
    qtbot.waitUntil(large.problem.isVisible)
    assert large.problem.text.text().startswith("“cat/11.png” cannot be read any more.")
    assert large.picture.image.isNull()
    qtbot.keyClick(large, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: large.picture.image.width() == 60)
    assert not large.problem.isVisible()
    large.close()


def test_what_can_be_fetched_is_said_before_and_not_offered_offline(page: DataPage, window: MainWindow) -> None:
    page.list.choose("eurosat")
    header = page.detail.header
    assert header.fetch.isVisible()
    assert not header.use.isVisible()
    assert header.fetch.isEnabled()
    assert "It goes to " in header.state.text()
    window.parts.downloads.offline = True
    assert not header.fetch.isEnabled()
    assert "offline" in header.fetch.toolTip()
    assert window.parts.downloads.entries() == ()


def test_a_set_is_not_read_again_when_something_else_was_saved(
    qtbot: QtBot, page: DataPage, photos: Path, window: MainWindow
) -> None:
    open_folder(qtbot, page, photos)
    shown, begun = page.detail.data, page.reading.turns
    window.parts.library.write(lambda store: store.create(new_run(Experiment(dataset=page.list.current().choice))))
    qtbot.waitUntil(lambda: page.list.current().facts == "1 run")
    assert (page.detail.data, page.reading.turns) == (shown, begun)
    page.deeds.actions["again"].trigger()
    assert page.reading.turns == begun + 1
    qtbot.waitUntil(page.is_settled)


def test_what_changed_since_a_run_is_said_and_its_list_can_be_repeated(
    qtbot: QtBot, page: DataPage, photos: Path, window: MainWindow, own_workspace: Path
) -> None:
    choice = DatasetChoice(name="folder", path=str(photos))
    then = load(choice)
    keep(then)
    (photos / "cat" / "3.png").rename(photos / "dog" / "cat 3.png")
    (photos / "cat" / "4.png").unlink()

    def save(store: RunStore) -> None:
        run = store.create(new_run(Experiment(dataset=choice)))
        store.append(run.id, [started(run.id, {"data": then.fingerprint})], {})

    window.parts.library.write(save)
    open_folder(qtbot, page, photos)
    qtbot.waitUntil(lambda: bool(page.detail.history.past))
    assert page.detail.header.changed.text.text() == "Changed since run 1: 1 gone, 1 relabelled."
    assert page.detail.history.lines.stringList() == ["Run 1, 24 images\t1 gone, 1 relabelled"]
    assert runs_of(DataSeen("", (7, 1))) == "runs 7 and 1"
    page.detail.history.use.click()
    form = window.page("new_experiment")
    qtbot.waitUntil(lambda: form.is_settled() and form.data.choice().path == str(photos))
    assert form.data.choice().listed == then.fingerprint
    assert form.data.preview.found.sentence == "23 images, 2 classes, 1 file skipped"


def started(run_id: int, facts: dict[str, str]) -> Callable[[sqlite3.Connection], None]:
    """A change that says what a run said when it began."""
    said = RunStarted(1, 1, 1, facts)
    return lambda connection: saving.event(said, connection, run_id, 0.0)


def test_a_folder_that_goes_while_it_is_looked_at_is_told_in_one_sentence(
    qtbot: QtBot, page: DataPage, photos: Path
) -> None:
    page.detail.show_tab("Balance")
    open_folder(qtbot, page, photos)
    photos.rename(photos.with_name("elsewhere"))
    page.detail.grid.thumbnails.show_set(page.detail.data, 96)  # nothing of it is decoded yet
    page.detail.show_tab("Samples")
    qtbot.waitUntil(page.detail.header.problem.isVisible)
    assert "cannot be reached any more" in page.detail.header.problem.text.text()
    photos.with_name("elsewhere").rename(photos)
    page.read_again()
    qtbot.waitUntil(page.is_settled)
    assert page.detail.header.problem.isHidden()


def test_a_drive_that_does_not_answer_is_told_while_the_window_goes_on(
    qtbot: QtBot, page: DataPage, photos: Path, monkeypatch
) -> None:
    """Looking at a file waits until the test lets it go on."""
    answers, examine = threading.Event(), of_folder.examine
    monkeypatch.setattr(of_folder, "examine", lambda body: examine(body) if answers.wait(60) else "late")
    page.reading._waiting.setInterval(20)
    page.open_path(str(photos))
    qtbot.waitUntil(lambda: "No answer for" in page.detail.header.state.text())
    assert page.reading.is_reading
    page.list.choose("digits")  # another set is read and shown meanwhile
    qtbot.waitUntil(lambda: page.detail.data is not None and page.detail.data.name == "digits")
    answers.set()
    qtbot.waitUntil(page.is_settled)
    assert page.detail.header.title.text() == "Handwritten digits"


def test_downloads_are_looked_at_beside_the_list_until_a_set_is_chosen(qtbot: QtBot, page: DataPage) -> None:
    page.downloads.click()
    assert page.shown.currentWidget().findChild(DownloadsPanel).empty.isVisible()
    assert not page.detail.isVisible()
    page.list.choose("digits")
    qtbot.waitUntil(page.is_settled)
    assert page.detail.isVisible()
    assert not page.downloads.isChecked()
    page.downloads.click()
    page.downloads.click()
    assert page.detail.isVisible()
