"""How a desk speaks to Dask's scheduler and, through it, to the processes that work runs: nothing waits for ever, and
whoever does not answer is left alone for a while."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar, cast

from engine.errors import ExperimentError
from engine.remote import served
from engine.remote.certificates import KeyFile
from engine.remote.cluster import ClusterAway
from engine.remote.strangers import stranger

if TYPE_CHECKING:
    from distributed import Client, Scheduler
    from distributed.security import Security

Answer = TypeVar("Answer")
PATIENCE = 10.0  # seconds for an answer
FILES = 120.0  # seconds for one that reads or writes whole files
AT_ONCE = 1.0  # seconds for a turn with the client, unless somebody connects it
SOON = 5.0  # seconds for the answers of all; then each is asked by itself
ASLEEP = 30.0  # seconds for which one that gave none is not asked with the others
TIMEOUTS = {"distributed.comm.timeouts.connect": "10s", "distributed.comm.retry.count": 0}
GONE = (OSError, TimeoutError, CancelledError, asyncio.CancelledError)


class Connection:
    """To the scheduler at an address, which may be another after that has ended. begun: called with each new client.
    ended: whether there is to be none any more. answers: false from a question without an answer until the next with
    one."""

    def __init__(
        self, address: Callable[[], str], key: KeyFile, begun: Callable[[Client], object], ended: Callable[[], bool]
    ) -> None:  # fmt: skip
        self._where, self._key, self._begun, self._ended = address, key, begun, ended
        self.address = ""  # where it was last
        self.answers = True
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._asleep: dict[str, float] = {}  # address -> when it is asked again

    @contextmanager
    def asked(self) -> Iterator[Client]:
        """Raises `ClusterAway` where what is done with the client fails for want of an answer."""
        client: Client | None = None
        try:
            client = self._connected()
            yield client
        except ExperimentError:
            raise
        except GONE as error:
            raise self._away(client) from error
        except Exception as error:
            if client is not None and client.status == "running":
                raise
            raise self._away(client) from error

    def of_line(self, function: Callable[..., Answer], *given: object) -> Answer:
        """What the function answers in the scheduler's process."""
        with self.asked() as client:
            answer: Answer = client.sync(client._run_on_scheduler, function, *given, callback_timeout=PATIENCE)
            self.answers = True
            return answer

    def of_one(self, at: str, function: Callable[..., Answer], *given: object, patience: float = PATIENCE) -> Answer:
        """What it answers there; raises `ClusterAway` where nobody does, `ExperimentError` where it is refused."""
        with self.asked() as client:
            try:
                answers = self._run(client, [at], function, given, patience)
            except TimeoutError:
                self.of_line(addresses)  # else it is the cluster that does not answer
                answers = {}
            if at not in answers:
                raise ClusterAway("The machine that works this run does not answer.", "It is asked again.")
            how, said = answers[at]
            if how == "refused":
                raise ExperimentError(*cast("tuple[str, str]", said))
            return cast("Answer", said)

    def of_all(self, function: Callable[..., Answer], *given: object) -> dict[str, Answer]:
        """What it answers in each process that works runs, by address, of those that answer."""
        with self.asked() as client:
            there = [one for one in self.of_line(addresses) if self._asleep.get(one, 0.0) < time.monotonic()]
            try:
                answers = self._run(client, there, function, given, SOON)
            except TimeoutError:
                answers = client.sync(self._one_by_one, client, there, function, given)
                self._asleep.update({one: time.monotonic() + ASLEEP for one in there if one not in answers})
            return {at: cast("Answer", said) for at, (how, said) in answers.items() if how == "said"}

    def tell_all(self, function: Callable[..., object], *given: object) -> bool:
        """Call it in each process that works runs; whether all of them answered."""
        return self.of_all(function, *given).keys() >= set(self.of_line(addresses))

    @property
    def is_there(self) -> bool:
        """Whether it answered when it was asked last, and was not lost since."""
        return self.answers and self._client is not None and self._client.status == "running"

    def close(self) -> None:
        """Whoever connects meanwhile is not waited for, if there is to be none any more: it lets go of what it made."""
        if self._lock.acquire(timeout=AT_ONCE if self._ended() else -1):
            try:
                self._leave()
            finally:
                self._lock.release()

    def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            let_go(client)

    @staticmethod
    def _run(
        client: Client,
        there: Collection[str],
        function: Callable[..., object],
        given: tuple[object, ...],
        patience: float,
    ) -> Mapping[str, tuple[str, object]]:
        answers: Mapping[str, tuple[str, object]] = client.sync(
            client._run, served.answer, function, *given, workers=list(there), on_error="ignore",
            callback_timeout=patience,
        )  # fmt: skip
        return answers

    @staticmethod
    async def _one_by_one(
        client: Client, there: Collection[str], function: Callable[..., object], given: tuple[object, ...]
    ) -> dict[str, tuple[str, object]]:
        async def one(at: str) -> Mapping[str, tuple[str, object]]:
            asked = client._run(served.answer, function, *given, workers=[at], on_error="ignore")
            try:
                return dict(await asyncio.wait_for(asked, PATIENCE))
            except TimeoutError:
                return {}

        return {at: said for answers in await asyncio.gather(*map(one, there)) for at, said in answers.items()}

    def _away(self, client: Client | None) -> ClusterAway:
        """Why there is no answer. client: None where it could not be connected."""
        self.answers = False
        if client is None and (wrong := stranger(self.address, self._key)):
            return wrong
        return ClusterAway(f"The cluster at {self.address} does not answer.", "It is tried again.")

    def _found(self) -> str:
        try:
            return self._where()
        except ExperimentError as error:
            raise ClusterAway(error.message, error.advice) from error

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None or self._client.status not in ("running", "connecting"):
                self._leave()
                if not self._ended():
                    self.address = self._found()
                    self._client = made_client(self.address, self._key)
                    self._begun(self._client)
                if self._client is None or self._ended():
                    self._leave()
                    raise ClusterAway("This program has let go of the cluster.", "Begin it again.")
            return self._client


