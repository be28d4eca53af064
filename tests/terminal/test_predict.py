"""`predict` and `adapt`: image files, folders and zips answered by a saved run, as the run itself answered its test."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from PIL import Image

from engine.artifacts.saved import TOGETHER
from engine.data.cutting import Cut
from engine.data.files.loose import LooseImages
from engine.data.files.read_as import PLAIN
from engine.data.files.reading import Entry, FolderFiles
from engine.data.sources import load
from engine.preparation.inputs import Normaliser
from engine.provenance import read_as
from engine.using import predictions as using
from storage.store import RunStore
from storage.workspace import Workspace
from tests.terminal.conftest import Command
from ui.terminal.predict import MEASURING

FORMS = (Normaliser(20, 1), Normaliser(20, 1, cut=Cut("bicubic", 0.875)))
LINEAR = ("--method", "linear_probe", "--labels-per-class", 3, "--set", "epochs=2")


def drawn(folder: Path, deep: bool) -> Path:
    """Three classes of twelve images: bars of another direction, in 8 bits, or in 12 of 16."""
    rng = np.random.default_rng(0)
    for number, name in enumerate(("across", "down", "slant")):
        (folder / name).mkdir(parents=True)
        for index in range(12):
            y, x = np.mgrid[:28, :28]
            light = np.sin((x, y, x + y)[number] / 2 + rng.uniform(0, 6)) * 0.4 + 0.5 + rng.normal(0, 0.05, (28, 28))
            top = 4095 if deep else 255
            values = np.clip(light * top * (0.2 if index % 2 else 1), 0, top)
            Image.fromarray(values.astype(np.uint16 if deep else np.uint8)).save(folder / name / f"{index}.png")
    return folder


def test_a_run_on_a_list_of_images_keeps_how_they_were_read(tmp_path: Path, warmstart: Command) -> None:
    """The list is of the folder as it was before an image came."""
    at = ("--workspace", tmp_path / "workspace")
    photos = drawn(tmp_path / "photos", deep=True)
    assert warmstart("run", "--data", photos, *LINEAR, *at).code == 0
    Image.fromarray(np.full((28, 28), 4095, np.uint16)).save(photos / "down" / "later.png")
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        seen = store.run(1).facts["data"]
        assert warmstart("run", "--data", photos, "--listed", seen, *LINEAR, *at).code == 0
        found = [read_as.read(store.directory(store.run(number))) for number in (1, 2)]
    assert found[0] == found[1] != PLAIN


@pytest.mark.parametrize("deep", [False, True], ids=("8 bits", "12 bits"))
def test_the_answers_are_those_of_the_run_s_own_test(tmp_path: Path, warmstart: Command, deep: bool) -> None:
    at = ("--workspace", tmp_path / "workspace")
    photos = drawn(tmp_path / "photos", deep)
    assert warmstart("run", "--data", photos, *LINEAR, *at).code == 0
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        run = store.run(1)
        (result,) = (one for one in store.results(1) if one.name == "test/accuracy")
    data = load(run.experiment.dataset)
    said = warmstart("predict", 1, photos, "--json", *at).objects()
    found = {one["image"]: one["answers"][0]["class"] for one in said}
    assert len(found) == 36
    assert result.ids is not None
    assert result.predicted is not None
    assert len(result.ids) > 5
    for place, guess in zip(result.ids, result.predicted, strict=True):
        assert found[f"{photos}/{data.image_name(place)}"] == result.class_names[guess]
    with LooseImages([photos], read_as.read(tmp_path / "workspace" / "runs" / run.uid)) as images:
        read, cut = (images.read(range(36), form) for form in FORMS)
        names = [images.name(place).removeprefix(f"{photos}/") for place in range(36)]
    known = {data.image_name(place): place for place in range(36)}
    for found, form in zip((read, cut), FORMS, strict=True):
        assert np.array_equal(np.stack(found), data.read([known[name] for name in names], form))
    shares = [sum(answer["probability"] for answer in one["answers"]) for one in said]
    assert shares == pytest.approx([1.0] * 36, abs=1e-5)


def test_files_folders_and_zips_in_their_order_and_what_is_broken(
    tmp_path: Path, warmstart: Command, photos: Path
) -> None:
    at = ("--workspace", tmp_path / "workspace")
    assert warmstart("run", "--data", photos, *LINEAR, *at).code == 0
    broken = photos / "class0" / "broken.png"
    broken.write_bytes((photos / "class0" / "0.png").read_bytes()[:90])
    with ZipFile(tmp_path / "more.zip", "w") as packed:
        packed.write(photos / "class2" / "1.png", "inner/1.png")
    table = tmp_path / "found.csv"
    asked = (photos / "class1" / "3.png", tmp_path / "more.zip", broken)
    done = warmstart("predict", 1, *asked, "--csv", table, "--top", 2, *at)
    assert done.code == 0
    heading, first, second, third = done.out.splitlines()
    assert "probabilities calibrated on 6 validation images" in heading
    assert done.err.splitlines() == [MEASURING]
    assert "class" in first.removeprefix(f"{asked[0]}: ")
    assert "class" in second.removeprefix(f"{asked[1]}/inner/1.png: ")
    assert third == f"{broken}: not read, truncated image"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["image"] for row in rows] == [str(asked[0]), f"{asked[1]}/inner/1.png", str(broken)]
    assert [row["reason"] for row in rows] == ["", "", "truncated image"]
    assert all(float(row["probability 1"]) >= float(row["probability 2"]) > 0 for row in rows[:2])
    assert [row["none of these"] for row in rows][2] == ""
    same = warmstart("predict", 1, asked[0], "--json", *at)
    assert same.err == ""  # measured once
    (said,) = same.objects()
    assert said["answers"][0]["probability"] == pytest.approx(float(rows[0]["probability 1"]), abs=1e-5)
    assert said["unlike"] == pytest.approx(float(rows[0]["unlikeness"]), abs=1e-4)  # of two images at once
    assert said["none_of_these"] == (rows[0]["none of these"] == "yes")
    assert warmstart("predict", 1, broken, *at).code == 1


def test_what_is_like_nothing_it_learnt_is_none_of_these(tmp_path: Path, warmstart: Command, photos: Path) -> None:
    at = ("--workspace", tmp_path / "workspace")
    assert warmstart("run", "--data", photos, *LINEAR, *at).code == 0
    assert "none of these; class" not in warmstart("predict", 1, photos / "class1" / "3.png", *at).out
    file = next((tmp_path / "workspace" / "runs").glob("*/calibration.json"))
    text = json.loads(file.read_text())
    text["refusal"]["threshold"] = -1e9
    file.write_text(json.dumps(text))
    assert ": none of these; class" in warmstart("predict", 1, photos / "class1" / "3.png", *at).out
    shutil.rmtree(photos / "class0")
    file.unlink()
    gone = warmstart("predict", 1, photos / "class1" / "3.png", *at)
    assert gone.code == 0
    assert "which are often too sure: " in gone.out
    assert "none of these" not in gone.out


def test_each_file_is_opened_once_and_few_are_held(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        shutil.copy(photos / "class0" / "0.png", tmp_path / f"{number}.png")
    opened = Counter[str]()
    stream = FolderFiles._stream

    def counted(files: FolderFiles, entry: Entry) -> tuple[IO[bytes], int]:
        opened[entry.real] += 1
        return stream(files, entry)

    monkeypatch.setattr(FolderFiles, "_stream", counted)

    class Even:
        def predict(self, inputs: torch.Tensor) -> torch.Tensor:
            return torch.full((len(inputs), 2), 0.5)

    with LooseImages([tmp_path / f"{number}.png" for number in range(300)]) as images:
        found = using.predictions(Even(), Normaliser(8, 1), images)
        next(found)
        found.close()
        assert len(opened) <= 2 * TOGETHER
        opened.clear()
        assert len(list(using.predictions(Even(), Normaliser(8, 1), images))) == 300
    assert len(opened) == 300
    assert set(opened.values()) == {1}


def test_a_meta_learner_meets_new_classes(
    tmp_path: Path, warmstart: Command, photos: Path, refuses: Callable[..., str]
) -> None:
    at = ("--workspace", tmp_path / "workspace")
    done = warmstart("run", "--method", "protonet", "--set", "steps=2", "--set", "test_episodes=10", *at)
    assert done.code == 0, done.err
    assert "adapt to a support set" in refuses("predict", 1, photos, *at)
    assert "no class" in refuses("adapt", 1, photos / "class1", photos, *at)
    said = warmstart("adapt", 1, photos, photos, "--json", *at).objects()
    right = [one["answers"][0]["class"] == Path(one["image"]).parent.name for one in said]
    assert len(right) == 30
    assert sum(right) > 24
    (photos / "class1" / "0.png").write_bytes(b"no image")
    assert "not an image" in refuses("adapt", 1, photos, photos / "class2", *at)


def test_what_cannot_be_answered_is_refused_in_words(
    tmp_path: Path, warmstart: Command, photos: Path, refuses: Callable[..., str]
) -> None:
    at = ("--workspace", tmp_path / "workspace")
    assert warmstart("run", "--data", photos, *LINEAR, *at).code == 0
    (tmp_path / "empty").mkdir()
    assert "does not exist" in refuses("predict", 1, photos / "none", *at)
    assert "no images" in refuses("predict", 1, tmp_path / "empty", *at)
    assert "is empty" in refuses("predict", 1, "", *at)
    assert "no number of classes" in refuses("predict", 1, photos, "--top", 0, *at)
    assert "Did you mean “nearest_mean”" in refuses("adapt", 1, photos, photos, "--head", "nearest_men", *at)
    assert "cannot be written" in refuses("predict", 1, photos, "--csv", photos / "class0" / "0.png" / "x.csv", *at)
    for file in (tmp_path / "workspace").glob("runs/*/*.safetensors"):
        file.unlink()
    assert "no weights" in refuses("predict", 1, photos, *at)


def test_a_run_that_learns_no_tasks_meets_classes_by_its_features(
    tmp_path: Path, warmstart: Command, photos: Path
) -> None:
    at = ("--workspace", tmp_path / "workspace")
    assert warmstart("run", "--data", photos, *LINEAR, *at).code == 0
    for head in ((), ("--head", "ridge")):
        said = warmstart("adapt", 1, photos, photos, "--json", *head, *at).objects()
        assert sum(one["answers"][0]["class"] == Path(one["image"]).parent.name for one in said) > 24


def test_a_meta_learner_is_calibrated_when_asked_and_from_then_on(tmp_path: Path, warmstart: Command) -> None:
    at = ("--workspace", tmp_path / "workspace")
    values = ("steps=0", "validation_episodes=10", "test_episodes=10", "way=3")
    few = [word for value in values for word in ("--set", value)]
    assert warmstart("run", "--data", "glyphs", "--method", "protonet", *few, *at).code == 0
    classes = drawn(tmp_path / "classes", False)
    plain = warmstart("adapt", 1, classes, classes / "down", *at)
    assert "was not measured" in plain.out
    first = warmstart("adapt", 1, classes, classes / "down", "--calibrate", *at)
    assert "shares calibrated on 10 validation tasks, 3 classes with 1 example" in first.out
    assert MEASURING in first.err
    again = warmstart("adapt", 1, classes, classes / "down", *at)
    assert (again.out, again.err) == (first.out, "")
    assert again.out != plain.out


def test_a_task_of_several_answers_and_is_told_apart(tmp_path: Path, warmstart: Command) -> None:
    at = ("--workspace", tmp_path / "workspace")
    photos = drawn(tmp_path / "photos", deep=False)
    several = ("--method", "equal", "--tasks", "classes", "which-half", "--set", "epochs=1")
    assert warmstart("run", "--data", photos, *several, *at).code == 0
    one = photos / "down" / "1.png"
    for task, classes in (("class", {"across", "down", "slant"}), ("2", {"first half", "second half"})):
        said = warmstart("predict", 1, one, "--task", task, "--json", *at)
        answers = json.loads(said.out.splitlines()[-1])["answers"]
        assert {answer["class"] for answer in answers} == classes
        assert sum(answer["probability"] for answer in answers) == pytest.approx(1)
    unsaid = warmstart("predict", 1, one, *at)
    assert unsaid.code == 2
    assert "“Class”, “Which half”" in unsaid.err
