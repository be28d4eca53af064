"""Weights and data from a host that behaves badly: they arrive whole or it is told, and no broken file ever stands
under the final name."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.downloads import hosts
from engine.downloads.fetching import fetch
from engine.downloads.remote import Remote
from engine.errors import Cancelled, DownloadError
from tests.bad_server import BadServer, connections

BODY = b"PK\x03\x04" + bytes(range(256)) * 8000 + b"the end"  # 2 MB
WEIGHTS, DATA = "weights", "data"
KINDS = [WEIGHTS, DATA]


def remote_at(host: BadServer, way: str, kind: str, *mirrors: str) -> Remote:
    """Weights state the beginning of their SHA-256, as their names do; data sets an MD5, a size and how they begin."""
    name = "photos.zip" if kind == DATA else "net-12345678.pth"
    host.files[name] = BODY
    further = tuple(host.address(mirror, name) for mirror in mirrors)
    if kind == WEIGHTS:
        digest = f"sha256-prefix:{hashlib.sha256(BODY).hexdigest()[:8]}"
        return Remote(host.address(way, name), name, digest=digest, mirrors=further)
    digest = f"md5:{hashlib.md5(BODY).hexdigest()}"
    return Remote(host.address(way, name), name, len(BODY), digest, BODY[:4], further)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["good", "slow", "cut", "whole", "changed", "onward", "hiccup"])
def test_it_arrives_whole(host: BadServer, tmp_path: Path, way: str, kind: str) -> None:
    remote = remote_at(host, way, kind)
    seen: list[tuple[int, int, str]] = []
    path = fetch(remote, tmp_path / "new", lambda *told: seen.append(told))
    assert path.read_bytes() == BODY
    assert names(tmp_path / "new") == {remote.name}
    assert seen[-1] == (len(BODY), len(BODY), "127.0.0.1")
    asked = len(host.asked)
    assert fetch(remote, tmp_path / "new") == path
    assert len(host.asked) == asked, "what is here is not asked for again"


TOLD = {
    "404": "not at 127.0.0.1 any more",
    "410": "not at 127.0.0.1 any more",
    "403": "does not give the file to everybody",
    "401": "does not give the file to everybody",
    "429": "gives no more files for now",
    "500": "has a fault of its own",
    "503": "has a fault of its own",
    "418": "refused to give the file",
    "page": "did not give the file .* web page",
    "unsaid": "did not give the file .* web page",
    "flipped": "arrived damaged",
    "stub": "cut the file off",
    "long": "cut the file off",
    "short": "arrived damaged",
    "stall": "does not answer",
    "silent": "does not answer",
    "dropped": "was cut off",
    "circle": "sends on without end",
    "local": "sends on without end, or to where nobody should follow",
    "ftp": "sends on without end, or to where nobody should follow",
    "shifted": "sends another part",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", list(TOLD))
def test_what_is_wrong_is_told_and_nothing_broken_stays(host: BadServer, tmp_path: Path, way: str, kind: str) -> None:
    remote = remote_at(host, way, kind)
    with connections() as connected, pytest.raises(DownloadError, match=TOLD[way]) as caught:
        fetch(remote, tmp_path)
    assert names(tmp_path) <= {f"{remote.name}.part", f"{remote.name}.part.json"}
    assert caught.value.message.endswith(".")
    assert caught.value.advice.endswith(".")
    assert {address[:2] for address in connected if isinstance(address, tuple)} == {
        ("127.0.0.1", host.http.server_port)
    }
    assert len(host.asked) <= 12, "it is not tried for ever"


@pytest.mark.parametrize("way, words", [("other", "offers another file"), ("endless", "more than the file has")])
def test_a_size_or_beginning_that_is_not_the_stated_one_is_told(
    host: BadServer, tmp_path: Path, way: str, words: str
) -> None:
    with pytest.raises(DownloadError, match=words):
        fetch(remote_at(host, way, DATA), tmp_path)
    unsized = Remote(host.address("other", "photos.zip"), "photos.zip", magic=b"PK\x03\x04")
    with pytest.raises(DownloadError, match="something else"):
        fetch(unsized, tmp_path)
    assert "photos.zip" not in names(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_try_goes_on_where_the_last_was_cut_off(host: BadServer, tmp_path: Path, kind: str) -> None:
    with pytest.raises(DownloadError):
        fetch(remote_at(host, "stall", kind), tmp_path)
    assert host.sent < 1.1 * len(BODY), "further tries bring only what is missing"
    sent, had = host.sent, (tmp_path / f"{remote_at(host, 'good', kind).name}.part").stat().st_size
    assert fetch(remote_at(host, "good", kind), tmp_path).read_bytes() == BODY
    assert host.sent - sent == len(BODY) - had
    assert host.ranges()[-1] == f"bytes={had}-"


def test_without_a_digest_only_the_same_file_of_the_same_host_is_gone_on_with(host: BadServer, tmp_path: Path) -> None:
    host.files["a.bin"] = BODY
    (tmp_path / "a.bin.part").write_bytes(b"of nobody knows where")
    assert fetch(Remote(host.address("good", "a.bin"), "a.bin"), tmp_path).read_bytes() == BODY
    assert host.ranges() == [""]


def test_a_part_that_is_whole_or_too_long_is_no_trap(host: BadServer, tmp_path: Path) -> None:
    remote = remote_at(host, "good", DATA)
    for left in (BODY, BODY + b"too much", bytes(len(BODY)), b"x" * 100):
        (tmp_path / f"{remote.name}.part").write_bytes(left)
        assert fetch(remote, tmp_path).read_bytes() == BODY
        (tmp_path / remote.name).unlink()


@pytest.mark.parametrize("harm", [BODY[:-1], b"", BODY[: len(BODY) // 2], bytes(len(BODY))])
def test_a_damaged_file_in_its_place_is_fetched_anew(host: BadServer, tmp_path: Path, harm: bytes) -> None:
    for kind in KINDS:
        remote = remote_at(host, "good", kind)
        (tmp_path / remote.name).write_bytes(harm)
        assert fetch(remote, tmp_path).read_bytes() == BODY
    host.files["plain.bin"] = BODY
    (tmp_path / "plain.bin").write_bytes(BODY[: len(BODY) // 2])
    sized = Remote(host.address("good", "plain.bin"), "plain.bin", len(BODY))
    assert fetch(sized, tmp_path).read_bytes() == BODY, "where only the size is stated"


def test_a_digest_that_a_hub_states_while_it_sends_on_is_held_to(host: BadServer, tmp_path: Path) -> None:
    host.files["model.bin"] = BODY
    remote = Remote(host.address("hub", "model.bin"), "model.bin")
    host.behind = "flipped"
    with pytest.raises(DownloadError, match="arrived damaged"):
        fetch(remote, tmp_path)
    assert names(tmp_path) == set()
    host.behind = "good"
    assert fetch(remote, tmp_path).read_bytes() == BODY


@pytest.mark.parametrize("bad", ["404", "page", "flipped", "dropped", "403"])
def test_mirrors_are_tried_in_turn(host: BadServer, tmp_path: Path, bad: str) -> None:
    assert fetch(remote_at(host, bad, DATA, "500", "good"), tmp_path).read_bytes() == BODY
    assert host.asked[-1][0] == "good"


def test_no_network_and_no_address_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Remote("http://127.0.0.1:9/a.bin", "a.bin")
    for remote, words in (
        (closed, "takes no connection"),
        (Remote("file:///etc/passwd", "a.bin"), "no address of the web"),
    ):
        with pytest.raises(DownloadError, match=words):
            fetch(remote, tmp_path)
    for name in ("..", "a/b", "a\\b", "", "c:d"):
        with pytest.raises(ValueError):
            Remote("http://127.0.0.1/x", name)


@pytest.mark.parametrize("way", ["stall", "silent", "slow"])
def test_cancelling_is_at_once_and_keeps_what_has_come(
    host: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(hosts, "PATIENCE", 120.0)
    remote, began = remote_at(host, way, DATA), time.monotonic()
    with pytest.raises(Cancelled):
        fetch(remote, tmp_path, cancelled=lambda: time.monotonic() > began + 0.1)
    assert time.monotonic() - began < 60, "it does not wait for the host"
    assert names(tmp_path) <= {f"{remote.name}.part", f"{remote.name}.part.json"}
    assert (way == "silent") == (names(tmp_path) == set())


def test_a_disk_without_the_space_is_told_before(
    host: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = remote_at(host, "good", DATA)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=51_000_000))
    with pytest.raises(DownloadError, match=r"too full for photos.zip: 1 MB more"):
        fetch(remote, tmp_path)
    assert names(tmp_path) == set()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=53_000_000))
    assert fetch(remote, tmp_path).read_bytes() == BODY


def test_a_disk_that_becomes_full_is_told_and_what_has_come_is_kept(host: BadServer, tmp_path: Path) -> None:
    """The system refuses to write beyond 1 MB, as a full disk or a quota does."""
    remote, limits = remote_at(host, "slow", WEIGHTS), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, limits[1]))
    try:
        with pytest.raises(DownloadError, match="disk is too full for"):
            fetch(remote, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert 0 < (tmp_path / f"{remote.name}.part").stat().st_size <= 10**6
    assert fetch(remote, tmp_path).read_bytes() == BODY
    assert host.ranges()[-1] != ""


def test_a_folder_that_cannot_be_is_told(host: BadServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file" / "below", tmp_path / ("a" * 300)):
        with pytest.raises(DownloadError, match="Nothing can be written to the folder"):
            fetch(remote_at(host, "good", DATA), folder)


def test_several_who_want_one_file_fetch_it_once(host: BadServer, tmp_path: Path) -> None:
    remote = remote_at(host, "slow", DATA)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: fetch(remote, tmp_path).read_bytes(), range(3)))
    assert found == [BODY] * 3
    assert len(host.asked) == 1
    assert names(tmp_path) == {remote.name}


CHILD = """
import sys
from pathlib import Path
from engine.downloads.fetching import fetch
from engine.downloads.remote import Remote
fetch(Remote(sys.argv[1], "photos.zip", digest=sys.argv[2]), Path(sys.argv[3]))
"""


def test_a_process_that_is_killed_leaves_a_part_to_go_on_with(host: BadServer, tmp_path: Path) -> None:
    remote = remote_at(host, "held", DATA)
    child = subprocess.Popen([sys.executable, "-c", CHILD, remote.url, remote.digest, str(tmp_path)], cwd=os.getcwd())
    part = tmp_path / "photos.zip.part"
    until = time.monotonic() + 200
    while not (part.exists() and part.stat().st_size > len(BODY) / 4) and time.monotonic() < until:
        time.sleep(0.02)
    waiting = threading.Thread(target=fetch, args=(remote_at(host, "good", DATA), tmp_path))
    waiting.start()  # this process waits for that one
    time.sleep(0.2)
    assert len(host.asked) == 1
    child.send_signal(signal.SIGKILL)
    child.wait()
    waiting.join(20)
    assert (tmp_path / "photos.zip").read_bytes() == BODY
    assert host.ranges()[-1].startswith("bytes=")


def test_no_test_can_ask_another_machine() -> None:
    """Whatever it tests; this address is nobody's."""
    with socket.socket() as one, pytest.raises(RuntimeError, match=r"connects to 192\.0\.2\.1"):
        one.connect(("192.0.2.1", 80))
