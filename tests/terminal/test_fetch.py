"""`fetch`: data and weights by name from a host on this machine, told as it goes, kept when it is cut short."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.backbones import catalog, download, located
from engine.data import sources
from engine.data.dataset import DataSet
from engine.data.sets import eurosat
from engine.downloads import arriving
from engine.downloads.remote import Remote
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice
from tests.bad_server import BadServer, host
from ui.terminal.commands import run_command

__all__ = ["host"]

BODY = bytes(range(256)) * 4000
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def answered(*arguments: str) -> tuple[int, str, str]:
        code = run_command(arguments)
        return code, *capsys.readouterr()

    return answered


@pytest.fixture
def cache(host: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """torchvision's cache, and ResNet-18 as the host publishes it."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    name = Path(catalog.weights("resnet18")[1].file).name
    host.files[name] = BODY

    def remote(*_: object) -> Remote:
        return Remote(host.address("good", name), name, digest=f"sha256:{hashlib.sha256(BODY).hexdigest()}")

    monkeypatch.setattr(download, "remote", remote)
    return located.hub_checkpoints()


def publish(
    host: BadServer, monkeypatch: pytest.MonkeyPatch, way: str, of: str = "mnist", file: str = "set.bin",
    body: bytes = BODY,
) -> DataSet:  # fmt: skip
    """A data set of the catalogue, as this host publishes it."""
    found = sources.dataset(of)
    host.files[file] = body
    changed = replace(found, download=(Remote(host.address(way, file), file, len(body)),))
    listed = tuple(changed if one is found else one for one in sources.sets())
    monkeypatch.setattr(sources, "sets", lambda: listed)
    return changed


def test_weights_are_fetched_once_into_the_cache_of_torchvision(run: Run, cache: Path) -> None:
    code, out, _ = run("fetch", "resnet18")
    assert code == 0
    assert "from 127.0.0.1. Licence: BSD-3." in out
    assert f"it lies in {cache}" in out
    assert [path.read_bytes() for path in cache.iterdir()] == [BODY]
    assert run("fetch", "resnet18", "resnet18:imagenet")[1].count("it is on this machine") == 2


def test_data_is_fetched_for_programs_too(
    run: Run, host: BadServer, monkeypatch: pytest.MonkeyPatch, own_workspace: Path
) -> None:
    found = publish(host, monkeypatch, "slow")
    code, out, _ = run("fetch", found.name, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert (lines[0]["event"], lines[0]["hosts"], lines[0]["bytes"]) == ("fetching", ["127.0.0.1"], len(BODY))
    assert lines[-1]["event"] == "fetched"
    assert (own_workspace / "datasets" / sources.folder_of(found) / "set.bin").read_bytes() == BODY
    assert json.loads(run("fetch", found.name, "--json")[1]) == {"event": "here", "name": found.name}


def land_cover() -> bytes:
    """EuroSAT as it is published, two small images of each class."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for shade, name in enumerate(eurosat.GROUPS):
            for number in (1, 2):
                image = io.BytesIO()
                noise = np.random.default_rng(10 * shade + number).integers(0, 256, (64, 64, 3), np.uint8)
                Image.fromarray(noise).save(image, "PNG")
                archive.writestr(f"2750/{name}/{name}_{number}.png", image.getvalue())
    return written.getvalue()


@pytest.mark.parametrize("way", ["good", "cut", "whole", "onward"])
def test_what_was_fetched_is_read_by_its_name_alone(
    run: Run, host: BadServer, monkeypatch: pytest.MonkeyPatch, own_workspace: Path, way: str
) -> None:
    publish(host, monkeypatch, way, "eurosat", "EuroSAT.zip", land_cover())
    with pytest.raises(InvalidExperiment, match="not on this machine"):
        sources.load(DatasetChoice(name="eurosat"))
    assert run("fetch", "eurosat")[0] == 0
    data = sources.load(DatasetChoice(name="eurosat"))
    assert (len(data.labels), set(data.class_names)) == (20, set(eurosat.GROUPS))
    assert [path.name for path in (own_workspace / "datasets").iterdir()] == ["eurosat"]


@pytest.mark.parametrize("way, words", [("404", "not at 127.0.0.1 any more"), ("page", "sent a web page")])
def test_a_bad_host_is_one_sentence(
    run: Run, host: BadServer, monkeypatch: pytest.MonkeyPatch, way: str, words: str
) -> None:
    code, _, err = run("fetch", publish(host, monkeypatch, way).name)
    assert code == 2
    assert words in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "name, words",
    [
        ("folder", "cannot be fetched"),
        ("resnet19", "resnet18"),
        ("resnet18:imagenett", "imagenet"),
        ("euro", "euro"),
        ("mobilenet_v3_small:what", "imagenet"),
    ],
)
def test_a_name_that_is_none_is_one_sentence(run: Run, name: str, words: str) -> None:
    code, _, err = run("fetch", "digits", name)
    assert code == 2
    assert words in err


def test_a_full_disk_is_told_before(run: Run, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "RESERVE", 10**18)
    code, _, err = run("fetch", "resnet18")
    assert code == 2
    assert "The disk is too full for" in err
    assert list(cache.iterdir()) == []


CHILD = """
import sys
from engine.backbones import download
from engine.downloads.remote import Remote
download.remote = lambda *_: Remote(sys.argv[1], "resnet18-f37072fd.pth")
from ui.terminal.commands import run_command
sys.exit(run_command(["fetch", "resnet18"]))
"""


def test_ctrl_c_keeps_what_has_come(host: BadServer, cache: Path) -> None:
    host.files["net.pth"] = BODY
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, host.address("held", "net.pth")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    part, until = cache / "resnet18-f37072fd.pth.part", time.monotonic() + 200
    while not (part.exists() and part.stat().st_size > len(BODY) / 4) and time.monotonic() < until:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=200)
    assert child.returncode == 130
    assert "what has come is kept" in err
    assert part.stat().st_size > len(BODY) / 4


@pytest.mark.parametrize("by", ["option", "variable"])
@pytest.mark.parametrize("what", [("fetch", "resnet18"), ("run", "--backbone", "resnet18", "--weights", "imagenet")])
def test_offline_nothing_is_asked_and_that_is_said(
    what: tuple[str, ...], by: str, run: Run, host: BadServer, cache: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("WARMSTART_OFFLINE", "1" if by == "variable" else "0")
    option = ("--offline",) if by == "option" else ()
    code, _, err = run(*what, *option, "--workspace", str(tmp_path / "kept"))
    assert code == 2
    assert "works offline" in err
    assert "--offline" in err
    assert not host.asked
    assert not list(cache.glob("*.pth"))
