"""Downloads from a real server on this machine: progress, cancel, damage, no network."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.backbones import catalog
from engine.backbones.download import fetch, published_url
from engine.errors import Cancelled, WeightsError

BODY = bytes(range(256)) * 4000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    (tmp_path / "www").mkdir()
    for digest in (hashlib.sha256(BODY).hexdigest()[:8], "00000000"):
        (tmp_path / "www" / f"weights-{digest}.pth").write_bytes(BODY)
    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "www")))
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


def good(server: str) -> str:
    return f"{server}/weights-{hashlib.sha256(BODY).hexdigest()[:8]}.pth"


def left_over() -> list[str]:
    folder = catalog.hub_checkpoints()
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_download_arrives_whole_with_progress(server: str) -> None:
    seen: list[float] = []
    path = fetch("resnet18", seen.append, url=good(server))
    assert path.read_bytes() == BODY
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert left_over() == [path.name]


def test_cancelling_leaves_nothing(server: str) -> None:
    with pytest.raises(Cancelled):
        fetch("resnet18", lambda _: None, lambda: True, good(server))
    assert left_over() == []


def test_damage_is_noticed_by_the_checksum_in_the_name(server: str) -> None:
    with pytest.raises(WeightsError, match="are damaged"):
        fetch("resnet18", lambda _: None, url=f"{server}/weights-00000000.pth")
    assert left_over() == []


def test_a_cache_that_can_be_no_folder_is_one_sentence(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("/dev/null", "/" + "a" * 5000):
        monkeypatch.setenv("TORCH_HOME", place)
        assert catalog.weights("resnet18")[1].state == "download"
        with pytest.raises(WeightsError, match="ResNet-18 could not be downloaded"):
            fetch("resnet18", lambda _: None, url=good(server))


@pytest.mark.parametrize("path", ["/absent-12345678.pth", ""])
def test_no_such_file_or_server_is_one_sentence(server: str, path: str) -> None:
    address = server + path if path else "http://127.0.0.1:9/weights-12345678.pth"
    with pytest.raises(WeightsError, match="ResNet-18 could not be downloaded") as caught:
        fetch("resnet18", lambda _: None, url=address)
    assert "network" in caught.value.advice


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_0", "convnext_tiny", "vit_b_16"])
def test_torchvision_publishes_the_file_that_the_catalogue_looks_for(name: str) -> None:
    """The size too: torchvision states it in MiB."""
    from torchvision.models import get_model_weights

    info = catalog.weights(name)[1]
    assert Path(published_url(name)).name == Path(info.file).name
    published = get_model_weights(name).IMAGENET1K_V1.meta["_file_size"] * 2**20
    assert info.bytes == pytest.approx(published, rel=2e-3)
