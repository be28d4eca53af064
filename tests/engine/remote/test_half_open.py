"""What a desk or a machine and its line believe of each other is true, or is found out: a stream that broke on one side
alone, one that nobody reads, a desk or a machine that left while it was greeted."""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("distributed")

from engine.remote import connection, on_dask
from engine.remote.cluster import WAITING, ClusterAway, MachineWords
from engine.remote.connection import let_go
from engine.remote.in_line import states_of
from engine.remote.on_dask import DaskCluster
from engine.remote.order import Order
from tests.engine.remote.cable import Cable, cable, hang_up
from tests.engine.remote.loopback import Loopback
from tests.engine.work.small_runs import until

if TYPE_CHECKING:
    from distributed import Client, Scheduler
    from distributed.comm import Comm


@pytest.fixture
def other(line: Loopback) -> Iterator[DaskCluster]:
    """A desk that nothing happens to, by which the line is asked."""
    with closing(DaskCluster(line.address, line.key, "other")) as made:
        made.connect()
        yield made


@pytest.fixture
def wires(line: Loopback) -> Iterator[Cable]:
    with cable(line.port) as made:
        yield made


@pytest.fixture
def desk(line: Loopback, wires: Cable) -> Iterator[DaskCluster]:
    with closing(DaskCluster(wires.address, line.key, "desk")) as made:
        made.connect()
        yield made


def client_of(desk: DaskCluster) -> Client:
    client = desk._line._client
    assert client is not None
    return client


def tell(topic: str, dask_scheduler: Scheduler = None) -> None:
    dask_scheduler.log_event(topic, {"uid": "run", "at": "tls://there:1", "lines": []})


def cut(desk: str, dask_scheduler: Scheduler = None) -> None:
    """Its stream breaks."""
    dask_scheduler.loop.add_callback(dask_scheduler.client_comms[desk].abort)


def desks(dask_scheduler: Scheduler = None) -> list[str]:
    """Those that the line knows."""
    return [one for one in dask_scheduler.clients if one != "fire-and-forget"]


class Ear:
    """Whether a desk hears what is said of its runs."""

    def __init__(self, desk: DaskCluster, other: DaskCluster) -> None:
        self._desk, self._other, self._said = desk, other, list[MachineWords]()
        desk.listen("run", self._said.append)

    def hears(self, seconds: float = 30.0) -> bool:
        before, ends = len(self._said), time.monotonic() + seconds
        while len(self._said) == before and time.monotonic() < ends:
            self._other._line.of_line(tell, self._desk.topic())
            time.sleep(0.05)
        return len(self._said) > before


def test_a_stream_whose_end_comes_to_the_line_late_takes_no_other_with_it(
    desk: DaskCluster, other: DaskCluster, wires: Cable
) -> None:
    """Only the desk noticed, and has another one by then."""
    ear, client = Ear(desk, other), client_of(desk)
    assert ear.hears()
    first, stream = wires.wires[0], client.scheduler_comm
    first.is_cut = True
    hang_up(first.desk)
    until(lambda: client.scheduler_comm not in (None, stream), 30)
    stream = client.scheduler_comm
    hang_up(first.line, socket.SHUT_WR)
    first.ended_by_line.join(30)
    assert ear.hears()
    assert client.scheduler_comm is stream
    assert not stream.closed()


def test_what_is_asked_of_the_line_is_not_lost_on_a_stream_that_broke_unnoticed(
    desk: DaskCluster, other: DaskCluster, wires: Cable
) -> None:
    """A run that was discarded would be worked for nobody."""
    desk.submit(Order("own", 1, "", {}))
    until(lambda: other._line.of_line(states_of, ["own-1"])["own-1"] == WAITING, 30)
    wires.wires[0].is_cut = True
    desk.take_back("own-1", "own", 1, "")
    assert other._line.of_line(states_of, ["own-1"]) == {"own-1": ""}


def test_what_is_to_be_heard_is_said_again_where_that_was_lost_with_its_stream(
    desk: DaskCluster, other: DaskCluster
) -> None:
    desk._settled()  # it has looked at the line before
    desk.let_go()
    begin: Callable[[Client], object] = desk._line._begun

    def breaks(client: Client) -> None:
        begin(client)
        client.loop.add_callback(client.scheduler_comm.abort)  # before anything of it is sent

    desk._line._begun = breaks
    desk.connect()
    assert Ear(desk, other).hears()


class Unreadable:
    """Of another version, say."""

    def __reduce__(self) -> tuple[Callable[[], object], tuple[()]]:
        return unread, ()


def unread() -> None:
    raise LookupError


