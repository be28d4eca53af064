"""A journal is heard once and in order, however its lines arrive; files are known by what is in them."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ExperimentError, StorageError
from engine.events import Evaluated, Event, Heard, Metrics, Notice, RunFailed, RunFinished, RunStarted
from engine.experiment import BackboneChoice, DatasetChoice, Experiment
from engine.remote import served, work
from engine.remote.arriving import brought
from engine.remote.attempts import Attempts
from engine.remote.certificates import KeyFile
from engine.remote.cluster import ClusterAway
from engine.remote.journal import FILE, TAIL, Hearing, Journal, entry, last_entry, lines_after
from engine.remote.keeping import PIECE, KeptFiles, pieces
from engine.remote.needed import digest_of
from engine.remote.order import NeededFile, Order, arrived, ordered, returned
from engine.remote.work import Control, perform
from engine.work.wire import WireError
from engine.work.worker import Job


def written(folder: Path, name: str, events: int = 40) -> list[str]:
    folder.mkdir(exist_ok=True)
    with Journal(folder, name) as journal:
        lines = [journal.append(Metrics(step, {"train/loss": 1 / step}), float(step)) for step in range(1, events)]
        return [*lines, journal.append(RunFinished(events), float(events))]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_way_each_is_heard_once_in_its_order(tmp_path: Path, seed: int) -> None:
    """Lines come twice, late, and some never; what is missing is asked for."""
    draws = random.Random(seed)
    lines = written(tmp_path, "1-a")
    arriving = [line for line in lines for _ in range(draws.choice((0, 1, 1, 2)))]
    for _ in range(10):
        first, second = sorted(draws.sample(range(len(arriving)), 2))
        arriving[first], arriving[second] = arriving[second], arriving[first]
    hearing, heard = Hearing(None), list[int]()
    while arriving:
        count = draws.randint(1, 7)
        batch, arriving = arriving[:count], arriving[count:]
        heard += [one.place.number for one in hearing.take(batch)]
        if hearing.missing:
            heard += [one.place.number for one in hearing.take(lines_after(tmp_path, hearing.place.number))]
    heard += [one.place.number for one in hearing.take(lines_after(tmp_path, hearing.place.number))]
    assert heard == list(range(1, 41))


def test_a_run_that_says_much_sends_few_messages_with_every_line_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slow the network is, there are no more than it takes."""
    monkeypatch.setattr(work, "BATCH", 0.02)
    told, begun = list[list[str]](), time.monotonic()

    def tell(said: Mapping[str, list[str]]) -> None:
        told.append(said["lines"])
        time.sleep(0.2)

    folder = tmp_path / "1-a"
    folder.mkdir()
    work.write_down(folder, (Metrics(step, {"train/loss": 1.0}) for step in range(1, 2000)), tell, Control())
    assert [line for lines in told for line in lines] == lines_after(folder, 0)
    assert len(told) <= (time.monotonic() - begun) / 0.2 + 1


def test_late_words_of_an_attempt_that_was_given_up_are_dropped(tmp_path: Path) -> None:
    old, new = written(tmp_path, "1-a"), written(tmp_path, "2-b")
    hearing = Hearing(None)
    assert len([*hearing.take(old[:10])]) == 10
    assert [one.place.journal for one in hearing.take([*new[:3], *old[10:], *new[3:5]])] == ["2-b"] * 5
    again = Hearing(Heard("2-b", 5))
    assert [*again.take(old)] == []
    assert [one.place.number for one in again.take(new[:7])] == [6, 7]


def test_the_same_attempt_begun_twice_is_heard_from_its_beginning(tmp_path: Path) -> None:
    first, second = written(tmp_path, "1-a"), written(tmp_path, "1-b")
    hearing = Hearing(Heard("1-a", 30))
    assert len([*hearing.take(second)]) == 40
    assert [*hearing.take(first)] == []


def test_a_line_cut_off_by_a_crash_was_never_said(tmp_path: Path) -> None:
    lines = written(tmp_path, "1-a")
    body = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(body[:-10])
    assert lines_after(tmp_path, 0) == lines[:-1]
    last = last_entry(tmp_path)
    assert last is not None
    assert (last.place.number, last.is_last) == (39, False)


