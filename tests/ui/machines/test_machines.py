"""Settings, Machines: a real line of orders, real machines that join it and are lost, and what is said of each."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QMessageBox, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

pytest.importorskip("distributed")

from engine.machine import addresses
from engine.machine.extras import Extra
from engine.remote import connection, on_dask, starting
from engine.remote.certificates import made_key
from engine.remote.cluster import MachineState
from engine.remote.desk import OWED
from engine.remote.joining import Joining
from engine.remote.line import KEY, WHERE
from engine.remote.machine import WorkPlace
from tests.engine.remote.loopback import free_port, loopback
from ui import elsewhere
from ui.elsewhere import SeenCluster
from ui.figures.plain_table import APART
from ui.machines.dialog import MachinesDialog
from ui.machines.hosts import hosts, kept, rows, summary
from ui.machines.panel import LEAST_NAME, MachinesPanel
from ui.window.main_window import MainWindow

PLACE = MachineState("tls://10.0.0.2:4000", "office", "0.16.0", "cpu", 8, 16_000_000_000, (), 0.5)
GPU = replace(PLACE, address="tls://10.0.0.3:4000", host="rack", device="0", runs=("a",), seconds=40.0)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "address_here", lambda: "127.0.0.1")


@pytest.fixture
def dialog(window: MainWindow) -> Iterator[MachinesDialog]:
    window.parts.machines.load()
    window.menus.actions["machines"].trigger()
    shown = window.findChild(MachinesDialog)
    assert shown is not None
    yield shown
    shown.close()
    if (window.parts.machines.folder / "where.json").is_file():
        starting.end(window.parts.workspace.root)
    window.parts.queue.close("abandon", 1.0)


@pytest.fixture
def panel(dialog: MachinesDialog) -> MachinesPanel:
    return dialog.panel


def names(panel: MachinesPanel) -> list[list[str]]:
    return panel.table.cells.texts()


def test_places_are_told_machine_by_machine() -> None:
    other = replace(PLACE, address="tls://10.0.0.2:4001", runs=("b",), seconds=9.0)
    found = hosts([PLACE, other, GPU], {})
    assert list(found) == ["office 10.0.0.2", "rack 10.0.0.3"]
    office, rack = found.values()
    assert (office.places, office.free, office.gpus, office.seconds) == (2, 1, 0, 0.5)
    assert summary(found) == "3 places on 2 machines, 1 of them free."
    first, second = rows(found, 0.0)
    assert [cell.words for cell in first] == [
        "office", "1 of 2", "the processor", "8", "16 GB", "0.16.0", "now",
    ]  # fmt: skip
    assert rack.seconds == 40.0
    assert [cell.words for cell in second][1:3] == ["0 of 1", "1 GPU"]
    assert second[6].words == "40 s ago"


def test_gpus_are_counted_and_called_by_their_titles() -> None:
    """Two places may work with one of them, and a machine may have several kinds."""
    works_with = ("0", "H200"), ("0", "H200"), ("1", "H200"), ("2", "T4")
    several = [
        replace(GPU, address=f"tls://10.0.0.3:400{place}", device=device, gpu=title)
        for place, (device, title) in enumerate(works_with)
    ]
    assert [(cell.words, cell.tip) for cell in rows(hosts(several, {}), 0.0)[0]][2] == ("3 GPUs", "2 × H200, T4")
    assert rows(hosts([GPU], {}), 0.0)[0][2].tip == "", "not known yet"


def test_two_machines_of_one_name_are_two_and_told_apart_by_their_addresses() -> None:
    twin = replace(PLACE, address="tls://10.0.0.9:4000")
    found = hosts([PLACE, twin], {})
    assert summary(found) == "2 places on 2 machines, all of them free."
    assert [line[0].words for line in rows(found, 0.0)] == ["office (10.0.0.2)", "office (10.0.0.9)"]
    assert [line[0].words for line in rows(hosts([PLACE], {}), 0.0)] == ["office"]
    lost = kept(found, hosts([twin], {}), 100.0)
    assert [line[6].words.partition(" ")[0] for line in rows(lost, 100.0)] == ["gone", "now"]


def test_a_machine_that_is_lost_stays_in_the_list_until_it_comes_back() -> None:
    first = kept({}, hosts([PLACE, GPU], {}), 100.0)
    lost = kept(first, hosts([PLACE], {}), 200.0)
    assert [one.gone for one in lost.values()] == [None, 160.0]
    assert [cell.words for cell in rows(lost, 220.0)[1]][1::5] == ["–", "gone 1 min 0 s"]
    assert summary(lost) == "1 place on 1 machine, free."
    assert [one.gone for one in kept(lost, hosts([], {}), 300.0).values()] == [299.5, 160.0]
    assert [one.gone for one in kept(lost, hosts([PLACE, GPU], {}), 300.0).values()] == [None, None]


def test_of_a_silent_cluster_nothing_is_told_but_who_was_there() -> None:
    known = kept(kept({}, hosts([PLACE, GPU], {}), 100.0), hosts([PLACE], {}), 200.0)
    told = rows(known, 220.0, is_silent=True)
    assert [[cell.words for cell in line][::6] for line in told] == [
        ["office", "not known"],
        ["rack", "gone 1 min 0 s"],
    ]
    assert [line[1].words for line in told] == ["–", "–"]
    assert all(cell.muted for line in told for cell in line)


def test_what_was_known_of_a_cluster_that_takes_its_time_is_not_told_as_what_is(
    qtbot: QtBot, panel: MachinesPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its line was killed, and the question takes its ten seconds."""
    answer = threading.Event()
    machines, known = panel._machines, SeenCluster("tls://10.0.0.2:8786", places=(PLACE,), version="0.16.0")
    monkeypatch.setattr(elsewhere, "LATE", 0.2)
    monkeypatch.setattr(elsewhere, "seen", lambda *_: known if answer.wait(60) else None)
    qtbot.waitUntil(lambda: not machines._asked)
    machines._know(known)
    assert panel.state.text() == "1 place on 1 machine, free."
    machines.look()
    qtbot.waitUntil(lambda: machines.look() or machines.now.is_late)
    assert (panel.state.text(), names(panel)[0][1], names(panel)[0][-1]) == ("Asking the cluster…", "–", "not known")
    answer.set()
    qtbot.waitUntil(lambda: panel.state.text() == "1 place on 1 machine, free.")
    assert (names(panel)[0][1], names(panel)[0][-1]) == ("1 of 1", "now")


