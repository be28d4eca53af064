"""The data column: the first click on any card works, folders are remembered once they were read, and can leave."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.data.dataset import HERE, DatasetInfo
from engine.data.sources import sets
from storage.workspace import Workspace
from tests.ui.conftest import wait_until_checked
from tests.ui.new_experiment.test_composition import in_sight
from tests.ui.window.test_window import photos
from ui.new_experiment.data_cards import BUNDLED_SETS, FETCHED_SETS, MOST, FolderCard, SetCard
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton


def use(qtbot: QtBot, page: NewExperimentPage, folder: Path) -> FolderCard:
    page.receive(folder)
    qtbot.waitUntil(lambda: page.data.choice().path == str(folder))
    wait_until_checked(qtbot, page)
    return page.data.list.folder(f"{page.data.choice().name}:{folder}")


def folder_cards(page: NewExperimentPage) -> list[str]:
    return [card.text() for card in page.data.list.in_order() if isinstance(card, FolderCard)]


@pytest.mark.parametrize("family", ["finetune", "meta"])
def test_the_first_click_on_any_bundled_card_works(qtbot: QtBot, page: NewExperimentPage, family: str) -> None:
    qtbot.mouseClick(page.method.families[family], LEFT)
    for name in ("digits", "glyphs", "regions", "sinusoid", "digits"):
        qtbot.mouseClick(page.data.cards[name], LEFT)
        wait_until_checked(qtbot, page)
        assert (name, page.data.preview.fault, page.data.problem.text.text()) == (name, "", "")
    cards = [card for card in page.data.cards.values() if isinstance(card, SetCard)]
    assert len(cards) > 4
    qtbot.waitUntil(lambda: all(card._sample for card in cards))  # where it fails nobody is told


def test_labels_and_classes_are_those_that_the_data_was_left_with(
    qtbot: QtBot, page: NewExperimentPage, tmp_path: Path
) -> None:
    settings = page.data.settings
    use(qtbot, page, photos(tmp_path / "photos"))
    assert settings.left()[0] == (None, None)
    settings.take_up((4, 3), {})
    qtbot.mouseClick(page.data.cards["glyphs"], LEFT)
    assert settings.left()[0] == (2, 40)
    settings.take_up((5, 20), {})
    qtbot.mouseClick(page.data.cards["digits"], LEFT)
    assert settings.left()[0] == (5, None)
    qtbot.mouseClick(page.data.cards[f"folder:{tmp_path / 'photos'}"], LEFT)
    assert settings.left()[0] == (4, 3)
    qtbot.mouseClick(page.data.cards["glyphs"], LEFT)
    assert settings.left()[0] == (5, 20)
    wait_until_checked(qtbot, page)


def test_only_folders_that_were_read_are_remembered_newest_first(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, tmp_path: Path
) -> None:
    for name, classes in (("old", 3), ("single", 1), ("loose", 0), ("new", 2)):
        folder = photos(tmp_path / name, classes, 3) if classes else tmp_path / name
        if not classes:
            shutil.copytree(tmp_path / "old" / "class 1", folder)
        use(qtbot, page, folder)
        assert bool(page.data.problem.text.text()) == (classes == 1)  # what lies beside each other has no labels
        card = page.data.cards[f"{page.data.choice().name}:{folder}"]
        qtbot.waitUntil(lambda card=card: not card.visibleRegion().isEmpty())  # scrolled to
    assert folder_cards(page) == ["new", "loose", "single", "old"]
    remembered = (("folder", "new"), ("unlabelled", "loose"), ("folder", "old"))
    assert window.memory.recent_folders() == [f"{kind}:{tmp_path / name}" for kind, name in remembered]


def test_images_without_labels_bring_what_learns_without_and_labels_bring_back_what_was_chosen(
    qtbot: QtBot, page: NewExperimentPage, tmp_path: Path
) -> None:
    before, flat = page.method.choice(), tmp_path / "flat"
    shutil.copytree(photos(tmp_path / "photos", 2, 8) / "class 1", flat)
    use(qtbot, page, flat)
    assert page.method.choice().name == "simclr"
    assert not page.data.problem.text.text()
    assert page.data.preview.bars.isHidden()
    assert page.data.settings.classes.isHidden()
    assert "No labels" in page.data.preview.warnings.text.text()
    use(qtbot, page, tmp_path / "photos")
    assert page.method.choice() == before
    assert not page.data.preview.bars.isHidden()


def test_a_folder_can_leave_the_list_and_come_back(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, tmp_path: Path
) -> None:
    folder = photos(tmp_path / "photos")
    card = use(qtbot, page, folder)
    qtbot.keyClick(card, Qt.Key.Key_Delete)
    assert page.data.choice().name == "glyphs"
    assert (folder_cards(page), window.memory.recent_folders()) == ([], [])
    assert folder.is_dir()
    qtbot.mouseClick(window.parts.toasts.shown()[-1].button, LEFT)
    assert (folder_cards(page), window.memory.recent_folders()) == (["photos"], [f"folder:{folder}"])
    qtbot.mouseClick(page.data.list.folder(f"folder:{folder}").remove, LEFT)
    assert list(page.data.list.cards) == [one.info.name for one in sets() if one.read is None]
    wait_until_checked(qtbot, page)


def test_a_folder_that_is_gone_is_grey_and_says_why(qtbot: QtBot, workspace: Workspace, tmp_path: Path) -> None:
    gone, here = photos(tmp_path / "gone"), photos(tmp_path / "here")
    window = MainWindow(workspace)
    qtbot.addWidget(window)
    for folder in (gone, here):
        window.memory.remember_folder(f"folder:{folder}")
    gone.rename(tmp_path / "elsewhere")
    window.show()
    page = window.page("new_experiment")
    wait_until_checked(qtbot, page)
    assert folder_cards(page) == ["here", "gone"]
    card = page.data.list.folder(f"folder:{gone}")
    assert (card.facts, page.data.list.folder(f"folder:{here}").facts) == ("missing", "your folder")
    qtbot.mouseClick(card, LEFT)
    qtbot.waitUntil(lambda: bool(window.parts.toasts.shown()))
    assert (page.data.choice().name, page.data.cards["glyphs"].isChecked()) == ("glyphs", True)
    (tmp_path / "elsewhere").rename(gone)
    qtbot.mouseClick(card, LEFT)
    qtbot.waitUntil(lambda: page.data.choice().path == str(gone))
    wait_until_checked(qtbot, page)
    assert card.facts == page.data.preview.sentence.text()
    window.close()
    window.parts.background.wait()


def test_what_is_found_in_a_folder_stays_in_sight_below_several_folders(
    qtbot: QtBot, workspace: Workspace, tmp_path: Path
) -> None:
    """At 1280 x 800: what comes with the program is folded then, named by its heading, and one click away."""
    window = MainWindow(workspace)
    qtbot.addWidget(window)
    folders = [photos(tmp_path / name) for name in ("one", "two", "three")]
    for folder in folders:
        window.memory.remember_folder(f"folder:{folder}")
    window.resize(1280, 800)
    window.show()
    page = window.page("new_experiment")
    wait_until_checked(qtbot, page)
    heading, glyphs = page.data.list.headings[BUNDLED_SETS], page.data.cards["glyphs"]
    assert (heading.isVisible(), glyphs.isVisible(), heading.strong) == (True, False, "Glyphs")
    qtbot.mouseClick(page.data.list.folder(f"folder:{folders[0]}"), LEFT)
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(lambda: in_sight(window, page.data.preview.strip))
    titles = ", ".join(one.info.title for one in sets() if one.read is None)
    assert (heading.strong, heading.summary) == ("", titles)
    qtbot.mouseClick(heading, LEFT)
    assert glyphs.isVisible()
    for folder in folders[:2]:
        page.data.list.folder(f"folder:{folder}").remove.click()
    assert (heading.isVisible(), glyphs.isVisible()) == (False, True)
    wait_until_checked(qtbot, page)
    window.close()
    window.parts.background.wait()


@pytest.mark.parametrize("size", [(1024, 600), (1280, 800), (1440, 900)])
@pytest.mark.parametrize("fetched", [0, 2, 40])
def test_the_preview_stays_in_sight_however_many_sets_there_are(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, size: tuple[int, int], fetched: int
) -> None:
    """Each takes a line, and those that were fetched fold where they are many; the chosen one is named all the same."""
    listed = page.data.list
    names = [f"fetched {number}" for number in range(fetched)]
    listed.show_sets([DatasetInfo(name, name.title(), "Photos.", 900, 9, where=HERE) for name in names], "glyphs")
    window.resize(*size)
    wait_until_checked(qtbot, page)
    seen = [row for row in listed.cards.values() if row.isVisible()]
    assert len(seen) <= MOST
    qtbot.waitUntil(lambda: {row.height() for row in seen} == {seen[0].sizeHint().height()})
    assert listed.headings[FETCHED_SETS].isVisible() == (fetched > 2)
    qtbot.waitUntil(lambda: in_sight(window, page.data.preview.sentence))
    if size[1] >= 800:
        qtbot.waitUntil(lambda: in_sight(window, page.data.preview.strip))
    if fetched > 2:
        listed.mark(names[-1])
        assert listed.headings[FETCHED_SETS].strong == names[-1].title()
