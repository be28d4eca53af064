"""Runs on a cluster of this machine: what holds of every worker, and what happens when something is lost.

The line, the machine's process and the desk are real, and so are their ends.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("distributed")

from engine.errors import ExperimentError
from engine.events import (
    CLUSTER,
    LAST_EVENTS,
    Evaluated,
    Event,
    Metrics,
    Notice,
    Preparing,
    ResumePoint,
    RunFinished,
    RunState,
    RunStopped,
)
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.remote import machine, served, starting
from engine.remote.certificates import made_key
from engine.remote.cluster import ClusterAway
from engine.remote.connection import addresses
from engine.remote.desk import ClusterDesk
from engine.remote.joining import Joining, refuse_another_version
from engine.remote.keeping import PIECE
from engine.remote.needed import digest_of
from engine.remote.on_dask import DaskCluster
from engine.remote.order import ordered
from engine.remote.waiting import TOGETHER
from engine.remote.work import LONGEST_WAIT
from engine.remote.worker import OnCluster
from engine.work.queue import RunQueue, new_run
from engine.work.worker import Here, Job, Worker
from storage.lending import Stores
from storage.store import RunStore
from storage.workspace import Workspace
from tests.engine.remote.loopback import Loopback, loopback
from tests.engine.work.small_runs import small, until

LONG = 2000  # epochs of a run that somebody ends
BY_TIME = Preparing | ResumePoint  # how many there are depends on the clock


@pytest.fixture(scope="module")
def one_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    with loopback(tmp_path_factory.mktemp("cluster")) as made:
        watcher = made.desk("watcher")
        made.ready(watcher, 1)
        watcher.close()
        yield made


@pytest.fixture
def desk(one_machine: Loopback) -> Iterator[DaskCluster]:
    """What it ordered does not stand before the orders of the next test, also where this one fails."""
    made = one_machine.desk()
    yield made
    for key in made._line.of_line(orders):
        uid, _, attempt = key.rpartition("-")
        made.take_back(key, uid, int(attempt), made.state(key))


def orders(dask_scheduler: Any = None) -> list[str]:
    return [*dask_scheduler.tasks]


def worker_on(desk: DaskCluster) -> OnCluster:
    return OnCluster(lambda: desk)


def job(folder: Path, epochs: int = 2, uid: str = "own") -> Job:
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    return Job(small(epochs, CLUSTER), folder / "runs" / uid)


class ContractOfWorkers:
    """What holds of whoever works a run."""

    def worker(self, desk: DaskCluster) -> Worker:
        raise NotImplementedError

    def device(self) -> str:
        raise NotImplementedError

    def test_it_says_what_the_run_says_and_leaves_its_files(self, desk: DaskCluster, tmp_path: Path) -> None:
        here = [*Here().start(Job(small(), tmp_path / "here" / "one"))]
        worker, folder = self.worker(desk), tmp_path / "runs" / "one"
        said = [*worker.start(Job(small(2, self.device()), folder))]
        kinds = [[type(event) for event in one if not isinstance(event, BY_TIME)] for one in (said, here)]
        assert kinds[0] == kinds[1]
        assert [one for one in said if isinstance(one, Metrics)] == [one for one in here if isinstance(one, Metrics)]
        figures = [[one.value for one in events if isinstance(one, Evaluated)] for events in (said, here)]
        assert figures[0] == figures[1]
        assert isinstance(said[-1], RunFinished)
        for name in ("best.safetensors", "last.safetensors"):
            assert (folder / name).read_bytes() == (tmp_path / "here" / "one" / name).read_bytes()
        written = Experiment.model_validate_json((folder / "experiment.json").read_text())
        assert (written.device, written.seed) == (self.device(), 0)

    def test_stopped_it_tests_the_best_and_ends(self, desk: DaskCluster, tmp_path: Path) -> None:
        worker = self.worker(desk)
        said: list[Event] = []
        for event in worker.start(Job(small(LONG, self.device()), tmp_path / "runs" / "two")):
            said.append(event)
            if isinstance(event, Metrics) and event.step > 4:
                worker.say("stop")
        assert isinstance(said[-1], RunStopped)
        assert any(isinstance(event, Evaluated) for event in said)
        assert (tmp_path / "runs" / "two" / "best.safetensors").is_file()

    def test_discarded_it_ends_without_a_last_word(self, desk: DaskCluster, tmp_path: Path) -> None:
        worker = self.worker(desk)
        events = worker.start(Job(small(LONG, self.device()), tmp_path / "runs" / "three"))
        for event in events:
            assert not isinstance(event, LAST_EVENTS)
            if isinstance(event, Metrics):
                worker.say("discard")
                break
        assert not isinstance(next(events), LAST_EVENTS)
        events.close()  # type: ignore[attr-defined]
        following = self.worker(desk).start(Job(small(2, self.device()), tmp_path / "runs" / "four"))
        assert isinstance([*following][-1], RunFinished), "its place is free"


class TestHere(ContractOfWorkers):
    def worker(self, desk: DaskCluster) -> Worker:
        return Here()

    def device(self) -> str:
        return "cpu"


class TestOnCluster(ContractOfWorkers):
    def worker(self, desk: DaskCluster) -> Worker:
        return worker_on(desk)

    def device(self) -> str:
        return CLUSTER


def test_paused_it_says_nothing_until_it_is_to_go_on(desk: DaskCluster, tmp_path: Path, one_machine: Loopback) -> None:
    worker = worker_on(desk)
    events = worker.start(job(tmp_path, LONG, "paused"))
    next(event for event in events if isinstance(event, Metrics))
    worker.say("pause")
    journal = next((one_machine.folder / "machine" / "attempts" / "paused").glob("*/events.jsonl"))
    sizes = [0, journal.stat().st_size]

    def is_still() -> bool:
        time.sleep(0.7)
        sizes.append(journal.stat().st_size)
        return sizes[-1] == sizes[-2]

    until(is_still)
    worker.say("resume")
    until(lambda: journal.stat().st_size > sizes[-1])
    worker.say("stop")
    assert isinstance([*events][-1], RunStopped)


def test_files_go_to_a_machine_once_and_weights_of_a_run_with_them(
    desk: DaskCluster, tmp_path: Path, one_machine: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    [*worker_on(desk).start(job(tmp_path, 2, "source"))]
    sent: list[int] = []
    call = desk._line.of_one

    def counted(at: str, function: object, *given: object, **named: float) -> object:
        if getattr(function, "__name__", "") == "put":
            sent.append(len(given[2]))  # type: ignore[arg-type]
        return call(at, function, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(desk._line, "of_one", counted)
    start = small(1, CLUSTER).model_copy(
        update={
            "backbone": BackboneChoice(name="conv4", image_size=16, weights="run:source"),
            "method": MethodChoice(name="linear_probe", hyperparameters={"epochs": 1}),
        }
    )
    for uid in ("first", "second"):
        said = [*worker_on(desk).start(Job(start, tmp_path / "runs" / uid))]
        assert isinstance(said[-1], RunFinished), said[-1]
    left = {file.stat().st_size for file in (tmp_path / "runs" / "source").iterdir()}
    assert sum(sent) >= max(left)
    assert len(sent) == len(list((tmp_path / "runs" / "source").iterdir())), "each file once, for both runs"


class OwnDesk:
    """A program with a workspace, whose runs go to the cluster."""

    def __init__(self, workspace: Workspace, cluster: DaskCluster) -> None:
        self.workspace, self.cluster = workspace, cluster
        self.queue = RunQueue(Stores(self.workspace), cluster=self)

    def worker(self) -> Worker:
        return worker_on(self.cluster)

    def places(self) -> int:
        return self.cluster.places()

    def close(self, wait: bool = True) -> None:
        self.cluster.close()


@pytest.fixture
def program(one_machine: Loopback, own_workspace: Path) -> Iterator[Callable[[], OwnDesk]]:
    """Begins one after the other; they end with the test, also where that fails."""
    made = list[OwnDesk]()

    def begun() -> OwnDesk:
        made.append(OwnDesk(Workspace(own_workspace), one_machine.desk(f"program {len(made)}")))
        return made[-1]

    yield begun
    for one in made:
        for run in one.queue.active():
            one.queue.discard(run)
        until(lambda queue=one.queue: not queue.is_busy(), 60)
        assert one.queue.close("later", 60)


def test_a_program_that_leaves_and_comes_back_has_every_event_once(
    program: Callable[[], OwnDesk], one_machine: Loopback
) -> None:
    """It leaves in the middle; the run goes on; the next program hears the rest and has its files."""
    first = program()
    with RunStore(first.workspace) as store:
        row = first.queue.submit(new_run(small(60, CLUSTER)), store)
        until(lambda: (store.heard(row.id) or row) is not row and store.metric_names(row.id))
        assert first.queue.close("later", 60)
        heard = store.heard(row.id)
        assert heard is not None
        assert store.run(row.id).state is RunState.QUEUED
        second = program()
        second.queue.go_on(row.id, store)
        until(lambda: not second.queue.is_busy())
        saved, after = store.run(row.id), store.heard(row.id)
        assert saved.state is RunState.FINISHED
        assert after is not None
        assert after.journal == heard.journal, "it was not begun anew"
        curve = store.curve(row.id, "train/loss")
        assert curve.steps.tolist() == list(range(1, 121))
        assert (curve.times[1:] >= curve.times[:-1]).all()
        assert len(store.results(row.id)) == 1
        assert (store.directory(saved) / "best.safetensors").is_file()
    until(lambda: not (one_machine.folder / "machine" / "attempts" / saved.uid).exists())


def is_third(event: Event) -> bool:
    return isinstance(event, Metrics) and event.step == 3


def test_one_that_is_discarded_while_it_is_paused_leaves_its_place(program: Callable[[], OwnDesk]) -> None:
    own = program()
    with RunStore(own.workspace) as store:
        first = own.queue.submit(new_run(small(LONG, CLUSTER)), store)
        until(lambda: own.queue.state(first.id) is RunState.RUNNING and store.metric_names(first.id))
        own.queue.pause(first.id)
        until(lambda: own.queue.state(first.id) is RunState.PAUSED)
        own.queue.discard(first.id)
        second = own.queue.submit(new_run(small(2, CLUSTER)), store)
        until(lambda: not own.queue.is_busy())
        assert store.run(second.id).state is RunState.FINISHED


def test_an_order_for_a_machine_that_has_gone_is_worked_by_another(desk: DaskCluster, tmp_path: Path) -> None:
    order, _ = ordered(job(tmp_path, 2, "elsewhere"), 1, desk.topic())
    desk.submit(order, ["tls://127.0.0.1:1"])
    until(lambda: any(one.ended for one in desk.find("elsewhere")))
    desk.forget("elsewhere", 1)


def test_who_came_first_is_worked_first_in_whatever_order_that_is_told(desk: DaskCluster, tmp_path: Path) -> None:
    """Runs that come at once are ordered by as many threads; one that was lost keeps its place."""
    came = {"fourth": 4.0, "third": 3.0, "first": 1.0}

    def order(uid: str, since: float) -> None:
        desk.submit(ordered(job(tmp_path, LONG, uid), 1, desk.topic())[0], since=since)

    with ThreadPoolExecutor() as pool:
        list(pool.map(order, came, came.values()))
    order("second", 2.0)
    until(lambda: "second-1" in desk._line.of_line(in_line))
    assert desk._line.of_line(in_line) == ["second-1", "third-1", "fourth-1"]
    for uid in ("fourth", "third", "second", "first"):
        desk.take_back(f"{uid}-1", uid, 1, desk.state(f"{uid}-1"))
    until(lambda: not desk.machines()[0].runs)


def test_what_machines_say_is_told_to_a_desk_together(desk: DaskCluster) -> None:
    desk.connect()
    until(lambda: desk._line.of_line(pauses) == [TOGETHER])


def pauses(dask_scheduler: Any = None) -> list[float]:
    return [one.interval for one in dask_scheduler.client_comms.values()]


def test_a_run_that_ended_leaves_nothing_on_its_machine_in_a_while_and_none_that_is_ordered_again_waits_for_that(
    one_machine: Loopback, desk: DaskCluster, tmp_path: Path
) -> None:
    left = one_machine.folder / "machine" / "attempts"
    for uid in ("tidy1", "tidy2"):
        assert isinstance([*worker_on(desk).start(job(tmp_path, uid=uid))][-1], RunFinished)
    until(lambda: not any((left / uid).exists() for uid in ("tidy1", "tidy2")))
    desk.leave_nothing("tidy3", 1)
    (left / "tidy3" / "1-abc").mkdir(parents=True)
    desk.submit(ordered(job(tmp_path, uid="tidy3"), 2, desk.topic())[0])
    assert not (left / "tidy3" / "1-abc").exists()
    until(lambda: any(one.ended for one in desk.find("tidy3")))
    desk.forget("tidy3", 2)


def unpaid() -> None:
    raise ClusterAway("The machine that is to be told does not answer.", "It is asked again.")


def test_a_machine_that_did_not_hear_what_it_is_to_forget_is_told_again(
    one_machine: Loopback, desk: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is asleep is not asked with the others; one that could not be reached is left out of the answers."""
    left = one_machine.folder / "machine" / "attempts" / "unheard"
    (left / "1-abc").mkdir(parents=True)
    monkeypatch.setattr(desk, "_pay", unpaid)
    with monkeypatch.context() as away:
        away.setattr(desk._line, "_run", lambda *_: {})
        desk.leave_nothing("unheard", 1)
        desk._leftovers.clear()
    until(lambda: not left.exists(), 60)


