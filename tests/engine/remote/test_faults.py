"""What happens to a run on a cluster when something fails: it goes on, here or elsewhere, and its figures stay."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from benchmarks.cluster_kills import desk as desk_at_work
from benchmarks.cluster_kills import table
from engine.errors import ExperimentError
from engine.events import CLUSTER, Evaluated, Event, Metrics, Notice, RunFailed, RunFinished
from engine.experiment import Experiment
from engine.machine.children import ROOT
from engine.remote import served
from engine.remote.attempts import Attempts
from engine.remote.connection import addresses
from engine.remote.on_dask import DaskCluster
from engine.remote.order import Order, version
from engine.remote.patience import MOST_LOST, Patience
from engine.remote.room import CannotWork, has_room
from engine.remote.work import Control, failed_here, perform
from engine.remote.worker import OnCluster
from engine.work.worker import Here, Job
from tests.engine.remote.loopback import loopback
from tests.engine.work.small_runs import small, until

pytestmark = pytest.mark.timeout(900)
EPOCHS = 90  # of a run that takes long enough to be kept on its way


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB with as much room as a run is begun with, and less than its weights need."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if not mount or os.geteuid() or subprocess.run([mount, "-t", "tmpfs", "-o", "size=8m", "none", place]).returncode:
        pytest.skip("no disk can be mounted here")
    (place / "taken").write_bytes(bytes(8 * 2**20 - 436 * 1024))
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def order(uid: str, experiment: Experiment) -> Order:
    return Order(uid, 1, version(), experiment.model_dump(mode="json"))


def figures(said: list[Event]) -> list[float]:
    return [event.value for event in said if isinstance(event, Evaluated)]


def losses(said: list[Event]) -> dict[int, float]:
    return {
        one.step: one.values["train/loss"] for one in said if isinstance(one, Metrics) and "train/loss" in one.values
    }


def test_a_killed_run_goes_on_from_its_last_place_to_the_last_bit(tmp_path: Path) -> None:
    """The place that worked it is begun again and finds what lies on its machine."""
    here = [*Here().start(Job(small(EPOCHS), tmp_path / "here" / "one"))]
    said: list[Event] = []
    with loopback(tmp_path) as made:
        desk = made.desk()
        made.ready(desk, 1)
        kept = tmp_path / "machine" / "attempts" / "killed"
        killed = False
        for event in OnCluster(lambda: desk).start(Job(small(EPOCHS, CLUSTER), tmp_path / "runs" / "killed")):
            said.append(event)
            child = made.places[0].child
            if not killed and child is not None and [*kept.glob("1-*/runs/killed/resume.safetensors")]:
                killed = True
                child.kill()
    assert killed
    notices = [event.text for event in said if isinstance(event, Notice)]
    assert any("was lost" in text for text in notices)
    assert any(text.startswith("It went on from step") for text in notices), notices
    assert isinstance(said[-1], RunFinished)
    assert (figures(said), losses(said)) == (figures(here), losses(here))
    for name in ("best.safetensors", "last.safetensors"):
        assert (tmp_path / "runs" / "killed" / name).read_bytes() == (tmp_path / "here" / "one" / name).read_bytes()


def test_a_place_that_is_asleep_holds_nobody_up_and_its_run_goes_elsewhere(tmp_path: Path) -> None:
    said: list[Event] = []
    with loopback(tmp_path, 2, module="tests.engine.remote.impatient_line") as made:
        desk = made.desk()
        made.ready(desk, 2)
        asleep = 0
        for event in OnCluster(lambda: desk).start(Job(small(EPOCHS, CLUSTER), tmp_path / "runs" / "asleep")):
            said.append(event)
            if isinstance(event, Metrics) and not asleep:
                asleep = worked_by(desk, "asleep")
                os.kill(asleep, signal.SIGSTOP)
                begun = time.monotonic()
                assert len(desk.machines()) < 2, "one that is asleep does not answer"
                assert time.monotonic() - begun < 60
        os.kill(asleep, signal.SIGKILL)
    assert isinstance(said[-1], RunFinished)
    assert any(isinstance(event, Notice) and "was lost" in event.text for event in said)
    assert list(losses(said)) == list(range(1, 2 * EPOCHS + 1))


def worked_by(desk: DaskCluster, uid: str) -> int:
    """The process that works the run."""
    runs, processes = desk._line.of_all(served.facts), desk._line.of_all(os.getpid)
    (at,) = (at for at, told in runs.items() if uid in told["runs"])
    return processes[at]


def test_a_disk_that_is_full_ends_an_attempt_and_leaves_nothing(small_disk: Path) -> None:
    """While the run is worked: its files do not fit, or its journal does not."""
    said: list[object] = []
    assert has_room(small_disk)
    with pytest.raises(CannotWork, match=r"The disk of .* is full") as found:
        perform(order("full", small(20)), small_disk, said.append, Control())
    assert found.value.full
    assert Attempts(small_disk).known("full") == []
    assert [*(small_disk / "attempts" / "full").iterdir()] == []
    (small_disk / "more").write_bytes(bytes(40 * 1024))
    assert not has_room(small_disk)
    with pytest.raises(CannotWork, match="is full"):
        perform(order("full", small(2)), small_disk, said.append, Control())


def test_where_a_disk_is_full_the_run_goes_to_another_machine(tmp_path: Path, small_disk: Path) -> None:
    said: list[Event] = []
    with loopback(tmp_path, homes=[small_disk]) as made:
        desk = made.desk()
        made.ready(desk, 1)
        for event in OnCluster(lambda: desk).start(Job(small(2, CLUSTER), tmp_path / "runs" / "full")):
            said.append(event)
            if len(made.places) == 1 and "is full" in str(event):
                made.add_place(tmp_path / "second")
    assert isinstance(said[-1], RunFinished)
    assert any(isinstance(event, Notice) and "is full. The run is put in line again" in event.text for event in said)
    assert (tmp_path / "runs" / "full" / "best.safetensors").is_file()


LIMITED = """
import resource, sys, torch
from pathlib import Path
from engine.remote import attempts, order, work
import engine.execute
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
most = resource.getrlimit(resource.RLIMIT_AS)[1]
resource.setrlimit(resource.RLIMIT_AS, (size + 48 * 2**20, most))
home = Path(sys.argv[1])
work.perform(order.Order.heard(sys.argv[2]), home, lambda said: None, work.Control())
resource.setrlimit(resource.RLIMIT_AS, (most, most))
print(attempts.Attempts(home).known("much")[0].event)
"""


def test_want_of_memory_is_said_with_the_machine_and_may_be_otherwise_elsewhere(tmp_path: Path) -> None:
    big = small(2)
    big = big.model_copy(update={"backbone": big.backbone.model_copy(update={"image_size": 512})})
    limited = [sys.executable, "-c", LIMITED, str(tmp_path), order("much", big).told()]
    answer = subprocess.run(
        limited, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert "There was not enough memory on" in answer.stdout, answer.stderr[-2000:] + answer.stdout
    assert "cause='memory'" in answer.stdout


def test_words_of_a_failure_name_the_machine() -> None:
    failed = RunFailed("experiment", "There was not enough memory on cpu.", "Try less.", cause="memory")
    assert failed_here(failed, "box7", "cpu").message == "There was not enough memory on box7."
    bug = RunFailed("bug", "Something went wrong.", "Report it.", "trace")
    assert failed_here(bug, "box7", "cpu").message == "Something went wrong. (on box7)"
    with pytest.raises(CannotWork, match="The disk of box7 is full"):
        failed_here(RunFailed("experiment", "It cannot be written.", "", cause="disk"), "box7", "cpu")


def test_only_a_run_that_gets_no_further_has_killed_its_machines() -> None:
    patience = Patience()
    for number in range(1, 50):
        patience.reached(number)
        assert patience.lost() is None
    patience.reached(20)
    found = [patience.lost() for _ in range(MOST_LOST - 1)]
    assert [one is None for one in found] == [True] * (MOST_LOST - 2) + [False]
    assert "more memory" in str(found[-1])


def test_an_attempt_that_was_given_up_ends_when_its_run_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that works on behind a cable that was cut: the place is free for others."""
    monkeypatch.setenv("WARMSTART_HOME", str(tmp_path))
    told = order("twice", small(2000)).told()
    work = threading.Thread(target=served.work, args=(told, lambda said: None, lambda: None))
    work.start()
    until(lambda: Attempts(tmp_path).known("twice"))
    served.forget("twice", 0)
    assert served.facts()["runs"] == ["twice"], "it is a later attempt"
    served.forget("twice", 1)
    work.join(60)
    assert not work.is_alive()
    assert Attempts(tmp_path).known("twice") == []


