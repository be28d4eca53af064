"""A cluster whose orders Dask distributed moves, which is imported only when it is asked.

What a machine says goes over the scheduler's topic of this desk; everything else is a plain function of
`engine.remote.served`, called by its name on the process that works the run. Traffic is encrypted, and both ends show a
certificate of this cluster.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.hashes import short_hash
from engine.errors import ExperimentError
from engine.events import Heard
from engine.machine.extras import Extra
from engine.remote import served
from engine.remote.arriving import all_brought
from engine.remote.certificates import KeyFile
from engine.remote.cluster import Change, ClusterAway, Deliver, FoundJournal, MachineState, MachineWords
from engine.remote.connection import FILES, PATIENCE, Connection, addresses
from engine.remote.debts import Debts
from engine.remote.in_line import cancel, looked, orders_of, silences, states_of
from engine.remote.journal import attempt
from engine.remote.keeping import pieces
from engine.remote.leftovers import Leftovers
from engine.remote.order import Order, other_version, version
from engine.remote.reached import connects
from engine.remote.resting import rest
from engine.remote.telling import teller
from engine.remote.together import Together, in_turn
from engine.remote.unseen import Unseen

if TYPE_CHECKING:
    from distributed import Client, Scheduler

EXTRA = Extra("A cluster", {"distributed": "distributed>=2025.1", "cryptography": "cryptography>=42"})
JUST_NOW = 5.0  # seconds
LOOK_AGAIN = 4.0  # seconds between two looks at who is there
SOON = 0.02  # seconds until an order is looked for again that the line does not know
TOGETHER = 0.05  # seconds for which orders, and questions where runs are, wait for one another


def work_order(told: str) -> None:
    """The task. Dask sends its name, never its code."""
    served.work(told, teller(Order.heard(told)), rest)


def end_line(dask_scheduler: Scheduler = None) -> None:
    """Machines are told that there is no more to do."""
    dask_scheduler.loop.add_callback(dask_scheduler.close)


class DaskCluster:
    """A cluster that answers at an address, or wherever that is when it is asked for. desk: the name under which this
    one is told what its runs say. owed: see `Debts`."""

    def __init__(
        self, address: str | Callable[[], str], key: KeyFile, desk: str, owed: Path | None = None
    ) -> None:  # fmt: skip
        EXTRA.require()
        self._desk = desk
        self._ended = threading.Event()
        where = (lambda: address) if isinstance(address, str) else address
        self._line = Connection(where, key, self._begin, self._ended.is_set)
        self._states = Together[str](partial(self._line.of_line, states_of), TOGETHER)
        self._version = Together[str](lambda _: {"": self._line.of_line(line_version)})
        self._orders = Together[None](self._submit, TOGETHER)
        self._given: dict[str, tuple[float, Order, Sequence[str]]] = {}  # since when, which, and who is to work it
        self._journals = Together[list[FoundJournal]](self._find)
        self._unseen = Unseen(PATIENCE)
        self._owed = Debts(owed)
        self._leftovers = Leftovers(lambda known: self._line.tell_all(served.forget_all, dict(known)))
        self._delivers: dict[str, Deliver] = {}
        self._sending: dict[str, threading.Lock] = {}  # by machine: nothing is sent twice at a time
        self._agreed = float("-inf")  # when both had the same version
        self._places = 1
        self._watch = threading.Thread(target=self._look, name="cluster", daemon=True)

    def connect(self, same_version: bool = True) -> None:
        """Be sure that it answers, which each run asks when it begins, or did just now; raises `ClusterAway`, and
        `ExperimentError` where it has another version."""
        if not same_version:
            self.version()
        elif not self._line.is_there or time.monotonic() - self._agreed > JUST_NOW:
            self._agree()

    def _agree(self) -> None:
        if wrong := other_version(self.version()):
            raise ExperimentError(*wrong)
        self._agreed = time.monotonic()

    def version(self) -> str:
        """Of the program that keeps the line."""
        return self._version.of("")

    @property
    def address(self) -> str:
        """Where it was asked last."""
        return self._line.address

    def _begin(self, client: Client) -> None:
        client.subscribe_topic(self.topic(), self._hear)
        if not self._watch.is_alive() and not self._ended.is_set():
            self._watch.start()

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
            deliver(MachineWords(said["at"], *(tuple(said.get(what, ())) for what in ("lines", "needs", "refused"))))

    # Orders.

    def submit(self, order: Order, among: Sequence[str] = (), since: float = 0.0) -> None:
        self._owed.drop(order.key)  # it is wanted again
        if order.uid in self._leftovers:
            self._leftovers.clear()  # one that lies there with its end would not be worked again
        self._given[order.key] = since, order, among
        self._orders.of(order.key)

    def _submit(self, keys: Collection[str]) -> dict[str, None]:
        """Of orders that come at once the oldest first, which finds a free place first."""
        from distributed import fire_and_forget

        given = {key: self._given.pop(key) for key in keys}
        with self._line.asked() as client:
            for key, (since, order, among) in sorted(given.items(), key=lambda one: one[1][0]):
                wanted: dict[str, Any] = {"workers": list(among), "allow_other_workers": True} if among else {}
                future = client.submit(work_order, order.told(), key=key, pure=False, priority=-since, **wanted)
                fire_and_forget(future)
                self._unseen.add(key, future)
        return dict.fromkeys(keys)

    def cancel(self, key: str) -> None:
        while key in self._settled():
            time.sleep(SOON)  # what the line does not know yet cannot be taken back
        self._line.of_line(cancel, key)

    def state(self, key: str) -> str:
        return "" if self._owed.has(key) else self._unseen.state(key, self._states.of)

    def say(self, at: str, uid: str, word: str) -> bool:
        return self._line.of_one(at, served.say, uid, word)

    # Journals and files.

    def find(self, uid: str) -> list[FoundJournal]:
        return self._journals.of(uid)

    def _find(self, uids: Collection[str]) -> dict[str, list[FoundJournal]]:
        lying, orders = self._line.of_all(served.journals_of, sorted(uids)), self._line.of_line(orders_of, set(uids))
        self._owed.orders()
        all_ = dict[str, list[FoundJournal]]()
        for uid in uids:
            found = [FoundJournal(at, *one) for at, told in lying.items() for one in told.get(uid, ())]
            found += [FoundJournal(*one, False) for one in orders.get(uid, ())]
            owed = self._owed.last(uid, max((attempt(one.journal) for one in found), default=0))
            all_[uid] = [*found, *([FoundJournal("", f"{owed}-", False)] if owed else [])]
        return all_

    def read(self, at: str, uid: str, after: Heard) -> list[str]:
        return self._line.of_one(at, served.lines, uid, after.journal, after.number)

    def give(self, at: str, files: Mapping[str, Path], wanted: Callable[[], bool]) -> None:
        place = self._line.of_one(at, served.facts)
        sender = short_hash(self._desk, str(threading.get_ident()))
        with in_turn(self._sending.setdefault(f"{place['host']} {place['place']}", threading.Lock()), wanted) as it_is:
            for digest in self._line.of_one(at, served.missing, list(files)) if it_is else ():
                for offset, piece, whole in pieces(files[digest]):
                    if not wanted():
                        return
                    self._line.of_one(at, served.put, digest, offset, piece, whole, sender, patience=FILES)

    def fetch(self, at: str, uid: str, journal: str, into: Path, changes: Mapping[str, Change]) -> None:
        left, small = self._line.of_one(at, served.left_files, uid, journal, patience=FILES)

        def piece(path: str, offset: int) -> bytes:
            return self._line.of_one(at, served.piece, uid, journal, path, offset, patience=FILES)

        all_brought(into, left, small, piece, changes)

    def forget(self, uid: str, last: int, at: str = "") -> None:
        with suppress(ClusterAway):
            if at:
                return self._line.of_one(at, served.forget, uid, last)
        self._line.of_all(served.forget, uid, last)  # a process that has ended has others of its machine beside it

    def leave_nothing(self, uid: str, last: int) -> None:
        self._leftovers.add(uid, last)

    def take_back(self, key: str, uid: str, last: int, at: str) -> None:
        self._owed.add(key, (uid, last, at))
        if self._line.answers or not self._watch.is_alive():  # else that says it once it does, and nobody waits
            self._pay_one(key)

    def _pay(self) -> None:
        """What was not answered is said again."""
        for key in self._owed.orders():
            self._pay_one(key)

    def _pay_one(self, key: str) -> None:
        if (owed := self._owed.postponed(key)) is None:
            return
        uid, last, at = owed
        if not last:
            self.find(uid)  # which finds out what is owed instead
            return
        if not at and (at := self._line.of_line(states_of, [key])[key]):
            self._owed.add(key, (uid, last, at))  # the line does not know it any more once the order is cancelled
        self.cancel(key)
        if at in self._line.of_line(addresses):  # who works it has to hear it, however busy it is
            self._line.of_one(at, served.forget, uid, last)
        self.forget(uid, last)
        self._owed.drop(key)

    def machines(self) -> list[MachineState]:
        told, silent = self._line.of_all(served.facts), self._line.of_line(silences)
        return [
            MachineState(
                at, one["host"], one["version"], one["device"], one["cores"], one["memory"], tuple(one["runs"]),
                silent.get(at, 0.0), one["free"], one["trouble"], one["gpu"],
            )
            for at, one in sorted(told.items())
        ]  # fmt: skip

    def reaches_back(self, port: int) -> str:
        """ "" where the line can connect to this port of this machine, else the address at which it could not."""
        from distributed.comm import get_address_host
        from distributed.utils import get_ip

        with self._line.asked():
            here = get_ip(get_address_host(self.address))
        return "" if self._line.of_line(connects, here, port) else here

    def shut_down(self) -> None:
        """End the line. Machines wait for another one at the same address."""
        self._line.of_line(end_line)

    def let_go(self) -> None:
        """Until it is asked again, which this looks for."""
        self._places = 1
        self._line.close()

    def close(self) -> None:
        """Let go of the cluster; what it works goes on."""
        self._ended.set()
        if self._line.is_there and self._watch.is_alive():
            self._watch.join(PATIENCE)
        with suppress(ExperimentError):
            if self._line.is_there:
                self._leftovers.clear()
        self._line.close()

    def _look(self) -> None:
        """How many are there, and what is to be said again. Nothing is asked of a line that another version keeps."""
        while not self._ended.wait(LOOK_AGAIN):
            with suppress(ExperimentError):
                self._agree()
                self._settled()
                self._leftovers.clear()  # first, as one debt to a machine that is silent ends it here each time
                self._pay()

    def _settled(self) -> Collection[str]:
        """Let go of orders that the line knows by now; returns those that are still on their way."""
        places, states = self._line.of_line(looked, self._unseen.keys())
        self._places = max(1, places)
        self._unseen.settle(states)
        return self._unseen.keys()


def line_version() -> str:
    """Of the program that keeps the line."""
    return version()
