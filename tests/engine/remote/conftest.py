"""What a test begins of a cluster ends with it, also where it fails: the next one would be blamed for its threads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.remote.loopback import Loopback, loopback, there


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    """Without a machine."""
    with loopback(tmp_path_factory.mktemp("cluster"), places=0) as made:
        yield made


@pytest.fixture(autouse=True)
def desks_are_closed() -> Iterator[None]:
    """Also those of a cluster that stays for other tests."""
    yield
    for one in there:
        one.close_desks()
