"""`cluster` and `worker` as a person types them, with a real line of orders on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from engine.errors import ExperimentError
from engine.remote import connection, starting
from engine.remote.certificates import KeyFile, made_key
from engine.remote.joining import Joining
from engine.remote.machine import WorkPlace
from main import main
from tests.engine.remote.loopback import free_port


@pytest.fixture
def workspace(own_workspace: Path) -> Iterator[Path]:
    yield own_workspace
    if (own_workspace / "cluster" / "where.json").is_file():
        starting.end(own_workspace)


def test_it_begins_once_says_how_others_join_and_ends(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["cluster", "start", "--host", "127.0.0.1", "--port", str(free_port())]
    assert main(given) == 0
    said = capsys.readouterr().out
    address = starting.begin(workspace, "127.0.0.1", 1)[0]
    assert f"warmstart worker --connect {address} --key cluster.key" in said
    assert "No other machine reaches 127.0.0.1" in said
    assert main(["cluster", "start", "--host", "10.0.0.9"]) == 0
    assert "It was up at this address already. For 10.0.0.9: “cluster stop”" in capsys.readouterr().out
    assert main([*given, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["address"], Path(again["key"])) == (address, workspace / "cluster" / "cluster.key")
    assert Path(again["key"]).stat().st_mode & 0o077 == 0
    assert KeyFile.read(Path(again["key"])).private.startswith("-----BEGIN")
    assert main(["cluster", "status"]) == 0
    assert "has 0 places" in capsys.readouterr().out
    assert main(["cluster", "stop"]) == 0
    assert main(["cluster", "status"]) == 2
    assert "This workspace has no cluster." in capsys.readouterr().err
    assert main(["cluster", "start"]) == 0
    assert address in capsys.readouterr().out, "where its machines wait"


def test_one_that_was_switched_off_is_begun_where_it_was_also_after_that_was_refused(
    own_workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody ended it: its machines wait there all the same."""
    tried = list[tuple[object, ...]]()

    def refused(folder: Path, host: str, port: int) -> None:
        tried.append((host, port))
        raise ExperimentError("That port is taken.", "Give another.")

    monkeypatch.setattr(starting, "_begin_line", refused)
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    there, port = own_workspace / "cluster", free_port()
    there.mkdir(parents=True)
    made_key().write(there / "cluster.key")
    (there / "where.json").write_text(json.dumps({"address": f"tls://127.0.0.1:{port}"}))
    for _ in range(2):
        assert main(["cluster", "start"]) == 2
        assert "That port is taken." in capsys.readouterr().err
    assert tried == [("127.0.0.1", port)] * 2


def test_a_run_for_a_cluster_that_is_not_there_is_refused_before_it_is_saved(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--data", "digits", "--method", "scratch", "--device", "cluster"]) == 2
    assert "This workspace has no cluster. Begin one with “cluster start”" in capsys.readouterr().err
    assert main(["list", "runs", "--json"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--key", "nowhere.key"], "cannot be read"),
        (["--key", "other.key"], "is no key of a cluster"),
        (["--key", "other.key", "--places", "0"], "from 1 to 256"),
        (["--key", "other.key", "--port", "65535"], "from 1 to 65279"),
    ],
)
def test_what_a_machine_is_given_wrongly_is_said(
    given: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.key").write_text("no key")
    assert main(["worker", "--connect", "tls://127.0.0.1:9", *given]) == 2
    assert words in capsys.readouterr().err


def test_seeds_are_given_to_the_cluster_at_once_and_each_line_says_of_which(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address, key = starting.begin(workspace, "127.0.0.1", free_port())
    machine = WorkPlace(Joining(address, key, tmp_path / "machine"))
    machine.look()
    given = ["run", "--data", "digits", "--classes", "3", "--labels-per-class", "5", "--backbone", "conv4"]
    given += ["--method", "scratch", "--set", "epochs=1", "--seeds", "2", "--device", "cluster"]
    try:
        assert main(given) == 0
        said = capsys.readouterr().out
        assert main([*given, "--json"]) == 0
        events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    finally:
        machine.end()
    begun = [line for line in said.splitlines() if "of 2)" in line and "test accuracy" in line]
    assert {line.partition(":")[0] for line in begun} == {"Run 1 (1 of 2)", "Run 2 (2 of 2)"}
    created = [one["run"] for one in events if one["event"] == "created"]
    finished = [one["run"] for one in events if one["event"] == "run_finished"]
    assert len(set(created)) == 2
    assert sorted(finished) == sorted(created)