def test_a_desk_that_is_killed_has_the_undisturbed_table_in_the_end(tmp_path: Path) -> None:
    with loopback(tmp_path, 2) as made:
        watcher = made.desk("watcher")
        made.ready(watcher, 2)
        again = [sys.executable, "-m", "benchmarks.cluster_kills", "--desk", str(tmp_path), "--address", made.address,
                 "--runs", "3", "--epochs", "20"]  # fmt: skip
        killed = subprocess.Popen(again, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        until(lambda: len([*(tmp_path / "machine" / "attempts").glob("*/*/events.jsonl")]) > 1)
        time.sleep(1)
        killed.kill()
        killed.wait()
        desk_at_work(tmp_path, made.address, 3, 20)
        found = table(tmp_path / "desk")
        shutil.rmtree(tmp_path / "desk")
        desk_at_work(tmp_path, made.address, 3, 20)
        assert table(tmp_path / "desk") == found
    assert [told[0] for told in found.values()] == ["finished"] * 3


def test_a_refusal_of_a_machine_is_said_in_its_words(tmp_path: Path) -> None:
    with loopback(tmp_path) as made:
        desk = made.desk()
        made.ready(desk, 1)
        (at,) = desk._line.of_line(addresses)
        with pytest.raises(ExperimentError, match="lies outside of the run's folder"):
            desk._line.of_one(at, served.piece, "abc", "1-a", "../../x", 0)
