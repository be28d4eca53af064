"""A host on this machine that gives files in every bad way, and a count of the addresses that are connected to."""

from __future__ import annotations

import hashlib
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from engine.downloads import fetching, hosts

HURRY = 0.25  # seconds of silence after which the program takes a host for stalled
PAGE = (
    b"<!DOCTYPE html>\n<html><body>Too many people asked for this file. Sign in to go on.</body></html>" + b" " * 2000
)
STEP = 64 * 1024


class BadServer:
    """files: name -> bytes. `/<way>/<name>` gives the file in this way. asked: way, name and Range of each request."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.sent = 0
        self.behind = "good"  # how the host gives a file that a hub sends on to
        self.over = threading.Event()
        self.go_on = threading.Event()  # lets “held” files go on
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Answers,), {"of": self}))
        self.http.daemon_threads = False
        self.thread = threading.Thread(target=lambda: self.http.serve_forever(poll_interval=0.02))
        self.thread.start()

    def address(self, way: str, name: str) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/{way}/{name}"

    def ranges(self) -> list[str]:
        return [part for _, _, part in self.asked]

    def close(self) -> None:
        self.over.set()
        self.go_on.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadServer]:
    """Asked by a program that does not wait long, and by no proxy."""
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(fetching, "PAUSES", (0.01, 0.01, 0.01))
    monkeypatch.setattr(hosts, "PATIENCE", HURRY)
    server = BadServer()
    yield server
    server.close()


class _Answers(BaseHTTPRequestHandler):
    of: BadServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.close_connection = True
        _, way, name = self.path.split("/", 2)
        times = sum((way, name) == one[:2] for one in self.of.asked)
        self.of.asked.append((way, name, self.headers.get("Range", "")))
        getattr(self, f"give_{way}", self.give_code)(self.of.files.get(name, b""), times)

    def head(self, code: int, length: int | None, *more: tuple[str, str]) -> None:
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in (("Connection", "close"), *more):
            self.send_header(name, value)
        self.end_headers()

    def body(self, data: bytes) -> None:
        try:
            for at in range(0, len(data), STEP):
                self.wfile.write(data[at : at + STEP])
                self.of.sent += len(data[at : at + STEP])
        except OSError:
            self.close_connection = True  # nobody reads any more

    def part(self, data: bytes, tag: str = '"one"', kind: str = "application/octet-stream") -> bytes:
        """The head of an answer that keeps to Range and If-Range; returns what has to follow."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        marks = (("ETag", tag), ("Content-Type", kind))
        if found is None or self.headers.get("If-Range", tag) != tag:
            self.head(200, len(data), *marks)
            return data
        start = int(found.group(1))
        if start >= len(data):
            self.head(416, 0)
            return b""
        self.head(206, len(data) - start, *marks, ("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}"))
        return data[start:]

    def give_good(self, data: bytes, _: int) -> None:
        self.body(self.part(data))

    def give_slow(self, data: bytes, _: int) -> None:
        rest = self.part(data)
        for at in range(0, len(rest), STEP):
            self.of.over.wait(0.005)
            self.body(rest[at : at + STEP])

    def give_cut(self, data: bytes, _: int) -> None:
        """Each answer ends in the middle of what is left, until little is."""
        rest = self.part(data)
        self.body(rest if len(rest) < len(data) / 3 else rest[: len(rest) // 2])

    def give_stub(self, data: bytes, _: int) -> None:
        """Always the same first bytes and no more, whatever part was asked for."""
        self.head(200, len(data))
        self.body(data[: len(data) // 3])

    def give_whole(self, data: bytes, times: int) -> None:
        """Cut off the first time; then it knows no Range and begins anew."""
        self.head(200, len(data), ("ETag", '"one"'))
        self.body(data if times else data[: len(data) // 2])

    def give_changed(self, data: bytes, times: int) -> None:
        """Cut off the first time; then another file stands there."""
        if times:
            self.body(self.part(data, '"two"'))
        else:
            self.body(self.part(data[:9] + bytes(len(data) - 9), '"one"')[: len(data) // 2])

    def give_shifted(self, data: bytes, times: int) -> None:
        """Cut off the first time; then another part than the one that was asked for."""
        if not times:
            return self.body(self.part(data)[: len(data) // 2])
        self.head(206, 10, ("Content-Range", f"bytes 5-14/{len(data)}"))
        return self.body(data[5:15])

    def give_hiccup(self, data: bytes, times: int) -> None:
        if times:
            self.give_good(data, times)
        else:
            self.head(503, 0)

    def give_flipped(self, data: bytes, _: int) -> None:
        self.body(self.part(data[:-1] + bytes([data[-1] ^ 1])))

    def give_other(self, data: bytes, _: int) -> None:
        self.body(self.part(b"something else entirely, and much shorter"))

    def give_page(self, _: bytes, __: int) -> None:
        self.body(self.part(PAGE, kind="text/html; charset=utf-8"))

    def give_unsaid(self, data: bytes, _: int) -> None:
        """A page that is called a file, and as long as the file."""
        self.body(self.part(PAGE.ljust(len(data))))

    def give_long(self, data: bytes, _: int) -> None:
        self.head(200, len(data) + 5)
        self.body(data)

    def give_short(self, data: bytes, _: int) -> None:
        self.head(200, len(data) - 5)
        self.body(data[:-5])

    def give_endless(self, data: bytes, _: int) -> None:
        """No length is stated, and the bytes do not end with the file."""
        self.head(200, None)
        self.body(data * 3)

    def give_stall(self, data: bytes, _: int) -> None:
        """Nothing comes beyond the middle."""
        rest = self.part(data)
        self.body(rest[: max(0, len(rest) - len(data) // 2)])
        self.of.over.wait(200)

    def give_held(self, data: bytes, _: int) -> None:
        """Half of it, and the rest when the test says so."""
        rest = self.part(data)
        self.body(rest[: len(rest) // 2])
        self.of.go_on.wait(30)
        self.body(rest[len(rest) // 2 :])

    def give_silent(self, _: bytes, __: int) -> None:
        self.of.over.wait(200)

    def give_dropped(self, _: bytes, __: int) -> None:
        """The connection ends without an answer."""

    def give_onward(self, _: bytes, __: int) -> None:
        self.head(302, 0, ("Location", self.path.replace("/onward/", "/good/")))

    def give_hub(self, data: bytes, _: int) -> None:
        """Sends on, and states the digest of the file as hubs do."""
        stated = f'"{hashlib.sha256(data).hexdigest()}"'
        self.head(302, 0, ("X-Linked-ETag", stated), ("Location", self.path.replace("/hub/", f"/{self.of.behind}/")))

    def give_circle(self, _: bytes, __: int) -> None:
        self.head(302, 0, ("Location", self.path))

    def give_local(self, _: bytes, __: int) -> None:
        self.head(302, 0, ("Location", "file:///etc/passwd"))

    def give_ftp(self, _: bytes, __: int) -> None:
        self.head(302, 0, ("Location", "ftp://127.0.0.1/file"))

    def give_code(self, _: bytes, __: int) -> None:
        """`/404/…` and its kind."""
        self.head(int(self.path.split("/")[1]), 0)


_connected: list[list[object]] = []  # one for each who counts


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and _connected:
        _connected[-1].append(arguments[1])


@contextmanager
def connections() -> Iterator[list[object]]:
    """Every address that this process connects to meanwhile, as the system is asked for it."""
    if not hasattr(sys, "_warmstart_audit"):
        sys.addaudithook(_audit)
        sys._warmstart_audit = True  # type: ignore[attr-defined]
    _connected.append(found := [])
    try:
        yield found
    finally:
        _connected.remove(found)
