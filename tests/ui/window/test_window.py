"""The window: what it loads when, its pages, menus, memory, drops and news."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, QSize, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent, QEnterEvent, QFont, QFontInfo
from PySide6.QtWidgets import QApplication, QCheckBox, QDialog, QPushButton, QSplitter
from pytestqt.qtbot import QtBot

from engine.errors import StorageError
from storage.workspace import Workspace
from tests.ui.conftest import wait_until_checked
from ui import theme
from ui.pages import PAGES
from ui.widgets.frame import SlimArea
from ui.widgets.place import fit, sizes, within
from ui.window.main_window import MainWindow

REPOSITORY = Path(__file__).resolve().parents[3]

FIRST_PAINT = """
import linecache, sys
from ui.terminal.commands import run_command
from ui.window import app
from ui.window.engine_loading import EngineLoading
from ui.window.main_window import MainWindow

def say(*names):
    print(sorted(set(names) & set(sys.modules)))

def begin(window):
    linecache.cache.clear()
    say("engine.experiment", "numpy", "pydantic", "PIL", "pyqtgraph", "rich", "sqlite_utils", "storage.store", "torch",
        "dask", "distributed", "cryptography")
    import ui.pages.new_experiment
    say("engine.preflight.problems", "engine.provenance.noted", "engine.provenance.seen")
    build(window)

def usable(loading):
    window = loading.parent()
    say("pyqtgraph", "sklearn", "torch", "dask", "distributed")
    print([source for source in linecache.cache if "/ui/" in source])
    window.close()

