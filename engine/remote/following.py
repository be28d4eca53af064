"""One run on a cluster, followed from its order to its last word, through lost messages, machines and programs.

What arrives is handed on in the order of its journal, each event once. After a silence somebody is asked: where nobody
works the order (any more), a journal that has come to its end is fetched from where it lies, and a run that was lost is
ordered again, another attempt. What a run left is brought before its last event is handed on, and removed there when
somebody asks for more, which is when that event is saved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

from engine.events import LAST_EVENTS, Event, Heard, Notice, Preparing, ResumePoint, RunFailed, RunStopped
from engine.experiment import Experiment
from engine.machine.files import write_text
from engine.remote.cluster import WAITING, Cluster, ClusterAway, FoundJournal, MachineWords
from engine.remote.journal import Hearing, attempt
from engine.remote.order import ordered, returned
from engine.work.worker import Job, Word

MOST_ATTEMPTS = 3  # machines that a run may lose while it is followed
QUIET = 1.0, 8.0  # seconds of silence until somebody is asked: at first, and at most when it goes on
AWAY = 2.0  # seconds between two tries to reach a cluster that does not answer
LEAVES = ("later", "abandon", "discard")


class FollowedRun:
    """inbox: what is said of the run; None where a person has said something. word: the last of it.

    place: of the last event that was handed on.
    """

    def __init__(
        self, cluster: Cluster, job: Job, inbox: SimpleQueue[MachineWords | None], word: Callable[[], Word | None]
    ) -> None:
        self.place: Heard | None = job.heard
        self._cluster, self._job, self._inbox, self._word = cluster, job, inbox, word
        self._uid = job.directory.name
        self._hearing = Hearing(job.heard)
        self._attempt = self._first = attempt(self._hearing.place.journal)
        self._files: dict[str, Path] = {}  # that the run needs, by digest
        self._at = ""  # who works it
        self._told = False  # that it is to stop, to who works it
        self._quiet = QUIET[0]

    def events(self) -> Iterator[Event]:
        self._cluster.listen(self._uid, self._inbox.put)
        try:
            for event in self._events():
                yield event
                if isinstance(event, LAST_EVENTS):
                    with suppress(ClusterAway):
                        self._cluster.forget(self._uid)
                    return
        finally:
            self._cluster.leave(self._uid)

    def tell(self, word: str) -> None:
        """Say it to who works the run, if anybody does; raises `ClusterAway`."""
        if self._at:
            self._cluster.say(self._at, self._uid, word)

    def _events(self) -> Iterator[Event]:
        yield Preparing("Asking the cluster")
        message: MachineWords | None = None
        while True:
            try:
                if self._word() in LEAVES:
                    self._leave()
                    yield ResumePoint.nothing(0)
                    return
                if self._word() == "stop":
                    yield from self._stop()
                yield from self._look() if message is None else self._take(message)
            except ClusterAway as error:
                yield Preparing(error.message.rstrip("."))
                time.sleep(AWAY)
            message = self._next()

    def _next(self) -> MachineWords | None:
        """What comes next; None after a silence, which is longer each time."""
        try:
            message = self._inbox.get(timeout=self._quiet)
        except Empty:
            self._quiet = min(2 * self._quiet, QUIET[1])
            return None
        self._quiet = QUIET[0]
        return message

    def _take(self, message: MachineWords) -> Iterator[Event]:
        self._works(message.at)
        if message.needs:
            self._give(message)
        yield from self._hand_on(message.at, message.lines)
        while self._hearing.missing:
            before = self._hearing.place
            yield from self._hand_on(message.at, self._cluster.read(message.at, self._uid, before))
            if self._hearing.place == before:
                return

    def _hand_on(self, at: str, lines: Iterable[str]) -> Iterator[Event]:
        for one in self._hearing.take(lines):
            if one.is_last:
                self._bring(at)
            self.place = one.place
            yield one.event

    def _read(self, at: str) -> Iterator[Event]:
        """All that was written down there behind what is known."""
        while lines := self._cluster.read(at, self._uid, self._hearing.place):
            before = self._hearing.place
            yield from self._hand_on(at, lines)
            if self._hearing.place == before:
                return

    def _look(self) -> Iterator[Event]:
        """Ask where the run is: for what was not heard of it, and to order it where nobody has it."""
        state = self._cluster.state(self._key) if self._attempt else ""
        if state == WAITING:
            yield Preparing("In line on the cluster")
            return
        if not state:
            state, ended = self._found()
            if ended:
                yield from self._read(state)
                self._cluster.forget(self._uid)  # its last event is saved already, and it is to be worked again
                state = ""
        if state:
            self._works(state)
            yield from self._read(state)
        else:
            yield from self._order()

    def _found(self) -> tuple[str, bool]:
        """Who has a journal of this run that has ended, or works an attempt that was ordered before this program was
        started; "" for nobody."""
        known = attempt(self._hearing.place.journal)
        found = [one for one in self._cluster.find(self._uid) if attempt(one.journal) >= known]
        for one in sorted(found, key=_newest, reverse=True):
            if one.ended:
                return one.at, True
            if self._cluster.state(f"{self._uid}-{attempt(one.journal)}") == one.at:
                self._attempt = attempt(one.journal)
                return one.at, False
        self._attempt = max([self._attempt, *(attempt(one.journal) for one in found)])
        return "", False

    def _order(self) -> Iterator[Event]:
        if self._attempt >= self._first + MOST_ATTEMPTS:
            yield RunFailed(
                "experiment", f"{MOST_ATTEMPTS} machines of the cluster were lost while they worked this run.",
                "It may need more memory than they have: try a smaller batch, or machines with more.",
            )  # fmt: skip
            return
        if self._at:
            yield Notice("The machine that worked this run was lost. It begins anew on another one.", "warning")
        self._attempt += 1
        self._works("")
        order, self._files = ordered(self._job, self._attempt, self._cluster.topic())
        self._cluster.submit(order)

    def _give(self, message: MachineWords) -> None:
        if not self._files:  # it was ordered before this program was started
            self._files = ordered(self._job, self._attempt, self._cluster.topic())[1]
        self._cluster.give(message.at, {one: self._files[one] for one in message.needs if one in self._files})

    def _works(self, at: str) -> None:
        self._told = self._told and at == self._at
        self._at = at

    def _stop(self) -> Iterator[Event]:
        """Told once to each who works it; one that nobody works yet is taken out of line."""
        state = self._cluster.state(self._key)
        if state == WAITING:
            self._cluster.cancel(self._key)
            yield RunStopped(0, "by hand before the first step")
        elif state:
            self._works(state)
            if not self._told:
                self._cluster.say(state, self._uid, "stop")
                self._told = True

    def _leave(self) -> None:
        """A run that is left goes on; one that is discarded does not."""
        if self._word() != "discard":
            return
        with suppress(ClusterAway):
            state = self._cluster.state(self._key)
            self._cluster.cancel(self._key)
            if state not in ("", WAITING):
                self._cluster.say(state, self._uid, "discard")
            self._cluster.forget(self._uid)

    def _bring(self, at: str) -> None:
        """The files of a run that has ended, before anybody hears that it has."""
        folder = self._job.directory
        self._cluster.fetch(at, self._uid, folder)
        written = folder / "experiment.json"
        if written.is_file():
            there = Experiment.model_validate_json(written.read_text("utf-8"))
            write_text(written, returned(there, self._job.experiment).model_dump_json(indent=2) + "\n")

    @property
    def _key(self) -> str:
        return f"{self._uid}-{self._attempt}"


def _newest(found: FoundJournal) -> tuple[bool, int]:
    return found.ended, attempt(found.journal)
