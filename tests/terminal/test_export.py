"""`export` as it is typed: the folder, what is said of it, and `predict` of what it left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.terminal.conftest import Command
from tests.terminal.test_predict import LINEAR


def test_a_run_is_exported_and_asked_as_a_folder(
    tmp_path: Path, warmstart: Command, photos: Path, refuses: Callable[..., str]
) -> None:
    at = ("--workspace", tmp_path / "workspace")
    assert warmstart("run", "--data", photos, *LINEAR, *at).code == 0
    told = warmstart("export", 1, "--to", tmp_path / "model", "--pt2", "--json", *at).objects()
    assert [one["event"] for one in told] == ["progress"] * (len(told) - 1) + ["exported"]
    assert told[-1]["folder"] == str(tmp_path / "model")
    assert told[-1]["checked"]["same"] == told[-1]["checked"]["images"] == 30
    assert told[-1]["checked"]["difference"] < 1e-4
    assert {"model.onnx", "model.pt2", "README.md"} <= {one.name for one in (tmp_path / "model").iterdir()}
    asked = [warmstart("predict", of, photos, "--json", *at).objects() for of in (1, tmp_path / "model")]
    assert asked[0] == asked[1]
    assert {one["none_of_these"] for one in asked[0]} <= {True, False}
    for_people = warmstart("predict", tmp_path / "model", photos / "class0", *at).out.splitlines()
    assert for_people[0].startswith("Exported run, ")
    assert "there already" in refuses("export", 1, "--to", tmp_path / "model", *at)
    (tmp_path / "model" / "labels.txt").write_text("a\nb\nc\n")
    assert "was edited: labels.txt" in refuses("predict", tmp_path / "model", photos, *at)


def test_what_cannot_be_exported_is_refused_in_words(
    tmp_path: Path, warmstart: Command, photos: Path, refuses: Callable[..., str]
) -> None:
    at = ("--workspace", tmp_path / "workspace")
    assert warmstart("run", "--data", photos, "--method", "head_bench", "--set", "most_labels=1", *at).code == 0
    refused = warmstart("export", 1, "--to", tmp_path / "bench", *at)
    assert refused.code == 2
    assert "a head bench compares heads on frozen features and keeps none" in refused.err
    assert not (tmp_path / "bench").exists()
    assert "no exported folder" in refuses("predict", photos, photos, *at)
    assert "--to" in refuses("export", 1, *at)
