"""Who answers at a cluster's address and is not this cluster is told from a cluster that does not answer."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from engine.remote import certificates
from engine.remote.certificates import made_key
from engine.remote.cluster import NotThisCluster
from engine.remote.joining import Joining, refuse_another_version
from engine.remote.machine import serve
from engine.remote.strangers import stranger
from tests.engine.remote.loopback import Loopback, free_port


class Chatty(socketserver.BaseRequestHandler):
    """As a program of another kind: it greets whoever comes."""

    def handle(self) -> None:
        self.request.sendall(b"220 ready for anything but this\r\n")
        self.request.recv(1000)


@pytest.fixture
def other_key(tmp_path: Path) -> Path:
    made_key().write(tmp_path / "other.key")
    return tmp_path / "other.key"


def test_a_key_of_another_cluster_is_said_and_ends_the_command(line: Loopback, other_key: Path, tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(NotThisCluster, match="has another key") as refused:
        serve(Joining(line.address, other_key, tmp_path), [""], said.append, threading.Event())
    assert refused.value.advice == "Copy the key from the desk again."
    assert said == []


def test_another_program_at_the_port_is_no_cluster(other_key: Path, tmp_path: Path) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Chatty) as other:
        answering = threading.Thread(target=other.serve_forever)
        answering.start()
        try:
            address = f"tls://127.0.0.1:{other.server_address[1]}"
            with pytest.raises(NotThisCluster, match="is no cluster"):
                refuse_another_version(Joining(address, other_key, tmp_path))
        finally:
            other.shutdown()
            answering.join()


def test_a_clock_that_is_wrong_is_no_other_key_and_may_be_set_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "YEARS", 0)
    key = made_key()
    (tmp_path / "pair").write_text(key.certificate + key.private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pair")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)  # else who answers stays where nobody asks

        def answer() -> None:
            with suppress(OSError), server.accept()[0] as opened:
                context.wrap_socket(opened, server_side=True)

        answering = threading.Thread(target=answer)
        answering.start()
        wrong = stranger(f"tls://127.0.0.1:{server.getsockname()[1]}", key)
        answering.join()
    assert wrong is not None
    assert not isinstance(wrong, NotThisCluster), "which would end the machine's program"
    assert wrong.message == "The cluster's key is not valid at the time of this machine's clock."


def test_nobody_at_the_port_may_come_yet(other_key: Path, tmp_path: Path) -> None:
    said: list[str] = []
    ended = threading.Event()

    def say(words: str) -> None:
        said.append(words)
        ended.set()

    serve(Joining(f"tls://127.0.0.1:{free_port()}", other_key, tmp_path), [""], say, ended)
    assert [words.partition(" at ")[0] for words in said] == ["The cluster"]
    assert "does not answer. It is tried until it does." in said[0]


def test_the_right_key_is_no_stranger(line: Loopback, tmp_path: Path) -> None:
    refuse_another_version(Joining(line.address, line.folder / "cluster.key", tmp_path))
