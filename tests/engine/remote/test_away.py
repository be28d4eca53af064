"""A cluster that is not there is asked again and again, for a night if need be: nothing is left of a try."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("distributed")

from engine.remote import connection
from engine.remote.certificates import made_key
from engine.remote.cluster import ClusterAway
from engine.remote.on_dask import DaskCluster
from tests.engine.remote.loopback import free_port
from tests.engine.work.small_runs import until


def test_a_try_that_fails_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    before = threading.active_count()
    cluster = DaskCluster(f"tls://127.0.0.1:{free_port()}", made_key(), "desk")
    for _ in range(2):
        with pytest.raises(ClusterAway, match="does not answer"):
            cluster.connect()
    cluster.close()
    until(lambda: threading.active_count() <= before, 30)


def test_a_run_that_was_discarded_meanwhile_is_taken_back_once_the_cluster_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    cluster, told = DaskCluster(f"tls://127.0.0.1:{free_port()}", made_key(), "desk"), list[tuple[str, ...]]()
    with pytest.raises(ClusterAway):
        cluster.take_back("own-2", "own", 2)
    monkeypatch.setattr(cluster, "cancel", lambda key: told.append((key,)))
    monkeypatch.setattr(cluster, "forget", lambda uid, last: told.append((uid, str(last))))
    for _ in range(2):
        cluster._pay()
    assert told == [("own-2",), ("own", "2")], "once"
    cluster.close()