build, MainWindow.begin, EngineLoading.start = MainWindow.begin, begin, usable
run_command(["--workspace", sys.argv[1]])
"""


def test_the_first_paint_needs_only_qt_and_the_form_neither_torch_nor_pyqtgraph(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FIRST_PAINT, str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=200)
    assert done.stdout.split("\n")[:4] == ["[]", "[]", "[]", "[]"], done.stderr


def photos(root: Path, classes: int = 3, images: int = 10, size: tuple[int, int] = (32, 40)) -> Path:
    """A folder of class folders with small colour images."""
    rng = np.random.default_rng(0)
    for label in range(classes):
        folder = root / f"class {label}"
        folder.mkdir(parents=True)
        for index in range(images):
            pixels = rng.integers(0, 255, (*size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{index}.png")
    (root / "class 0" / "broken.jpg").write_text("not an image")
    return root


def test_menus_name_every_shortcut(window: MainWindow) -> None:
    keys = {action.shortcut().toString() for _, actions in window.menus.listed() for action in actions}
    assert {"Ctrl+N", "Ctrl+O", "Ctrl+R", "Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+F", "F1", "Ctrl+Q"} <= keys
    assert {place.shortcut for place in PAGES.values()} == {f"Ctrl+{number}" for number in range(1, 7)} <= keys


def test_a_dropped_folder_becomes_the_data(qtbot: QtBot, window: MainWindow, page, tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    both = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    how = both, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    kinds = (QDragEnterEvent, QPoint), (QDragMoveEvent, QPoint), (QDropEvent, QPointF)
    for event in (kind(point(50, 50), *how) for kind, point in kinds):
        event.setDropAction(Qt.DropAction.MoveAction)  # as some file managers propose
        QApplication.sendEvent(window, event)
        assert event.isAccepted()
        assert event.dropAction() == Qt.DropAction.CopyAction  # the original stays
    qtbot.waitUntil(lambda: page.data.choice().name == "folder")
    wait_until_checked(qtbot, page)
    assert page.data.preview.sentence.text() == "30 images, 3 classes, 1 file skipped"
    assert "broken.jpg" in page.data.preview.skipped_list.toPlainText()
    assert page.data.choice().labels_per_class is None


def test_several_dropped_things_are_refused_in_words(window: MainWindow) -> None:
    for paths in (["/one", "/two"], ["/one", ""], ["", ""]):
        window.drops.take(paths)
        assert window.parts.toasts.shown()[-1].label.text().startswith("Several things were dropped. Drop one folder")
    window.drops.take([""])
    assert "not on this machine" in window.parts.toasts.shown()[-1].label.text()


def test_what_is_dropped_is_not_judged_by_its_name(qtbot: QtBot, window: MainWindow, page, tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos.png")
    window.drops.take([str(folder)])
    qtbot.waitUntil(lambda: page.data.choice().path == str(folder))
    picture = next(folder.rglob("*.png"))
    window.drops.take([str(picture)])
    qtbot.waitUntil(lambda: any("is a single file" in toast.label.text() for toast in window.parts.toasts.shown())
                    or "is a single file" in page.data.problem.text.text(), timeout=5000)  # fmt: skip


def test_colours_follow_the_menu_and_are_remembered(window: MainWindow) -> None:
    window.menus.actions["dark"].trigger()
    assert theme.is_dark()
    assert window.memory.scheme() == "dark"
    window.menus.actions["light"].trigger()
    assert not theme.is_dark()


def test_size_and_panes_are_remembered(qtbot: QtBot, workspace: Workspace, qapp: QApplication) -> None:
    first = MainWindow(workspace)
    qtbot.addWidget(first)
    first.show()
    first.resize(800, 730)  # as wide as the screen of these tests
    first.show_page("compare")
    splitter = first.page("new_experiment").findChild(QSplitter, "new experiment")
    splitter.setSizes([300, 250, 280])
    kept = splitter.sizes()
    first.close()
    second = MainWindow(workspace)
    qtbot.addWidget(second)
    second.show()
    assert (second.width(), second.height()) == (800, 730)
    qtbot.waitUntil(lambda: list(second.pages) == ["compare"])
    assert second.stack.currentWidget() is second.pages["compare"]
    found = second.page("new_experiment").findChild(QSplitter, "new experiment").sizes()
    assert len(found) == 3
    assert all(abs(a - b) <= 2 for a, b in zip(found, kept, strict=True))
    second.close()
    for window in (first, second):
        window.parts.background.wait()


def test_no_text_is_small_and_an_empty_box_is_seen(qtbot: QtBot, window: MainWindow) -> None:
    """At least 12 pixels whatever the system's font, and 3 : 1 between the edge of a box and its ground."""
    usual = QApplication.font()
    for points in (6.0, 9.0, 12.0):
        smaller = QFont(usual)
        smaller.setPointSizeF(points)
        QApplication.setFont(smaller)
        assert all(QFontInfo(theme.font(size)).pixelSize() >= 12 for size in theme.FONT)
    QApplication.setFont(usual)
    for scheme in ("dark", "light"):
        window.menus.actions[scheme].trigger()
        box = QCheckBox()
        qtbot.addWidget(box)
        box.show()
        drawn = box.grab().toImage()
        middle = [drawn.pixelColor(x, drawn.height() // 2) for x in range(drawn.width())]
        assert max(contrast(colour, theme.colour("page")) for colour in middle) > 3


def contrast(one: QColor, other: QColor) -> float:
    """The ratio of WCAG 2.1."""
    parts = [[part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.getRgbF()[:3]]
             for colour in (one, other)]  # fmt: skip
    bright = sorted(0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05 for red, green, blue in parts)
    return bright[1] / bright[0]


def test_news_is_said_once_and_its_button_covers_no_word(qtbot: QtBot, window: MainWindow) -> None:
    toasts = window.parts.toasts
    for _ in range(2):
        toast = toasts.offer_undo("“Matching network on Glyphs, seed 0” put into the archive.", lambda: None)
    assert toasts.shown() == [toast]
    qtbot.waitUntil(lambda: toast.button.x() > toast.label.x())
    assert not toast.button.geometry().intersects(toast.label.geometry())
    assert toast.button.height() < toast.height() < 5 * toast.fontMetrics().lineSpacing()
    toasts.withdraw_undo()
    assert not toasts.shown()


def test_hovering_stops_a_toast(qtbot: QtBot, window: MainWindow) -> None:
    pressed: list[bool] = []
    toast = window.parts.toasts.show("Saved.", "Show", lambda: pressed.append(True), seconds=0.3)
    here = QPointF(5, 5)
    QApplication.sendEvent(toast, QEnterEvent(here, here, here))
    assert not toast.is_waiting()
    qtbot.wait(400)
    assert window.parts.toasts.shown() == [toast]
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    assert pressed == [True]
    qtbot.waitUntil(lambda: not window.parts.toasts.shown())


def test_a_mendable_error_is_a_toast_and_a_bug_a_dialog(qtbot: QtBot, window: MainWindow) -> None:
    window.crashes.report(StorageError("The disk is full.", "Free some space."))
    qtbot.waitUntil(lambda: bool(window.parts.toasts.shown()))
    assert "Free some space." in window.parts.toasts.shown()[-1].label.text()
    window.crashes.report(ZeroDivisionError("by nothing"))
    qtbot.waitUntil(lambda: window.crashes._dialog is not None)
    dialog = window.crashes._dialog
    copy = next(button for button in dialog.findChildren(QPushButton) if "Copy" in button.text())
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert "by nothing" in QApplication.clipboard().text()
    dialog.close()


def test_undo_says_when_there_is_nothing(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    window.menus.actions["undo"].trigger()
    qtbot.waitUntil(lambda: bool(window.parts.toasts.shown()))
    assert "nothing to undo" in window.parts.toasts.shown()[-1].label.text()


def test_no_text_is_cut_in_the_smallest_window(qtbot: QtBot, window: MainWindow, page) -> None:
    """Every label that may not be shortened has the room it asks for, once the columns have their widths."""

    def cut() -> list[str]:
        texts = [text for section in page.sections for text in section.findChildren(type(section.heading))]
        shown = [text for text in texts if text.isVisible() and text.wordWrap()]
        return [text.text() for text in shown if text.height() < text.heightForWidth(text.width()) - 1]

    window.resize(1100, 700)
    qtbot.waitUntil(lambda: page.width() < 1100 and not cut())
    assert all(section.area.horizontalScrollBar().maximum() == 0 for section in page.sections)


@pytest.mark.parametrize(
    "room, least, usual",
    [
        ((1920, 1040), (800, 560), (1280, 800)),
        ((1024, 600), (800, 560), (1024, 560)),
        ((1366, 728), (800, 560), (1280, 688)),
        ((720, 450), (720, 410), (720, 410)),
    ],
)
def test_the_window_fits_the_screen(room: tuple[int, int], least: tuple[int, int], usual: tuple[int, int]) -> None:
    assert sizes(QSize(*room)) == (QSize(*least), QSize(*usual))
    for wanted in (QRect(0, 0, 1280, 800), QRect(3000, -900, 700, 400), QRect(200, 100, 600, 300)):
        screen = QRect(100, 50, *room)
        assert screen.contains(within(wanted, screen))
        assert within(wanted, screen).size() == wanted.size().boundedTo(QSize(*room) - QSize(0, 40))


def test_no_dialog_is_larger_than_its_screen(qtbot: QtBot) -> None:
    dialog = QDialog()
    qtbot.addWidget(dialog)
    room = dialog.screen().availableSize()
    fit(dialog, room.width() + 500, 300)
    assert dialog.size() == QSize(room.width(), 300)
    fit(dialog, 400, room.height() + 1)
    assert dialog.size() == QSize(400, room.height() - 40)  # and there is room for the desktop's title above it


def test_a_window_of_another_screen_is_made_to_fit(qtbot: QtBot, workspace: Workspace, qapp: QApplication) -> None:
    first = MainWindow(workspace)
    qtbot.addWidget(first)
    first.setGeometry(500, 300, 2400, 1600)
    first.close()
    second = MainWindow(workspace)
    qtbot.addWidget(second)
    assert second.screen().availableGeometry().contains(second.geometry())
    second.close()


@pytest.mark.parametrize("size", [(800, 560), (720, 410)])
def test_every_page_can_be_seen_whole_in_a_small_window(
    qtbot: QtBot, window: MainWindow, page, size: tuple[int, int]
) -> None:
    """What does not fit is scrolled to, and Start needs no scrolling."""
    window.setMinimumSize(QSize(0, 0))
    window.resize(*size)
    for index in PAGES:
        shown = window.show_page(index)
        qtbot.waitUntil(lambda shown=shown: shown.size() == shown.size().expandedTo(shown.minimumSizeHint()))
        area = window.centralWidget().findChild(SlimArea)
        assert area.horizontalScrollBar().maximum() == max(0, shown.width() - area.viewport().width())
        assert area.verticalScrollBar().maximum() == max(0, shown.height() - area.viewport().height())
    window.show_page("new_experiment")
    start = page.launch.start_button
    qtbot.waitUntil(lambda: window.rect().contains(QRect(start.mapTo(window, QPoint()), start.size())))


def test_every_control_has_a_name(window: MainWindow, page) -> None:
    from PySide6.QtGui import QAccessible
    from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox

    nameless = [
        control
        for kind in (QAbstractButton, QAbstractSpinBox, QComboBox)
        for control in page.findChildren(kind)
        if control.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not QAccessible.queryAccessibleInterface(control).text(QAccessible.Text.Name)
    ]
    assert nameless == []


def test_tab_reaches_start(qtbot: QtBot, window: MainWindow, page) -> None:
    window.activateWindow()
    page.data.cards["glyphs"].setFocus()
    for _ in range(120):
        if window.focusWidget() is page.launch.start_button:
            return
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    pytest.fail(f"Tab never reached Start but {window.focusWidget()}")