@pytest.mark.parametrize("damage", [b"\0" * 40, b"{}", b'{"journal": "1-a", "number": "x"}', b"\xff\xfe"])
def test_what_is_no_line_ends_what_can_be_read(tmp_path: Path, damage: bytes) -> None:
    """As after a power cut: a disk may have the length of what was written and not what it was."""
    lines = written(tmp_path, "1-a")
    body = (tmp_path / FILE).read_bytes().splitlines(keepends=True)
    (tmp_path / FILE).write_bytes(b"".join([*body[:-1], damage, b"\n"]))
    assert lines_after(tmp_path, 0) == lines[:-1]
    last = last_entry(tmp_path)
    assert last is not None
    assert last.place.number == 39


def test_the_last_line_of_a_long_journal_is_found_from_its_end(tmp_path: Path) -> None:
    with Journal(tmp_path, "1-a") as journal:
        for step in range(1, 2000):
            journal.append(Metrics(step, {"train/loss": 1 / step}), float(step))
        journal.append(Notice("x" * 3 * TAIL), 1.0)
    assert (tmp_path / FILE).stat().st_size > 4 * TAIL
    last = last_entry(tmp_path)
    assert last is not None
    assert last.place.number == 2000


def test_an_attempt_is_heard_from_its_beginning_where_another_was_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARMSTART_HOME", str(tmp_path))
    for name in ("1-a", "2-b"):
        lines = written(Attempts(tmp_path).begin("abc", name, "{}"), name)
    assert served.journals_of(["abc", "none"]) == {"abc": [("2-b", True), ("1-a", True)]}
    assert served.lines("abc", "2-b", 38) == lines[38:]
    assert served.lines("abc", "1-a", 38) == lines
    assert served.lines("nowhere", "", 0) == []
    served.forget("abc", 1)
    assert served.journals_of(["abc", "none"]) == {"abc": [("2-b", True)]}
    served.forget("abc", 2)
    assert not (tmp_path / "attempts" / "abc").exists()
    for uid, journal in (("..", "1-a"), ("abc", "../1-a"), ("abc", "")):
        with pytest.raises(ExperimentError):
            served.left_files(uid, journal)


def test_what_was_not_taken_to_its_end_is_heard_again(tmp_path: Path) -> None:
    """As when the files of a run cannot be fetched: its last word is handed on later, not never."""
    lines, hearing = written(tmp_path, "1-a"), Hearing(None)
    for one in hearing.take(lines):
        if one.is_last:
            break
    assert hearing.place.number == 39
    assert [one.is_last for one in hearing.take(lines)] == [True]


NO_LINES = ["", "{}", "null", "1, 2", '{"journal": "1-a", "number": "x"}', "{", '"', "[" * 100_000]


@pytest.mark.parametrize("damage", NO_LINES, ids=range(len(NO_LINES)))
def test_what_is_no_line_ends_what_is_heard_of_those_that_came_with_it(tmp_path: Path, damage: str) -> None:
    lines, hearing = written(tmp_path, "1-a"), Hearing(None)
    taken = hearing.take([*lines[:7], damage, *lines[7:]])
    heard = [next(taken).place.number for _ in range(7)]
    with pytest.raises(WireError):
        next(taken)
    assert heard == list(range(1, 8))
    assert hearing.place.number == 7
    assert [one.place.number for one in hearing.take(lines)] == list(range(8, 41))


def test_arrays_come_back_to_the_last_bit(tmp_path: Path) -> None:
    scores = np.random.default_rng(0).normal(size=1000)
    said: Event = Evaluated("test/accuracy", 0.5, 0.4, 0.6, 1000, "images", scores=scores, ids=np.arange(5))
    with Journal(tmp_path, "1-a") as journal:
        back = entry(journal.append(said, 1.5))
    assert back.place == Heard("1-a", 1, 1.5)
    assert isinstance(back.event, Evaluated)
    assert back.event.scores is not None
    assert back.event.scores.tobytes() == scores.tobytes()


def order_in(tmp_path: Path, version: str) -> Order:
    return Order("abc", 1, version, Experiment().model_dump(mode="json"))