def test_another_version_is_marked() -> None:
    found = hosts([replace(PLACE, version="0.3.0")], {"0.3.0": "office has Warmstart 0.3.0, the other machine 0.16.0."})
    cell = rows(found, 0.0)[0][5]
    assert cell.words == "0.3.0 (other)"
    assert "Warmstart 0.3.0" in cell.tip


def test_without_a_cluster_nothing_is_asked_and_how_one_begins_is_shown(qtbot: QtBot, panel: MachinesPanel) -> None:
    qtbot.waitUntil(lambda: panel.beginning.host.text() == "127.0.0.1")
    assert panel.state.text().startswith("This workspace has no cluster")
    assert panel.beginning.isVisible()
    assert panel.beginning.go.isEnabled()
    assert not any(one.isVisible() for one in (panel.deeds, panel.adding, panel.table, panel.problem, panel.address))


def test_what_is_not_installed_is_said_with_the_line_that_installs_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, window: MainWindow
) -> None:
    monkeypatch.setattr(on_dask, "EXTRA", Extra("A cluster", {"no_such_module": "no-such-package>=1"}))
    window.menus.actions["machines"].trigger()
    dialog = window.findChild(MachinesDialog)
    assert dialog is not None
    panel = dialog.panel
    qtbot.waitUntil(panel.installing.isVisible)
    assert "A cluster needs no_such_module, which is not installed." in panel.installing.words.text()
    assert 'pip install "no-such-package>=1"' in panel.installing.words.text()
    assert not panel.beginning.isVisible()
    assert not panel.deeds.isVisible()
    dialog.close()


