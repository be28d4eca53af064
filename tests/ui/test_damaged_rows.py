"""A window over a damaged database: what cannot be read says so in its place, and the rest is shown."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytestqt.qtbot import QtBot

from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.comparison.saved_runs import experiment, save
from tests.ui.studies.conftest import crossing, save_study, small_study
from ui.runs.content import Content, read_content
from ui.window.main_window import MainWindow


def read_content_of(window: MainWindow, run_id: int) -> Content:
    with RunStore(window.parts.workspace) as store:
        return read_content(store, run_id)


def test_every_page_shows_what_is_whole(qtbot: QtBot, window: MainWindow, workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        runs = [save(store, experiment(seed=seed), 10, f"run {seed}") for seed in range(4)]
        save_study(store, small_study(), crossing)
        spoilt = save_study(store, small_study(title="Spoilt", seeds=[0]), crossing)
    with closing(sqlite3.connect(workspace.database)) as database, database:
        database.execute("UPDATE run SET facts = 'x' WHERE id = ?", (runs[0].id,))
        database.execute("UPDATE run SET experiment = '[]', created = 1e300 WHERE id = ?", (runs[1].id,))
        database.execute("UPDATE result SET truth = x'01', class_names = '{' WHERE run_id = ?", (runs[2].id,))
        database.execute("UPDATE chunk SET vals = x'01' WHERE run_id = ?", (runs[2].id,))
        database.execute("UPDATE study SET spec = 'x', created = 1e300 WHERE id = ?", (spoilt.id,))
    bugs: list[Exception] = []
    window.parts.library.crashed.connect(bugs.append)
    window.parts.background.crashed.connect(bugs.append)
    page = window.show_page("runs")
    window.parts.library.announce(())
    qtbot.waitUntil(lambda: page.model.now(runs[3].id) is not None)
    for run in runs:
        page.choose(run.id)
        qtbot.waitUntil(lambda run=run: page.now() is not None and page.now().row.id == run.id)
        qtbot.waitUntil(page.is_settled)
        window.grab()
    assert "unreadable" in page.model.now(runs[0].id).row.name
    content = read_content_of(window, runs[2].id)
    assert not content.results
    assert sum("damaged" in message.text for message in content.messages) >= 2, "the curve and the figures"
    assert read_content_of(window, runs[3].id).results
    page.choose(runs[1].id)
    qtbot.waitUntil(page.detail.trouble.isVisible)
    assert not page.deeds.actions["again"].isEnabled()
    assert not page.deeds.actions["clone"].isEnabled()
    compare = window.show_page("compare")
    qtbot.waitUntil(compare.is_settled)
    for ids in ([runs[0].id, runs[3].id], [runs[2].id, runs[3].id], [runs[0].id, runs[1].id]):
        compare.choose(ids)
        qtbot.waitUntil(compare.is_settled)
        window.grab()
    studies = window.show_page("studies")
    qtbot.waitUntil(studies.is_settled)
    window.grab()
    assert bugs == []
