"""Asking a host for a file, or for the rest of one, and its refusals in words.

No address is asked but the one given and those it sends on to, and only by HTTP and HTTPS.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from engine.errors import Cancelled, DownloadError

PATIENCE = 20.0  # seconds without a byte after which a host has stalled
LOOK = 0.1  # seconds between two looks at whether to stop
_SHA256 = re.compile(r'"?([0-9a-f]{64})"?')


class HostError(DownloadError):
    """This address does not give the file; another might. again: the same one might soon. wait: seconds it asks for."""

    def __init__(self, message: str, advice: str, again: bool = False, wait: float = 0.0) -> None:
        super().__init__(message, advice)
        self.again, self.wait = again, wait


class NoSuchPart(HostError):
    """The host has nothing from the asked byte on: what is here is whole, or of another file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """body: the bytes from `start` on. total: of the whole file, 0 when not stated. same: what says that the file is
    still the same one (an ETag or a date). digest: as its hub states it. host: who sends it in the end."""

    body: http.client.HTTPResponse
    start: int
    total: int
    kind: str
    same: str
    digest: str
    host: str


class _Cable:
    """The sockets of one question, which another thread may cut."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []

    def cut(self) -> None:
        for one in self.sockets:
            with suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)  # wakes who reads from it

    @contextmanager
    def cut_when(self, cancelled: Callable[[], bool]) -> Iterator[None]:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(LOOK):
                if cancelled():
                    self.cut()

        watcher = threading.Thread(target=watch, name="download watch", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def _recorded(kind: type[HTTPConnection], line: _Cable) -> type[HTTPConnection]:
    class Recorded(kind):  # type: ignore[misc, valid-type]
        def connect(self) -> None:
            super().connect()
            line.sockets.append(self.sock)

    return Recorded


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, line: _Cable) -> None:
        super().__init__()
        self._connection = _recorded(HTTPConnection, line)

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)


@cache
def _trust() -> ssl.SSLContext:
    """Whom this machine trusts; a twentieth of a second to read."""
    return ssl.create_default_context()


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self, line: _Cable) -> None:
        super().__init__(context=_trust())
        self._connection = _recorded(HTTPSConnection, line)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req, context=_trust())


class _Onward(urllib.request.HTTPRedirectHandler):
    """Follows a host that sends on, a few times; what a hub says there of the file's digest is kept."""

    digest = ""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        found = _SHA256.fullmatch(headers.get("X-Linked-ETag", ""))
        self.digest = f"sha256:{found.group(1)}" if found else self.digest
        before, after = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if after not in ("http", "https") or (before, after) == ("https", "http"):
            raise HTTPError(req.full_url, code, "not followed", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def asked(url: str, start: int, same: str, cancelled: Callable[[], bool]) -> Iterator[Answer]:
    """The host's answer, from byte `start` on where the file is still the `same`, else from its beginning.

    Raises `HostError`, `Cancelled`; also for what goes wrong while the body is read.
    """
    line, onward = _Cable(), _Onward()
    handlers = (urllib.request.ProxyHandler(), _Plain(line), _Secure(line), onward,
                urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPErrorProcessor())  # fmt: skip
    opener = urllib.request.OpenerDirector()
    for handler in handlers:
        opener.add_handler(handler)
    with (
        line.cut_when(cancelled),
        _told(url, cancelled),
        closing(opener.open(_question(url, start, same), None, PATIENCE)) as body,
    ):
        yield _understood(body, start, onward.digest)


def _question(url: str, start: int, same: str) -> urllib.request.Request:
    headers = {"User-Agent": "Warmstart", "Accept": "*/*"}
    if start:
        headers |= {"Range": f"bytes={start}-"} | ({"If-Range": same} if same else {})
    try:
        question = urllib.request.Request(url, headers=headers)
    except ValueError:
        question = None
    if question is None or question.type not in ("http", "https"):
        raise HostError(f"“{url}” is no address of the web.", "It has to begin with https://.")
    return question


def _understood(body: http.client.HTTPResponse, start: int, digest: str) -> Answer:
    length, found = body.length or 0, 0
    if body.status == 206:
        sent = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", body.headers.get("Content-Range", ""))
        if sent is None or int(sent.group(1)) != start:
            raise HostError(f"{_host(body.geturl())} sends another part of the file.", "Try again later.")
        found = start
    etag = body.headers.get("ETag", "")
    same = etag if etag and not etag.startswith("W/") else body.headers.get("Last-Modified", "")
    digest = digest or _linked(body.headers)
    return Answer(
        body,
        found,
        found + length if length else 0,
        body.headers.get("Content-Type", ""),
        same,
        digest,
        _host(body.geturl()),
    )


def _linked(headers: HTTPMessage) -> str:
    found = _SHA256.fullmatch(headers.get("X-Linked-ETag", ""))
    return f"sha256:{found.group(1)}" if found else ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


@contextmanager
def _told(url: str, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Turns what a network does into sentences; a file's own `DownloadError` passes."""
    try:
        yield
    except HTTPError as error:
        error.close()
        raise _refusal(error, _host(url if 300 <= error.code < 400 else error.url or url)) from error
    except (OSError, HTTPException, UnicodeError) as error:  # the last for what can be no host's name
        if cancelled():
            raise Cancelled from error
        raise _silence(_host(url), error) from error
    except ValueError as error:  # of what a host sends on to
        raise HostError(f"{_host(url)} sends on to what is no address.", "Try again later.") from error


def _refusal(error: HTTPError, host: str) -> HostError:
    code = error.code
    if code in (404, 410):
        return HostError(f"The file is not at {host} any more ({code}).", "Look for a newer version of Warmstart.")
    if code in (401, 403, 407, 451):
        advice = "Try again tomorrow, or fetch it with a browser and choose the file or folder by hand."
        return HostError(f"{host} does not give the file to everybody ({code}).", advice)
    if code == 429:
        wait = error.headers.get("Retry-After", "")
        return HostError(f"{host} gives no more files for now ({code}).", "Try again in an hour.", True, _seconds(wait))
    if code == 416:
        return NoSuchPart(f"{host} has no more of the file ({code}).", "Try again.", again=True)
    if 300 <= code < 400:
        return HostError(f"{host} sends on without end, or to where nobody should follow ({code}).", "Try again later.")
    if code >= 500:
        return HostError(f"{host} has a fault of its own ({code}).", "Try again later.", again=True)
    return HostError(f"{host} refused to give the file ({code}).", "Try again later.")


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0


def _silence(host: str, error: Exception) -> HostError:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return HostError(f"{host} cannot prove that it is {host}.", "Check the clock, the network and its proxy.")
    if isinstance(reason, socket.gaierror):
        return HostError(f"{host} is not found.", "Check the network connection, then try again.")
    if isinstance(reason, TimeoutError):
        return HostError(f"{host} does not answer.", "Check the network connection, then try again.", again=True)
    if isinstance(reason, ConnectionRefusedError):
        return HostError(f"{host} takes no connection.", "Check the network connection, then try again.")
    return HostError(
        f"The connection to {host} was cut off.", "Check the network connection, then try again.", again=True
    )
