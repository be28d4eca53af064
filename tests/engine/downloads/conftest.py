"""A host that behaves badly, asked by a program that does not wait long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.downloads import hosts, remote
from tests.bad_server import BadServer


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadServer]:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(remote, "PAUSES", (0.01, 0.01, 0.01))
    monkeypatch.setattr(hosts, "PATIENCE", 0.25)
    server = BadServer()
    yield server
    server.close()
