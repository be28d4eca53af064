"""What tests of the Runs page look at and do."""

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from ui.pages.runs import RunsPage

Open = Callable[[], RunsPage]
Saved = dict[str, RunRow]


def names(page: RunsPage) -> list[str]:
    return [page.order.index(place, 0).data() for place in range(page.order.rowCount())]


def chosen(page: RunsPage) -> RunRow:
    now = page.now()
    assert now is not None
    return now.row


def show(qtbot: QtBot, page: RunsPage, row: RunRow) -> None:
    page.receive(row.id)
    qtbot.waitUntil(lambda: chosen(page).id == row.id and page.is_settled())


def act(page: RunsPage, key: str) -> None:
    assert page.deeds.actions[key].isEnabled(), page.deeds.actions[key].toolTip()
    page.deeds.actions[key].trigger()


def stored(workspace: Workspace, row: RunRow) -> RunRow:
    with RunStore(workspace) as store:
        return store.run(row.id)
