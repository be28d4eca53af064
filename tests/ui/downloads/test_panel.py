"""The panel, the lowest line and the question before the first byte, on a real queue and a host that behaves badly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from engine.downloads import hosts
from engine.downloads.entries import Download
from engine.downloads.remote import Remote
from engine.downloads.wanted import Wanted
from tests.bad_server import BadServer, connections
from ui.downloads import words
from ui.downloads.downloads import Downloads
from ui.downloads.panel import DownloadsDialog, DownloadsPanel
from ui.window.main_window import MainWindow


def photos(host: BadServer, folder: Path, way: str = "good", name: str = "photos") -> Wanted:
    host.files[f"{name}.bin"] = bytes(range(256)) * 4000
    remote = Remote(host.address(way, f"{name}.bin"), f"{name}.bin", 1_024_000)
    return Wanted(f"data:{name}", name.capitalize(), (remote,), folder / name, licence="CC BY 4.0")


@pytest.fixture
def downloads(window: MainWindow) -> Downloads:
    return window.parts.downloads


@pytest.fixture
def panel(window: MainWindow) -> Iterator[DownloadsPanel]:
    window.menus.actions["downloads"].trigger()
    dialog = window.findChild(DownloadsDialog)
    assert dialog is not None
    yield dialog.panel
    dialog.close()


def agree(downloads: Downloads) -> None:
    box = downloads.consent.box
    assert box is not None
    next(one for one in box.buttons() if box.buttonRole(one) == QMessageBox.ButtonRole.AcceptRole).click()


def state(downloads: Downloads, key: str = "data:photos") -> str:
    found = downloads.entry(key)
    return found.state if found else ""


def test_a_host_is_shown_before_it_is_asked_for_the_first_time(
    qtbot: QtBot, host: BadServer, tmp_path: Path, downloads: Downloads
) -> None:
    with connections() as connected:
        downloads.ask(photos(host, tmp_path))
        qtbot.waitUntil(lambda: downloads.consent.box is not None)
        box = downloads.consent.box
        assert box is not None
        assert box.text() == "Download Photos?"
        assert box.informativeText().startswith(
            f"1.0 MB, from 127.0.0.1. Licence: CC BY 4.0. It goes to {tmp_path / 'photos'}."
        )
        box.reject()
        assert (connected, downloads.entries()) == ([], ())
    downloads.ask(photos(host, tmp_path))
    agree(downloads)
    qtbot.waitUntil(lambda: state(downloads) == "done")
    downloads.ask(photos(host, tmp_path, name="more"))
    qtbot.waitUntil(lambda: state(downloads, "data:more") == "done")


def test_each_can_be_cancelled_gone_on_with_tried_again_and_removed(
    qtbot: QtBot, host: BadServer, tmp_path: Path, downloads: Downloads, panel: DownloadsPanel
) -> None:
    downloads.ask(photos(host, tmp_path, "held"))
    agree(downloads)
    downloads.ask(photos(host, tmp_path, "404", "gone"))
    qtbot.waitUntil(lambda: len(panel.cards) == 2 and panel.cards["data:photos"].bar.value() > 0)
    card = panel.cards["data:photos"]
    assert (card.act.text(), card.badge.text()) == ("Cancel", "at work")
    card.act.click()
    qtbot.waitUntil(lambda: card.act.text() == "Go on")
    assert "continues from there" in card.words.text()
    gone = panel.cards["data:gone"]
    qtbot.waitUntil(lambda: gone.act.text() == "Try again")
    assert gone.words.text().startswith("The file is not at 127.0.0.1 any more")
    host.go_on.set()
    card.act.click()
    qtbot.waitUntil(lambda: card.act.text() == "Show folder")
    assert (tmp_path / "photos" / "photos.bin").read_bytes() == host.files["photos.bin"]
    gone.remove.click()
    qtbot.waitUntil(lambda: list(panel.cards) == ["data:photos"])
    panel.clear.click()
    qtbot.waitUntil(lambda: not panel.cards and panel.empty.isVisibleTo(panel))
    assert (tmp_path / "photos").is_dir()


def test_offline_every_way_to_a_network_is_greyed_with_the_reason(
    qtbot: QtBot, host: BadServer, tmp_path: Path, downloads: Downloads, panel: DownloadsPanel, window: MainWindow
) -> None:
    downloads.ask(photos(host, tmp_path, "404"))
    agree(downloads)
    qtbot.waitUntil(lambda: state(downloads) == "failed" and "data:photos" in panel.cards)
    window.menus.actions["offline"].trigger()
    act = panel.cards["data:photos"].act
    assert not act.isEnabled()
    assert "works offline" in act.toolTip()
    assert panel.offline.isVisibleTo(panel)
    assert window.shell.status.downloads.text() == "1 download failed · offline"
    window.menus.actions["offline"].trigger()
    assert act.isEnabled()


def test_the_lowest_line_says_how_far_it_is_and_opens_the_panel(
    qtbot: QtBot, host: BadServer, tmp_path: Path, downloads: Downloads, window: MainWindow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(hosts, "PATIENCE", 30.0)  # until the test lets it go on, however busy the machine is
    shown: QPushButton = window.shell.status.downloads
    assert not shown.isVisibleTo(window)
    downloads.ask(photos(host, tmp_path, "held"))
    agree(downloads)
    qtbot.waitUntil(lambda: re.fullmatch(r"Photos ([1-9]|[1-5]\d) %", shown.text()) is not None)
    shown.click()
    dialog = window.findChild(DownloadsDialog)
    assert dialog is not None
    assert dialog.isVisible()
    shown.click()
    assert len(window.findChildren(DownloadsDialog)) == 1
    host.go_on.set()
    qtbot.waitUntil(lambda: shown.text() == "1 download over")
    dialog.close()


WANTED = Wanted("data:a", "A", (Remote("https://a.org/x", "x", 100_000_000),), Path("/nowhere/a"), True)


@pytest.mark.parametrize(
    "one, said",
    [
        (Download(WANTED), "Waits for its turn"),
        (Download(WANTED, "at work"), "Asks a.org…"),
        (
            Download(WANTED, "at work", 25_000_000, 100_000_000, 5e6, "a.org"),
            "25 MB of 100 MB · 5.0 MB/s · 15 s left",
        ),
        (
            Download(WANTED, "at work", 25_000_000, 0, 5e6, "cdn.b.org"),
            "25 MB · 5.0 MB/s · sent by cdn.b.org",
        ),
        (Download(WANTED, "at work", 10**8, 10**8, 5e6, "a.org"), "Checked and unpacked…"),
        (Download(WANTED, "stopped", 25_000_000, 10**8), "Stopped at 25 MB of 100 MB: “Go on” continues from there"),
        (Download(WANTED, "failed", why="No. Try."), "No. Try."),
    ],
)  # fmt: skip
def test_how_far_it_is_in_words(one: Download, said: str) -> None:
    assert words.progress(one) == said


def test_what_is_said_before_the_first_byte() -> None:
    assert words.before(WANTED) == "100 MB, from a.org. No licence is stated. It goes to /nowhere/a."
    assert words.facts(WANTED) == "from a.org · to /nowhere/a"