def test_a_machine_with_another_version_refuses_in_words(tmp_path: Path) -> None:
    perform(order_in(tmp_path, "0.1.7"), tmp_path, lambda said: None, Control())
    (last,) = Attempts(tmp_path).known("abc")
    assert isinstance(last.event, RunFailed)
    assert "the other machine 0.1.7" in last.event.message
    assert last.event.advice == "Install the same version on both."


def test_a_run_that_was_worked_to_its_end_is_not_worked_twice(tmp_path: Path) -> None:
    folder = Attempts(tmp_path).begin("abc", "1-a", "{}")
    lines = written(folder, "1-a")
    perform(order_in(tmp_path, "0.1.7"), tmp_path, lambda said: None, Control())
    assert [one.name for one in folder.parent.iterdir()] == ["1-a"]
    assert lines_after(folder, 0) == lines


def test_what_an_order_needs_is_told_by_content_and_lies_there_as_here(tmp_path: Path) -> None:
    """A person's folder, and the run whose weights are the start; the experiment comes back as it was asked for."""
    photos, source = tmp_path / "my photos", tmp_path / "runs" / "src"
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        (photos / name).parent.mkdir(parents=True, exist_ok=True)
        (photos / name).write_bytes(name[2:].encode())
    source.mkdir(parents=True)
    for name in ("best.safetensors", "experiment.json", "resume.safetensors"):
        (source / name).write_text(name)
    asked = Experiment(
        dataset=DatasetChoice(name="folder", path=str(photos)),
        backbone=BackboneChoice(weights="run:src"),
        device="cluster",
    )
    order, files = ordered(Job(asked, tmp_path / "runs" / "own"), 2, "topic")
    assert Order.heard(order.told()) == order
    assert (order.key, len(order.needs), len(files)) == ("own-2", 5, 4), "two images are the same bytes"
    there, kept = tmp_path / "there", KeptFiles(tmp_path / "there")
    assert kept.missing(files) == sorted(files)
    for digest, file in files.items():
        for piece in pieces(file):
            kept.put(digest, *piece, "desk")
    assert kept.missing(files) == []
    attempt = there / "attempts" / "own" / "2-b"
    kept.lay(order.needs, attempt)
    kept.lay(order.needs, attempt)
    worked = arrived(order.experiment, there, "cpu")
    assert worked.dataset.path is not None
    folder = Path(worked.dataset.path)
    assert (folder.name, folder.is_relative_to(there)) == ("my photos", True)
    assert {file.relative_to(folder).as_posix() for file in folder.rglob("*.png")} == {"a/1.png", "a/2.png", "b/1.png"}
    assert {file.name for file in (attempt / "runs" / "src").iterdir()} == {"best.safetensors", "experiment.json"}
    there = worked.model_dump_json().encode()
    assert (worked.device, Experiment.model_validate_json(returned(there, asked))) == ("cpu", asked)


def test_a_damaged_or_misplaced_file_is_refused(tmp_path: Path) -> None:
    kept = KeptFiles(tmp_path / "there")
    (tmp_path / "file").write_bytes(b"whole")
    digest = digest_of(tmp_path / "file")
    with pytest.raises(StorageError, match="damaged"):
        kept.put(digest, 0, b"other", True, "desk")
    assert kept.missing([digest]) == [digest]
    kept.put(digest, 0, b"whole", True, "desk")
    for path in ("../elsewhere", "runs/../../elsewhere", "/elsewhere", "given/../../elsewhere"):
        with pytest.raises(StorageError, match="outside"):
            kept.lay([NeededFile(path, 5, digest)], tmp_path / "there" / "attempt")
    with pytest.raises(ExperimentError):
        kept.missing(["../../etc/passwd"])
    with pytest.raises(ExperimentError):
        kept.put(digest, 0, b"whole", True, "../desk")


