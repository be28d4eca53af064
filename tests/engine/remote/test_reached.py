"""A machine that nobody can connect to takes no runs and says why; one that is told a port listens there."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from engine.errors import ExperimentError
from engine.remote import joining, machine
from engine.remote.cluster import ClusterAway
from engine.remote.joining import Joining, ports, require_reachable
from engine.remote.machine import WorkPlace
from engine.remote.on_dask import DaskCluster
from engine.remote.reached import listening, numbers
from tests.engine.remote.loopback import Loopback, free_port


@pytest.fixture
def desk(line: Loopback) -> DaskCluster:
    return line.desk()


@pytest.fixture
def wanted(line: Loopback, tmp_path: Path) -> Joining:
    return Joining(line.address, line.folder / "cluster.key", tmp_path / "machine")


@pytest.fixture
def firewall(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster is told a port at which nobody hears it."""

    @contextmanager
    def refused(_: str) -> Iterator[int]:
        yield free_port()

    monkeypatch.setattr(joining, "listening", refused)


def test_a_machine_that_the_cluster_connects_to_may_work(wanted: Joining) -> None:
    require_reachable(wanted)


@pytest.mark.usefixtures("firewall")
def test_one_that_it_does_not_reach_is_told_so(wanted: Joining) -> None:
    with pytest.raises(ClusterAway, match=r"cannot connect to this machine at 127\.0\.0\.1: a firewall here"):
        require_reachable(wanted)


@pytest.mark.usefixtures("firewall")
def test_it_says_so_once_and_begins_no_place(
    desk: DaskCluster, wanted: Joining, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    tried, ended = threading.Semaphore(0), threading.Event()
    monkeypatch.setattr(machine, "AGAIN", (0.05, 30.0))

    def require(asked: Joining) -> None:
        tried.release()
        require_reachable(asked)

    monkeypatch.setattr(machine, "require_reachable", require)
    serving = threading.Thread(target=machine.serve, args=(wanted, [""], said.append, ended))
    serving.start()
    try:
        for _ in range(3):
            assert tried.acquire(timeout=60)
        assert [one.partition(":")[0] for one in said] == ["The cluster cannot connect to this machine at 127.0.0.1"]
        assert desk.machines() == []
    finally:
        ended.set()
        serving.join(60)
    assert not serving.is_alive()


def test_ports_are_one_for_each_place() -> None:
    assert [numbers(ports(*given)) for given in ((0, 4), (8800, 1), (8800, 3))] == [[0], [8800], [8800, 8801, 8802]]


def test_the_first_free_port_is_taken_and_none_is_said() -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ExperimentError, match=rf"No port of {port} to {port} is free"), listening(ports(port, 1)):
            pass
    with listening(ports(port, 1)) as found:
        assert found == port
    with listening("0") as found:
        assert found > 0


def test_a_place_listens_where_it_was_told(line: Loopback, desk: DaskCluster, wanted: Joining) -> None:
    port = free_port()
    place = WorkPlace(Joining(wanted.address, wanted.key, wanted.home, ports=ports(port, 1)))
    place.look()
    try:
        line.ready(desk, 1)
        assert desk.machines()[0].address == f"tls://127.0.0.1:{port}"
    finally:
        place.end()


@pytest.mark.skipif(os.name != "posix", reason="nobody is put to sleep by a signal there")
def test_a_machine_that_is_silent_is_not_taken_for_the_cluster(
    line: Loopback, desk: DaskCluster, wanted: Joining
) -> None:
    place = WorkPlace(wanted)
    place.look()
    try:
        line.ready(desk, 1)
        (there,) = desk.machines()
        assert place.child is not None
        os.kill(place.child.pid, signal.SIGSTOP)
        with pytest.raises(ClusterAway, match="The machine that works this run does not answer"):
            desk.say(there.address, "own", "pause")
    finally:
        place.end()
