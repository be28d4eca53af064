"""What a machine of a cluster keeps of files, what of them goes, and which of them a run takes with it."""

from __future__ import annotations

import hashlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from engine.backbones.kept import Kept
from engine.data.files.tree import list_files
from engine.errors import StorageError
from engine.events import RunFinished
from engine.experiment import BackboneChoice, DatasetChoice, Experiment
from engine.remote import work
from engine.remote.attempts import Attempts
from engine.remote.journal import Journal
from engine.remote.keeping import KeptFiles
from engine.remote.needed import needed
from engine.remote.order import NeededFile, Order
from engine.remote.room import CannotWork
from engine.remote.trimming import trim
from engine.remote.work import Control


def kept_in(home: Path, paths: dict[str, bytes]) -> dict[str, NeededFile]:
    """Files that were sent to a machine and laid there, the oldest first."""
    kept, needs = KeptFiles(home), dict[str, NeededFile]()
    for age, (path, body) in enumerate(paths.items()):
        need = NeededFile(path, len(body), hashlib.sha256(body).hexdigest())
        kept.put(need.digest, 0, body, True, "desk")
        kept.lay([need], home / "attempt")
        os.utime(home / "files" / need.digest[:2] / need.digest, (age, age))
        needs[path] = need
    return needs


def test_what_was_not_used_for_longest_goes_first_and_nothing_of_a_run_at_work(tmp_path: Path) -> None:
    paths = {f"given/{name}/data.csv": name.encode() * 1000 for name in "abcd"}
    needs = kept_in(tmp_path, paths)
    at_work = Order("busy", 1, "", Experiment().model_dump(mode="json"), (needs["given/a/data.csv"],))
    Attempts(tmp_path).begin("busy", "1-a", at_work.told())
    trim(tmp_path, 4000)
    assert [path for path in paths if (tmp_path / path).is_file()] == [*paths]
    trim(tmp_path, 2500)
    assert [path[6] for path in paths if (tmp_path / path).is_file()] == ["a", "d"]
    assert KeptFiles(tmp_path).missing(need.digest for need in needs.values()) == sorted(
        needs[f"given/{name}/data.csv"].digest for name in "bc"
    )


def test_what_nobody_came_for_in_a_month_goes(tmp_path: Path) -> None:
    for uid in ("old", "new"):
        with Journal(Attempts(tmp_path).begin(uid, "1-a", "{}"), "1-a") as journal:
            journal.append(RunFinished(5), 1.0)
    for file in (tmp_path / "attempts" / "old").rglob("*"):
        os.utime(file, (0, 0))
    trim(tmp_path, 10**9)
    assert (Attempts(tmp_path).known("old"), len(Attempts(tmp_path).known("new"))) == ([], 1)


def test_weights_that_a_machine_fetched_itself_are_not_sent(tmp_path: Path) -> None:
    (tmp_path / "weights" / "timm").mkdir(parents=True)
    (tmp_path / "weights" / "timm" / "net.safetensors").write_bytes(b"weights")
    digest, kept = hashlib.sha256(b"weights").hexdigest(), KeptFiles(tmp_path)
    kept.adopt([NeededFile("weights/timm/net.safetensors", 7, hashlib.sha256(b"another").hexdigest())])
    assert kept.missing([digest]) == [digest]
    kept.adopt([NeededFile("weights/timm/net.safetensors", 7, digest)])
    assert kept.missing([digest]) == []
    with pytest.raises(StorageError, match="outside"):
        kept.adopt([NeededFile("../../etc/passwd", 7, hashlib.sha256(b"no").hexdigest())])


def test_weights_that_a_person_brought_and_the_runs_they_come_from_travel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARMSTART_HOME", str(tmp_path))
    own = Kept("0123456789abcdef" * 2, "conv4", "mine", "mine.pt", "all of it", 7)
    own.file.parent.mkdir()
    own.write()
    own.file.write_bytes(b"weights")
    chain = {"child": "run:parent", "parent": "run:first", "first": own.name}
    for uid, weights in chain.items():
        folder = tmp_path / "runs" / uid
        folder.mkdir(parents=True)
        (folder / "best.safetensors").write_bytes(uid.encode())
        (folder / "experiment.json").write_text(json.dumps({"backbone": {"name": "conv4", "weights": weights}}))

    def places(weights: str) -> set[str]:
        asked = Experiment(backbone=BackboneChoice(name="conv4", weights=weights))
        return set(needed(asked, tmp_path / "runs")[1])

    assert places("run:child") == {
        "runs/child/best.safetensors", "runs/child/experiment.json", "runs/parent/experiment.json",
        "runs/first/experiment.json",
    }  # fmt: skip
    assert places(own.name) == {"weights/0123456789.json", "weights/0123456789.safetensors"}
    assert places("random") == set()


def test_what_is_being_begun_is_not_taken_for_old(tmp_path: Path) -> None:
    """Its folder is made before its order is written there, and several processes have one home."""
    begun = Attempts(tmp_path).run("new", "1-a")
    begun.mkdir(parents=True)
    trim(tmp_path, 10**9)
    assert begun.is_dir()


def test_a_run_waits_for_its_files_while_those_of_others_come_and_not_where_nothing_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come in turn: the run would be given back again and again until it has failed."""
    monkeypatch.setattr(work, "LONGEST_WAIT", 0.6)
    kept, need = KeptFiles(tmp_path), NeededFile("given/a", 3, hashlib.sha256(b"own").hexdigest())
    order, other = Order("own", 1, "", {}, (need,)), hashlib.sha256(b"other").hexdigest()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(work.bring, order, tmp_path, lambda said: None, Control())
        for offset in range(6):
            kept.put(other, offset, b"o", False, "desk")
            time.sleep(0.2)
        kept.put(need.digest, 0, b"own", True, "desk")
        waiting.result(30)
    absent = replace(order, needs=(replace(need, digest=other),))
    with pytest.raises(CannotWork, match="did not come"):
        work.bring(absent, tmp_path, lambda said: None, Control())


def test_linked_folders_travel_as_they_are_read(tmp_path: Path) -> None:
    """Classes that are links, as of somebody who makes a subset of a large set; and a link that would never end."""
    for name in ("all/cat/1.png", "all/dog/1.png", "mine/cow/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    mine = tmp_path / "mine"
    (mine / "cat").symlink_to(tmp_path / "all" / "cat", target_is_directory=True)
    (mine / "cow" / "around").symlink_to(mine, target_is_directory=True)
    asked = Experiment(dataset=DatasetChoice(name="folder", path=str(mine)))
    files = {place.split("/", 2)[2] for place in needed(asked, tmp_path / "runs")[1]}
    assert files == {"mine/cat/1.png", "mine/cow/1.png"}
    assert {entry.path for entry in list_files(mine).files} == {"cat/1.png", "cow/1.png"}
