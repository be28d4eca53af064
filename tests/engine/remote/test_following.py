"""A run on a cluster is followed where a person pauses, leaves or takes it back at an odd moment, or where it moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import pytest

from engine.events import (
    CLUSTER,
    IN_LINE,
    Event,
    Heard,
    Metrics,
    Notice,
    Preparing,
    ResumePoint,
    RunFailed,
    RunFinished,
)
from engine.experiment import DatasetChoice
from engine.remote import following
from engine.remote.cluster import LOST, WAITING, Change, ClusterAway, Deliver, FoundJournal, MachineState, MachineWords
from engine.remote.journal import Journal, lines_after
from engine.remote.order import Order
from engine.remote.worker import OnCluster
from engine.work.worker import Job, Word
from tests.engine.work.small_runs import small, until

HERE, OTHER = "tls://small:1", "tls://large:1"


class GivenCluster:
    """Its machines do what a test says. states: of orders, by key; words: what a run was told. held_back: lines that
    it says once it is to go on. away: so often nobody answers when something is said to a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.states: dict[str, str] = {}
        self.found: list[FoundJournal] = []
        self.orders: list[tuple[str, tuple[str, ...]]] = []
        self.words: list[str] = []
        self.cancelled: list[str] = []
        self.forgotten: list[int] = []
        self.searched: list[str] = []
        self.away = 0
        self.held_back: list[str] = []
        self.deliver: Deliver = print

    def listen(self, uid: str, deliver: Deliver) -> None:
        self.deliver = deliver

    def leave(self, uid: str) -> None:
        self.deliver = print

    def topic(self) -> str:
        return "topic"

    def submit(self, order: Order, among: Sequence[str] = (), since: float = 0.0) -> None:
        self.orders.append((order.key, tuple(among)))
        self.states[order.key] = (*among, HERE)[0]

    def cancel(self, key: str) -> None:
        self.cancelled.append(key)

    def state(self, key: str) -> str:
        return self.states.get(key, "")

    def find(self, uid: str) -> list[FoundJournal]:
        self.searched.append(uid)
        return self.found

    def read(self, at: str, uid: str, after: Heard) -> list[str]:
        lines = lines_after(self.folder / at[-7:-2], after.number)
        return [line for line in lines if line not in self.held_back]

    def say(self, at: str, uid: str, word: str) -> bool:
        if self.away:
            self.away -= 1
            raise ClusterAway("It does not answer.", "It is tried again.")
        self.words.append(word)
        if word == "resume":
            self.deliver(MachineWords(at, tuple(self.held_back)))
        return True

    def give(self, at: str, files: Mapping[str, Path], wanted: Callable[[], bool]) -> None:
        for file in files.values():
            file.read_bytes()

    def fetch(self, at: str, uid: str, journal: str, into: Path, changes: Mapping[str, Change]) -> None:
        into.mkdir(parents=True, exist_ok=True)

    def forget(self, uid: str, last: int, at: str = "") -> None:
        self.forgotten.append(last)

    def leave_nothing(self, uid: str, last: int) -> None:
        self.forgotten.append(last)

    def take_back(self, key: str, uid: str, last: int, at: str) -> None:
        self.cancel(key)
        self.forget(uid, last)

    def places(self) -> int:
        return 2

    def machines(self) -> list[MachineState]:
        sizes = {HERE: 10, OTHER: 20}
        return [MachineState(at, at, "", "cpu", 2, size, (), 0.0) for at, size in sizes.items()]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GivenCluster:
    monkeypatch.setattr(following, "AWAY", 0.01)
    monkeypatch.setattr(following, "QUIET", (0.01, 0.02))
    return GivenCluster(tmp_path)


def journal(cluster: GivenCluster, at: str, name: str, *events: Event) -> list[str]:
    folder = cluster.folder / at[-7:-2]
    folder.mkdir(exist_ok=True)
    with Journal(folder, name) as one:
        return [one.append(event, 1.0) for event in events]