def test_a_port_that_is_taken_is_said_in_a_sentence(qtbot: QtBot, panel: MachinesPanel) -> None:
    qtbot.waitUntil(panel.beginning.go.isEnabled)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        taken_port = taken.getsockname()[1]
        panel.beginning.port.setValue(taken_port)
        panel.beginning.go.click()
        assert not panel.beginning.isEnabled()
        qtbot.waitUntil(panel.problem.isVisible)
    assert "could not be begun at 127.0.0.1" in panel.problem.text.text()
    assert "Give another" in panel.problem.text.text()
    assert panel.beginning.isEnabled()
    assert panel.beginning.isVisible()
    assert panel.beginning.port.value() == taken_port, "what was typed stays"


def test_a_cluster_begins_machines_come_and_go_and_it_ends(
    qtbot: QtBot, panel: MachinesPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, before = free_port(), set(psutil.Process().children())
    qtbot.waitUntil(panel.beginning.go.isEnabled)
    panel.beginning.port.setValue(port)
    panel.beginning.go.click()
    qtbot.waitUntil(panel.deeds.isVisible)
    (line,) = set(psutil.Process().children()) - before
    address = f"tls://127.0.0.1:{port}"
    assert panel.address.text().startswith(address)
    assert not panel.beginning.isVisible()
    assert panel.state.text() == "No machine works for it yet."
    panel.add.click()
    assert panel.adding.line.field.text() == f".venv/bin/warmstart worker --connect {address} --key cluster.key"
    assert "No other machine reaches 127.0.0.1" in panel.adding.alone.text.text()
    key = Path(panel.adding.key.field.text())
    machine = WorkPlace(Joining(address, key, tmp_path / "machine"))
    machine.look()
    try:
        qtbot.waitUntil(lambda: len(names(panel)) == 1)
        assert names(panel)[0][:2] == [socket.gethostname(), "1 of 1"]
        assert panel.state.text() == "1 place on 1 machine, free."
    finally:
        machine.end()
    qtbot.waitUntil(lambda: names(panel)[0][6].startswith("gone"))
    assert panel.state.text() == "No machine works for it any more."
    assert len(names(panel)) == 1
    monkeypatch.setattr(QMessageBox, "exec", lambda box: box.buttons()[0].click() or 0)
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.buttons()[-1])
    panel.beginning.suggest("10.0.0.9")  # as where it is begun by another window
    panel.end.click()
    qtbot.waitUntil(panel.beginning.isVisible)
    assert panel.state.text().startswith("The cluster has ended. Its machines")
    assert (panel.beginning.host.text(), panel.beginning.port.value()) == ("127.0.0.1", port), "where these wait"
    assert key.is_file()
    qtbot.waitUntil(lambda: line not in psutil.Process().children())  # which counts what has ended unheard too


