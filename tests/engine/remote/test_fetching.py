"""What a run left on a machine comes in as few questions as it can."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("distributed")

from engine.remote import served
from engine.remote.attempts import Attempts
from engine.remote.certificates import KeyFile
from engine.remote.on_dask import DaskCluster

LEFT = {
    "experiment.json": b"{}", "best.safetensors": b"w" * 900, "last.safetensors": b"w" * 900,
    "a/picture.png": b"p" * 50, "empty": b"", "settings.json": b"{}",
}  # fmt: skip


def test_a_machine_tells_the_title_of_its_gpu_once_it_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = SimpleNamespace(is_available=lambda: True, get_device_name=lambda place: f"H200 of place {place}")
    for torch, title in ((SimpleNamespace(cuda=cuda), "H200 of place 0"), (SimpleNamespace(), "")):
        monkeypatch.setitem(sys.modules, "torch", torch)
        assert served.gpu_title() == title
    monkeypatch.delitem(sys.modules, "torch")
    assert served.gpu_title() == ""
    assert "torch" not in sys.modules


@pytest.mark.parametrize(("piece", "asked"), [(4 * 2**20, 1), (500, 3)])
def test_small_files_come_with_the_list_of_all_and_large_ones_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, asked: int
) -> None:
    machine, questions = tmp_path / "machine", list[str]()
    monkeypatch.setattr(served, "home", lambda: machine)
    monkeypatch.setattr(served, "PIECE", piece)
    folder = Attempts(machine).begin("abc", "1-a", "{}") / "runs" / "abc"
    for name, body in LEFT.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(body)
    desk = DaskCluster("tls://nowhere:1", KeyFile("", "", ""), "desk")

    def of_one(at: str, function: Callable[..., Any], *given: object, **_: float) -> object:
        questions.append(function.__name__)
        return function(*given)

    monkeypatch.setattr(desk._line, "of_one", of_one)
    desk.fetch("there", "abc", "1-a", tmp_path / "here", {"experiment.json": lambda there: there + b"!"})
    came = {one.relative_to(tmp_path / "here").as_posix(): one.read_bytes() for one in (tmp_path / "here").rglob("*")
            if one.is_file()}  # fmt: skip
    assert came == {**LEFT, "experiment.json": b"{}!"}
    assert len(questions) == asked, "each content comes once"
    assert (tmp_path / "here" / "best.safetensors").samefile(tmp_path / "here" / "last.safetensors")
    questions.clear()
    desk.fetch("there", "abc", "1-a", tmp_path / "here", {})
    assert [one.name for one in (tmp_path / "here").rglob("*.part")] == []
    assert (tmp_path / "here" / "experiment.json").read_bytes() == b"{}"
    assert len(questions) == 1