def test_two_desks_send_the_same_file_at_once(tmp_path: Path) -> None:
    """Piece by piece, one after the other and one twice as fast."""
    body = random.Random(0).randbytes(3 * PIECE)
    (tmp_path / "file").write_bytes(body)
    digest, kept = digest_of(tmp_path / "file"), KeptFiles(tmp_path / "there")
    first, second, third = pieces(tmp_path / "file")
    for piece, desk in ((first, "a"), (second, "a"), (first, "b"), (third, "a"), (second, "b"), (third, "b")):
        kept.put(digest, *piece, desk)
    assert [file.read_bytes() == body for file in (tmp_path / "there" / "files").rglob("*") if file.is_file()] == [True]


def test_a_file_that_has_changed_is_laid_anew_though_it_is_as_long(tmp_path: Path) -> None:
    """Weights of one architecture are all as long as each other."""
    kept, place = KeptFiles(tmp_path / "there"), tmp_path / "there" / "given" / "x" / "weights"
    for body in (b"old weights", b"new weights"):
        (tmp_path / "file").write_bytes(body)
        digest = digest_of(tmp_path / "file")
        kept.put(digest, 0, body, True, "desk")
        kept.lay([NeededFile("given/x/weights", len(body), digest)], tmp_path / "attempt")
        assert place.read_bytes() == body


def test_a_machine_writes_nothing_outside_of_the_runs_folder_here(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "own"
    digest = hashlib.sha256(b"whole").hexdigest()
    for path in ("../other/best.safetensors", "/tmp/elsewhere", "a/../../b"):
        with pytest.raises(StorageError, match="outside"):
            brought(folder, path, 5, digest, lambda path, offset: b"whole")
    for came in (b"", b"other"):
        with pytest.raises(ClusterAway):
            brought(folder, "best", 5, digest, lambda path, offset, came=came: came)  # type: ignore[misc]
    assert not folder.exists() or [*folder.iterdir()] == []
    brought(folder, "a/best", 5, digest, lambda path, offset: b"whole"[offset : offset + 2])
    assert (folder / "a" / "best").read_bytes() == b"whole"
    brought(folder, "a/best", 5, digest, lambda path, offset: pytest.fail("it is here"))


@pytest.mark.parametrize(
    "text", ["", "no key", "[]", '{"authority": 1, "certificate": 2, "private": 3}', '{"authority": "-----BEGIN "}']
)
def test_what_is_no_key_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "cluster.key").write_text(text)
    with pytest.raises(ExperimentError, match="is no key of a cluster"):
        KeyFile.read(tmp_path / "cluster.key")


def test_a_key_is_for_one_persons_eyes_and_stays(tmp_path: Path) -> None:
    first, second = (KeyFile(*[f"-----BEGIN {word}"] * 3) for word in ("a", "b"))
    first.write(tmp_path / "new" / "cluster.key")
    second.write(tmp_path / "new" / "cluster.key")
    assert KeyFile.read(tmp_path / "new" / "cluster.key") == first
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["cluster.key"]
    assert not KeyFile.seen_by_others(tmp_path / "new" / "cluster.key")
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("size", [0, 1, 4 * 2**20, 4 * 2**20 + 1, 9 * 2**20])
def test_a_file_in_pieces_is_the_file(tmp_path: Path, size: int) -> None:
    body = random.Random(size).randbytes(size)
    (tmp_path / "file").write_bytes(body)
    cut = list(pieces(tmp_path / "file"))
    assert b"".join(piece for _, piece, _ in cut) == body
    assert [whole for *_, whole in cut] == [False] * (len(cut) - 1) + [True]
    assert [offset for offset, *_ in cut] == [sum(len(piece) for _, piece, _ in cut[:at]) for at in range(len(cut))]


def test_time_stands_while_a_run_is_paused() -> None:
    control = Control()
    assert control.rest() == 0.0
    control.say("pause")
    control.say("stop")
    assert (control.rest(), control.stopping, control.discarded) == (0.0, True, False)


def test_started_events_keep_their_facts(tmp_path: Path) -> None:
    with Journal(tmp_path, "1-a") as journal:
        line = journal.append(RunStarted(10, 5, 8, {"device": "CPU, 1 thread, host"}), 2.0)
        journal.append(Notice("so"), 3.0)
    started = entry(line).event
    assert isinstance(started, RunStarted)
    assert started.facts == {"device": "CPU, 1 thread, host"}
