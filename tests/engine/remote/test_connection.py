"""A desk connects to a line that is busy with others, and loses it in the midst: it is heard, and nothing is left."""

from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("distributed")

from engine.remote import connection
from engine.remote.certificates import KeyFile
from engine.remote.cluster import ClusterAway, MachineWords
from tests.engine.remote.loopback import Loopback
from tests.engine.work.small_runs import until

if TYPE_CHECKING:
    from distributed import Client, Scheduler


def keep_busy(topic: str, seconds: float, dask_scheduler: Scheduler = None) -> None:
    """Something is told to everybody, and on the topic, in each turn of the scheduler's loop."""
    ends = time.monotonic() + seconds

    def again() -> None:
        dask_scheduler.report({"op": "lost-data", "key": "of nobody"})
        dask_scheduler.log_event(topic, {"uid": "run", "at": "tls://there:1", "lines": []})
        dask_scheduler.is_busy = time.monotonic() < ends
        if dask_scheduler.is_busy:
            dask_scheduler.loop.add_callback(again)

    again()


def is_busy(dask_scheduler: Scheduler = None) -> bool:
    return bool(dask_scheduler.is_busy)


def cut(dask_scheduler: Scheduler = None) -> None:
    """Every desk's stream breaks."""
    for stream in [*dask_scheduler.client_comms.values()]:
        dask_scheduler.loop.add_callback(stream.abort)


def connected(dask_scheduler: Scheduler = None) -> int:
    """How often a desk was."""
    return int(dask_scheduler._client_connections_added_total)


def test_a_line_that_tells_everybody_something_in_that_moment_is_connected_to(line: Loopback) -> None:
    with closing(line.desk("busy")) as busy:
        busy._line.of_line(keep_busy, "nothing", 3.0)
        for number in range(4):
            with closing(line.desk(f"desk{number}")) as desk:
                desk.connect()


def test_what_runs_say_is_heard_again_where_the_stream_breaks_while_they_say_it(line: Loopback) -> None:
    with closing(line.desk("cut")) as desk:
        said = list[MachineWords]()
        desk.listen("run", said.append)
        desk._line.of_line(keep_busy, desk.topic(), 3.0)
        until(lambda: bool(said), 30)
        before = desk._line.of_line(connected)
        desk._line.of_line(cut)
        until(lambda: desk._line.of_line(connected) > before and desk._line.is_there, 30)
        until(lambda: not desk._line.of_line(is_busy), 30)
        before = len(said)
        desk._line.of_line(keep_busy, desk.topic(), 0.0)
        until(lambda: len(said) > before, 30)


def test_a_stream_that_breaks_while_something_is_asked_to_be_heard_is_made_anew(line: Loopback) -> None:
    """By another thread, in the midst of what is said on the new stream."""
    with closing(line.desk("topics")) as desk:
        desk.connect()
        client = desk._line._client
        assert client is not None
        stream, send = client.scheduler_comm, client._send_to_scheduler

        def sent(said: dict[str, str]) -> None:
            client._event_handlers.setdefault("another", print)
            send(said)

        client._send_to_scheduler = sent
        desk._line.of_line(cut)
        until(lambda: client.scheduler_comm not in (None, stream) and "another" in client._event_handlers, 30)
        assert client.status == "running"


def test_a_client_that_fails_in_any_way_leaves_no_thread(line: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client

    async def fails(*_: object, **__: object) -> None:
        raise AssertionError

    before = threading.active_count()
    monkeypatch.setattr(Client, "_update_scheduler_info", fails)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            connection.made_client(line.address, line.key)
    gc.collect()
    until(lambda: threading.active_count() <= before, 30)


def test_a_desk_that_is_closed_while_it_connects_waits_for_nobody(
    line: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that is away is given up after ten seconds; one that comes after all is let go of."""
    made, connects, go_on, in_time = connection.made_client, threading.Event(), threading.Event(), list[bool]()

    def held(address: str, key: KeyFile) -> Client:
        connects.set()
        in_time.append(go_on.wait(5))
        return made(address, key)

    monkeypatch.setattr(connection, "made_client", held)
    before, desk = threading.active_count(), line.desk("closed")
    with ThreadPoolExecutor(1) as another:
        asked = another.submit(desk.version)
        assert connects.wait(30)
        desk.close()
        go_on.set()
        with pytest.raises(ClusterAway, match="has let go"):
            asked.result()
    assert in_time == [True]
    until(lambda: threading.active_count() <= before, 30)
