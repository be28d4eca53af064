"""The window hears of what is fetched, says its end, and asks nothing of any network while it works offline."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.downloads import hosts
from engine.downloads.remote import Remote
from engine.downloads.wanted import Wanted
from engine.machine.hubs import QUIET
from tests.bad_server import BadServer, connections
from ui.downloads.consent import KNOWN
from ui.downloads.downloads import Downloads
from ui.widgets.toasts import Toasts
from ui.window.main_window import MainWindow
from ui.window_memory import open_settings


def net(host: BadServer, folder: Path, way: str = "good") -> Wanted:
    host.files["net.pth"] = bytes(range(256)) * 4000
    remote = Remote(host.address(way, "net.pth"), "net.pth")
    return Wanted("weights:net:imagenet", "ImageNet weights of Net", (remote,), folder, licence="BSD-3")


@pytest.fixture
def frame(qtbot: QtBot) -> QWidget:
    frame = QWidget()
    qtbot.addWidget(frame)
    return frame


@pytest.fixture
def downloads(frame: QWidget, tmp_path: Path) -> Iterator[Downloads]:
    settings = open_settings(tmp_path)
    settings.setValue(KNOWN, "127.0.0.1")
    made = Downloads(tmp_path / "downloads.json", settings, Toasts(frame), frame)
    yield made
    made.close()
    made.wait()
    for toast in made._toasts.shown():
        toast.close()


def said(downloads: Downloads) -> list[str]:
    return [toast.accessibleName() for toast in downloads._toasts.shown()]


def test_it_is_heard_how_far_it_is_and_that_it_is_here(
    qtbot: QtBot, host: BadServer, tmp_path: Path, downloads: Downloads
) -> None:
    wanted, seen = net(host, tmp_path, "slow"), []
    downloads.changed.connect(lambda: seen.append(downloads.entry(wanted.key)))
    with qtbot.waitSignal(downloads.arrived) as arrived:
        assert downloads.ask(wanted)
    assert arrived.args == [wanted.key]
    assert [one.state for one in seen if one][-1] == "done"
    assert said(downloads) == ["ImageNet weights of Net: on this machine now."]


def test_what_goes_wrong_is_told_once(qtbot: QtBot, host: BadServer, tmp_path: Path, downloads: Downloads) -> None:
    downloads.ask(net(host, tmp_path, "page"))
    qtbot.waitUntil(lambda: bool(said(downloads)))
    assert said(downloads)[0].startswith("ImageNet weights of Net: 127.0.0.1 did not give the file")
    assert downloads.entries()[0].state == "failed"


def test_offline_nothing_is_asked_and_what_is_at_work_stops(
    qtbot: QtBot, host: BadServer, tmp_path: Path, downloads: Downloads, frame: QWidget
) -> None:
    downloads.ask(net(host, tmp_path, "stall"))
    qtbot.waitUntil(lambda: downloads.entries()[0].done > 0)
    downloads.offline = True
    assert downloads.entries()[0].state == "stopped"
    downloads.wait()
    with connections() as connected:
        assert not downloads.ask(net(host, tmp_path))
        qtbot.wait(50)
    assert connected == []
    assert "offline" in said(downloads)[-1]
    again = Downloads(tmp_path / "other.json", open_settings(tmp_path), Toasts(frame), frame)
    assert again.offline, "it is remembered"
    again.offline = False


def test_the_window_never_waits(qtbot: QtBot, host: BadServer, tmp_path: Path, downloads: Downloads,
                                monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Whatever is asked while a host says nothing, the answer is there long before patience with it ends."""
    monkeypatch.setattr(hosts, "PATIENCE", 120.0)
    began = time.monotonic()
    for _ in range(20):
        downloads.ask(net(host, tmp_path, "silent"))
        downloads.cancel("weights:net:imagenet")
        downloads.entries()
    downloads.remove("weights:net:imagenet")
    downloads.close()
    assert time.monotonic() - began < 30
    downloads.wait()
    assert time.monotonic() - began < 60


def test_the_menu_turns_it_off_and_on(window: MainWindow) -> None:
    action = window.menus.actions["offline"]
    assert not action.isChecked()
    action.trigger()
    assert window.parts.downloads.offline
    action.trigger()
    assert not window.parts.downloads.offline


def test_libraries_of_hubs_are_told_to_keep_quiet(tmp_path: Path) -> None:
    """Before any of them can be imported, and for the processes that are started."""
    code = "import os; from ui.terminal.commands import run_command as run; run(['list', 'presets']); print(os.environ)"
    clean = {key: value for key, value in os.environ.items() if key not in QUIET}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=clean).stdout
    assert all(f"'{name}': '{value}'" in told for name, value in QUIET.items())
