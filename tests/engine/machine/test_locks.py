"""One at a time; nobody waits for ever."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from engine.errors import Cancelled
from engine.machine import locks
from engine.machine.locks import locked


def test_one_at_a_time_and_nothing_stays(tmp_path: Path) -> None:
    inside, most, turns = 0, 0, 0

    def work() -> None:
        nonlocal inside, most, turns
        with locked(tmp_path / "a.lock"):
            inside += 1
            most, turns = max(most, inside), turns + 1
            time.sleep(0.005)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (most, turns, os.listdir(tmp_path)) == (1, 8, [])


def test_who_waits_can_give_up(tmp_path: Path) -> None:
    with locked(tmp_path / "a.lock"), pytest.raises(Cancelled), locked(tmp_path / "a.lock", lambda: True):
        pass


@pytest.mark.skipif(os.name == "nt", reason="locks are made otherwise there")
@pytest.mark.parametrize("reason", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_disk_without_locks_hinders_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    def refuse(*_: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    with locked(tmp_path / "a.lock", lambda: True):
        pass