def test_a_cluster_that_does_not_answer_is_said_so_and_can_be_forgotten(
    qtbot: QtBot, panel: MachinesPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    folder = panel._machines.folder
    folder.mkdir(parents=True, exist_ok=True)
    made_key().write(folder / "cluster.key")
    (folder / "where.json").write_text(f'{{"address": "tls://127.0.0.1:{free_port()}"}}')
    panel._machines.load()
    qtbot.waitUntil(lambda: panel.state.text() == "Asking the cluster…")
    assert [(one.isVisible(), one.isEnabled()) for one in (panel.add, panel.end)] == [(True, False)] * 2
    qtbot.waitUntil(panel.problem.isVisible)
    assert panel.state.text() == "The cluster does not answer."
    assert (panel.add.isVisible(), panel.end.isEnabled()) == (False, True)
    assert panel.again.isVisible()
    assert "It is tried again." in panel.problem.text.text()
    panel.end.click()
    qtbot.waitUntil(panel.beginning.isVisible)
    assert not (folder / "where.json").exists()


def test_a_cluster_of_another_version_can_be_ended_and_begun_again(
    qtbot: QtBot, window: MainWindow, panel: MachinesPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is after an update: the cluster stayed when Warmstart was closed."""
    asked: list[object] = []
    monkeypatch.setattr(on_dask.DaskCluster, "_settled", lambda cluster: asked.append(cluster))
    starting.begin(window.parts.workspace.root, "127.0.0.1", free_port())
    monkeypatch.setattr("engine.remote.order.version", lambda: "9.1.0")
    qtbot.waitUntil(lambda: "end it, and begin it again" in panel.problem.text.text())
    assert "this is Warmstart 9.1.0" in panel.problem.text.text()
    assert panel.state.text() == "No machine works for it yet."
    assert panel.end.isVisible()
    assert not panel.again.isVisible()
    asked.clear()
    qtbot.wait(round(1500 * on_dask.LOOK_AGAIN))
    assert asked == []  # nothing that the other version may not know


@pytest.mark.parametrize("width", [700, 900])
def test_the_names_of_machines_give_way_before_anything_is_scrolled(
    qtbot: QtBot, panel: MachinesPanel, dialog: MachinesDialog, width: int
) -> None:
    long = replace(PLACE, host="imaging-workstation-of-the-third-floor-in-the-biology-building")
    panel._machines._timer.stop()
    qtbot.waitUntil(lambda: panel.beginning.host.text() == "127.0.0.1")
    other, folder = (
        replace(PLACE, host="rack", address=f"tls://10.0.0.{n}:1", version=v) for n, v in ((7, "0.3"), (8, ""))
    )
    gone = replace(other, trouble="Its disk is full.", seconds=4000.0)
    seen = SeenCluster("tls://10.0.0.1:8786", places=(long, GPU, gone, folder), wrong={"0.3": "Other.", "": "Other."})
    panel._machines._know(seen)
    dialog.resize(width, 520)
    qtbot.waitUntil(lambda: panel.table.content_width() <= panel.table.viewport().width())
    assert panel.table.columnWidth(0) >= LEAST_NAME
    memory, version = (panel.table.cells.index(0, column) for column in (4, 5))
    option = QStyleOptionViewItem()
    panel.table.itemDelegate().initStyleOption(option, memory)
    assert option.text == f"{memory.data()}{APART}", "else it touches the version"
    panel.table.itemDelegate().initStyleOption(option, version)
    assert option.text == version.data()


@pytest.mark.parametrize(
    ("runs", "words"),
    [(0, "Its machines wait"), (1, "1 run at work there begins again"), (2, "2 runs at work there begin again")],
)
def test_what_begins_again_when_a_cluster_ends_is_counted(
    panel: MachinesPanel, monkeypatch: pytest.MonkeyPatch, runs: int, words: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: said.append(box.informativeText()) or 0)
    panel._hosts = hosts([replace(PLACE, runs=tuple("ab"[:runs]))], {})
    assert not panel._is_sure()
    assert said[0].startswith(words)


def test_what_an_earlier_program_owes_is_told_once_the_cluster_answers_though_nobody_asks_for_it(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a run that was discarded is worked on for nobody until somebody does."""
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    machines = window.parts.machines
    (machines.folder / OWED).mkdir(parents=True)
    (machines.folder / OWED / "own-1.json").write_text('["own", 1, ""]')
    made_key().write(machines.folder / KEY)
    (machines.folder / WHERE).write_text(f'{{"address": "tls://127.0.0.1:{free_port()}"}}')
    machines.settle()
    qtbot.waitUntil(machines._settling.isActive)
    with loopback(machines.folder, places=0):
        machines._settling.setInterval(0)
        qtbot.waitUntil(lambda: not any((machines.folder / OWED).iterdir()))
        window.parts.queue.close("abandon", 1.0)