def in_line(dask_scheduler: Any = None) -> list[str]:
    return [one.key for one in dask_scheduler.queued.sorted()]


def test_a_machine_that_is_killed_is_replaced_and_the_run_begins_anew(
    one_machine: Loopback, desk: DaskCluster, tmp_path: Path
) -> None:
    said: list[Event] = []
    for event in worker_on(desk).start(job(tmp_path, 40, "killed")):
        said.append(event)
        child = one_machine.places[0].child
        if is_third(event) and child is not None and not any(isinstance(one, Notice) for one in said):
            child.kill()
    assert isinstance(said[-1], RunFinished)
    assert sum(isinstance(one, Notice) and "lost" in one.text for one in said) == 1
    again = said[max(at for at, one in enumerate(said) if isinstance(one, Notice) and "lost" in one.text) :]
    assert [one.step for one in again if isinstance(one, Metrics) and "train/loss" in one.values] == list(range(1, 81))


@pytest.mark.skipif(os.name != "posix", reason="nobody can be put to sleep")
def test_a_machine_that_is_silent_is_not_called_the_cluster(one_machine: Loopback, desk: DaskCluster) -> None:
    (at,) = desk._line.of_line(addresses)
    child = one_machine.places[0].child
    assert child is not None
    os.kill(child.pid, signal.SIGSTOP)
    try:
        with pytest.raises(ClusterAway, match="The machine that works this run does not answer"):
            desk._line.of_one(at, served.facts, patience=0.5)
    finally:
        os.kill(child.pid, signal.SIGCONT)


