"""Images handed in on Try it: the answers are those of the terminal, wherever the images come from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from main import main
from storage.workspace import Workspace
from ui.pages.trying import TryingPage

Open = Callable[..., TryingPage]


def tick(qtbot: QtBot, page: TryingPage, *run_ids: int) -> None:
    page.images.runs.tick(run_ids)
    qtbot.waitUntil(page.is_settled)


def hand_in(qtbot: QtBot, page: TryingPage, *paths: Path) -> None:
    page.images.add([str(path) for path in paths])
    qtbot.waitUntil(page.is_settled)


def said_in_terminal(root: Path, run: int, photos: Path, capfd: pytest.CaptureFixture[str]) -> dict[str, list[object]]:
    capfd.readouterr()
    assert main(["predict", str(run), str(photos), "--json", "--workspace", str(root)]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    return {one["image"]: [(each["class"], each["probability"]) for each in one["answers"]] for one in lines}


def test_two_runs_answer_as_they_do_in_the_terminal(
    qtbot: QtBot, open_page: Open, learnt: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    root, photos = learnt
    page = open_page()
    assert [row.id for row in page.images.runs.model.found] == [2, 1]
    hand_in(qtbot, page, photos)
    assert len(page.images.work.book) == 0  # nobody answers yet
    tick(qtbot, page, 1, 2)
    book = page.images.work.book
    assert [run.run_id for run in book.runs] == [1, 2]
    for run in book.runs:
        known = said_in_terminal(root, run.run_id, photos, capfd)
        assert {name: run.best(place) for place, name in enumerate(book.names)} == known
    assert page.images.table.answers.rowCount() == 36
    assert page.images.said.text() == "36 images"


def test_what_cannot_be_read_is_listed_with_its_reason(
    qtbot: QtBot, open_page: Open, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn.png").write_bytes((photos / "down" / "0.png").read_bytes()[:90])
    (tmp_path / "words.txt").write_text("no image")
    page = open_page()
    tick(qtbot, page, 1)
    whole = photos / "slant" / "1.png"
    hand_in(qtbot, page, tmp_path / "empty", tmp_path / "torn.png", whole, tmp_path / "words.txt")
    pane = page.images
    assert pane.work.book.names == [str(tmp_path / "torn.png"), str(whole), str(tmp_path / "words.txt")]
    assert [bool(reason) for reason in pane.work.book.reasons] == [True, False, True]
    assert pane.table.answers.index(0, 1).data() == "not read: truncated image"
    assert "holds no images" in pane.problem.text.text()
    assert pane.said.text() == "3 images, 2 not read"


def test_runs_without_weights_are_counted_and_not_listed(
    qtbot: QtBot, open_page: Open, own_workspace: Path, photos: Path
) -> None:
    at = ("--workspace", str(own_workspace))
    assert main(["run", "--data", str(photos), "--method", "linear_probe", "--set", "epochs=1", *at]) == 0
    workspace = Workspace(own_workspace).open()
    for file in workspace.runs.rglob("*.safetensors"):
        file.unlink()
    page = open_page(workspace)
    assert page.images.stack.currentWidget() is page.images.no_runs
    page.receive(1)
    qtbot.waitUntil(lambda: any("cannot be tried" in one.label.text() for one in page.parts.toasts.shown()))


def test_cancelled_work_goes_on_where_it_was(qtbot: QtBot, open_page: Open, photos: Path) -> None:
    page = open_page()
    tick(qtbot, page, 1)
    pane = page.images
    pane.add([str(photos)] * 20)  # 720 images, some batches
    qtbot.waitUntil(lambda: len(pane.work.book) > 0)
    pane.work.cancel()
    seen = len(pane.work.book)
    assert pane.cancel.text() == "Go on" or seen == pane.work.total
    pane.work.go_on()
    qtbot.waitUntil(page.is_settled)
    assert len(pane.work.book) == pane.work.total == 720
    book, run = pane.work.book, pane.work.book.runs[0]
    firsts = [run.best(place) for place in range(36)]
    assert all(run.best(place) == firsts[place % 36] for place in range(len(book)))
    pane.clear.click()
    assert pane.table.answers.rowCount() == pane.work.total == 0
