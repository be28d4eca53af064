"""`predict` and `adapt` on texts: typed, from tables and files, from standard input."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.engine.using.texts import table
from tests.terminal.conftest import Command
from tests.texts import text_set

LEARN = ("--backbone", "text_transformer", "--weights", "random", "--method", "full_ft", "--set", "epochs=2")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With run 1, which learnt from texts, and run 2, which learnt from images."""
    from main import main

    root = tmp_path_factory.mktemp("workspace")
    data = table(root / "topics.csv")
    assert main(["run", "--data", str(data), *LEARN, "--workspace", str(root / "w")]) == 0
    probe = ("--data", "digits", "--method", "linear_probe", "--set", "epochs=1", "--labels-per-class", "2")
    assert main(["run", *probe, "--workspace", str(root / "w")]) == 0
    return root


def test_texts_are_answered_wherever_they_come_from(
    workspace: Path, warmstart: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ("--workspace", workspace / "w")
    few = tmp_path / "few.txt"
    few.write_text("rain and snow\n=1+2 of the song\n")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("from café\n\nstandard input\n".encode())))
    said = tmp_path / "said.csv"
    asked = ("--text", "a guitar", "--text", " ", few, "-", "--csv", said, "--top", 2)
    done = warmstart("predict", 1, *asked, "--json", *at)
    assert done.code == 0, done.err
    found = done.objects()
    assert [one["text"] for one in found] == [
        "a guitar", "", "rain and snow", "=1+2 of the song", "from café", "standard input",
    ]  # fmt: skip
    assert [one["from"] for one in found][:3] == ["typed text 1", "typed text 2", f"{few}, line 1"]
    assert found[1]["reason"] == "no text"
    assert found[1]["answers"] == []
    assert all(len(one["answers"]) == 2 for one in (*found[:1], *found[2:]))
    assert all("unlike" in one for one in found if one["answers"])
    rows = list(csv.DictReader(said.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["text"].removeprefix("'") for row in rows] == [one["text"] for one in found]
    assert rows[3]["text"] == "'=1+2 of the song"  # which no spreadsheet computes
    assert rows[0]["class 1"] == found[0]["answers"][0]["class"]
    told = warmstart("predict", 1, few, "--whole", *at)
    heading, line = told.out.splitlines()
    assert "validation texts" in heading
    assert line.startswith("“rain and snow =1+2 of the song”: ")


def test_a_table_is_answered_as_the_run_s_own_set(workspace: Path, warmstart: Command) -> None:
    done = warmstart("predict", 1, workspace / "topics.csv", "--json", "--workspace", workspace / "w")
    assert [one["text"] for one in done.objects()] == list(text_set().texts)


def test_what_cannot_be_answered_is_said(
    workspace: Path, refuses: Callable[..., str], warmstart: Command, tmp_path: Path
) -> None:
    at = ("--workspace", workspace / "w")
    assert "No texts are given" in refuses("predict", 1, *at)
    assert "No images are given" in refuses("predict", 2, *at)
    assert "reads images and no texts" in refuses("predict", 2, "--text", "hello", *at)
    assert "no column “other”" in refuses("predict", 1, workspace / "topics.csv", "--column", "other", *at)
    assert "does not exist" in refuses("predict", 1, tmp_path / "gone.csv", *at)
    assert warmstart("predict", 1, "--text", " ", *at).code == 1


def test_a_run_is_tested_on_other_texts(workspace: Path, warmstart: Command, refuses: Callable[..., str]) -> None:
    at = ("--workspace", workspace / "w")
    other = table(workspace / "others.csv", each=14)  # twelve of each class are those of the run's own set, or not
    (said, *_) = warmstart("test", 1, other, "--json", *at).objects()
    assert said["images"] > 0
    assert "texts" in " ".join(said["notes"])
    assert "holds images, and this run reads texts" in refuses("test", 1, "digits", *at)
    assert "holds texts, and this needs images" in refuses("test", 2, other, *at)


def test_new_classes_are_met_by_a_few_texts(workspace: Path, warmstart: Command, refuses: Callable[..., str]) -> None:
    at = ("--workspace", workspace / "w")
    few = table(workspace / "few.csv", each=3)
    (said,) = warmstart("adapt", 1, few, "--text", "the guitar and the piano", "--json", *at).objects()
    assert {one["class"] for one in said["answers"]} == set(text_set().class_names)
    assert "No classes are given" in refuses("adapt", 1, *at)
