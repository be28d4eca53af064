"""A process that the system ends for want of memory: its run goes to a machine with more, or one sentence says why not.

The limit is real: a control group of the system's, which ends whatever takes more.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from engine.events import CLUSTER, Event, Metrics, Preparing, RunFailed, RunFinished
from engine.machine import memory
from engine.machine.children import ROOT
from engine.remote import wanting
from engine.remote.attempts import Attempts
from engine.remote.journal import Journal, entry, last_entry, lines_after
from engine.remote.line import KEY
from engine.remote.worker import OnCluster
from engine.work.worker import Job
from tests.engine.remote.loopback import Loopback, loopback
from tests.engine.work.small_runs import small, until

pytestmark = pytest.mark.timeout(900)
LIMIT = 800 * 2**20  # bytes: the program and torch take some 400 MB


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group with less memory than the run wants."""
    root = memory.GROUP
    folder = (root / "memory" if (root / "memory").is_dir() else root) / f"warmstart-{uuid.uuid4().hex[:8]}"
    limit = "memory.limit_in_bytes" if folder.parent.name == "memory" else "memory.max"
    try:
        folder.mkdir()
        (folder / limit).write_text(str(LIMIT))
    except OSError as error:
        pytest.skip(f"no control group can be made here ({error})")
    yield folder
    folder.rmdir()


@pytest.fixture
def small_machine(group: Path, tmp_path: Path) -> Iterator[Loopback]:
    """A cluster whose only machine is in that group."""
    with loopback(tmp_path, 0) as made:
        into = f"echo $$ > {group}/cgroup.procs && exec {sys.executable} main.py worker --connect {made.address}"
        given = f"{into} --key {made.folder / KEY} --places 1 --workspace {tmp_path / 'small'}"
        quiet = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_LOGGING__DISTRIBUTED": "critical"}
        machine = subprocess.Popen(["sh", "-c", given], cwd=ROOT, env=quiet, stdout=subprocess.DEVNULL)
        try:
            yield made
        finally:
            machine.terminate()
            machine.wait()


def job(folder: Path, size: int) -> Job:
    asked = small(1, CLUSTER)
    asked = asked.model_copy(update={"backbone": asked.backbone.model_copy(update={"image_size": size})})
    return Job(asked, folder / "runs" / "large")


def has_begun(home: Path) -> bool:
    """Whether the run has made a step there."""
    lines = (line for one in Attempts(home).of("large") for line in lines_after(one, 0))
    return any(isinstance(entry(line).event, Metrics) for line in lines)


@pytest.mark.slow
def test_a_run_that_the_system_ends_goes_to_a_machine_with_more_memory(small_machine: Loopback, tmp_path: Path) -> None:
    """Which has come meanwhile."""
    desk = small_machine.desk()
    small_machine.ready(desk, 1)
    assert [one.memory for one in desk.machines()] == [LIMIT]
    said, worked = list[Event](), set[Path]()
    for event in OnCluster(lambda: desk).start(job(tmp_path, 256)):
        said.append(event)
        if not small_machine.places and isinstance(event, Preparing) and event.text.startswith("Getting ready on"):
            small_machine.add_place(tmp_path / "large")
            until(lambda: desk.places() == 2)
        if isinstance(event, Metrics):
            homes = (tmp_path / "large", tmp_path / "small" / "worker")
            worked |= {home for home in homes if has_begun(home)}
    assert isinstance(said[-1], RunFinished), said[-1]
    assert worked == {tmp_path / "large"}, "the other ended before its first step"


