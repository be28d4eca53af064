"""What is done to a run from its page: rename, star, note, delete and undo, clone."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from storage.workspace import Workspace
from tests.ui.runs.acting import Open, Saved, act, chosen, names, stored


def test_the_name_is_changed_where_it_stands(qtbot: QtBot, open_page: Open, saved: Saved, workspace: Workspace) -> None:
    page = open_page()
    field = page.detail.header.name
    act(page, "rename")
    qtbot.waitUntil(field.hasFocus)
    field.setText("  A better name  ")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(page)[0] == "A better name")
    field.setFocus()
    field.setText("never kept")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    field.setFocus()
    field.setText("   ")
    field.clearFocus()
    assert field.text() == "A better name"
    assert stored(workspace, saved["finished"]).name == "A better name"


def test_star_and_note_are_saved_and_shown(qtbot: QtBot, open_page: Open, saved: Saved, workspace: Workspace) -> None:
    page = open_page()
    qtbot.mouseClick(page.detail.header.star, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: chosen(page).starred)
    assert stored(workspace, saved["finished"]).starred
    page.parts.library.write(lambda store: store.note(saved["finished"].id, "Try five labels"))
    qtbot.waitUntil(page.detail.header.note.isVisible)
    assert page.detail.header.note.text() == "Try five labels"


def test_delete_is_undone_from_the_toast(qtbot: QtBot, open_page: Open, saved: Saved) -> None:
    page = open_page()
    act(page, "delete")
    qtbot.waitUntil(lambda: bool(page.parts.toasts.shown()))
    qtbot.waitUntil(lambda: names(page)[0] == "Stopped early")
    assert chosen(page).name == "Stopped early"
    toast = page.parts.toasts.shown()[-1]
    assert toast.label.text() == "Deleted “Warm start”."
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(page)[0] == "Warm start")


def test_several_runs_are_deleted_and_compared_together(qtbot: QtBot, open_page: Open, saved: Saved) -> None:
    page = open_page()
    page.list.selectAll()
    with qtbot.waitSignal(page.parts.navigator.opened) as asked:
        act(page, "compare")
    assert sorted(asked.args[1]) == sorted(row.id for row in saved.values())
    assert page.deeds.actions["delete"].text() == "Delete 4 runs"
    assert page.deeds.actions["clone"].toolTip() == "Choose a single run."
    act(page, "delete")
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page.empty)
    page.parts.library.write(lambda store: store.undo())
    qtbot.waitUntil(lambda: len(names(page)) == 4)
    page.parts.toasts.shown()[-1].close()


def test_clone_hands_the_experiment_on(qtbot: QtBot, open_page: Open, saved: Saved) -> None:
    page = open_page()
    with qtbot.waitSignal(page.parts.navigator.opened) as asked:
        act(page, "clone")
    assert asked.args == ["new_experiment", saved["finished"].experiment]


def test_what_cannot_be_done_says_why(open_page: Open, saved: Saved) -> None:
    page = open_page()
    for key in ("pause", "stop", "discard"):
        assert not page.deeds.actions[key].isEnabled()
        assert page.deeds.actions[key].toolTip() == "The run is over (finished)."
    assert not page.detail.header.buttons["pause"].isVisible()
    assert page.detail.header.buttons["clone"].isVisible()


def test_only_the_latest_change_is_offered_to_be_undone(qtbot: QtBot, open_page: Open, saved: Saved) -> None:
    page = open_page()
    toasts = page.parts.toasts
    act(page, "delete")
    qtbot.waitUntil(lambda: [toast.button.isVisible() for toast in toasts.shown()] == [True])
    qtbot.waitUntil(lambda: names(page)[0] == "Stopped early")
    act(page, "delete")
    qtbot.waitUntil(lambda: [toast.button.isVisible() for toast in toasts.shown()] == [False, True])
    assert toasts.shown()[0].label.text() == "Deleted “Warm start”."
    toasts.withdraw_undo()
    assert not any(toast.button.isVisible() for toast in toasts.shown())


def test_a_name_too_long_to_be_read_whole_ends_in_an_ellipsis(
    qtbot: QtBot, open_page: Open, saved: Saved, workspace: Workspace
) -> None:
    page = open_page()
    field = page.detail.header.name

    def marks() -> int:
        """Pixels at the field's end that are not its ground."""
        image = field.grab(field.rect().adjusted(field.width() - 12, 0, 0, 0)).toImage()
        ground = image.pixel(image.width() - 1, 0)
        places = [(x, y) for x in range(image.width()) for y in range(image.height())]
        return sum(image.pixel(x, y) != ground for x, y in places)

    field.clearFocus()
    short = marks()
    long = "W" * 190
    page.parts.library.write(lambda store: store.rename(saved["finished"].id, long), runs=[saved["finished"].id])
    qtbot.waitUntil(lambda: field.text() == long)
    dots = marks()
    assert short == 0
    assert 2 <= dots < 30  # three dots, not the strokes of a letter
    field.setFocus()
    field.end(False)
    qtbot.waitUntil(field.hasFocus)
    assert field.text() == long