def test_a_file_that_many_runs_of_a_machine_want_at_once_is_sent_once(
    desk: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """12 MB in pieces of four."""
    (tmp_path / "weights").write_bytes(os.urandom(3 * PIECE))
    digest, sent = digest_of(tmp_path / "weights"), list[int]()
    (at,) = desk._line.of_line(addresses)
    call = desk._line.of_one

    def counted(at: str, function: object, *given: object, **named: float) -> object:
        if getattr(function, "__name__", "") == "put":
            sent.append(len(given[2]))  # type: ignore[arg-type]
        return call(at, function, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(desk._line, "of_one", counted)
    wanted = iter([True])
    desk.give(at, {digest: tmp_path / "weights"}, lambda: next(wanted, False))
    assert sent == [PIECE], "nothing is sent on that is not wanted any more"
    sent.clear()
    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(desk.give, at, {digest: tmp_path / "weights"}, lambda: True) for _ in range(4)]:
            one.result()
    assert sent == [PIECE] * 3
    with next(iter(desk._sending.values())):
        desk.give(at, {digest: tmp_path / "weights"}, lambda: False)  # waits for nobody's turn


@pytest.mark.parametrize("how", ["discard", "gone"])
def test_a_run_that_is_left_while_files_are_sent_for_it_leaves_its_place(
    how: str, one_machine: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the program is gone: nobody else is kept from that place for a minute."""
    desk, sending = one_machine.desk(how), threading.Event()

    def give(at: str, files: object, wanted: Callable[[], bool]) -> None:
        sending.set()
        until(lambda: not wanted())

    monkeypatch.setattr(desk, "give", give)
    (tmp_path / "photos" / "a").mkdir(parents=True)
    (tmp_path / "photos" / "a" / "1.png").write_bytes(how.encode())
    photos = DatasetChoice(name="folder", path=str(tmp_path / "photos"))
    asked = small(2, CLUSTER).model_copy(update={"dataset": photos})
    worker = worker_on(desk)
    with ThreadPoolExecutor() as pool:
        said = pool.submit(lambda: [*worker.start(Job(asked, tmp_path / "runs" / f"left{how}", fresh=True))])
        assert sending.wait(60)
        if how == "gone":
            desk.close()
        worker.say("abandon" if how == "gone" else "discard")
        watcher = one_machine.desk("watcher")
        until(lambda: not watcher.machines()[0].runs, LONGEST_WAIT / 2)
        assert isinstance(said.result(60)[-1], ResumePoint)


def test_a_desk_whose_clock_is_an_hour_ahead_sees_machines_that_are_there(
    desk: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now + 3600)
        (place,) = desk.machines()
    assert place.seconds < 600


def test_strangers_are_not_let_in(one_machine: Loopback) -> None:
    stranger = one_machine.desk("stranger", made_key())
    with pytest.raises(ClusterAway):
        stranger.connect()
    stranger.close()


def status_of(port: int, path: str) -> int | None:
    """What a browser is answered; None where only holders of the key are spoken with."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        asked.request("GET", path)
        return asked.getresponse().status
    except (http.client.HTTPException, OSError):
        return None
    finally:
        asked.close()


def test_no_browser_is_told_anything(one_machine: Loopback) -> None:
    """Dask listens for browsers without any certificate: on this machine alone, and with nothing to say."""
    found: dict[int, str] = {}
    for process in (one_machine.line, one_machine.places[0].child):
        assert process is not None
        listening = (one for one in psutil.Process(process.pid).net_connections() if one.status == "LISTEN")
        found.update((one.laddr.port, one.laddr.ip) for one in listening)
    paths = ("/", "/json/identity.json", "/info/main/workers.html", "/metrics", "/health")
    answers = {port: {status_of(port, path) for path in paths} for port in found}
    assert len(found) >= 3
    assert answers[one_machine.port] == {None}
    assert set().union(*answers.values()) <= {None, 404}
    assert {found[port] for port, said in answers.items() if said != {None}} == {"127.0.0.1"}


def test_a_machine_with_another_version_is_refused_before_it_works(
    one_machine: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    joining = Joining(one_machine.address, one_machine.folder / "cluster.key", one_machine.folder / "other")
    refuse_another_version(joining)
    monkeypatch.setattr("engine.remote.order.version", lambda: "0.1.2")
    with pytest.raises(ExperimentError, match=r"has Warmstart 0\.1\.2"):
        machine.serve(joining, [""], lambda words: None, threading.Event())


def cut(dask_scheduler: Any = None) -> None:
    """Machines lose their line."""
    for stream in dask_scheduler.stream_comms.values():
        dask_scheduler.loop.add_callback(stream.abort)


def test_a_machine_that_lost_the_line_waits_for_no_end_of_its_run(
    one_machine: Loopback, desk: DaskCluster, tmp_path: Path
) -> None:
    """It would take no other meanwhile, and work it for nobody."""
    (at,) = desk._line.of_line(addresses)
    desk.submit(ordered(job(tmp_path, uid="cut"), 1, desk.topic())[0])
    until(lambda: desk.say(at, "cut", "pause"))  # nothing ends it
    at_work = one_machine.places[0].child
    desk._line.of_line(cut)
    until(lambda: one_machine.places[0].child is not at_work, 20)
    one_machine.ready(desk, 1)
    desk.forget("cut", 1)


def test_the_line_may_be_lost_and_begun_again(one_machine: Loopback, desk: DaskCluster, tmp_path: Path) -> None:
    """Last of all: whoever was connected loses it too. Machines come back by themselves, and the run is worked."""
    said: list[Event] = []
    killed = False
    for event in worker_on(desk).start(job(tmp_path, 40, "line")):
        said.append(event)
        if is_third(event) and not killed:
            killed = True
            one_machine.line.kill()
            one_machine.line.communicate()
            one_machine.line = one_machine.begin_line()
    assert isinstance(said[-1], RunFinished)
    assert desk.machines()


def test_a_workspace_without_a_cluster_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="no cluster"):
        ClusterDesk(tmp_path).connect()
    with pytest.raises(ExperimentError, match="no cluster"):
        starting.end(tmp_path)


def test_nothing_of_an_engine_is_imported_before_a_cluster_is_asked() -> None:
    code = (
        "import sys, ui.window.main_window, ui.terminal.run, ui.terminal.study, engine.remote.desk\n"
        "from engine.remote.desk import ClusterDesk\nfrom pathlib import Path\n"
        "desk = ClusterDesk(Path('nowhere')); desk.settle(); desk.places(); desk.close()\n"
        "print([name for name in ('dask', 'distributed', 'tornado', 'cryptography') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert answer.stdout.strip() == "[]"