def addresses(dask_scheduler: Scheduler = None) -> list[str]:
    """Of the processes that work runs; asked of the scheduler itself."""
    return list(dask_scheduler.workers)


def be_quiet() -> None:
    """What a client says of a line that it has lost is said here in other words."""
    for name in ("distributed", "distributed.client", "distributed.utils"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def made_client(address: str, key: KeyFile) -> Client:
    """Connected. One that cannot be would leave its thread behind, so that is made, and ended, here."""
    import dask
    from distributed.utils import LoopRunner

    from engine.remote.client import DeskClient

    be_quiet()
    runner = LoopRunner()
    runner.start()
    try:
        with dask.config.set(TIMEOUTS):
            return DeskClient(address, security=security(key), timeout=PATIENCE, set_as_default=False, loop=runner.loop)
    except BaseException:
        runner.loop.add_callback(runner.loop.stop)
        raise


def let_go(client: Client) -> None:
    """One that has lost its line has closed itself, but for the thread that it works in. Where a machine is busy, or a
    line takes nothing more, that thread has as long again, and nobody waits for it."""
    loop, more = client.loop, 0.0
    try:
        client.close(timeout=SOON)
    except TimeoutError:
        more = SOON
    loop.add_callback(loop.call_later, more, loop.stop)


def security(key: KeyFile) -> Security:
    """What both ends show each other: nobody without a certificate of this cluster is heard."""
    from distributed.security import Security

    pair = {f"tls_{role}_{what}": text for role in ("client", "scheduler", "worker")
            for what, text in (("cert", key.certificate), ("key", key.private))}  # fmt: skip
    return Security(tls_ca_file=key.authority, require_encryption=True, **pair)
