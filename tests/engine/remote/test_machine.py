"""What a machine gives to a cluster, and what both ends show each other."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import ExperimentError
from engine.remote import machine, wanting
from engine.remote.joining import LINE_AWAY, Joining, encrypted, ports
from engine.remote.machine import usual_places

pytest.importorskip("cryptography")

from engine.remote.certificates import KeyFile, made_key


@pytest.fixture
def three_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\nfor n in 0 1 2; do echo "GPU $n: H200 (UUID: GPU-$n)"; done\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.skipif(os.name != "posix", reason="the pretended tool is a shell's")
@pytest.mark.parametrize(
    ("given", "places"),
    [(None, ["0", "1", "2"]), ("1", ["1"]), ("2, 0", ["2", "0"]), ("GPU-1", ["GPU-1"]), ("0,-1,2", ["0"])],
)
@pytest.mark.usefixtures("three_gpus")
def test_only_gpus_that_were_given_to_it_are_used(
    monkeypatch: pytest.MonkeyPatch, given: str | None, places: list[str]
) -> None:
    """A batch system gives some of them to each job, and a person may want to keep one."""
    if given is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert usual_places() == places
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert set(usual_places()) == {""}


def test_no_process_is_begun_while_nobody_listens_where_it_is_to_join(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a cable that is out: each would take seconds of the processor and end. Asked again every second, so it
    is back as soon as the cable is."""
    begun: list[str] = []
    monkeypatch.setattr(machine, "begun", lambda module, *given, **named: begun.append(module))
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tls://127.0.0.1:{server.getsockname()[1]}"
        assert machine.somebody_listens(address)
    assert not machine.somebody_listens(address)
    place = machine.WorkPlace(Joining(address, tmp_path / "key", tmp_path))
    place.look(lambda: machine.somebody_listens(address))
    assert begun == []
    place.look(lambda: True)
    assert begun == ["engine.remote.place"]


def test_where_the_line_is_away_the_pause_until_the_next_try_does_not_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for returned, pauses in ((LINE_AWAY, [1.0, 1.0, 1.0]), (1, [2.0, 4.0, 8.0])):
        code = [sys.executable, "-c", f"raise SystemExit({returned})"]
        monkeypatch.setattr(machine, "begun", lambda *_, code=code, **__: subprocess.Popen(code))
        place, found = machine.WorkPlace(Joining("tls://nowhere:1", tmp_path / "key", tmp_path)), list[float]()
        for _ in pauses:
            place._due = 0.0
            place.look()
            assert place.child is not None
            place.child.wait()
            place.look()
            found.append(place._pause)
        assert found == pauses


def test_an_address_without_how_it_is_spoken_with_is_understood() -> None:
    assert encrypted("192.168.1.7:8786") == encrypted("tls://192.168.1.7:8786") == "tls://192.168.1.7:8786"


@pytest.mark.parametrize(
    "address",
    ["localhost", "office:abc", "office:99999", "office:0", "tcp://office:8786", "tls://:8786", "a..b:88"],
)
def test_what_is_no_address_of_a_cluster_is_refused_in_words(address: str) -> None:
    with pytest.raises(ExperimentError, match="is no address of a cluster"):
        encrypted(address)


def test_ports_that_there_are_not_are_refused_in_words() -> None:
    assert (ports(0, 4), ports(65532, 4)) == ("0", "65532:65535")
    for first in (-1, 65533):
        with pytest.raises(ExperimentError, match=f"--port is {first}"):
            ports(first, 4)


@pytest.mark.skipif(os.name != "posix", reason="no other system ends processes so")
def test_one_that_takes_seconds_to_give_its_memory_back_was_ended_by_the_system_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted when that begins, and looked at each second meanwhile. One that was refused before and is begun
    again is no more."""
    ended, words, count = [], list[str](), [3]
    code = [sys.executable, "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr(machine, "begun", lambda *_, **__: subprocess.Popen(code))
    monkeypatch.setattr(machine, "write_last_words", lambda home, name, beside: words.append(name))
    for module in (machine, wanting):
        monkeypatch.setattr(module, "ended_by_system", lambda: count[0])
    place = machine.WorkPlace(Joining("tls://nowhere:1", tmp_path / "key", tmp_path), refused=True)
    for looks in (1, 3, 2 * machine.LOOKS):
        place._due = 0.0
        place.look()
        assert not place.refused
        child = place.child
        assert child is not None
        place.look()
        count[0] += 1
        for _ in range(looks):
            place.look()
        child.kill()
        child.wait()
        place.look()
        ended.append(place._name)
    assert words == ended[:2], "the third was killed by somebody else, long after"


def test_two_that_the_system_ends_at_once_are_beside_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever is looked at first: either may have had the memory."""
    found = list[set[str]]()
    code = [sys.executable, "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr(machine, "begun", lambda *_, **__: subprocess.Popen(code))
    monkeypatch.setattr(machine, "was_ended_by_system", lambda *_: True)
    monkeypatch.setattr(machine, "write_last_words", lambda home, name, beside: found.append({name, *beside}))
    all_ = [machine.WorkPlace(Joining("tls://nowhere:1", tmp_path / "key", tmp_path)) for _ in range(2)]
    for one in all_:
        one.look(beside=all_)
        assert one.child is not None
        one.child.kill()
        one.child.wait()
    for one in all_:
        one.look(beside=all_)
    assert found == [{one._name for one in all_}] * 2


def end(key: KeyFile, folder: Path, is_server: bool) -> tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
    (folder / "pair").write_text(key.certificate + key.private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=key.authority)
    context.load_cert_chain(folder / "pair")
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    arriving, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
    return context.wrap_bio(arriving, leaving, is_server), arriving, leaving


def test_certificates_are_right_also_for_who_is_strict(tmp_path: Path) -> None:
    """As Python is from 3.13 on, unless it is told otherwise."""
    key = made_key()
    server, client = end(key, tmp_path, True), end(key, tmp_path, False)
    open_ = [client, server]
    for _ in range(10):
        for one, other in ((client, server), (server, client)):
            try:
                one[0].do_handshake()
                open_ = [each for each in open_ if each is not one]
            except ssl.SSLWantReadError:
                pass
            other[1].write(one[2].read())
    assert not open_
