"""Export… on Try it is about the one run that is ticked."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from tests.ui.trying.test_answers import Open, tick
from ui.export.dialog import ExportDialog


def test_one_ticked_run_is_exported(qtbot: QtBot, open_page: Open) -> None:
    page = open_page()
    action = page.images.deeds.actions["export"]
    assert not action.isEnabled()
    tick(qtbot, page, 1, 2)
    assert not action.isEnabled()
    tick(qtbot, page, 2)
    assert action.isEnabled()
    action.trigger()
    (dialog,) = page.window().findChildren(ExportDialog)
    qtbot.waitUntil(lambda: dialog._plan is not None)
    assert dialog._plan is not None
    assert dialog._plan.job.experiment.seed == 1
    dialog.reject()
