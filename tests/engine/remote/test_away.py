"""A cluster that is not there is asked again and again, for a night if need be: nothing is left of a try."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from engine.events import CLUSTER, Preparing, ResumePoint
from engine.remote import connection, served
from engine.remote.certificates import made_key
from engine.remote.cluster import ClusterAway
from engine.remote.debts import Debts
from engine.remote.desk import FOLDER, OWED, ClusterDesk
from engine.remote.line import KEY, WHERE
from engine.remote.on_dask import DaskCluster
from engine.remote.order import Order
from engine.work.worker import Job
from tests.engine.remote.loopback import free_port
from tests.engine.work.small_runs import small, until


def test_a_try_that_fails_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    before = threading.active_count()
    cluster = DaskCluster(f"tls://127.0.0.1:{free_port()}", made_key(), "desk")
    for _ in range(2):
        with pytest.raises(ClusterAway, match="does not answer"):
            cluster.connect()
    cluster.close()
    until(lambda: threading.active_count() <= before, 30)


def test_a_run_waits_for_a_cluster_that_does_not_answer_when_it_begins_and_may_be_discarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be at work there: it would have failed here, and be worked on for nobody."""
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    (tmp_path / FOLDER).mkdir()
    made_key().write(tmp_path / FOLDER / KEY)
    (tmp_path / FOLDER / WHERE).write_text(f'{{"address": "tls://127.0.0.1:{free_port()}"}}')
    program = ClusterDesk(tmp_path)
    worker = program.worker()
    events = worker.start(Job(small(2, CLUSTER), tmp_path / "runs" / "own"))
    assert next(events) == Preparing("Asking the cluster")
    assert "does not answer" in str(next(events))
    worker.say("discard")
    assert isinstance([*events][-1], ResumePoint)
    assert Debts(tmp_path / FOLDER / OWED).orders() == ["own-0"], "with whatever there is of it"
    program.close()


def test_a_run_that_was_discarded_meanwhile_is_taken_back_once_the_cluster_and_who_works_it_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    cluster, told = DaskCluster(f"tls://127.0.0.1:{free_port()}", made_key(), "desk"), list[tuple[object, ...]]()
    with pytest.raises(ClusterAway):
        cluster.take_back("own-2", "own", 2, "tls://busy:1")
    answers = iter([ClusterAway("The machine that works this run does not answer.", ""), None])

    def of_one(*asked: object) -> None:
        told.append(asked)
        if (answer := next(answers)) is not None:
            raise answer

    monkeypatch.setattr(cluster, "cancel", lambda key: told.append((key,)))
    monkeypatch.setattr(cluster, "forget", lambda *asked: told.append(asked))
    monkeypatch.setattr(cluster._line, "of_line", lambda function: ["tls://busy:1"])
    monkeypatch.setattr(cluster._line, "of_one", of_one)
    with pytest.raises(ClusterAway):
        cluster._pay()
    for _ in range(2):
        cluster._pay()
    heard = ("tls://busy:1", served.forget, "own", 2)
    assert told == [("own-2",), heard, ("own-2",), heard, ("own", 2)], "until it is heard, and once"
    cluster.close()


def test_runs_that_are_taken_back_together_are_asked_for_once_each_and_one_that_is_silent_is_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a study that is stopped has them; one of them is wanted again before the cluster has answered."""
    cluster, told = DaskCluster("tls://127.0.0.1:1", made_key(), "desk"), list[str]()

    def cancel(key: str) -> None:
        told.append(key)
        if key == "silent-1" or len(told) <= 3:
            raise ClusterAway("It does not answer.", "")

    monkeypatch.setattr(cluster, "cancel", cancel)
    monkeypatch.setattr(cluster, "forget", lambda *_: None)
    monkeypatch.setattr(cluster._line, "of_line", lambda asked, *given: dict.fromkeys(*given, ""))
    for uid in ("silent", "wanted", "own"):
        with pytest.raises(ClusterAway):
            cluster.take_back(f"{uid}-1", uid, 1, "")
    cluster.take_back("other-1", "other", 1, "")
    assert told == ["silent-1", "wanted-1", "own-1", "other-1"], "nobody waits for what others are asked"
    monkeypatch.setattr(cluster._line, "asked", away)
    with pytest.raises(ClusterAway):
        cluster.submit(Order("wanted", 1, "", {}))
    for _ in range(2):
        with pytest.raises(ClusterAway):
            cluster._pay()
    assert told[4:] == ["silent-1", "own-1", "silent-1"]
    cluster.close()


def away() -> None:
    raise ClusterAway("It does not answer.", "")