def confuse(dask_scheduler: Scheduler = None) -> None:
    from distributed.protocol import to_serialize

    dask_scheduler.report({"op": "lost-data", "key": to_serialize(Unreadable())})


def test_a_desk_that_hears_nothing_any_more_connects_anew(line: Loopback) -> None:
    """Its questions are answered all the while, so that it would be taken for connected."""
    with closing(DaskCluster(line.address, line.key, "desk")) as desk:
        desk.connect()
        client = client_of(desk)
        desk._line.of_line(confuse)
        until(lambda: client.status == "closed", 30)
        assert Ear(desk, desk).hears()


def do_not_answer(question: str, dask_scheduler: Scheduler = None) -> None:
    """To this one, which a desk asks while it connects."""
    dask_scheduler.waiting = set()

    async def wait(comm: Comm, **_: Any) -> None:
        dask_scheduler.waiting.add(comm)
        try:
            await comm.read()
        finally:
            dask_scheduler.waiting.discard(comm)

    dask_scheduler.answers = question, dask_scheduler.handlers[question]
    dask_scheduler.handlers[question] = wait


def answer(dask_scheduler: Scheduler = None) -> None:
    question, asked = dask_scheduler.answers
    dask_scheduler.handlers[question] = asked


def waiting(dask_scheduler: Scheduler = None) -> int:
    return len(dask_scheduler.waiting)


@contextmanager
def silent(other: DaskCluster, question: str) -> Iterator[None]:
    other._line.of_line(do_not_answer, question)
    try:
        yield
    finally:
        other._line.of_line(answer)


def connections(dask_scheduler: Scheduler = None) -> int:
    return len(dask_scheduler._comms)


def test_a_desk_that_gives_up_leaves_no_connection_to_who_holds_the_error(
    line: Loopback, other: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it gives up again and again while the line is held up: its files would run out."""
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    client_of(other)._periodic_callbacks["scheduler-info"].stop()  # which asks the same
    before = other._line.of_line(connections)
    gc.disable()
    try:
        with silent(other, "identity"):
            with pytest.raises(OSError) as caught:
                connection.made_client(line.address, line.key)
            until(lambda: other._line.of_line(connections) <= before, 10)
            assert caught.value
    finally:
        gc.enable()


@pytest.mark.parametrize("closed", [False, True])
def test_a_desk_does_not_connect_for_ever_and_may_be_closed_meanwhile(
    line: Loopback, other: DaskCluster, closed: bool
) -> None:
    client = connection.made_client(line.address, line.key)
    client._timeout = 2.0
    threads = threading.active_count()
    with silent(other, "register-client"):
        other._line.of_line(cut, client.id)
        until(lambda: client.status == "connecting" and other._line.of_line(waiting), 10)
        if not closed:
            until(lambda: client.status == "closed", 20)
        let_go(client)
        until(lambda: other._line.of_line(waiting) == 0, 10)
    until(lambda: threading.active_count() < threads, 10)
    assert client.id not in other._line.of_line(desks)


def test_a_desk_that_has_no_time_to_be_closed_ends_all_the_same(
    line: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine where others take all of it."""
    before = threading.active_count()
    client, go_on = connection.made_client(line.address, line.key), threading.Event()
    monkeypatch.setattr(connection, "SOON", 0.5)
    client.loop.add_callback(go_on.wait)
    let_go(client)
    go_on.set()
    until(lambda: threading.active_count() <= before, 30)


def test_a_desk_that_was_closed_is_not_connected_again_by_who_still_asks(line: Loopback) -> None:
    with closing(DaskCluster(line.address, line.key, "desk")) as desk:
        desk.connect()
    before = threading.active_count()
    with pytest.raises(ClusterAway, match="has let go of the cluster"):
        desk.machines()
    assert threading.active_count() <= before


@pytest.mark.skipif(os.name != "posix", reason="nobody is put to sleep by a signal there")
def test_nobody_waits_for_a_line_that_is_known_to_be_silent(line: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who discards runs one after the other, and who leaves, would wait for as many answers."""
    monkeypatch.setattr(on_dask, "LOOK_AGAIN", 0.1)
    with closing(DaskCluster(line.address, line.key, "desk")) as desk:
        desk.connect()
        monkeypatch.setattr(connection, "PATIENCE", 0.5)
        os.kill(line.line.pid, signal.SIGSTOP)
        try:
            with pytest.raises(ClusterAway):
                desk.version()
            assert not desk._line.is_there
            desk.take_back("own-1", "own", 1, "")
            assert desk._owed.orders() == ["own-1"]
        finally:
            os.kill(line.line.pid, signal.SIGCONT)
        until(lambda: not desk._owed.orders(), 30)
        until(lambda: desk._line.is_there, 30)