def begun(cluster: GivenCluster, heard: Heard | None = None) -> tuple[OnCluster, Iterator[Event]]:
    """At work, with its first figure heard."""
    *lines, last = journal(cluster, HERE, "1-a", *(Metrics(step, {"train/loss": 1 / step}) for step in (1, 2, 3)))
    cluster.held_back = [last]
    worker = OnCluster(lambda: cluster)
    events = worker.start(Job(small(2, CLUSTER), cluster.folder / "runs" / "own", heard=heard))
    next(events)
    cluster.states["own-1"] = HERE
    cluster.deliver(MachineWords(HERE, tuple(lines)))
    next(event for event in events if isinstance(event, Metrics))
    return worker, events


@pytest.mark.parametrize(("word", "taken_back"), [("discard", True), ("withdraw", True), ("later", False)])
def test_nobody_works_what_is_taken_back_also_where_nobody_asks_for_its_next_event(
    cluster: GivenCluster, word: Word, taken_back: bool
) -> None:
    """As when it is paused, or has just said something."""
    worker, events = begun(cluster)
    worker.say(word)
    events.close()  # type: ignore[attr-defined]
    assert (cluster.cancelled == ["own-1"], cluster.forgotten == [1]) == (taken_back, taken_back)


@pytest.mark.parametrize("word", ["later", "abandon"])
def test_one_that_is_left_while_it_is_paused_goes_on(cluster: GivenCluster, word: Word) -> None:
    worker, events = begun(cluster)
    worker.say("pause")
    until(lambda: cluster.words == ["pause"])
    worker.say(word)
    events.close()  # type: ignore[attr-defined]
    assert cluster.words == ["pause", "resume"]


def test_one_that_a_killed_program_left_paused_goes_on(cluster: GivenCluster) -> None:
    _, events = begun(cluster, Heard("1-a", 1))
    cluster.found = [FoundJournal(HERE, "1-a", False)]
    assert next(event for event in events if isinstance(event, Metrics)).step == 3
    assert cluster.words == ["resume"]


def test_what_could_not_be_said_is_said_once_the_cluster_answers(cluster: GivenCluster) -> None:
    worker, events = begun(cluster)
    worker.say("pause")
    until(lambda: cluster.words == ["pause"])
    cluster.away = 2
    worker.say("resume")
    until(lambda: cluster.away == 1)
    assert [next(event for event in events if isinstance(event, Metrics)).step for _ in range(2)] == [2, 3]
    assert cluster.words == ["pause", "resume"]


