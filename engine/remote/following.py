"""One run on a cluster, followed from its order to its last word, through lost messages, machines and programs.

What arrives is handed on in the order of its journal, each event once. After a silence somebody is asked: where nobody
works the order (any more), a journal that has come to its end is fetched from where it lies, and a run that was lost is
ordered again, another attempt. What a run left is brought before its last event is handed on, and removed there when
somebody asks for more, which is when that event is saved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

from engine.errors import ExperimentError, StorageError
from engine.events import (
    IN_LINE,
    LAST_EVENTS,
    MACHINE_LOST,
    Event,
    Heard,
    Notice,
    Preparing,
    ResumePoint,
    RunFailed,
    RunStarted,
    RunStopped,
)
from engine.remote.cluster import LOST, WAITING, Cluster, ClusterAway, FoundJournal, MachineWords
from engine.remote.journal import Hearing, JournalEntry, attempt
from engine.remote.order import unread
from engine.remote.ordering import Changed, Orders, bring
from engine.remote.patience import Patience, with_more_memory
from engine.remote.pause import Pause
from engine.work.worker import Job, Word

QUIET = 1.0, 8.0  # seconds of silence until somebody is asked: at first, and at most when it goes on
IN_LINE_QUIET = 30.0  # where it waits: who begins it says so
AWAY = 2.0  # seconds between two tries to reach a cluster that does not answer
LEAVES = ("later", "withdraw", "abandon", "discard")
TAKEN_BACK = ("withdraw", "discard")  # nobody is to work it any more


class FollowedRun:
    """inbox: what is said of the run; None where a person has said something. word: the last of it. paused: whether a
    person wants it to rest. place: of the last event that was handed on."""

    def __init__(
        self, cluster: Cluster, job: Job, inbox: SimpleQueue[MachineWords | None], word: Callable[[], Word | None],
        paused: Callable[[], bool],
    ) -> None:  # fmt: skip
        self.place: Heard | None = job.heard
        self._cluster, self._job, self._inbox, self._word = cluster, job, inbox, word
        self._uid = job.directory.name
        self._hearing = Hearing(job.heard)
        self._attempt = attempt(self._hearing.place.journal)
        self._orders = Orders(job, cluster.topic())
        self._at = ""  # who works it
        self._told = False  # that it is to stop, to who works it
        self._settled = False  # its end is in its journal, and nobody needs what lies elsewhere
        self._quiet = QUIET[0]
        self._patience, self._pause = Patience(), Pause(paused, known=job.heard is None)
        self._among: tuple[str, ...] = ()  # who alone may work it
        self._why: list[Notice] = []  # it begins anew, which is told once it has begun

    def events(self) -> Iterator[Event]:
        self._cluster.listen(self._uid, self._inbox.put)
        ended = False
        try:
            for event in self._events():
                yield event
                if ended := isinstance(event, LAST_EVENTS):
                    if self._settled:
                        self._end()
                    return
        finally:
            self._cluster.leave(self._uid)
            if not ended:
                self._leave()

    def tell_pause(self) -> None:
        """Who works the run, if anybody does, rests or goes on as a person wants it; raises `ClusterAway`."""
        if at := self._at:
            self._pause.tell(lambda word: self._cluster.say(at, self._uid, word))

    def _events(self) -> Iterator[Event]:
        yield Preparing("Asking the cluster")
        message: MachineWords | None = None
        while True:
            try:
                if self._word() in LEAVES:
                    yield ResumePoint.nothing(0)
                    return
                if self._word() == "stop" and not self._told:
                    yield from self._stop()
                yield from self._look() if message is None else self._take(message)
            except (ClusterAway, StorageError) as error:
                yield Preparing(error.message.rstrip("."))
                time.sleep(AWAY)
            except ExperimentError as error:
                yield from self._refused_by(error)
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
        if message.refused:
            yield from self._refused(*message.refused)
            return
        self._works(message.at)
        if message.needs:
            yield Preparing("Files are sent to the machine that works it")
            yield from self._give(message)
        yield from self._hand_on(message.at, message.lines)
        while self._hearing.missing:
            before = self._hearing.place
            yield from self._hand_on(message.at, self._cluster.read(message.at, self._uid, before))
            if self._hearing.place == before:
                return

    def _hand_on(self, at: str, lines: Sequence[str]) -> Iterator[Event]:
        for one in self._hearing.take(lines):
            if one.is_last:
                if self._may_elsewhere(at, one):
                    yield from self._order()
                    return
                bring(self._cluster, self._job, at, one.place.journal)
                self._settled = True
            self.place = one.place
            self._patience.reached(one.place.number)
            self._attempt = max(self._attempt, attempt(one.place.journal))
            yield one.event
            if self._why and isinstance(one.event, RunStarted):
                why, self._why = self._why, []
                yield from why

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
        if (lost := state == LOST) or not state:
            state, ended = self._found() if self._attempt or not self._job.fresh else ("", False)
            if ended:
                among = self._among
                yield from self._read(state)
                if self._among != among:
                    return  # it was ordered again on the way
                self._forget()  # its end is saved already, and it is to be worked again
                state = ""
        if state == WAITING:
            self._quiet = IN_LINE_QUIET
            yield Preparing(IN_LINE)
        elif state:
            self._works(state)
            self.tell_pause()
            yield from self._read(state)
            yield ResumePoint.nothing(0)  # what was said before the silence is saved, for others to see
        else:
            yield from self._again(lost)

    def _found(self) -> tuple[str, bool]:
        """Who has a journal of this run that has ended, or works an attempt that was ordered before this program was
        started, where it does not wait; "" for nobody."""
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

    def _again(self, lost: bool) -> Iterator[Event]:
        """Order it where nobody works it, and say so where somebody did."""
        if lost and (failed := self._patience.lost()):
            yield failed
            return
        if lost or self._at:
            yield from self._anew(f"{MACHINE_LOST}.")
        elif self._job.heard is not None and self._attempt == attempt(self._job.heard.journal):
            yield from self._anew("Nobody works this run on the cluster any more. It is put in line again.")
        yield from self._order()

    def _order(self) -> Iterator[Event]:
        self._works("")
        self._pause.forget()
        try:
            order = self._orders.order(self._attempt + 1)
        except (ExperimentError, OSError) as error:
            yield RunFailed("experiment", *unread(error))
            return
        self._attempt += 1
        self._cluster.submit(order, self._among, self._job.since)
        yield Preparing(IN_LINE)

    def _anew(self, words: str) -> Iterator[Event]:
        yield Preparing(words.rstrip("."))
        self._why.append(Notice(words, "warning"))

    def _refused(self, which: str, words: str) -> Iterator[Event]:
        """A machine that cannot work it now has given it back."""
        if which != str(self._attempt):
            return
        if failed := self._patience.refused(words):
            yield failed
            return
        yield from self._anew(f"{words} The run is put in line again.")
        yield from self._order()

    def _refused_by(self, error: ExperimentError) -> Iterator[Event]:
        """A machine does not do what it is asked, such as giving a file that it should have."""
        if failed := self._patience.refused(error.message, error.advice):
            yield failed
            return
        yield Preparing(error.message.rstrip("."))
        time.sleep(AWAY)

    def _may_elsewhere(self, at: str, last: JournalEntry) -> bool:
        """Whether it failed for want of memory, and a machine that has more is there."""
        if self._among or not isinstance(last.event, RunFailed) or last.event.cause != "memory":
            return False
        self._among = with_more_memory(self._cluster.machines(), at)
        if self._among:
            self._hearing.drop(last.place.journal)  # which may be heard once more
            self._forget()
            self._why.append(Notice(f"{last.event.message} It goes on on a machine with more.", "warning"))
        return bool(self._among)

    def _give(self, message: MachineWords) -> Iterator[Event]:
        try:
            files = self._orders.files(self._attempt, message.needs)
        except Changed as error:
            self._forget()
            yield from self._refused(str(self._attempt), error.message)
        else:
            self._cluster.give(message.at, files, lambda: self._word() is None)

    def _works(self, at: str) -> None:
        self._told = self._told and at == self._at
        self._at = at

    def _stop(self) -> Iterator[Event]:
        """Told once to each who works it; one that nobody works yet is taken out of line."""
        state = self._cluster.state(self._key)
        if state == WAITING:
            self._cluster.cancel(self._key)
            self._settled = True
            yield RunStopped(0, "by hand while it waited in line")
        elif state not in ("", LOST):
            self._works(state)
            self._told = self._cluster.say(state, self._uid, "stop")

    def _leave(self) -> None:
        """A run that is left goes on, also one that was paused; one that is taken back does not."""
        if self._job.fresh and not self._attempt:
            return  # it was never ordered
        with suppress(ExperimentError):
            if self._word() in TAKEN_BACK:
                self._cluster.take_back(self._key, self._uid, self._attempt, self._at)
            else:
                self.tell_pause()

    def _end(self) -> None:
        """It is saved. Where an attempt that was taken for lost came to its end, nobody is to work the one after it."""
        late = self.place is not None and attempt(self.place.journal) < self._attempt
        what = self._uid, self._attempt
        with suppress(ExperimentError):
            self._cluster.take_back(self._key, *what, "") if late else self._cluster.leave_nothing(*what)

    def _forget(self) -> None:
        """What attempts up to this one left. The first can only lie where it was worked, whatever is there besides."""
        self._cluster.forget(self._uid, self._attempt, self._at if self._attempt == 1 else "")

    @property
    def _key(self) -> str:
        return f"{self._uid}-{self._attempt}"


def _newest(found: FoundJournal) -> tuple[bool, int]:
    return found.ended, attempt(found.journal)
