"""A machine at work for a cluster: a process for each place, begun again whenever it ends."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import takewhile
from urllib.parse import urlsplit

from engine.machine.children import begun
from engine.remote.cluster import ClusterAway, NotThisCluster
from engine.remote.joining import LINE_AWAY, OTHER_VERSION, Joining, refuse_another_version, require_reachable
from engine.remote.on_dask import EXTRA
from engine.remote.wanting import NAME, ended_by_system, was_ended_by_system, write_last_words

AGAIN = 1.0, 30.0  # seconds until a process is begun again: at first, and at most while that fails
LASTED = 60.0  # seconds after which an end is not counted as a failure
LOOKS = 10  # a second each: one that the system ends is counted at once, and gone once its memory is given back
KNOCKING = 2.0  # seconds for a connection
CORES = 2  # of a processor for each place


@dataclass
class WorkPlace:
    """A process that works runs, as it comes and goes. gpu: the one that it sees; "" for the processor alone. refused:
    it ended because the line has another version."""

    joining: Joining
    gpu: str = ""
    child: subprocess.Popen[bytes] | None = None
    refused: bool = False
    _name: str = ""  # of the process, as what it works is signed with
    _since: float = 0.0
    _due: float = 0.0
    _pause: float = field(default=AGAIN[0])
    _ended: deque[int] = field(default_factory=lambda: deque(maxlen=LOOKS))  # by the system, at the last looks

    def look(self, listens: Callable[[], bool] = lambda: True, beside: Collection[WorkPlace] = ()) -> None:
        """Begin it again where it has ended and it is time. listens: whether somebody does where it is to join: a
        process takes seconds to begin, and would end for want of an answer. beside: all places of this machine,
        of which two may have been ended for the same want: each has its name until it is begun again."""
        now = time.monotonic()
        if self.child is not None and self.child.poll() is not None:
            lasted = now - self._since > LASTED or self.child.returncode == LINE_AWAY
            self._pause = AGAIN[0] if lasted else min(2 * self._pause, AGAIN[1])
            self._due = now + self._pause
            self.refused = self.child.returncode == OTHER_VERSION
            if self._ended and was_ended_by_system(self.child.returncode, self._ended[0]):
                others = [one._name for one in beside if one is not self and one._name]
                write_last_words(self.joining.home, self._name, others)
            self.end()
        self._ended.append(ended_by_system())
        if self.child is None and now >= self._due and listens():
            one = {
                "OMP_NUM_THREADS": "1",
                "MKL_NUM_THREADS": "1",
                "DASK_LOGGING__DISTRIBUTED": "error",
                "CUDA_VISIBLE_DEVICES": self.gpu,
            }
            joining, self._name = self.joining, secrets.token_hex(8)
            one[NAME] = self._name
            given = (joining.address, str(joining.key), str(joining.home), str(joining.keep), joining.ports)
            self.refused = False
            self.child, self._since = begun("engine.remote.place", *given, **one), now

    def end(self) -> None:
        child, self.child = self.child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()


def usual_places() -> list[str]:
    """The GPUs that this process may use, one place for each; without any a place for two cores of the processor that
    it may use."""
    if gpus := _gpus():
        return gpus
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return [""] * max(1, cores // CORES)


def _gpus() -> list[str]:
    try:
        said = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return []
    here = [str(number) for number, _ in enumerate(line for line in said.stdout.splitlines() if "GPU" in line)]
    given = os.environ.get("CUDA_VISIBLE_DEVICES")  # by a person, or by a batch system for its job
    if not here or given is None:
        return here
    return [*takewhile(lambda one: one not in ("", "-1", "NoDevFiles"), map(str.strip, given.split(",")))]


def serve(joining: Joining, places: list[str], say: Callable[[str], object], ended: threading.Event) -> None:
    """Work for the cluster until `ended`; comes back whenever it does. Raises `ExperimentError` where the versions
    differ, also later."""
    EXTRA.require()
    until_it_answers(joining, say, ended)
    if ended.is_set():
        return
    say(f"At work for {joining.address}, {len(places)} at a time. End with Ctrl+C.")
    all_ = [WorkPlace(joining, gpu) for gpu in places]
    try:
        while not ended.is_set():
            listens = cache(partial(somebody_listens, joining.address))  # asked once for all places
            for one in all_:
                one.look(listens, all_)
            if any(one.refused for one in all_):
                until_it_answers(joining, say, ended)
            ended.wait(AGAIN[0])
    finally:
        for one in all_:
            one.end()


def somebody_listens(address: str) -> bool:
    """Whether a connection is accepted there; who it is is not asked."""
    there = urlsplit(address)
    with suppress(OSError), socket.create_connection((there.hostname or "", there.port or 0), KNOCKING):
        return True
    return False


def until_it_answers(joining: Joining, say: Callable[[str], object], ended: threading.Event) -> None:
    """And until it reaches this machine; raises `ExperimentError` where the versions differ, or the keys."""
    said = ""
    while not ended.is_set():
        try:
            refuse_another_version(joining)
            return require_reachable(joining)
        except NotThisCluster:
            raise
        except ClusterAway as error:
            if error.message != said:
                say(f"{error.message} It is tried until it does.")
            said = error.message
            ended.wait(AGAIN[0])