def test_what_was_said_before_a_silence_is_saved_in_it(cluster: GivenCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever saves a run writes at such a place, and other windows see the last epoch, however long the next takes."""
    _, events = begun(cluster)
    read, looks = cluster.read, list[Heard]()

    def read_late(at: str, uid: str, after: Heard) -> list[str]:
        looks.append(after)
        if len(looks) == 3:
            cluster.held_back = []
        return read(at, uid, after)

    monkeypatch.setattr(cluster, "read", read_late)
    said = [next(events)]
    while said[-1] != Metrics(3, {"train/loss": 1 / 3}):
        said.append(next(events))
    assert [type(one) for one in said] == [Metrics, ResumePoint, ResumePoint, Metrics]


NO_MEMORY = RunFailed("experiment", "There is not enough memory on small.", "", cause="memory")


@pytest.mark.parametrize("by_message", [True, False])
def test_a_run_for_which_a_machine_is_too_small_is_ordered_once_and_not_called_lost(
    cluster: GivenCluster, by_message: bool
) -> None:
    """Whether its last word was told, told twice, or found; and a larger machine works it."""
    lines = journal(cluster, HERE, "1-a", Metrics(1, {"train/loss": 1.0}), NO_MEMORY)
    worker = OnCluster(lambda: cluster)
    events = worker.start(Job(small(2, CLUSTER), cluster.folder / "runs" / "own"))
    said = [next(events)]
    if by_message:
        cluster.states["own-1"] = HERE
        cluster.deliver(MachineWords(HERE, tuple(lines)))
        cluster.deliver(MachineWords(HERE, tuple(lines[1:])))
    else:
        cluster.found = [FoundJournal(HERE, "1-a", True)]
    journal(cluster, OTHER, "2-b", Metrics(1, {"train/loss": 1.0}), RunFinished(2))
    said += islice(events, 200)
    assert isinstance(said[-1], RunFinished), said[-1]
    assert [order for order in cluster.orders if order[0] != "own-1"] == [("own-2", (OTHER,))]
    assert Preparing(IN_LINE) in said, "it is on no machine by then"
    assert not [event for event in said if isinstance(event, Notice) and "lost" in event.text]
    assert 2 not in cluster.forgotten[:-1]


def test_a_file_that_is_gone_when_a_machine_asks_for_it_is_told_in_words(cluster: GivenCluster) -> None:
    photos = cluster.folder / "photos" / "a"
    photos.mkdir(parents=True)
    (photos / "1.png").write_bytes(b"one")
    asked = small(2, CLUSTER).model_copy(update={"dataset": DatasetChoice(name="folder", path=str(photos.parent))})
    events = OnCluster(lambda: cluster).start(Job(asked, cluster.folder / "runs" / "own"))
    next(events)
    submit: Callable[..., None] = cluster.submit
    needs: list[str] = []

    def keep(order: Order, among: Sequence[str] = (), since: float = 0.0) -> None:
        needs.extend(need.digest for need in order.needs)
        submit(order, among, since)
        (photos / "1.png").unlink()
        ask()

    def ask() -> None:
        cluster.deliver(MachineWords(HERE, needs=tuple(needs)))

    cluster.submit = keep  # type: ignore[method-assign]
    last: Event | None = None
    for last in events:
        if isinstance(last, Preparing) and "cannot be read" in last.text:
            ask()
    assert isinstance(last, RunFailed)
    assert (last.kind, "1.png cannot be read" in last.message) == ("experiment", True)


def test_files_are_sent_while_the_run_is_wanted(cluster: GivenCluster) -> None:
    """One that is discarded meanwhile leaves at once, however much there is to send."""
    worker, events = begun(cluster)
    still: list[bool] = []

    def give(at: str, files: Mapping[str, Path], wanted: Callable[[], bool]) -> None:
        still.append(wanted())
        worker.say("discard")
        still.append(wanted())

    cluster.give = give  # type: ignore[method-assign]
    cluster.deliver(MachineWords(HERE, needs=("any",)))
    assert isinstance([*events][-1], ResumePoint)
    assert still == [True, False]
    assert cluster.cancelled == ["own-1"]


def test_a_file_that_was_changed_after_the_order_is_ordered_as_it_is_now(cluster: GivenCluster) -> None:
    """A machine would take what is sent for damaged, over and over."""
    photos = cluster.folder / "photos" / "a"
    photos.mkdir(parents=True)
    (photos / "1.png").write_bytes(b"one")
    asked = small(2, CLUSTER).model_copy(update={"dataset": DatasetChoice(name="folder", path=str(photos.parent))})
    events = OnCluster(lambda: cluster).start(Job(asked, cluster.folder / "runs" / "own"))
    needs: list[list[str]] = []
    given: list[dict[str, Path]] = []
    submit: Callable[..., None] = cluster.submit

    def keep(order: Order, among: Sequence[str] = (), since: float = 0.0) -> None:
        submit(order, among, since)
        needs.append([need.digest for need in order.needs])
        if len(needs) == 1:
            (photos / "1.png").write_bytes(b"another")
        cluster.deliver(MachineWords(HERE, needs=tuple(needs[-1])))

    def give(at: str, files: Mapping[str, Path], wanted: Callable[[], bool]) -> None:
        given.append(dict(files))
        cluster.deliver(MachineWords(at, tuple(journal(cluster, HERE, "2-b", Metrics(1, {"train/loss": 1.0})))))

    cluster.submit, cluster.give = keep, give  # type: ignore[method-assign]
    words = []
    for event in events:
        words.append(str(event))
        if isinstance(event, Metrics):
            break
    assert any("1.png was changed after the run had been ordered. The run is put in line again" in one for one in words)
    assert [key for key, _ in cluster.orders] == ["own-1", "own-2"]
    assert needs[0] != needs[1]
    assert (list(given[0]), cluster.forgotten) == (needs[1], [1])


@pytest.mark.parametrize("fresh", [True, False])
def test_machines_are_asked_for_a_run_only_where_one_may_have_it(cluster: GivenCluster, fresh: bool) -> None:
    """All of them are, for each: not for one that was made just now, until it is lost."""
    events = OnCluster(lambda: cluster).start(Job(small(2, CLUSTER), cluster.folder / "runs" / "own", fresh=fresh))
    next(events)
    cluster.deliver(MachineWords(HERE, tuple(journal(cluster, HERE, "1-a", Metrics(1, {"train/loss": 1.0})))))
    next(event for event in events if isinstance(event, Metrics))
    assert cluster.searched == ([] if fresh else ["own"])
    cluster.states["own-1"] = LOST
    next(event for event in events if isinstance(event, Preparing) and "lost" in event.text)
    assert cluster.searched[-1] == "own"


@pytest.mark.parametrize("which", [1, 2])
def test_nobody_works_a_run_again_whose_lost_attempt_came_to_its_end_after_all(
    cluster: GivenCluster, which: int
) -> None:
    """Its last word is heard while the attempt after it stands in line: that would be worked for nobody."""
    _, events = begun(cluster)
    cluster.states["own-1"] = LOST
    deliver, submit = cluster.deliver, cluster.submit
    said = {1: "1-a", 2: "2-b"}[which]
    metrics = [Metrics(step, {"train/loss": 1 / step}) for step in (1, 2, 3)]

    def ends(order: Order, among: Sequence[str] = (), since: float = 0.0) -> None:
        submit(order, among, since)
        deliver(MachineWords(HERE, tuple(journal(cluster, HERE, said, *metrics, RunFinished(2)))))

    cluster.submit = ends  # type: ignore[method-assign]
    assert isinstance([*events][-1], RunFinished)
    assert [key for key, _ in cluster.orders] == ["own-1", "own-2"]
    assert (cluster.cancelled, cluster.forgotten) == ((["own-2"], [2]) if which == 1 else ([], [2]))


@pytest.mark.parametrize("state", ["owed", "in line"])
def test_a_second_attempt_that_was_not_heard_of_is_known_after_a_restart(cluster: GivenCluster, state: str) -> None:
    """One that was taken back while its machine was silent counts: another of its number would end with it. One in line
    is not worked twice."""
    cluster.found = [FoundJournal("" if state == "owed" else WAITING, "2-", False)]
    cluster.states = {} if state == "owed" else {"own-2": WAITING}
    events = OnCluster(lambda: cluster).start(Job(small(2, CLUSTER), cluster.folder / "runs" / "own"))
    assert Preparing(IN_LINE) in islice(events, 3)
    assert [key for key, _ in cluster.orders] == (["own-3"] if state == "owed" else [])


@pytest.mark.parametrize(("fresh", "asked"), [(True, []), (False, ["own-0"])])
def test_a_run_that_is_discarded_before_anybody_knows_its_orders_is_taken_back_with_all_of_them(
    cluster: GivenCluster, fresh: bool, asked: list[str]
) -> None:
    """As after a restart while the cluster does not answer. One that was made just now has none."""
    worker = OnCluster(lambda: cluster)
    events = worker.start(Job(small(2, CLUSTER), cluster.folder / "runs" / "own", fresh=fresh))
    next(events)
    worker.say("discard")
    assert isinstance([*events][-1], ResumePoint)
    assert cluster.cancelled == asked
