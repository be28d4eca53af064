"""A cluster whose orders Dask distributed moves. The one file that knows Dask, which is imported only when it is asked.

What a machine says goes over the scheduler's topic of this desk; everything else is a plain function of
`engine.remote.served`, called by its name on the process that works the run. Traffic is encrypted, and both ends show a
certificate of this cluster.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import ExperimentError
from engine.events import Heard
from engine.machine.extras import Extra
from engine.machine.files import replacing
from engine.remote import served
from engine.remote.certificates import KeyFile
from engine.remote.cluster import WAITING, ClusterAway, Deliver, FoundJournal, MachineState, MachineWords
from engine.remote.keeping import PIECE
from engine.remote.order import Order
from engine.remote.work import Tell

if TYPE_CHECKING:
    from distributed import Client, Scheduler
    from distributed.security import Security

Answer = TypeVar("Answer")
EXTRA = Extra("A cluster", {"distributed": "distributed>=2025.1", "cryptography": "cryptography>=42"})
PATIENCE = 10.0  # seconds for an answer
LOOK_AGAIN = 2.0  # seconds between two looks at who is there
TIMEOUTS = {"distributed.comm.timeouts.connect": "10s", "distributed.comm.retry.count": 0}


def work_order(told: str) -> None:
    """The task. Dask sends its name, never its code."""
    served.work(told, teller(Order.heard(told)))


def teller(order: Order) -> Tell:
    """How a task says what is said of its run."""
    from distributed import get_worker

    worker = get_worker()
    return lambda said: worker.log_event(order.topic, {**said, "uid": order.uid, "at": worker.address})


def state_of(key: str, dask_scheduler: Scheduler = None) -> str:
    """See `Cluster.state`; asked of the scheduler itself."""
    task = dask_scheduler.tasks.get(key)
    if task is None or task.state in ("released", "memory", "erred", "forgotten"):
        return ""
    return WAITING if task.processing_on is None else str(task.processing_on.address)


def end_line(dask_scheduler: Scheduler = None) -> None:
    """Machines are told that there is no more to do."""
    dask_scheduler.loop.add_callback(dask_scheduler.close)


class DaskCluster:
    """A cluster that answers at an address. desk: the name under which this one is told what its runs say."""

    def __init__(self, address: str, key: KeyFile, desk: str) -> None:
        EXTRA.require()
        self.address, self._key, self._desk = address, key, desk
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._delivers: dict[str, Deliver] = {}
        self._sending: dict[str, threading.Lock] = {}  # by machine: nothing is sent twice at a time
        self._ended = threading.Event()
        self._places = 1
        self._watch = threading.Thread(target=self._look, name="cluster", daemon=True)

    # What arrives.

    def topic(self) -> str:
        return f"warmstart-{self._desk}"

    def listen(self, uid: str, deliver: Deliver) -> None:
        self._delivers[uid] = deliver

    def leave(self, uid: str) -> None:
        self._delivers.pop(uid, None)

    def places(self) -> int:
        return self._places

    def _hear(self, event: tuple[float, Mapping[str, Any]]) -> None:
        _, said = event
        if (deliver := self._delivers.get(said["uid"])) is not None:
            deliver(MachineWords(said["at"], tuple(said.get("lines", ())), tuple(said.get("needs", ()))))

    # Orders.

    def submit(self, order: Order) -> None:
        from distributed import fire_and_forget

        with self._asked() as client:
            future = client.submit(work_order, order.told(), key=order.key, pure=False)
            fire_and_forget(future)
            deadline = time.monotonic() + PATIENCE
            while (
                not client.run_on_scheduler(state_of, order.key) and time.monotonic() < deadline and not future.done()
            ):
                time.sleep(0.02)  # the order goes another way than the question, and may be later
            future.release()

    def cancel(self, key: str) -> None:
        from distributed import Future

        with self._asked() as client:
            client.cancel([Future(key, client)], force=True)

    def state(self, key: str) -> str:
        with self._asked() as client:
            return str(client.run_on_scheduler(state_of, key))

    def say(self, at: str, uid: str, word: str) -> None:
        self._call(at, served.say, uid, word)

    # Journals and files.

    def find(self, uid: str) -> list[FoundJournal]:
        with self._asked() as client:
            found = client.run(served.journal_of, uid, on_error="ignore")
        return [FoundJournal(at, *one) for at, one in found.items() if one is not None]

    def read(self, at: str, uid: str, after: Heard) -> list[str]:
        return list(self._call(at, served.lines, uid, after.journal, after.number) or ())

    def give(self, at: str, files: Mapping[str, Path]) -> None:
        place = self._call(at, served.facts)
        if place is None:
            return
        with self._sending.setdefault(f"{place['host']} {place['place']}", threading.Lock()):
            for digest in self._call(at, served.missing, list(files)) or ():
                for offset, piece, whole in pieces(files[digest]):
                    self._call(at, served.put, digest, offset, piece, whole)

    def fetch(self, at: str, uid: str, into: Path) -> None:
        for path, size, _ in self._needed(at, served.left_files, uid):
            with replacing(into / path) as part, part.open("wb") as file:
                while file.tell() < size:
                    file.write(self._needed(at, served.piece, uid, path, file.tell()))

    def forget(self, uid: str) -> None:
        with self._asked() as client:
            client.run(served.forget, uid, on_error="ignore")

    def machines(self) -> list[MachineState]:
        with self._asked() as client:
            told = client.run(served.facts, on_error="ignore")
            seen = {at: one["last_seen"] for at, one in client.scheduler_info(n_workers=-1)["workers"].items()}
        now = time.time()
        return [
            MachineState(
                at, one["host"], one["version"], one["device"], one["cores"], one["memory"], tuple(one["runs"]),
                max(0.0, now - seen.get(at, now)),
            )
            for at, one in sorted(told.items())
        ]  # fmt: skip

    def versions(self) -> str:
        """Of the program that keeps the line."""
        from engine.remote.order import version

        with self._asked() as client:
            return str(client.run_on_scheduler(version))

    def shut_down(self) -> None:
        """End the line. Machines wait for another one at the same address."""
        with self._asked() as client:
            client.run_on_scheduler(end_line)

    def close(self) -> None:
        """Let go of the cluster; what it works goes on."""
        self._ended.set()
        if self._watch.is_alive():
            self._watch.join()
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            let_go(client)

    # How it is asked.

    def _call(self, at: str, function: Callable[..., Answer], *given: object) -> Answer | None:
        """What the function answers there; None where nobody is there any more."""
        with self._asked() as client:
            answers: dict[str, Answer] = client.run(function, *given, workers=[at], on_error="ignore")
            return answers.get(at)

    def _needed(self, at: str, function: Callable[..., Answer], *given: object) -> Answer:
        if (answer := self._call(at, function, *given)) is None:
            raise ClusterAway("The machine that worked this run does not answer.", "It is asked again.")
        return answer

    @contextmanager
    def _asked(self) -> Iterator[Client]:
        try:
            yield self._connected()
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            raise ClusterAway(f"The cluster at {self.address} does not answer.", "It is tried again.") from error

    def connect(self) -> None:
        """Be sure that it answers; raises `ClusterAway`."""
        with self._asked():
            pass

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None or self._client.status not in ("running", "connecting"):
                if self._client is not None:
                    let_go(self._client)
                    self._client = None
                self._client = made_client(self.address, self._key)
                self._client.subscribe_topic(self.topic(), self._hear)
                if not self._watch.is_alive() and not self._ended.is_set():
                    self._watch.start()
            return self._client

    def _look(self) -> None:
        """How many are there; and the topic is asked for again, of which a new scheduler does not know."""
        while not self._ended.wait(LOOK_AGAIN):
            with suppress(ExperimentError), self._asked() as client:
                client.subscribe_topic(self.topic(), self._hear)
                self._places = max(1, len(client.nthreads()))


def be_quiet() -> None:
    """What a client says of a line that it has lost is said here in other words."""
    for name in ("distributed", "distributed.client", "distributed.utils"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def made_client(address: str, key: KeyFile) -> Client:
    """Connected. One that cannot be would leave its thread behind, so that is made, and ended, here."""
    import dask
    from distributed import Client
    from distributed.utils import LoopRunner

    be_quiet()
    runner = LoopRunner()
    runner.start()
    try:
        with dask.config.set(TIMEOUTS):
            return Client(address, security=security(key), timeout=PATIENCE, set_as_default=False, loop=runner.loop)
    except BaseException:
        runner.loop.add_callback(runner.loop.stop)
        raise


def let_go(client: Client) -> None:
    """One that has lost its line has closed itself, but for the thread that it works in."""
    loop = client.loop
    client.close(timeout=LOOK_AGAIN)
    loop.add_callback(loop.stop)


def pieces(file: Path) -> Iterator[tuple[int, bytes, bool]]:
    """(offset, at most 4 MB, whether it is the last) of a file; one piece of an empty one."""
    size, offset = file.stat().st_size, 0
    with file.open("rb") as opened:
        while True:
            piece = opened.read(PIECE)
            yield offset, piece, offset + len(piece) >= size
            offset += len(piece)
            if offset >= size or not piece:
                return


def security(key: KeyFile) -> Security:
    """What both ends show each other: nobody without a certificate of this cluster is heard."""
    from distributed.security import Security

    pair = {f"tls_{role}_{what}": text for role in ("client", "scheduler", "worker")
            for what, text in (("cert", key.certificate), ("key", key.private))}  # fmt: skip
    return Security(tls_ca_file=key.authority, require_encryption=True, **pair)
