"""Answers of a run of which it is not measured yet how sure it may be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from main import main
from storage.workspace import Workspace
from tests.ui.trying.conftest import BARS
from ui.pages.trying import TryingPage
from ui.trying.lot import Opened

Open = Callable[..., TryingPage]


def test_a_run_answers_at_once_and_anew_once_it_is_measured_how_sure_it_may_be(
    qtbot: QtBot, open_page: Open, own_workspace: Path, photos: Path
) -> None:
    """Labels and what is looked at stay; the answers are then the terminal's."""
    at = ("--workspace", str(own_workspace))
    assert main(["run", "--data", str(photos), "--method", "linear_probe", "--set", "epochs=1", *at]) == 0
    page = open_page(Workspace(own_workspace).open())
    pane, work, first = page.images, page.images.work, list[tuple[int, str, bool]]()
    work.grown.connect(lambda: first.append((len(work.book), work.book.runs[0].words, work.is_unmeasured)))
    renewed: list[None] = []
    work.renewed.connect(lambda: renewed.append(None))
    pane.runs.tick((1,))
    pane.add(tuple(str(photos / name / f"{number}.png") for name in BARS for number in range(3)))
    qtbot.waitUntil(lambda: bool(first))
    pane.table.choose(4)
    pane.labels.say(4, "slant")
    qtbot.waitUntil(page.is_settled)
    assert first[0][0] == 9
    assert first[0][2] == ("is being measured" in first[0][1])
    assert len(renewed) == 1
    assert not work.is_unmeasured
    assert work.book.runs[0].words.startswith("probabilities calibrated on ")
    assert work.book.labels == {4: "slant"}
    assert (len(work.book), pane.table.current()) == (9, 4)


@pytest.mark.parametrize("moment", ["measuring", "measured", "answered"])
def test_stopping_keeps_the_first_answers_whenever_it_is(
    qtbot: QtBot, open_page: Open, own_workspace: Path, photos: Path, moment: str
) -> None:
    """While it is measured, when this is known but nothing is answered anew, and when all is: no line is lost."""
    at = ("--workspace", str(own_workspace))
    assert main(["run", "--data", str(photos), "--method", "linear_probe", "--set", "epochs=1", *at]) == 0
    page = open_page(Workspace(own_workspace).open())
    pane, work = page.images, page.images.work
    first: list[bool] = []
    work.grown.connect(lambda: first.append(work.is_unmeasured))
    pane.runs.tick((1,))
    pane.add(tuple(str(photos / name / f"{number}.png") for name in BARS for number in range(3)))
    qtbot.waitUntil(lambda: bool(first))
    if moment == "answered":
        with work._networks.held:  # its work is done, and this thread has not looked since
            pass
    elif work.is_unmeasured and moment == "measured":
        run = work.book.runs[0]
        work._mail.put(Opened((run.classes,), (run.words,), (run.stamp,)))
    pane.table.choose(4)
    pane.labels.say(4, "slant")
    if pane.line.cancel.isVisible():
        qtbot.mouseClick(pane.line.cancel, Qt.MouseButton.LeftButton)
    assert not work.is_at_work
    assert (len(work.book), pane.table.current(), work.book.labels) == (9, 4, {4: "slant"})
    assert ("not calibrated" in pane.line.said.text()) == work.is_unmeasured
    work.go_on()
    qtbot.waitUntil(page.is_settled)
    assert not work.is_unmeasured
    assert work.book.runs[0].words.startswith("probabilities calibrated on ")
    assert (len(work.book), pane.table.current(), work.book.labels) == (9, 4, {4: "slant"})