def test_the_last_word_of_a_process_that_was_ended_is_written_once_and_only_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also behind a line that it was in the middle of; and a machine of no more memory does not begin it again."""
    attempts, signed = Attempts(tmp_path), []
    for uid in ("ended", "other"):
        folder = attempts.begin(uid, "1-a", "{}")
        with Journal(folder, "1-a") as journal:
            journal.append(Metrics(1, {"train/loss": 1.0}), 1.0)
        signed.append(folder)
    with (signed[0] / "events.jsonl").open("ab") as file:
        file.write(b'{"journal": "1-a", "num')
    for folder, name in zip(signed, ("mine", "of another container"), strict=True):  # of one host name, on one folder
        monkeypatch.setenv(wanting.NAME, name)
        wanting.sign(folder)
    for _ in range(2):
        wanting.write_last_words(tmp_path, "mine")
    assert len(lines_after(signed[0], 0)) == 2
    last = last_entry(signed[0])
    assert last is not None
    assert isinstance(last.event, RunFailed)
    assert last.event.cause == "memory"
    assert len(lines_after(signed[1], 0)) == 1
    assert [wanting.is_too_large(attempts, uid) for uid in ("ended", "other")] == [True, False]
    monkeypatch.setattr(wanting, "total", lambda: memory.total() + 1)
    assert not wanting.is_too_large(attempts, "ended")


def killed(home: Path, uid: str, attempt: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an attempt that “mine” worked until it was ended."""
    folder = Attempts(home).begin(uid, f"{attempt}-a", "{}")
    with Journal(folder, f"{attempt}-a") as journal:
        journal.append(Metrics(1, {"train/loss": 1.0}), 1.0)
    monkeypatch.setenv(wanting.NAME, "mine")
    wanting.sign(folder)
    return folder


@pytest.mark.parametrize("other", ["at work", "at rest", "ended"])
def test_a_run_is_blamed_for_want_of_memory_at_once_only_where_it_had_the_machine_to_itself(
    other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside another run, which may have had the memory, it is tried again, and blamed the second time."""
    if other != "at rest":
        beside = Attempts(tmp_path).begin("other", "1-b", "{}")
        with Journal(beside, "1-b") as journal:
            journal.append(RunFinished(1) if other == "ended" else Metrics(1, {"train/loss": 1.0}), 1.0)
        monkeypatch.setenv(wanting.NAME, "its")
        wanting.sign(beside)
    blamed = list[bool]()
    for attempt in (1, 2):
        folder = killed(tmp_path, "own", attempt, monkeypatch)
        wanting.write_last_words(tmp_path, "mine", ["its"])
        last = last_entry(folder)
        assert last is not None
        blamed.append(last.is_last)
        assert wanting.is_too_large(Attempts(tmp_path), "own") == last.is_last
    assert blamed == [other != "at work", True]


def test_who_was_killed_by_a_person_was_not_ended_for_want_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wanting, "ended_by_system", lambda: 3)
    found = [
        wanting.was_ended_by_system(returned, before)
        for returned, before in ((-signal.SIGKILL, 3), (-signal.SIGTERM, 2), (-signal.SIGKILL, 2))
    ]
    assert found == [False, False, True]


@pytest.mark.parametrize("kind", ["v1", "v2", "container"])
def test_the_limit_of_a_group_counts_wherever_it_stands(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a job in a group of its user's, and in a container, which sees its own group alone."""
    own = {"v1": "4:cpu:/other\n3:memory:/user/job\n", "v2": "0::/user/job\n", "container": "0::/\n"}[kind]
    (tmp_path / "own").write_text(own)
    monkeypatch.setattr(memory, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(memory, "GROUP", tmp_path / "groups")
    root = tmp_path / "groups" / ("memory" if kind == "v1" else "")
    limited = root if kind == "container" else root / "user"
    (root / "user" / "job").mkdir(parents=True)
    names = (
        ("limit_in_bytes", "usage_in_bytes", "total_inactive_file")
        if kind == "v1"
        else ("max", "current", "inactive_file")
    )
    (limited / f"memory.{names[0]}").write_text("300000000\n")
    (limited / f"memory.{names[1]}").write_text("200000000\n")
    (limited / "memory.stat").write_text(f"anon 1\n{names[2]} 50000000\n")
    (root / "user" / "job" / f"memory.{names[0]}").write_text("max\n" if kind == "v2" else str(2**60))
    assert (memory.total(), memory.free()) == (300_000_000, 150_000_000)
    shutil.rmtree(tmp_path / "groups")
    assert memory.free() > 300_000_000
